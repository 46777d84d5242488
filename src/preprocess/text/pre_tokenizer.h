/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `pre_tokenizer` of a tokenizer.json: how a normalized piece falls into words, of
 * which the model makes tokens. To add one: its function and its row in pre_tokenizer.c.
 * Pure.
 */
#pragma once

#include "codec/json.h"
#include "preprocess/text/words.h"

enum { PRE_TOKENIZER_STEP_COUNT_MAX = 8 };

struct pre_tokenizer_step;

struct pre_tokenizer {
    const struct pre_tokenizer_step *steps[PRE_TOKENIZER_STEP_COUNT_MAX];
    size_t count;
    bool is_byte_level;     /* the model reads bytes */
    bool adds_prefix_space; /* before a piece that does not begin with one */
};

/* GALEN_NOT_IMPLEMENTED names what is not supported. */
MUST_USE enum galen_status pre_tokenizer_parse(const struct json *section,
                                               struct pre_tokenizer *out_pre_tokenizer,
                                               struct error *out_error);

/* Adds the words of the piece, in order; words->failed when the arena is full. piece may
 * become another one, with a space before it: the words are bytes of that. */
void pre_tokenizer_run(const struct pre_tokenizer *pre_tokenizer, struct piece *piece,
                       struct words *words);
