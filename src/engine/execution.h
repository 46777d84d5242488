/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a batch on a backend: joins the requests' inputs along the first dimension, runs
 * once, cuts the outputs back. One request alone is neither joined nor cut: its tensors go
 * in and the backend's blocks go out as they are.
 *
 * When a joined run fails, its requests run once more, one by one, so that a request which
 * the network does not like fails alone.
 *
 * Threads: several batches of one model at once. Blocking: as the backend. Allocation:
 * blobs, and in the calls' arenas.
 */
#pragma once

#include "engine/model.h"

/* For each inference of the batch: its entry's status, with its call's response or its
 * error. Nothing is finished. A network whose outputs do not have as many rows as its
 * inputs had is GALEN_INTERNAL. out_times: of all runs together, the
 * time since the batch left the queue included: its parts add up to now. */
void execution_run(const struct model *model, const struct batch *batch,
                   struct compute_times *out_times);

/* What goes in to try a model: zeros. */
struct probe {
    size_t row_count;
    size_t length; /* of every other dimension that varies */
};

/* Runs it, and looks whether some output has not as many rows. GALEN_TOO_LARGE: more than a
 * request may have; otherwise as galen_backend_run. */
MUST_USE enum galen_status execution_probe(const struct model *model, struct probe probe,
                                           bool *out_denied);

/* Bytes of all inputs that such a run has. 0: more than a request may have. */
size_t execution_probe_size(const struct model *model, struct probe probe);

/* A request that is run before the version serves (ModelWarmup of Triton's
 * model_config.proto). */
struct warm_up_sample {
    const char *name;                  /* for errors */
    const struct galen_tensor *inputs; /* as a client would send them, in any order; where
                                        * there is a batch dimension, of one row */
    size_t input_count;
    size_t request_count; /* such requests joined into each run; 0: 1 */
    size_t run_count;     /* 0: 1 */
};

/* Runs them all, one after the other; what comes out is checked and dropped. The first that
 * fails ends it: GALEN_INVALID (the sample does not fit the model, the network refuses it),
 * otherwise as a run; out_error names the sample. */
MUST_USE enum galen_status execution_warm_up(const struct model *model,
                                             const struct warm_up_sample *samples,
                                             size_t count, struct error *out_error);
