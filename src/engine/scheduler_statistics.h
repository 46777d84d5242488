/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a scheduler counts, as Triton's statistics extension and its metrics have it
 * (extension_statistics.md; docs/user_guide/metrics.md): totals since it was created.
 * A request that was answered is charged with all that its batch took.
 *
 * Pure. Allocation: none.
 */
#pragma once

#include "base/histogram.h"
#include "engine/batcher.h"

/* Of a batch's run. */
struct compute_times {
    uint64_t input_ns;  /* joining what goes in */
    uint64_t infer_ns;  /* the backend */
    uint64_t output_ns; /* cutting what comes out */
};

/* The reasons of nv_inference_request_failure. */
enum scheduler_failure {
    SCHEDULER_REJECTED, /* queue full, draining, a timeout or deadline while it waited */
    SCHEDULER_CANCELED,
    SCHEDULER_BACKEND, /* the network did not do it */
    SCHEDULER_OTHER,   /* it did, and the engine has no memory for it */
    SCHEDULER_FAILURE_COUNT,
};

struct scheduler_duration {
    uint64_t count;
    uint64_t ns;
};

struct scheduler_statistics {
    struct scheduler_duration success; /* requests, from submit to finish */
    struct scheduler_duration fail;    /* from submit to the end */
    uint64_t failure_counts[SCHEDULER_FAILURE_COUNT];

    /* of requests that were answered */
    struct scheduler_duration queue;
    struct scheduler_duration compute_input;
    struct scheduler_duration compute_infer;
    struct scheduler_duration compute_output;
    uint64_t inference_count; /* their rows */

    /* of batches of which one was answered at least */
    uint64_t execution_count;
    uint64_t last_inference_ns; /* when the last one ended; 0: there was none */
    uint64_t batch_counts[BATCH_REASON_COUNT]; /* why they left */

    /* the same; durations in ns, bounds at round numbers of µs */
    struct histogram request_ns;
    struct histogram queue_ns;
    struct histogram compute_input_ns;
    struct histogram compute_infer_ns;
    struct histogram compute_output_ns;
    struct histogram batch_rows;
};

/* Batches of one size, of which one was answered at least. */
struct scheduler_batch_size {
    size_t row_count;
    uint64_t count;
    uint64_t input_ns;
    uint64_t infer_ns;
    uint64_t output_ns;
};

void scheduler_statistics_init(struct scheduler_statistics *statistics);

void scheduler_count_failure(struct scheduler_statistics *statistics,
                             enum scheduler_failure failure, uint64_t took_ns);

/* One request of batch that was answered at now_ns. */
void scheduler_count_success(struct scheduler_statistics *statistics,
                             const struct batcher_entry *entry, const struct batch *batch,
                             uint64_t now_ns);

/* The run of batch, over at now_ns, of which so many requests were answered. */
void scheduler_count_execution(struct scheduler_statistics *statistics,
                               const struct batch *batch, const struct compute_times *times,
                               uint64_t success_count, uint64_t now_ns);
