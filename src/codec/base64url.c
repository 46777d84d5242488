/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/base64url.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum { NO_DIGIT = 0x80, DIGIT_BITS = 6, BYTE_BITS = 8, DIGIT_MASK = 0x3F };

/* clang-format off */
#define N NO_DIGIT
static const uint8_t digit_of[256] = {
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  62, N,  N,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, N,  N,  N,  N,  N,  N,
    N,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, N,  N,  N,  N,  63,
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

/* Digits to bytes; false: one is none, or bits are left over. */
static bool decode(struct bytes digits, uint8_t *out)
{
    uint32_t bits = 0;
    unsigned bit_count = 0;
    for (size_t i = 0; i < digits.size; i++) {
        const uint8_t digit = digit_of[digits.data[i]];
        if (digit == NO_DIGIT) {
            return false;
        }
        bits = bits << DIGIT_BITS | digit;
        bit_count += DIGIT_BITS;
        if (bit_count >= BYTE_BITS) {
            bit_count -= BYTE_BITS;
            *out++ = (uint8_t)(bits >> bit_count);
            bits &= (1u << bit_count) - 1;
        }
    }
    return bits == 0 && bit_count < DIGIT_BITS;
}

enum galen_status base64url_decode(struct bytes text, struct arena *arena,
                                   struct bytes *out_bytes)
{
    const size_t size = text.size / 4 * 3 + text.size % 4 * 3 / 4;
    uint8_t *data = arena_alloc(arena, size);
    if (data == NULL) {
        return GALEN_NO_MEMORY;
    }
    if (!decode(text, data)) {
        return GALEN_INVALID;
    }
    *out_bytes = bytes_of(data, size);
    return GALEN_OK;
}

void base64url_encode(struct bytes bytes, struct writer *out)
{
    uint32_t bits = 0;
    unsigned bit_count = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        bits = (bits << BYTE_BITS | bytes.data[i]) & 0xFFFF;
        bit_count += BYTE_BITS;
        while (bit_count >= DIGIT_BITS) {
            bit_count -= DIGIT_BITS;
            writer_put_byte(out, (uint8_t)alphabet[bits >> bit_count & DIGIT_MASK]);
        }
    }
    if (bit_count > 0) {
        writer_put_byte(out,
                        (uint8_t)alphabet[bits << (DIGIT_BITS - bit_count) & DIGIT_MASK]);
    }
}
