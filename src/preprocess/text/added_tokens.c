/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/text/added_tokens.h"

#include "base/limits.h"
#include "preprocess/text/part.h"
#include "preprocess/text/unicode.h"

enum { PART_COUNT_MIN = 16 };

static enum galen_status read_token(const struct json *value, struct arena *arena,
                                    struct added_token *out_token, struct error *out_error)
{
    struct bytes text;
    bool is_special;
    if (json_type(value) != JSON_OBJECT) {
        return error_set(out_error, GALEN_INVALID, "an added token is no object");
    }
    TRY(part_id(json_member(value, "id"), &out_token->id, out_error));
    TRY(part_string(value, "content", BYTES_NONE, &text, out_error));
    TRY(part_bool(value, "special", false, &is_special, out_error));
    TRY(part_bool(value, "single_word", false, &out_token->is_single_word, out_error));
    TRY(part_bool(value, "lstrip", false, &out_token->takes_left, out_error));
    TRY(part_bool(value, "rstrip", false, &out_token->takes_right, out_error));
    TRY(part_bool(value, "normalized", !is_special, &out_token->is_normalized, out_error));
    if (text.size > LIMIT_VOCABULARY_TOKEN_SIZE_BYTES_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE,
                         "an added token is longer than %d bytes",
                         LIMIT_VOCABULARY_TOKEN_SIZE_BYTES_MAX);
    }
    const char *copy = arena_copy_string(arena, text);
    if (copy == NULL) {
        return GALEN_NO_MEMORY;
    }
    out_token->text = bytes_of(copy, text.size);
    return GALEN_OK;
}

static enum galen_status read_all(const struct json *section, struct arena *arena,
                                  struct added_tokens *tokens, struct error *out_error)
{
    struct json_cursor at = json_walk(section);
    tokens->items =
        arena_alloc_array(arena, json_count(section) + 1, sizeof(*tokens->items));
    if (tokens->items == NULL) {
        return GALEN_NO_MEMORY;
    }
    while (json_next(&at)) {
        TRY(read_token(at.value, arena, &tokens->items[tokens->count++], out_error));
    }
    return GALEN_OK;
}

/* As it is found in a normalized text. */
static enum galen_status normalize(const struct normalizer *normalizer, struct bytes text,
                                   struct arena *arena, struct bytes *out_text)
{
    struct piece piece;
    TRY(piece_of(text, arena, &piece));
    TRY(normalizer_run(normalizer, piece, arena, &piece));
    *out_text = bytes_of(piece.text, piece.size);
    return GALEN_OK;
}

static enum galen_status enlist(struct added_tokens *tokens,
                                const struct normalizer *normalizer, struct arena *arena)
{
    static const size_t growth = 32;
    size_t size = 0;
    for (size_t i = 0; i < tokens->count; i++) {
        size += tokens->items[i].text.size;
    }
    TRY(trie_init(&tokens->as_sent, size, arena));
    TRY(trie_init(&tokens->normalized, size * growth, arena));
    for (size_t i = 0; i < tokens->count; i++) {
        struct bytes text = tokens->items[i].text;
        struct trie *trie = &tokens->as_sent;
        if (tokens->items[i].is_normalized) {
            trie = &tokens->normalized;
            TRY(normalize(normalizer, text, arena, &text));
        }
        if (text.size > 0 && trie_find(trie, text) == TRIE_NONE) {
            trie_add(trie, text, (uint32_t)i);
        }
    }
    return GALEN_OK;
}

