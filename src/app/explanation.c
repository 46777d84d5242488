/* SPDX-License-Identifier: Apache-2.0 */
#include "app/explanation.h"

#include <stdio.h>
#include <stdlib.h>

enum { RECORD_MEMORY_SIZE_BYTES_MAX = 64 * LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX };

void explanation_init(struct explanation *explanation, const char *request_id)
{
    memset(explanation, 0, sizeof(*explanation));
    explanation->request_id = request_id;
}

static void drop(struct explanation *explanation, size_t index)
{
    arena_deinit(&explanation->records[index].arena);
    explanation->count--;
    memmove(&explanation->records[index], &explanation->records[index + 1],
            (explanation->count - index) * sizeof(explanation->records[0]));
}

void explanation_deinit(struct explanation *explanation)
{
    while (explanation->count > 0) {
        drop(explanation, explanation->count - 1);
    }
}

struct bytes explained_text(const struct explained *it, const char *path)
{
    return audit_entry_text(&it->entry, path);
}

static uint64_t count_of(const struct explained *it, const char *path)
{
    return audit_entry_count(&it->entry, path);
}

/* --- records --- */

/* Times of records have one size. */
static int compare(const void *left, const void *right)
{
    const struct explained *a = left;
    const struct explained *b = right;
    const struct bytes a_ts = explained_text(a, "ts");
    const struct bytes b_ts = explained_text(b, "ts");
    const int by_time =
        memcmp(a_ts.data, b_ts.data, a_ts.size < b_ts.size ? a_ts.size : b_ts.size);
    const int by_chain = strcmp(a->chain, b->chain);
    if (by_time != 0) {
        return by_time;
    }
    return by_chain != 0 ? by_chain : (a->seq > b->seq) - (a->seq < b->seq);
}

/* Whether a client was answered by it. */
static bool is_front(const struct explained *it)
{
    const struct bytes service = explained_text(it, "service");
    return !bytes_equal_string(explained_text(it, "event"), "shadow") &&
           (bytes_equal_string(service, "gateway") || bytes_equal_string(service, "serve"));
}

static void leave_out(struct explanation *explanation, size_t index)
{
    explanation->left_out++;
    explanation->earlier_count += is_front(&explanation->records[index]);
    drop(explanation, index);
}

static void make_room(struct explanation *explanation)
{
    size_t oldest = 0;
    if (explanation->count < LIMIT_EXPLAINED_RECORD_COUNT_MAX) {
        return;
    }
    for (size_t i = 1; i < explanation->count; i++) {
        if (compare(&explanation->records[i], &explanation->records[oldest]) < 0) {
            oldest = i;
        }
    }
    leave_out(explanation, oldest);
}

enum galen_status explanation_add(struct explanation *explanation, const char *trail,
                                  const struct audit_entry *entry)
{
    make_room(explanation);
    struct explained *it = &explanation->records[explanation->count];
    memset(it, 0, sizeof(*it));
    it->trail = trail;
    it->seq = entry->record->head.seq;
    (void)snprintf(it->chain, sizeof(it->chain), "%.*s",
                   BYTES_PRINT(entry->record->head.chain));
    arena_init(&it->arena, RECORD_MEMORY_SIZE_BYTES_MAX);
    explanation->count++;
    const char *line = arena_copy_string(&it->arena, entry->line);
    if (line == NULL) {
        return GALEN_NO_MEMORY;
    }
    it->entry.line = bytes_of(line, entry->line.size);
    return json_parse(it->entry.line, &it->arena, &it->entry.root, NULL);
}

/* From the event to the end of its fields. */
static struct bytes fields_of(const struct explained *it)
{
    static const char mark[] = ",\"event\":";
    const size_t tail =
        sizeof(",\"prev\":\"\",\"hash\":\"\"}") - 1 + 2 * (size_t)SHA256_HEX_SIZE;
    const struct bytes line = it->entry.line;
    const uint8_t *begin = memmem(line.data, line.size, mark, sizeof(mark) - 1);
    const size_t at = begin == NULL ? line.size : (size_t)(begin - line.data);
    const struct bytes fields = bytes_from(line, at);
    return bytes_first(fields, fields.size > tail ? fields.size - tail : 0);
}

/* The same event in a second trail (audit.second_directory). */
static bool are_twins(const struct explained *a, const struct explained *b)
{
    return strcmp(a->chain, b->chain) != 0 && bytes_equal(fields_of(a), fields_of(b)) &&
           bytes_equal(explained_text(a, "service"), explained_text(b, "service"));
}

