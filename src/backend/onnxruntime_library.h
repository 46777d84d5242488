/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ONNX Runtime as a library: found and started when the first ONNX model is opened, then
 * kept until the process ends. C API version 21. Its telemetry is off, whatever the
 * environment says.
 *
 * Threads: any. One pool, of which a run takes part with the thread that calls it, is
 * shared by all sessions whose limit is the pool's; a session with another limit starts its
 * own. A limit of 1 starts none. Log: what the library reports while a model loads, as the
 * event "onnxruntime.log". What it reports while a model runs may quote values of tensors
 * and is dropped.
 */
#pragma once

#include <onnxruntime_c_api.h>

#include "galen/backend.h"

struct onnxruntime {
    const OrtApi *api;
    OrtEnv *env;
    uint32_t pool_thread_count; /* the calling thread included */
    OrtMemoryInfo *memory;      /* of tensors over memory that is ours */
    OrtAllocator *allocator;
    OrtRunOptions *run_options;
};

/* Borrowed for ever. The first call says for how many threads, the calling one included,
 * the pool is. GALEN_UNAVAILABLE: libonnxruntime.so.1 is missing or too old. */
MUST_USE enum galen_status onnxruntime_load(uint32_t thread_count,
                                            const struct onnxruntime **out_runtime,
                                            struct galen_error *out_error);

/* A session for this file, which the caller closes. GALEN_NOT_FOUND; GALEN_INVALID: not a
 * model that the library takes, with its reason; GALEN_NO_MEMORY. */
MUST_USE enum galen_status
onnxruntime_session_open(const struct onnxruntime *runtime,
                         const struct galen_open_options *options, OrtSession **out_session,
                         struct galen_error *out_error);

/* Takes the session, NULL is allowed, and gives its memory back to the system. */
void onnxruntime_session_close(const struct onnxruntime *runtime, OrtSession *session);

/* What a call outside Run said. Takes result, NULL means GALEN_OK. The text is the
 * library's, up to its first newline. */
MUST_USE enum galen_status onnxruntime_status(const struct onnxruntime *runtime,
                                              OrtStatus *result,
                                              struct galen_error *out_error);

/* What Run said. Takes result, NULL means GALEN_OK. Of the library's text only the failed
 * node's operator and name are kept: the rest may quote values ("idx=77 must be within").
 * GALEN_INVALID: a node refused its inputs; GALEN_NO_MEMORY; GALEN_INTERNAL: anything else,
 * such as an output that does not fit the value that was to take it. */
MUST_USE enum galen_status onnxruntime_run_status(const struct onnxruntime *runtime,
                                                  OrtStatus *result,
                                                  struct galen_error *out_error);
