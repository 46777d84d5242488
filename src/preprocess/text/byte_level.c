/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/text/byte_level.h"

#include "preprocess/text/unicode.h"

enum kind { KIND_LETTER, KIND_NUMBER, KIND_SPACE, KIND_OTHER };

static size_t kind_of(const uint8_t *text, enum kind *out_kind)
{
    uint32_t code_point;
    const size_t size = unicode_decode(text, &code_point);
    if (code_point < 0x80) {
        const uint8_t lower = text[0] | 0x20;
        *out_kind = lower >= 'a' && lower <= 'z'                             ? KIND_LETTER
                    : text[0] >= '0' && text[0] <= '9'                       ? KIND_NUMBER
                    : text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r') ? KIND_SPACE
                                                                             : KIND_OTHER;
        return size;
    }
    const unsigned classes = unicode_classes(code_point);
    *out_kind = (classes & UNICODE_LETTER) != 0   ? KIND_LETTER
                : (classes & UNICODE_NUMBER) != 0 ? KIND_NUMBER
                : (classes & UNICODE_SPACE) != 0  ? KIND_SPACE
                                                  : KIND_OTHER;
    return size;
}

/* The size of 's, 't, 're, 've, 'm, 'll or 'd; 0: none is there. */
static size_t contraction(struct bytes text)
{
    static const char *const endings[] = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
    for (size_t i = 0; text.data[0] == '\'' && i < sizeof(endings) / sizeof(endings[0]);
         i++) {
        const struct bytes ending = bytes_from_string(endings[i]);
        if (bytes_starts_with(text, ending)) {
            return ending.size;
        }
    }
    return 0;
}

/* The end of what has the kind of the code point at `at`; *out_last: where its last one
 * begins. */
static size_t end_of_run(struct bytes text, size_t at, enum kind kind, size_t *out_last)
{
    while (at < text.size) {
        enum kind next;
        const size_t size = kind_of(text.data + at, &next);
        if (next != kind) {
            break;
        }
        *out_last = at;
        at += size;
    }
    return at;
}

static size_t next_word(struct bytes text)
{
    enum kind kind;
    size_t last = 0;
    const size_t ending = contraction(text);
    if (ending > 0) {
        return ending;
    }
    (void)kind_of(text.data, &kind);
    if (text.data[0] == ' ' && text.size > 1) {
        enum kind second;
        (void)kind_of(text.data + 1, &second);
        if (second != KIND_SPACE) {
            return end_of_run(text, 1, second, &last);
        }
    }
    const size_t size = end_of_run(text, 0, kind, &last);
    const bool leaves_the_last = kind == KIND_SPACE && size < text.size && last > 0;
    return leaves_the_last ? last : size;
}

void byte_level_split(const struct piece *piece, struct word within, struct words *words)
{
    size_t at = within.start;
    while (at < within.end) {
        const size_t size = next_word(bytes_of(piece->text + at, within.end - at));
        words_add(words, at, at + size);
        at += size;
    }
}

enum galen_status byte_level_add_space(struct piece *piece, struct arena *arena)
{
    if (piece->size == 0 || piece->text[0] == ' ') {
        return GALEN_OK;
    }
    uint8_t *text = arena_alloc_array(arena, piece->size + 1, 1);
    struct token_span *spans = arena_alloc_array(arena, piece->size + 1, sizeof(*spans));
    if (text == NULL || spans == NULL) {
        return GALEN_TOO_LARGE;
    }
    text[0] = ' ';
    memcpy(text + 1, piece->text, piece->size);
    spans[0] = piece_span(piece, 0, 1);
    for (size_t i = 0; i < piece->size; i++) {
        spans[i + 1] = piece_span(piece, i, i + 1);
    }
    *piece = (struct piece){.text = text, .size = piece->size + 1, .spans = spans};
    return GALEN_OK;
}

/* Bytes that are printed as they are: '!' to '~', U+00A1 to U+00AC and U+00AE to U+00FF.
 * The others follow from U+0100 on, in their order. */
static bool is_printed(uint32_t byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xFF && byte != 0xAD);
}

static bool byte_of(uint32_t code_point, uint8_t *out_byte)
{
    static const uint32_t first_other = 0x100;
    if (code_point < first_other) {
        *out_byte = (uint8_t)code_point;
        return is_printed(code_point);
    }
    uint32_t left = code_point - first_other;
    for (uint32_t byte = 0; byte < 0x100; byte++) {
        if (!is_printed(byte) && left-- == 0) {
            *out_byte = (uint8_t)byte;
            return true;
        }
    }
    return false;
}

bool byte_level_decode(struct bytes token, uint8_t *out_bytes, size_t *out_size)
{
    size_t size = 0;
    for (size_t at = 0; at < token.size;) {
        uint32_t code_point;
        at += unicode_decode(token.data + at, &code_point);
        if (!byte_of(code_point, &out_bytes[size++])) {
            return false;
        }
    }
    *out_size = size;
    return true;
}