enum galen_status added_tokens_parse(const struct json *section,
                                     const struct normalizer *normalizer,
                                     struct arena *arena, struct added_tokens *out_tokens,
                                     struct error *out_error)
{
    *out_tokens = (struct added_tokens){.count = 0};
    if (section == NULL || json_type(section) == JSON_NULL) {
        return enlist(out_tokens, normalizer, arena);
    }
    if (json_type(section) != JSON_ARRAY) {
        return error_set(out_error, GALEN_INVALID, "added_tokens is no array");
    }
    if (json_count(section) > LIMIT_ADDED_TOKEN_COUNT_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE, "there are more than %d added tokens",
                         LIMIT_ADDED_TOKEN_COUNT_MAX);
    }
    TRY(read_all(section, arena, out_tokens, out_error));
    return enlist(out_tokens, normalizer, arena);
}

static void add_part(struct added_parts *parts, struct added_part part)
{
    if (parts->failed || part.start >= part.end) {
        return;
    }
    if (parts->count == parts->capacity) {
        const size_t capacity = parts->capacity == 0 ? PART_COUNT_MIN : parts->capacity * 2;
        struct added_part *larger =
            arena_alloc_array(parts->arena, capacity, sizeof(*larger));
        if (larger == NULL) {
            parts->failed = true;
            return;
        }
        if (parts->count > 0) {
            memcpy(larger, parts->items, parts->count * sizeof(*larger));
        }
        parts->items = larger;
        parts->capacity = capacity;
    }
    parts->items[parts->count++] = part;
}

/* Where the code point before `at` begins; at > 0. */
static size_t step_back(struct bytes text, size_t at)
{
    do {
        at--;
    } while (at > 0 && (text.data[at] & 0xC0) == 0x80);
    return at;
}

static unsigned classes_at(struct bytes text, size_t at)
{
    uint32_t code_point;
    (void)unicode_decode(text.data + at, &code_point);
    return unicode_classes(code_point);
}

static bool stands_alone(struct bytes text, size_t start, size_t end)
{
    const bool is_before =
        start > 0 && (classes_at(text, step_back(text, start)) & UNICODE_WORD) != 0;
    const bool is_behind = end < text.size && (classes_at(text, end) & UNICODE_WORD) != 0;
    return !is_before && !is_behind;
}

static size_t take_left(struct bytes text, size_t start, size_t floor)
{
    while (start > floor) {
        const size_t before = step_back(text, start);
        if ((classes_at(text, before) & UNICODE_SPACE) == 0) {
            break;
        }
        start = before;
    }
    return start;
}

static size_t take_right(struct bytes text, size_t end)
{
    while (end < text.size) {
        uint32_t code_point;
        const size_t size = unicode_decode(text.data + end, &code_point);
        if ((unicode_classes(code_point) & UNICODE_SPACE) == 0) {
            break;
        }
        end += size;
    }
    return end;
}

/* The part that a match makes; false: it is none. */
static bool make_part(const struct added_token *token, struct bytes text, size_t floor,
                      struct added_part *part)
{
    if (token->is_single_word && !stands_alone(text, part->start, part->end)) {
        return false;
    }
    if (token->takes_left) {
        part->start = (uint32_t)take_left(text, part->start, floor);
    }
    if (token->takes_right) {
        part->end = (uint32_t)take_right(text, part->end);
    }
    part->token = token;
    return true;
}

void added_tokens_split(const struct added_tokens *tokens, bool in_normalized,
                        struct bytes text, struct added_parts *parts)
{
    const struct trie *trie = in_normalized ? &tokens->normalized : &tokens->as_sent;
    size_t start = 0;
    for (size_t at = 0; at < text.size;) {
        uint32_t index;
        const size_t size = trie->starts[text.data[at]]
                                ? trie_longest(trie, bytes_from(text, at), &index)
                                : 0;
        if (size == 0) {
            at++;
            continue;
        }
        struct added_part part = {(uint32_t)at, (uint32_t)(at + size), NULL};
        at += size;
        if (make_part(&tokens->items[index], text, start, &part)) {
            add_part(parts, (struct added_part){(uint32_t)start, part.start, NULL});
            add_part(parts, part);
            start = part.end;
        }
    }
    add_part(parts, (struct added_part){(uint32_t)start, (uint32_t)text.size, NULL});
}
