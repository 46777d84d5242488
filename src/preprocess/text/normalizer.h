/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `normalizer` of a tokenizer.json: steps that rewrite a piece of text, one after the
 * other. To add one: its function and its row in normalizer.c. Pure.
 */
#pragma once

#include "codec/json.h"
#include "preprocess/text/piece.h"

enum { NORMALIZER_STEP_COUNT_MAX = 16 };

struct normalizer_step;

struct normalizer {
    const struct normalizer_step *steps[NORMALIZER_STEP_COUNT_MAX];
    size_t count;
    bool lowers_ascii; /* what all steps together do to plain ASCII: lower it, or nothing */
    bool drops_controls;
};

/* section: NULL or null: no steps. GALEN_NOT_IMPLEMENTED names what is not supported. */
MUST_USE enum galen_status normalizer_parse(const struct json *section,
                                            struct normalizer *out_normalizer,
                                            struct error *out_error);

/* GALEN_TOO_LARGE: the arena is full. */
MUST_USE enum galen_status normalizer_run(const struct normalizer *normalizer,
                                          struct piece piece, struct arena *arena,
                                          struct piece *out_piece);