static bool find_front(const struct explanation *explanation, size_t *out_index)
{
    for (size_t i = explanation->count; i-- > 0;) {
        if (is_front(&explanation->records[i])) {
            *out_index = i;
            return true;
        }
    }
    return false;
}

/* What belongs to a request came after the answer to the one before it. */
static void keep_newest(struct explanation *explanation, size_t *front)
{
    for (size_t i = *front; i-- > 0;) {
        const struct explained *it = &explanation->records[i];
        if (!is_front(it) || are_twins(it, &explanation->records[*front])) {
            continue;
        }
        for (size_t k = 0; k <= i; k++) {
            leave_out(explanation, 0);
        }
        *front -= i + 1;
        return;
    }
}

/* The way of a request: its copy, preprocess, the engine; then what came of a shadow. */
static int place_of(const struct explained *it)
{
    const struct bytes service = explained_text(it, "service");
    return is_front(it)                                ? 0
           : bytes_equal_string(service, "preprocess") ? 1
           : bytes_equal_string(service, "engine")     ? 2
                                                       : 3;
}

/* By time alone engines could come before preprocess: who is not waited for has its record
 * made when its disk is free. */
static int compare_behind(const void *left, const void *right)
{
    const int left_place = place_of(left);
    const int right_place = place_of(right);
    return left_place == right_place ? compare(left, right) : left_place - right_place;
}

void explanation_settle(struct explanation *explanation)
{
    size_t front;
    qsort(explanation->records, explanation->count, sizeof(explanation->records[0]),
          compare);
    if (!find_front(explanation, &front)) {
        return;
    }
    keep_newest(explanation, &front);
    const struct explained first = explanation->records[front];
    memmove(&explanation->records[1], &explanation->records[0],
            front * sizeof(explanation->records[0]));
    explanation->records[0] = first;
    qsort(&explanation->records[1], explanation->count - 1, sizeof(explanation->records[0]),
          compare_behind);
}

bool explained_is_sound(const struct explained *it)
{
    return it->is_checked && it->fault.kind == AUDIT_FAULT_NONE &&
           it->proof != EXPLAINED_UNPROVED;
}

bool explanation_is_sound(const struct explanation *explanation)
{
    for (size_t i = 0; i < explanation->count; i++) {
        if (!explained_is_sound(&explanation->records[i])) {
            return false;
        }
    }
    return explanation->count > 0 && explanation->other_faulty_count == 0;
}

/* --- time --- */

struct parts {
    struct explained_part *all;
    size_t count;
};

static void add_part(struct parts *parts, const char *name, uint64_t began_us,
                     uint64_t took_us, bool is_inner)
{
    parts->all[parts->count++] = (struct explained_part){name, began_us, took_us, is_inner};
}

/* The run ends with the wait for it, as far as anybody can tell. */
static void add_run(struct parts *parts, const struct explained *it, uint64_t end_us)
{
    const uint64_t queue_us = count_of(it, "queue_us");
    const uint64_t compute_us = count_of(it, "compute_us");
    const uint64_t both_us = queue_us + compute_us;
    const uint64_t began_us = end_us > both_us ? end_us - both_us : 0;
    if (explained_text(it, "queue_us").size > 0) {
        add_part(parts, "queue", began_us, queue_us, true);
    }
    if (explained_text(it, "compute_us").size > 0) {
        add_part(parts, "compute", began_us + queue_us, compute_us, true);
    }
}

size_t explained_parts(const struct explained *it,
                       struct explained_part out_parts[EXPLAINED_PART_COUNT_MAX])
{
    struct parts parts = {.all = out_parts};
    const uint64_t dur_us = count_of(it, "dur_us");
    uint64_t at_us = count_of(it, "before_us");
    if (explained_text(it, "before_us").size == 0) {
        add_run(&parts, it, 0);
        return parts.count;
    }
    add_part(&parts, "before", 0, at_us, false);
    if (explained_text(it, "preprocess_us").size > 0) {
        add_part(&parts, "preprocess", at_us, count_of(it, "preprocess_us"), false);
        at_us += count_of(it, "preprocess_us");
    }
    if (explained_text(it, "infer_us").size > 0) {
        add_part(&parts, "infer", at_us, count_of(it, "infer_us"), false);
        at_us += count_of(it, "infer_us");
        add_run(&parts, it, at_us);
    }
    add_part(&parts, "after", at_us, dur_us > at_us ? dur_us - at_us : 0, false);
    return parts.count;
}
