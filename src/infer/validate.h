/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a request fits a model, and what it then means: its inputs in the model's order,
 * its rows, the outputs that it wants. Every service checks with this, so they refuse in
 * the same words, which are Triton's (triton-inference-server/core: src/infer_request.cc).
 *
 * Pure but for the arena. Names that a client sent appear in errors only where they look
 * like names; values never do.
 */
#pragma once

#include "infer/infer.h"

struct infer_rules {
    const struct v2_model *model;
    size_t row_count_max; /* 0: the first dimension is not a batch, a request is one row */
    const struct infer_labels *labels; /* what classes of its outputs are called; borrowed
                                        * until the call is done */
    size_t label_count;
};

struct infer_plan {
    const struct galen_tensor
        *inputs; /* in the model's order; in the arena, bytes borrowed */
    size_t row_count;
    uint64_t wanted_outputs; /* bit i: output i of the model */
};

/* Whether the first dimension of every input and output is GALEN_DIMENSION_ANY: then it
 * counts rows, as Triton's ONNX backend assumes too when there is no config.pbtxt. */
bool infer_model_has_batch(const struct v2_model *model);

/* The mask of every output of the model. */
uint64_t infer_all_outputs(const struct v2_model *model);

/* Notes in the call how classes are made of its outputs. GALEN_INVALID: the request does
 * not fit; the call's error has a pointer ("/inputs/1/shape"). GALEN_NO_MEMORY: the arena
 * is full. */
MUST_USE enum galen_status infer_validate(struct infer_call *call,
                                          const struct infer_rules *rules,
                                          struct infer_plan *out_plan);

/* A name that a client sent, as an error may quote it: itself, or "?" when it is empty,
 * longer than LIMIT_TENSOR_NAME_SIZE_BYTES_MAX or has other bytes than letters, digits and
 * ._-:/ */
const char *infer_quotable_name(const char *name);
