/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client sent, as bytes with a media type, to the inputs of a model: one transform
 * for each task of model.yaml. To add one: write its file, then its rows in transform.c.
 *
 * Every transform takes the same two inputs and answers with the model's inputs by name,
 * then the reserved outputs (infer/preprocess_contract.h).
 */
#pragma once

#include "base/phi.h"
#include "infer/preprocess_contract.h"
#include "model/contract.h"

#define TRANSFORM_OUTPUT_COUNT_MAX 8u

struct confined_decoder;

struct transform_outputs {
    struct galen_tensor tensors[TRANSFORM_OUTPUT_COUNT_MAX]; /* bytes in the arena */
    size_t count;
};

/* One run: what it is of, and what it may use. */
struct transform_run {
    const struct contract *contract;
    const void *prepared;
    struct phi input;          /* what the client sent */
    struct bytes content_type; /* one that the contract lists */
    struct arena *arena;       /* for what comes out */
    uint64_t deadline_ns;
    struct confined_decoder *decoder; /* of a transform that runs apart; else NULL */
};

struct transform {
    /* It takes its time: it is run on a thread of preprocess's own, with a decoder. */
    bool runs_apart;

    /* What every run of this version needs, made once: read from the one file that
     * needs_file names. Both NULL: nothing is. Gives out_prepared to unprepare. */
    const char *(*needs_file)(const struct contract *contract);
    enum galen_status (*prepare)(const struct contract *contract, struct bytes file,
                                 void **out_prepared, struct error *out_error);
    void (*unprepare)(void *prepared); /* NULL is allowed */

    enum galen_status (*run)(const struct transform_run *run,
                             struct transform_outputs *out_outputs,
                             struct error *out_error);

    /* The outputs' specs, for metadata; in the arena. */
    enum galen_status (*describe)(const struct contract *contract, struct arena *arena,
                                  const struct galen_tensor_spec **out_specs,
                                  size_t *out_count);
};

/* NULL: there is none for this task. */
const struct transform *transform_for(enum contract_task task);

/* For transforms: adds PREPROCESS_WARNINGS with this code, or with none; NULL: none. */
MUST_USE enum galen_status transform_put_warning(const char *code, struct arena *arena,
                                                 struct transform_outputs *outputs);

/* For transforms: what transform_put_warning adds, as metadata. */
struct galen_tensor_spec transform_warning_spec(void);

extern const struct transform vector_transform;
extern const struct transform text_transform;
extern const struct transform image_transform;
