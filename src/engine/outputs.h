/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of a backend and what it gives, each output in a block of its own, so that
 * nothing is copied when it goes to one request.
 *
 * Threads: one. Blocking: as the backend. Allocation: blobs.
 */
#pragma once

#include "base/blob.h"
#include "base/limits.h"
#include "engine/model.h"

/* By the index of the output in the model. */
struct outputs {
    struct galen_sink base; /* first: the backend has a pointer to it */
    const struct v2_model *metadata;
    uint64_t squeezed; /* as struct model has it */
    struct error *error;
    uint64_t given; /* bit i: tensors[i] and storages[i] are written */
    struct galen_tensor tensors[LIMIT_TENSOR_COUNT_MAX];
    struct blob *storages[LIMIT_TENSOR_COUNT_MAX];
};

/* Caller's storage; model and error are borrowed. */
void outputs_init(struct outputs *outputs, const struct model *model, struct error *error);
void outputs_deinit(struct outputs *outputs);

/* Runs the backend. inputs: in the model's order; wanted: bit i: output i is. The error
 * says what failed: GALEN_INVALID, GALEN_TOO_LARGE, GALEN_NO_MEMORY, GALEN_UNAVAILABLE;
 * GALEN_INTERNAL: the network or its backend does not keep to what it says. */
MUST_USE enum galen_status outputs_run(struct outputs *outputs, const struct model *model,
                                       const struct galen_tensor *inputs, uint64_t wanted);

/* GALEN_INTERNAL: an output does not fit its shape or, of a model with a batch dimension,
 * has not the rows of its input. */
MUST_USE enum galen_status outputs_check(const struct outputs *outputs,
                                         const struct model *model, size_t row_count);

/* The first of the given outputs that has not so many rows; output_count: all have. */
size_t outputs_find_without_rows(const struct outputs *outputs, size_t row_count);
