/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labelled words to entities, by the contract's scheme: BIO as of CoNLL-2003 (where an I-
 * that goes on nothing begins), BILOU, or IO. Pure.
 */
#pragma once

#include "gateway/answer_writer.h"
#include "gateway/tagged_words.h"

struct entity {
    struct bytes label; /* without its prefix; the contract's */
    uint32_t start;     /* code points of the text as sent */
    uint32_t end;
    double score; /* the mean of its words' */
};

struct entities {
    struct entity *items; /* in the arena; starts and ends never go backwards */
    size_t count;
    bool left_out; /* at least one had a score below the contract's threshold */
    bool are_f32;  /* scores are as exact as FP32: printed so */
};

/* GALEN_NO_MEMORY. */
MUST_USE enum galen_status entities_from_words(const struct contract *contract,
                                               const struct tagged_words *words,
                                               struct arena *arena,
                                               struct entities *out_entities);

/* The member "entities". text: what offsets count in, to quote from; NULL: no "text". */
void entities_put(const struct entities *entities, const struct bytes *text,
                  struct answer_writer *answer);
