/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backend SDK: what turns tensors into tensors. The engine calls the galen_backend_*
 * functions; a backend implements struct galen_backend_ops and embeds struct galen_backend
 * as its first member.
 *
 * Threads: open and close come one at a time; run may be called by several threads at once.
 * Blocking: all but describe may block. Nothing here is called on an event loop unless the
 * engine measured that the model answers in microseconds.
 */
#pragma once

#include "galen/tensor.h"

#define GALEN_BACKEND_ABI 1u

/* Detail of a failure: names, shapes and limits, never values of a payload. */
struct galen_error {
    char text[256]; /* "" where there is nothing to add to the status */
};

/* Writes the detail and returns status, so that a refusal is one statement. out_error may
 * be NULL. Longer text is cut at a UTF-8 boundary. */
__attribute__((format(printf, 3, 4))) enum galen_status
galen_error_set(struct galen_error *out_error, enum galen_status status, const char *format,
                ...);

struct galen_model_spec {
    const char *platform; /* as metadata reports it: "onnxruntime_onnx" */
    const struct galen_tensor_spec *inputs;
    size_t input_count;
    const struct galen_tensor_spec *outputs;
    size_t output_count;
};

struct galen_open_options {
    const char *path;          /* the model's file inside its version folder; readable */
    uint32_t thread_count_max; /* that one run may use; at least 1 */
};

/* One call of the network: inputs already joined along the batch dimension. */
struct galen_batch {
    const struct galen_tensor *inputs; /* in the order of the spec, each aligned for its
                                        * datatype; borrowed during run */
    size_t input_count;
    const bool *wanted_outputs; /* one flag an output of the spec; NULL: all */
};

/* Where outputs go. The backend names an output of its spec (meta->bytes is ignored,
 * size_bytes is exact) and fills the block that it gets back, 64-byte aligned, before run
 * returns. Each wanted output is emitted once, in any order, unwanted ones are not. The
 * block of an empty output may be NULL. GALEN_NO_MEMORY, GALEN_TOO_LARGE: pass it up, run
 * has failed. */
struct galen_sink {
    enum galen_status (*output)(struct galen_sink *sink, const struct galen_tensor *meta,
                                void **out_bytes);
};

struct galen_backend {
    const struct galen_backend_ops *ops; /* set by galen_backend_open */
};

/* out_error is never NULL here. */
struct galen_backend_ops {
    uint32_t abi;          /* GALEN_BACKEND_ABI as this backend was compiled with it */
    const char *name;      /* "onnxruntime" */
    const char *file_name; /* what its models' file is called: "model.onnx" */

    /* GALEN_NOT_FOUND: no such file; GALEN_INVALID: not a model that this backend runs;
     * GALEN_UNAVAILABLE: what the backend needs is not installed; GALEN_NO_MEMORY. */
    enum galen_status (*open)(const struct galen_open_options *options,
                              struct galen_backend **out_backend,
                              struct galen_error *out_error);

    /* Borrowed until close; never changes. */
    const struct galen_model_spec *(*describe)(const struct galen_backend *backend);

    /* The batch meets the spec and is borrowed until the call returns. On failure the
     * engine answers for every request in it and drops what the sink got. GALEN_INVALID:
     * the network does not take these inputs; GALEN_NO_MEMORY; GALEN_INTERNAL; what the
     * sink says. */
    enum galen_status (*run)(struct galen_backend *backend, const struct galen_batch *batch,
                             struct galen_sink *sink, struct galen_error *out_error);

    void (*close)(struct galen_backend *backend);
};

/* Opens a model and runs it once, batch of one, all zero, so that its first request does
 * not pay for what a first run sets up (a model may refuse zeros: that run's failure counts
 * for nothing). out_error may be NULL. Gives a backend that the caller closes.
 * GALEN_INVALID: built for another ABI, not a regular file, or a spec beyond limits.def;
 * GALEN_TOO_LARGE: the file is beyond LIMIT_MODEL_FILE_SIZE_BYTES_MAX. Otherwise as
 * ops->open. */
MUST_USE enum galen_status galen_backend_open(const struct galen_backend_ops *ops,
                                              const struct galen_open_options *options,
                                              struct galen_backend **out_backend,
                                              struct galen_error *out_error);
const struct galen_model_spec *galen_backend_describe(const struct galen_backend *backend);

/* GALEN_INVALID: an input's name, datatype, shape or bytes are not what the spec says. With
 * GALEN_OK every wanted output is in the sink. Otherwise as ops->run. */
MUST_USE enum galen_status galen_backend_run(struct galen_backend *backend,
                                             const struct galen_batch *batch,
                                             struct galen_sink *sink,
                                             struct galen_error *out_error);
void galen_backend_close(struct galen_backend *backend); /* NULL is allowed */

MUST_USE enum galen_status galen_sink_output(struct galen_sink *sink,
                                             const struct galen_tensor *meta,
                                             void **out_bytes);
