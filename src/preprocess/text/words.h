/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a tokenizer fills while it reads a text: growing lists in an arena. Pure.
 */
#pragma once

#include "preprocess/text/piece.h"

/* Words of one piece, as bytes of it. */
struct word {
    uint32_t start;
    uint32_t end;
};

struct words {
    struct arena *arena;
    struct word *items;
    size_t count;
    size_t capacity;
    bool failed; /* the arena is full */
};

void words_add(struct words *words, size_t start, size_t end); /* an empty one is none */

/* Tokens of the text, as tokenizer_encode gives them. */
struct tokens {
    struct arena *arena;
    uint32_t *ids;
    struct token_span *spans;
    int32_t *words;
    size_t count;
    size_t capacity;
    bool failed;
};

void tokens_init(struct tokens *tokens, size_t capacity, struct arena *arena);
void tokens_grow(struct tokens *tokens);

static inline void tokens_add(struct tokens *tokens, uint32_t id, struct token_span span,
                              int32_t word)
{
    if (tokens->count == tokens->capacity) {
        tokens_grow(tokens);
    }
    if (!tokens->failed) {
        tokens->ids[tokens->count] = id;
        tokens->spans[tokens->count] = span;
        tokens->words[tokens->count] = word;
        tokens->count++;
    }
}
