/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One loaded version of one model: its backend, what it takes and gives, and what a request
 * for it means.
 *
 * Threads: open and close on one; the rest from any, a model never changes. Blocking: open
 * reads the file and runs the network.
 */
#pragma once

#include "base/blob.h"
#include "engine/inference.h"
#include "galen/backend.h"

struct configuration;

struct model_options {
    const char *name; /* borrowed until close */
    uint64_t version;
    const char *path;                                /* of the version's folder */
    const struct galen_backend_ops *const *backends; /* ends with NULL */
    uint32_t thread_count;
    size_t row_count_max;  /* of a batch, where the model has a batch dimension */
    uint64_t quick_ns_max; /* what "quick" means; 0: nothing is, and it is not measured */
    size_t instance_count; /* where the configuration does not say */
    struct blob *config;   /* JSON in the place of config.pbtxt; NULL: none. Borrowed */
};

struct model {
    const char *name;
    char version[24];
    struct galen_backend *backend;
    const struct galen_model_spec *spec; /* what the network takes and gives */
    struct configuration *configuration; /* what it is run with */
    struct v2_model metadata;  /* what clients see of it; but for versions, which the engine
                                * knows */
    uint64_t squeezed_inputs;  /* bit i: clients send a last dimension of 1 that the
                                * network's  input does not have */
    uint64_t squeezed_outputs; /* likewise of what they get */
    size_t row_count_max;      /* 0: no batch dimension, each request runs alone */
    size_t quick_size_bytes;   /* of all inputs of a request that is quick; 0: none is */
};

/* Opens the version as its configuration says, or with the first backend whose file is in
 * the folder, and runs the samples that the configuration has to warm it up. Where that
 * does not say so, a model has a batch dimension when infer_model_has_batch does and a try
 * with two rows does not prove the contrary. It is quick when 95 of 100 runs with one row
 * of zeros take no longer than quick_ns_max: rows of length 1 where a length varies, then
 * of twice that and so on up to 512, for as long as they are. GALEN_NOT_FOUND: no backend's
 * file is there; GALEN_NO_MEMORY; otherwise as galen_backend_open. out_error names model,
 * version and reason. */
MUST_USE enum galen_status model_open(const struct model_options *options,
                                      struct model **out_model, struct error *out_error);
void model_close(struct model *model); /* NULL is allowed */
DEFINE_SCOPED(model, model_close)

/* Checks the request of an INFER_RUN call and makes the inference, in the call's arena.
 * GALEN_INVALID (the call's error says what), GALEN_NO_MEMORY. */
MUST_USE enum galen_status model_prepare(const struct model *model, struct infer_call *call,
                                         struct inference **out_inference);
