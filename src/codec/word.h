/* SPDX-License-Identifier: Apache-2.0 */
/* Eight bytes looked at at once. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { WORD_SIZE = sizeof(uint64_t) };

#define WORD_LOWS UINT64_C(0x0101010101010101)
#define WORD_HIGHS UINT64_C(0x8080808080808080)

static inline uint64_t word_load(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return word;
}

/* The same byte eight times. */
static inline uint64_t word_of(uint8_t byte)
{
    return WORD_LOWS * byte;
}

static inline bool word_has_zero(uint64_t word)
{
    return ((word - WORD_LOWS) & ~word & WORD_HIGHS) != 0;
}

static inline bool word_has(uint64_t word, uint8_t byte)
{
    return word_has_zero(word ^ word_of(byte));
}

/* Of a byte below limit, which is 128 at most. */
static inline bool word_has_less(uint64_t word, uint8_t limit)
{
    return ((word - word_of(limit)) & ~word & WORD_HIGHS) != 0;
}
