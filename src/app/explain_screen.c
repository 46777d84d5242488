/* SPDX-License-Identifier: Apache-2.0 */
#include "app/explain_screen.h"

#include <inttypes.h>
#include <stdio.h>

#include "app/screen.h"

enum {
    PART_WIDTH = 12,
    TIME_WIDTH = 12,
    BAR_WIDTH = SCREEN_COLUMN_COUNT - SCREEN_LABEL_WIDTH - PART_WIDTH - TIME_WIDTH - 2,
    TEXT_SIZE = 512,
    WORD_SIZE = 128,
    SHORT_DIGEST = 12,
    RECORD_LINE_COUNT_MAX = 6,
    NOTE_LINE_COUNT_MAX = 3,
};

/* An item by printf's rules. */
#define put_item(screen, ...)                                            \
    do {                                                                 \
        char item_[TEXT_SIZE];                                           \
        (void)snprintf(item_, sizeof(item_), __VA_ARGS__);               \
        screen_put_item(screen, SCREEN_PLAIN, bytes_from_string(item_)); \
    } while (0)

static bool has(const struct explained *it, const char *path)
{
    return explained_text(it, path).size > 0;
}

static uint64_t count_of(const struct explained *it, const char *path)
{
    return audit_entry_count(&it->entry, path);
}

/* "2.412 ms" */
static const char *time_text(uint64_t us, char text[32])
{
    (void)snprintf(text, 32, "%" PRIu64 ".%03u ms", us / 1000, (unsigned)(us % 1000));
    return text;
}

static enum screen_colour colour_of(struct bytes outcome)
{
    return bytes_equal_string(outcome, "ok")       ? SCREEN_GREEN
           : bytes_equal_string(outcome, "failed") ? SCREEN_RED
                                                   : SCREEN_YELLOW;
}

/* "refused 422 schema"; an intent and a start have no outcome. */
static void put_outcome(struct screen *screen, const struct explained *it)
{
    static const char *const paths[] = {"outcome", "out.status", "reason"};
    char text[TEXT_SIZE] = "";
    size_t size = 0;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const struct bytes word = bytes_first(explained_text(it, paths[i]), WORD_SIZE);
        if (word.size > 0) {
            size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%.*s",
                                     size == 0 ? "" : " ", BYTES_PRINT(word));
        }
    }
    if (size > 0) {
        screen_put_item(screen, colour_of(explained_text(it, "outcome")),
                        bytes_from_string(text));
    }
}

/* --- what was asked and answered --- */

static void put_head(struct screen *screen, const struct explanation *explanation)
{
    const struct explained *it = &explanation->records[0];
    char time[32];
    screen_put_label(screen, "request");
    screen_put_line(screen, SCREEN_PLAIN, explanation->request_id);
    put_outcome(screen, it);
    if (has(it, "dur_us")) {
        put_item(screen, "%s", time_text(count_of(it, "dur_us"), time));
    }
    put_item(screen, "%.*s", BYTES_PRINT(explained_text(it, "ts")));
    screen_end_line(screen);
    screen_end_line(screen);
}

static void put_if(struct screen *screen, const char *what, struct bytes text)
{
    if (text.size > 0) {
        put_item(screen, "%s%.*s", what, BYTES_PRINT(text));
    }
}

static void put_actor(struct screen *screen, const struct explained *it)
{
    if (!has(it, "actor.client_id")) {
        return;
    }
    screen_put_label(screen, "asked by");
    put_if(screen, "", explained_text(it, "actor.client_id"));
    put_if(screen, "for ", explained_text(it, "actor.sub"));
    put_if(screen, "by a token of ", explained_text(it, "actor.issuer"));
    put_if(screen, "purpose ", explained_text(it, "purpose"));
    if (has(it, "subject_hmac")) {
        put_item(screen, "about a subject");
    }
    screen_end_line(screen);
}

static void put_sizes(struct screen *screen, const struct explained *it)
{
    const struct bytes type = explained_text(it, "in.media_type");
    screen_put_label(screen, "route");
    put_item(screen, "%.*s",
             BYTES_PRINT(has(it, "route") ? explained_text(it, "route") : BYTES("none")));
    if (has(it, "in.bytes")) {
        put_item(screen, "%" PRIu64 " bytes%s%.*s in", count_of(it, "in.bytes"),
                 type.size > 0 ? " of " : "", BYTES_PRINT(type));
    }
    if (has(it, "out.bytes")) {
        put_item(screen, "%" PRIu64 " bytes out", count_of(it, "out.bytes"));
    }
    screen_end_line(screen);
}

/* The words of arms.h, as a sentence would have them. */
static void put_arm(struct screen *screen, const struct explained *it)
{
    if (has(it, "model.arm")) {
        put_item(screen, "%.*s by %.*s", BYTES_PRINT(explained_text(it, "model.arm")),
                 BYTES_PRINT(explained_text(it, "model.arm_by")));
    }
}

