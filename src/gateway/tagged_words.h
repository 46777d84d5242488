/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of a text, each with the label that a network gave it: scores of tokens in
 * overlapping windows, merged as the contract says (text.merge, entities.words).
 *
 * What comes in was made by other processes and is believed in nothing: places that
 * contradict one another or leave the text are GALEN_BAD_UPSTREAM. Linear in the tokens.
 * Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "model/contract.h"

struct tagged_word {
    uint32_t start; /* code points of the text as sent */
    uint32_t end;   /* the first after the word */
    uint32_t label; /* its index in the contract */
    double score;   /* of the label, in [0, 1] */
};

struct tagged_words {
    struct tagged_word *items; /* in the order of the text, in the arena */
    size_t count;
};

/* The tensors of transform.h about W windows of L tokens, and the scores [W, L, labels]. */
struct tagged_tensors {
    const struct galen_tensor *offsets; /* INT32 [W, L, 2] */
    const struct galen_tensor *words;   /* INT32 [W, L] */
    const struct galen_tensor *special; /* UINT8 [W, L] */
    const struct galen_tensor *scores;
};

/* text_size: code points of the text. GALEN_BAD_UPSTREAM, GALEN_NO_MEMORY. */
MUST_USE enum galen_status tagged_words_read(const struct contract *contract,
                                             const struct tagged_tensors *tensors,
                                             size_t text_size, struct arena *arena,
                                             struct tagged_words *out_words,
                                             struct error *out_error);
