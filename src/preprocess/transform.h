/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client sent, as bytes with a media type, to the inputs of a model: one transform
 * for each task of model.yaml. To add one: write its file, then its line in transform.c.
 *
 * Every transform takes the same two inputs and answers with the model's inputs by name,
 * then the reserved galen.* outputs (src/preprocess/README.md).
 */
#pragma once

#include "base/phi.h"
#include "model/contract.h"

#define TRANSFORM_OUTPUT_COUNT_MAX 8u

#define TRANSFORM_INPUT "input"               /* BYTES [1] */
#define TRANSFORM_CONTENT_TYPE "content_type" /* BYTES [1] */
#define TRANSFORM_WARNINGS "galen.warnings"   /* BYTES [n]: codes of warnings.def */

struct transform_outputs {
    struct galen_tensor tensors[TRANSFORM_OUTPUT_COUNT_MAX]; /* bytes in the arena */
    size_t count;
};

struct transform {
    enum contract_task task;
    enum galen_status (*run)(const struct contract *contract, struct phi input,
                             struct arena *arena, struct transform_outputs *out_outputs,
                             struct error *out_error);

    /* The outputs' specs, for metadata; in the arena. */
    enum galen_status (*describe)(const struct contract *contract, struct arena *arena,
                                  const struct galen_tensor_spec **out_specs,
                                  size_t *out_count);
};

/* NULL: there is none for this task. */
const struct transform *transform_for(enum contract_task task);

extern const struct transform vector_transform;