static void put_model(struct screen *screen, const struct explained *it)
{
    if (!has(it, "model.name")) {
        return;
    }
    screen_put_label(screen, "model");
    put_if(screen, "", explained_text(it, "model.name"));
    put_if(screen, "version ", explained_text(it, "model.version"));
    put_arm(screen, it);
    put_if(screen, "network ",
           bytes_first(explained_text(it, "model.sha256"), SHORT_DIGEST));
    screen_end_line(screen);
}

static void put_policy(struct screen *screen, const struct explained *it)
{
    if (!has(it, "redact.policy")) {
        return;
    }
    screen_put_label(screen, "policy");
    put_if(screen, "", explained_text(it, "redact.policy"));
    put_if(screen, "form ", bytes_first(explained_text(it, "redact.sha256"), SHORT_DIGEST));
    if (has(it, "redact.count")) {
        put_item(screen, "%" PRIu64 " values hidden", count_of(it, "redact.count"));
    }
    screen_end_line(screen);
}

static void put_upstream(struct screen *screen, const struct explained *it)
{
    struct bytes failed = explained_text(it, "upstream.failed");
    if (!has(it, "upstream.attempts") && failed.size == 0) {
        return;
    }
    screen_put_label(screen, "upstream");
    put_if(screen, "engine ", explained_text(it, "upstream.addr"));
    put_if(screen, "attempts ", explained_text(it, "upstream.attempts"));
    while (failed.size > 0) {
        struct bytes one;
        failed = bytes_split(failed, ',', &one);
        screen_put_item(screen, SCREEN_YELLOW, bytes_trim(one));
    }
    screen_end_line(screen);
}

static void put_trace(struct screen *screen, const struct explained *it)
{
    if (has(it, "traceparent")) {
        screen_put_label(screen, "trace");
        put_if(screen, "", explained_text(it, "traceparent"));
        screen_end_line(screen);
    }
}

static bool is_shadow(const struct explained *it)
{
    return bytes_equal_string(explained_text(it, "event"), "shadow");
}

static void put_comparison(struct screen *screen, const struct explained *it)
{
    const uint64_t differing = count_of(it, "shadow.differing");
    screen_put_label(screen, "shadow");
    put_if(screen, "version ", explained_text(it, "model.version"));
    if (has(it, "shadow.outputs")) {
        put_item(screen, "%" PRIu64 " of %" PRIu64 " outputs differ", differing,
                 count_of(it, "shadow.outputs"));
    } else {
        put_outcome(screen, it);
    }
    screen_end_line(screen);
}

static void put_shadow(struct screen *screen, const struct explanation *explanation)
{
    for (size_t i = 0; i < explanation->count; i++) {
        if (is_shadow(&explanation->records[i])) {
            put_comparison(screen, &explanation->records[i]);
            return;
        }
    }
}

/* --- where the time went --- */

/* Its place in the whole; a part that took something has a mark. */
static void put_bar(struct screen *screen, const struct explained_part *part,
                    uint64_t whole_us)
{
    const uint64_t end_us = part->began_us + part->took_us;
    size_t begin = (size_t)(part->began_us * BAR_WIDTH / whole_us);
    size_t end = (size_t)(end_us * BAR_WIDTH / whole_us);
    end = end > BAR_WIDTH ? BAR_WIDTH : end;
    begin = begin >= BAR_WIDTH ? BAR_WIDTH - 1 : begin;
    end += part->took_us > 0 && end <= begin ? begin + 1 - end : 0;
    screen_pad_to(screen, SCREEN_COLUMN_COUNT - BAR_WIDTH + begin);
    screen_set_colour(screen, SCREEN_CYAN);
    for (size_t i = begin; i < end; i++) {
        writer_put_byte(screen->out, '#');
    }
    screen_set_colour(screen, SCREEN_PLAIN);
}

static void put_parts(struct screen *screen, const struct explained *it, bool has_bars)
{
    struct explained_part parts[EXPLAINED_PART_COUNT_MAX];
    const size_t count = explained_parts(it, parts);
    const uint64_t whole_us = count_of(it, "dur_us");
    for (size_t i = 0; i < count; i++) {
        char time[32];
        char text[64];
        screen_put_label(screen, i == 0 ? "time" : "");
        (void)snprintf(text, sizeof(text), "%s%-*s%*s", parts[i].is_inner ? "  " : "",
                       PART_WIDTH - (parts[i].is_inner ? 2 : 0), parts[i].name, TIME_WIDTH,
                       time_text(parts[i].took_us, time));
        screen_put_text(screen, bytes_from_string(text), sizeof(text));
        if (has_bars && whole_us > 0) {
            put_bar(screen, &parts[i], whole_us);
        }
        screen_end_line(screen);
    }
    if (count > 0) {
        screen_end_line(screen);
    }
}

/* --- records --- */

static void put_run(struct screen *screen, const struct explained *it)
{
    char time[32];
    if (has(it, "dur_us")) {
        put_item(screen, "%s", time_text(count_of(it, "dur_us"), time));
    }
    if (has(it, "before_us")) {
        return; /* the parts of it are above */
    }
    if (has(it, "queue_us")) {
        put_item(screen, "queue %s", time_text(count_of(it, "queue_us"), time));
    }
    if (has(it, "compute_us")) {
        put_item(screen, "compute %s", time_text(count_of(it, "compute_us"), time));
    }
    if (count_of(it, "batch_rows") > 1) {
        put_if(screen, "rows ", explained_text(it, "batch_rows"));
    }
}

