/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/base64.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { NO_DIGIT = 0x80 }; /* survives OR with any digit, and no digit has it */

/* clang-format off */
#define N NO_DIGIT
static const uint8_t digit_of[256] = {
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  62, N,  N,  N,  63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, N,  N,  N,  N,  N,  N,
    N,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, N,  N,  N,  N,  N,
    N,  26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
};
#undef N
/* clang-format on */

static size_t padding_size(struct bytes text)
{
    if (text.size < 4 || text.data[text.size - 1] != '=') {
        return 0;
    }
    return text.data[text.size - 2] == '=' ? 2 : 1;
}

static size_t first_bad_digit(struct bytes text)
{
    size_t index = 0;
    while (index < text.size && digit_of[text.data[index]] != NO_DIGIT) {
        index++;
    }
    return index;
}

/* Four digits to three bytes, while they last; false: something is no digit. */
static bool decode_quads(struct bytes digits, uint8_t *out)
{
    const uint8_t *at = digits.data;
    for (size_t left = digits.size / 4; left > 0; left--, at += 4, out += 3) {
        const uint8_t a = digit_of[at[0]];
        const uint8_t b = digit_of[at[1]];
        const uint8_t c = digit_of[at[2]];
        const uint8_t d = digit_of[at[3]];
        if (((a | b | c | d) & NO_DIGIT) != 0) {
            return false;
        }
        out[0] = (uint8_t)(a << 2 | b >> 4);
        out[1] = (uint8_t)(b << 4 | c >> 2);
        out[2] = (uint8_t)(c << 6 | d);
    }
    return true;
}

/* The two or three digits before the padding; false: bits are left over. */
static bool decode_tail(struct bytes digits, uint8_t *out)
{
    const size_t size = digits.size % 4;
    if (size == 0) {
        return true;
    }
    const uint8_t *at = digits.data + digits.size - size;
    const uint8_t a = digit_of[at[0]];
    const uint8_t b = digit_of[at[1]];
    const uint8_t c = size == 3 ? digit_of[at[2]] : 0;
    out[0] = (uint8_t)(a << 2 | b >> 4);
    if (size == 2) {
        return (b & 0x0F) == 0;
    }
    out[1] = (uint8_t)(b << 4 | c >> 2);
    return (c & 0x03) == 0;
}

enum galen_status base64_decode(struct bytes text, struct arena *arena,
                                struct bytes *out_bytes, struct error *out_error)
{
    const struct bytes digits = bytes_first(text, text.size - padding_size(text));
    const size_t size = digits.size / 4 * 3 + digits.size % 4 * 3 / 4;

    if (text.size % 4 != 0) {
        return error_set(out_error, GALEN_INVALID,
                         "byte offset %zu: base64 ends inside a group of four", text.size);
    }
    uint8_t *data = arena_alloc(arena, size);
    if (data == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "no memory for %zu bytes of base64",
                         size);
    }
    if (!decode_quads(digits, data) ||
        first_bad_digit(bytes_from(digits, digits.size / 4 * 4)) != digits.size % 4) {
        return error_set(out_error, GALEN_INVALID, "byte offset %zu: no base64 character",
                         first_bad_digit(digits));
    }
    if (!decode_tail(digits, data + digits.size / 4 * 3)) {
        return error_set(out_error, GALEN_INVALID,
                         "byte offset %zu: base64 has bits beyond its last byte",
                         digits.size - 1);
    }
    *out_bytes = bytes_of(data, size);
    return GALEN_OK;
}

static void encode_tail(struct bytes tail, uint8_t *out)
{
    const uint8_t second = tail.size == 2 ? tail.data[1] : 0;
    out[0] = (uint8_t)alphabet[tail.data[0] >> 2];
    out[1] = (uint8_t)alphabet[(tail.data[0] << 4 | second >> 4) & 0x3F];
    out[2] = tail.size == 2 ? (uint8_t)alphabet[second << 2 & 0x3F] : '=';
    out[3] = '=';
}

void base64_encode(struct bytes bytes, struct writer *out)
{
    const size_t group_count = bytes.size / 3;
    const struct bytes tail = bytes_from(bytes, group_count * 3);
    uint8_t *to = writer_extend(out, (group_count + (tail.size > 0)) * 4);
    if (to == NULL) {
        return;
    }
    const uint8_t *at = bytes.data;
    for (size_t left = group_count; left > 0; left--, at += 3, to += 4) {
        to[0] = (uint8_t)alphabet[at[0] >> 2];
        to[1] = (uint8_t)alphabet[(at[0] << 4 | at[1] >> 4) & 0x3F];
        to[2] = (uint8_t)alphabet[(at[1] << 2 | at[2] >> 6) & 0x3F];
        to[3] = (uint8_t)alphabet[at[2] & 0x3F];
    }
    if (tail.size > 0) {
        encode_tail(tail, to);
    }
}
