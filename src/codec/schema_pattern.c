/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/schema_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/limits.h"

/* PCRE2 counts its match limit anew at each place where a match may begin, and not at all
 * the bytes that it runs over without branching. */
enum {
    MATCH_LIMIT_FIRST = 64, /* what most texts need is less */
    MATCH_LIMIT_GROWTH = 16,
    MATCHES_OF_A_STEP = 64,
    SQUARES_OF_A_STEP = 1024,
};

struct schema_pattern {
    pcre2_code *code;
    bool is_anchored;
};

static void *allocate(size_t size, void *context)
{
    return arena_alloc(context, size);
}

static void release(void *memory, void *context)
{
    (void)memory;
    (void)context; /* goes with the arena */
}

static enum galen_status refuse(int code, struct error *out_error)
{
    PCRE2_UCHAR text[128];
    if (code == PCRE2_ERROR_HEAP_FAILED) {
        return GALEN_NO_MEMORY;
    }
    (void)pcre2_get_error_message(code, text, sizeof(text));
    return error_set(out_error, GALEN_UNPROCESSABLE, "pattern: %s", (const char *)text);
}

static enum galen_status compile(struct bytes text, struct arena *arena,
                                 struct schema_pattern *pattern, struct error *out_error)
{
    const uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS |
                             PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C;
    int code;
    size_t offset;
    uint32_t set;
    pcre2_general_context *memory = pcre2_general_context_create(allocate, release, arena);
    pcre2_compile_context *context =
        memory == NULL ? NULL : pcre2_compile_context_create(memory);
    if (context == NULL) {
        return GALEN_NO_MEMORY;
    }
    pattern->code = pcre2_compile(text.data, text.size, options, &code, &offset, context);
    if (pattern->code == NULL) {
        return refuse(code, out_error);
    }
    (void)pcre2_pattern_info(pattern->code, PCRE2_INFO_ALLOPTIONS, &set);
    pattern->is_anchored = (set & PCRE2_ANCHORED) != 0;
    return GALEN_OK;
}

enum galen_status schema_pattern_compile(struct bytes text, struct arena *arena,
                                         const struct schema_pattern **out_pattern,
                                         struct error *out_error)
{
    struct writer translated;
    if (text.size > LIMIT_SCHEMA_PATTERN_SIZE_BYTES_MAX) {
        return error_set(out_error, GALEN_UNPROCESSABLE, "pattern of more than %d bytes",
                         (int)LIMIT_SCHEMA_PATTERN_SIZE_BYTES_MAX);
    }
    struct schema_pattern *pattern = arena_alloc(arena, sizeof(*pattern));
    if (pattern == NULL) {
        return GALEN_NO_MEMORY;
    }
    writer_init(&translated, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    enum galen_status status = schema_pattern_translate(text, &translated, out_error);
    if (status == GALEN_OK) {
        const struct bytes whole = writer_bytes(&translated);
        status = compile(whole.size == 0 ? BYTES("") : whole, arena, pattern, out_error);
    }
    writer_deinit(&translated);
    *out_pattern = pattern;
    return status;
}

struct match {
    pcre2_match_context *context;
    pcre2_match_data *data;
};

static struct match *match_in(struct schema_pattern_scratch *scratch)
{
    if (scratch->match_ != NULL) {
        return scratch->match_;
    }
    struct match *match = arena_alloc(scratch->arena, sizeof(*match));
    pcre2_general_context *memory =
        pcre2_general_context_create(allocate, release, scratch->arena);
    if (match == NULL || memory == NULL) {
        return NULL;
    }
    match->context = pcre2_match_context_create(memory);
    match->data = pcre2_match_data_create(1, memory);
    if (match->context == NULL || match->data == NULL) {
        return NULL;
    }
    (void)pcre2_set_depth_limit(match->context, LIMIT_SCHEMA_PATTERN_MATCH_COUNT_MAX);
    (void)pcre2_set_heap_limit(match->context, LIMIT_SCHEMA_PATTERN_HEAP_KIB_MAX);
    scratch->match_ = match;
    return match;
}

static bool pay_for_bytes(const struct schema_pattern *pattern, size_t size,
                          struct schema_budget *budget)
{
    const uint64_t squares = pattern->is_anchored ? 0 : (uint64_t)size * size;
    return schema_budget_take(budget, 1 + size / SCHEMA_BYTES_OF_A_STEP +
                                          squares / SQUARES_OF_A_STEP);
}

static bool pay_for_matches(const struct schema_pattern *pattern, uint32_t limit,
                            size_t size, struct schema_budget *budget)
{
    const uint64_t beginning_count = pattern->is_anchored ? 1 : size + 1;
    return schema_budget_take(budget, beginning_count * (limit / MATCHES_OF_A_STEP));
}

enum schema_pattern_result schema_pattern_search(const struct schema_pattern *pattern,
                                                 struct bytes text,
                                                 struct schema_pattern_scratch *scratch,
                                                 struct schema_budget *budget)
{
    struct match *match = match_in(scratch);
    if (match == NULL) {
        return SCHEMA_PATTERN_NO_MEMORY;
    }
    if (!pay_for_bytes(pattern, text.size, budget)) {
        return SCHEMA_PATTERN_TOO_COSTLY;
    }
    const struct bytes subject = text.size == 0 ? BYTES("") : text;
    int result = PCRE2_ERROR_MATCHLIMIT;
    for (uint32_t limit = MATCH_LIMIT_FIRST;
         result == PCRE2_ERROR_MATCHLIMIT && limit <= LIMIT_SCHEMA_PATTERN_MATCH_COUNT_MAX;
         limit *= MATCH_LIMIT_GROWTH) {
        if (!pay_for_matches(pattern, limit, text.size, budget)) {
            return SCHEMA_PATTERN_TOO_COSTLY;
        }
        (void)pcre2_set_match_limit(match->context, limit);
        result = pcre2_match(pattern->code, subject.data, subject.size, 0,
                             PCRE2_NO_UTF_CHECK, match->data, match->context);
    }
    if (result == PCRE2_ERROR_NOMEMORY) {
        return SCHEMA_PATTERN_NO_MEMORY;
    }
    if (result == PCRE2_ERROR_NOMATCH) {
        return SCHEMA_PATTERN_ABSENT;
    }
    return result >= 0 ? SCHEMA_PATTERN_FOUND : SCHEMA_PATTERN_TOO_COSTLY;
}
