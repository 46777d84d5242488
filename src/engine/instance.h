/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instances of one model version: threads that pull batches from its scheduler, run
 * them and finish their calls. Here are the lock, the clock and the waiting; every decision
 * is the scheduler's.
 *
 * Threads: submit and cancel from any number; the rest from one. Blocking: create,
 * wait_idle and destroy; submit and cancel take a lock that nobody keeps while a network
 * runs.
 *
 * A quick request that finds nobody waiting runs at once, on the thread that submits it: to
 * wake another would cost more than to run it. When more than one of twenty such runs
 * that were measured was not quick after all, by its own doing (stopwatch.h), this ends for
 * good.
 *
 * While all instances are busy, a waiting call whose deadline or timeout passes is told at
 * the next submit or when an instance is free, whichever is first.
 */
#pragma once

#include "engine/inference.h"

struct instances;

struct instances_options {
    struct batcher_settings settings;
    size_t count; /* threads, at least 1 */
    uint64_t
        quick_ns_max; /* that a run on the submitting thread may take; 0: none is made */

    /* Writes each inference's entry.status and answer or error, and what became of all the
     * time since the batch left the queue. On an instance's thread. */
    void (*run)(void *context, const struct batch *batch, struct compute_times *out_times);
    void *context;
};

/* GALEN_INVALID (settings), GALEN_NO_MEMORY (no thread either). */
MUST_USE enum galen_status instances_create(const struct instances_options *options,
                                            struct instances **out_instances);

/* No call may be pending. NULL is allowed. */
void instances_destroy(struct instances *instances);
DEFINE_SCOPED(instances, instances_destroy)

/* Finishes the inference's call later, from whatever thread: as the run says, or BUSY,
 * UNAVAILABLE (draining, a timeout of the queue), TIMEOUT, CANCELLED. */
void instances_submit(struct instances *instances, struct inference *inference);

/* Of a call that was submitted and whose done has not run. */
void instances_cancel(struct inference *inference);

/* From now on submits are UNAVAILABLE, and nobody waits for company. */
void instances_drain(struct instances *instances);

/* While draining. True: every call has been finished. False: at deadline_ns some still run;
 * those that waited are finished with UNAVAILABLE. */
bool instances_wait_idle(struct instances *instances, uint64_t deadline_ns);

/* These three copy under the lock. */
void instances_statistics(struct instances *instances,
                          struct scheduler_statistics *out_statistics);
size_t instances_batch_sizes(struct instances *instances,
                             struct scheduler_batch_size *out_sizes,
                             size_t count_max); /* as scheduler_batch_sizes */
size_t instances_waiting_count(struct instances *instances);
