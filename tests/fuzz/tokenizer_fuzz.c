/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is a tokenizer.json, a NUL and a text. What loads gives ids that it knows,
 * spans that lie in the text, and words that count up and of which neither starts nor ends
 * go backwards.
 */
#include "preprocess/text/tokenizer.h"

#include "base/invariant.h"
#include "fuzz.h"

enum { ARENA_SIZE_BYTES_MAX = 1 << 26 };

static size_t length_of(struct bytes text)
{
    size_t length = 0;
    for (size_t i = 0; i < text.size; i++) {
        length += (text.data[i] & 0xC0) != 0x80;
    }
    return length;
}

static void check_order(struct token_span before, struct token_span place)
{
    INVARIANT(place.start >= before.start && place.end >= before.end);
}

static void check(const struct tokenizer *tokenizer, const struct encoding *encoding,
                  size_t length)
{
    int32_t word = -1;
    struct token_span place = {0, 0};
    struct token_span before = {0, 0};
    for (size_t i = 0; i < encoding->count; i++) {
        const struct token_span span = encoding->spans[i];
        if (encoding->words[i] != word) {
            check_order(before, place);
            before = place;
            place = span;
        }
        place.start = span.start < place.start ? span.start : place.start;
        place.end = span.end > place.end ? span.end : place.end;
        INVARIANT(encoding->ids[i] < tokenizer_id_count(tokenizer));
        INVARIANT(span.start <= span.end && span.end <= length);
        INVARIANT(encoding->words[i] >= word);
        word = encoding->words[i];
    }
    check_order(before, place);
}

static void encode(const struct tokenizer *tokenizer, struct bytes text)
{
    struct arena arena;
    struct encoding encoding;
    arena_init(&arena, ARENA_SIZE_BYTES_MAX);
    const enum galen_status status = tokenizer_encode(tokenizer, text, &arena, &encoding);
    INVARIANT(status == GALEN_OK || status == GALEN_TOO_LARGE);
    if (status == GALEN_OK) {
        check(tokenizer, &encoding, length_of(text));
    }
    arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped(tokenizer) tokenizer = NULL;
    struct error error = {.text = ""};
    struct bytes file;
    const struct bytes text = bytes_split(bytes_of(data, size), '\0', &file);
    if (tokenizer_parse(file, &tokenizer, &error) == GALEN_OK &&
        bytes_are_utf8(text, NULL)) {
        encode(tokenizer, text);
    }
    return 0;
}
