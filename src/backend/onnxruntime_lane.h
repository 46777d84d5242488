/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of one row through values that are kept: for a small network, making values and
 * binding them to names costs more than copying what goes in and out. The copies are wiped
 * when the run ends.
 *
 * Threads: any; a run has a lane to itself, and there are as many as ran at once.
 */
#pragma once

#include <pthread.h>

#include "backend/forecast.h"
#include "backend/onnxruntime_library.h"

struct onnxruntime_lanes {
    const struct onnxruntime *runtime;
    OrtSession *session;
    struct forecast *forecast;
    pthread_mutex_t lock;
    struct lane *idle;
};

/* All arguments are borrowed until deinit. */
void onnxruntime_lanes_init(struct onnxruntime_lanes *lanes,
                            const struct onnxruntime *runtime, OrtSession *session,
                            struct forecast *forecast);
void onnxruntime_lanes_deinit(struct onnxruntime_lanes *lanes); /* zeroed is allowed */

/* False: not of one row, not small, an output is not wanted or cannot be foretold; nothing
 * was done. Otherwise out_status is as of ops->run, of which this is a way. */
bool onnxruntime_lanes_run(struct onnxruntime_lanes *lanes, const struct galen_batch *batch,
                           struct galen_sink *sink, enum galen_status *out_status,
                           struct galen_error *out_error);