/* The end of a path says more than its beginning. */
static void put_place(struct screen *screen, const struct explained *it)
{
    char text[TEXT_SIZE];
    const size_t room = SCREEN_COLUMN_COUNT - SCREEN_LABEL_WIDTH - 1;
    const int tail = snprintf(text, sizeof(text), "/%s seq %" PRIu64, it->chain, it->seq);
    const struct bytes trail = bytes_from_string(it->trail);
    const size_t left = (size_t)tail < room ? room - (size_t)tail : 0;
    if (trail.size <= left) {
        put_item(screen, "%s/%s seq %" PRIu64, it->trail, it->chain, it->seq);
    } else {
        const struct bytes shown = bytes_from(trail, trail.size - left + 1);
        put_item(screen, "~%.*s/%s seq %" PRIu64, BYTES_PRINT(shown), it->chain, it->seq);
    }
    screen_end_line(screen);
}

static void put_fault(struct screen *screen, const struct explained *it)
{
    char text[TEXT_SIZE];
    if (!it->is_checked) {
        screen_put_line(screen, SCREEN_RED,
                        "DOES NOT VERIFY: the chain is not there any more");
        return;
    }
    (void)snprintf(text, sizeof(text), "DOES NOT VERIFY at seq %" PRIu64 "%s%s",
                   it->fault.seq, it->fault_file[0] == '\0' ? "" : " in ", it->fault_file);
    screen_put_line(screen, SCREEN_RED, text);
    screen_put_line(screen, SCREEN_RED, audit_fault_text(it->fault.kind));
}

static void put_proof(struct screen *screen, const struct explained *it)
{
    if (it->proof == EXPLAINED_UNPROVED) {
        screen_put_line(screen, SCREEN_RED, "NOT PROVED by the checkpoint that covers it");
        return;
    }
    if (it->proof == EXPLAINED_UNCOVERED) {
        screen_put_line(screen, SCREEN_YELLOW, "not yet covered by a checkpoint");
        return;
    }
    put_item(screen, "in the checkpoint of %" PRIu64 " records", it->checkpoint_size);
    put_item(screen, "root %.*s", SHORT_DIGEST, it->checkpoint_root);
    screen_end_line(screen);
}

static void put_record(struct screen *screen, const struct explained *it, bool is_first)
{
    screen_put_label(screen, is_first ? "records" : "");
    put_item(screen, "%.*s %.*s", BYTES_PRINT(explained_text(it, "service")),
             BYTES_PRINT(explained_text(it, "event")));
    put_outcome(screen, it);
    put_run(screen, it);
    screen_end_line(screen);
    put_place(screen, it);
    if (it->is_checked && it->fault.kind == AUDIT_FAULT_NONE) {
        screen_put_item(screen, SCREEN_GREEN, BYTES("chain verifies"));
    } else {
        put_fault(screen, it);
    }
    put_proof(screen, it);
}

static bool has_room(const struct screen *screen)
{
    return screen->line_count + RECORD_LINE_COUNT_MAX + NOTE_LINE_COUNT_MAX <=
           EXPLAIN_LINE_COUNT;
}

static void put_notes(struct screen *screen, const struct explanation *explanation,
                      size_t shown)
{
    char text[TEXT_SIZE];
    if (shown < explanation->count) {
        (void)snprintf(text, sizeof(text), "%zu more: galen audit search --request",
                       explanation->count - shown);
        screen_put_line(screen, SCREEN_PLAIN, text);
    }
    if (explanation->earlier_count > 0) {
        (void)snprintf(text, sizeof(text),
                       "%" PRIu64 " earlier with this id: --until chooses one",
                       explanation->earlier_count);
        screen_put_line(screen, SCREEN_YELLOW, text);
    }
    if (explanation->other_faulty_count > 0) {
        (void)snprintf(text, sizeof(text),
                       "OTHER CHAINS DO NOT VERIFY: %" PRIu64 "; see galen audit verify",
                       explanation->other_faulty_count);
        screen_put_line(screen, SCREEN_RED, text);
    }
}

void explain_screen_put(const struct explanation *explanation,
                        const struct explain_look *look, struct writer *out)
{
    const struct explained *front = &explanation->records[0];
    struct screen screen = {.out = out, .has_colours = look->has_colours};
    size_t shown = 0;
    put_head(&screen, explanation);
    put_actor(&screen, front);
    put_sizes(&screen, front);
    put_model(&screen, front);
    put_policy(&screen, front);
    put_upstream(&screen, front);
    put_trace(&screen, front);
    put_shadow(&screen, explanation);
    screen_end_line(&screen);
    put_parts(&screen, front, look->has_bars);
    while (shown < explanation->count && (shown == 0 || has_room(&screen))) {
        put_record(&screen, &explanation->records[shown], shown == 0);
        shown++;
    }
    put_notes(&screen, explanation, shown);
}
