/* SPDX-License-Identifier: Apache-2.0 */
#include "base/siphash.h"

enum { WORD_SIZE = sizeof(uint64_t), ROUNDS_OF_A_WORD = 2, ROUNDS_AT_THE_END = 4 };

struct state {
    uint64_t a, b, c, d;
};

static uint64_t rotated(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static void half_round(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d, unsigned s,
                       unsigned t)
{
    *a += *b;
    *c += *d;
    *b = rotated(*b, s) ^ *a;
    *d = rotated(*d, t) ^ *c;
    *a = rotated(*a, 32);
}

static void run_rounds(struct state *state, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        half_round(&state->a, &state->b, &state->c, &state->d, 13, 16);
        half_round(&state->c, &state->b, &state->a, &state->d, 17, 21);
    }
}

static void take_word(struct state *state, uint64_t word)
{
    state->d ^= word;
    run_rounds(state, ROUNDS_OF_A_WORD);
    state->a ^= word;
}

/* Of up to eight bytes, the first one lowest. */
static uint64_t word_of(struct bytes bytes)
{
    uint64_t word = 0;
    for (size_t i = 0; i < bytes.size && i < WORD_SIZE; i++) {
        word |= (uint64_t)bytes.data[i] << (8 * i);
    }
    return word;
}

uint64_t siphash(const struct siphash_key *key, struct bytes bytes)
{
    struct state state = {
        .a = key->words[0] ^ UINT64_C(0x736f6d6570736575),
        .b = key->words[1] ^ UINT64_C(0x646f72616e646f6d),
        .c = key->words[0] ^ UINT64_C(0x6c7967656e657261),
        .d = key->words[1] ^ UINT64_C(0x7465646279746573),
    };
    const uint64_t size = bytes.size;
    for (; bytes.size >= WORD_SIZE; bytes = bytes_from(bytes, WORD_SIZE)) {
        take_word(&state, word_of(bytes));
    }
    take_word(&state, size << 56 | word_of(bytes));
    state.c ^= 0xff;
    run_rounds(&state, ROUNDS_AT_THE_END);
    return state.a ^ state.b ^ state.c ^ state.d;
}
