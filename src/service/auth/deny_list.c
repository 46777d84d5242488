/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/deny_list.h"

#include <stdlib.h>

#include "base/count.h"
#include "base/limits.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct denied {
    enum deny_kind kind;
    struct bytes text;
};

struct deny_list {
    _Atomic size_t references;
    size_t count;
    uint8_t *text;          /* what the entries point into */
    struct denied *entries; /* sorted */
};

struct deny_list *deny_list_ref(struct deny_list *list)
{
    count_more(&list->references);
    return list;
}

void deny_list_unref(struct deny_list *list)
{
    if (list != NULL && count_less(&list->references)) {
        free(list->text);
        free(list->entries);
        free(list);
    }
}

size_t deny_list_count(const struct deny_list *list)
{
    return list->count;
}

static bool has_control(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < ' ' || text.data[i] == '\x7f') {
            return true;
        }
    }
    return false;
}

static bool find_kind(struct bytes line, struct denied *out_entry)
{
    static const struct {
        struct bytes lead;
        enum deny_kind kind;
    } rows[] = {
        {BYTES_INIT("jti:"), DENY_TOKEN_ID},
        {BYTES_INIT("sub:"), DENY_SUBJECT},
        {BYTES_INIT("client_id:"), DENY_CLIENT},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (bytes_starts_with(line, rows[i].lead)) {
            *out_entry = (struct denied){rows[i].kind, bytes_from(line, rows[i].lead.size)};
            return true;
        }
    }
    return false;
}

/* NULL: it is as it should be. */
static const char *find_fault(struct bytes line, struct denied *out_entry)
{
    if (!find_kind(line, out_entry)) {
        return "begins with none of jti: sub: client_id: #";
    }
    const struct bytes text = out_entry->text;
    if (text.size == 0) {
        return "names nothing";
    }
    if (text.size > LIMIT_TOKEN_CLAIM_SIZE_BYTES_MAX) {
        return "is longer than any token may say";
    }
    if (!bytes_are_utf8(text, NULL) || has_control(text)) {
        return "has control characters, or is not UTF-8";
    }
    return bytes_trim(text).size == text.size
               ? NULL
               : "has a space at the beginning or at the end of what it names";
}

static enum galen_status add(struct deny_list *list, struct bytes line, size_t number,
                             struct error *out_error)
{
    struct denied entry;
    const char *fault = find_fault(line, &entry);
    if (fault != NULL) {
        return error_set(out_error, GALEN_INVALID, "line %zu: it %s", number, fault);
    }
    if (list->count == LIMIT_DENY_LIST_COUNT_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE, "line %zu: more than %d are named",
                         number, (int)LIMIT_DENY_LIST_COUNT_MAX);
    }
    list->entries[list->count++] = entry;
    return GALEN_OK;
}

static enum galen_status add_all(struct deny_list *list, struct bytes text,
                                 struct error *out_error)
{
    for (size_t number = 1; text.size > 0; number++) {
        struct bytes line;
        text = bytes_split(text, '\n', &line);
        if (line.size > 0 && line.data[0] != '#') {
            TRY(add(list, line, number, out_error));
        }
    }
    return GALEN_OK;
}

static int compare(const void *left, const void *right)
{
    const struct denied *a = left;
    const struct denied *b = right;
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    if (a->text.size != b->text.size) {
        return a->text.size < b->text.size ? -1 : 1;
    }
    return memcmp(a->text.data, b->text.data, a->text.size);
}

static size_t count_lines(struct bytes text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.size; i++) {
        count += text.data[i] == '\n';
    }
    return count < LIMIT_DENY_LIST_COUNT_MAX ? count : LIMIT_DENY_LIST_COUNT_MAX;
}

static enum galen_status create(struct bytes text, struct deny_list **out_list)
{
    scoped(deny_list) list = calloc(1, sizeof(*list));
    if (list == NULL) {
        return GALEN_NO_MEMORY;
    }
    count_begin(&list->references);
    list->text = malloc(text.size + 1);
    list->entries = calloc(count_lines(text), sizeof(*list->entries));
    if (list->text == NULL || list->entries == NULL) {
        return GALEN_NO_MEMORY;
    }
    if (text.size > 0) {
        memcpy(list->text, text.data, text.size);
    }
    *out_list = take(&list);
    return GALEN_OK;
}

enum galen_status deny_list_parse(struct bytes text, struct deny_list **out_list,
                                  struct error *out_error)
{
    scoped(deny_list) list = NULL;
    if (text.size > LIMIT_DENY_LIST_SIZE_BYTES_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE, "it is longer than %d bytes",
                         (int)LIMIT_DENY_LIST_SIZE_BYTES_MAX);
    }
    TRY(create(text, &list));
    TRY(add_all(list, bytes_of(list->text, text.size), out_error));
    qsort(list->entries, list->count, sizeof(*list->entries), compare);
    *out_list = take(&list);
    return GALEN_OK;
}

bool deny_list_names(const struct deny_list *list, enum deny_kind kind, struct bytes text)
{
    const struct denied wanted = {kind, text};
    return list != NULL && list->count > 0 && text.size > 0 &&
           bsearch(&wanted, list->entries, list->count, sizeof(*list->entries), compare) !=
               NULL;
}
