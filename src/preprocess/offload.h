/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs what an event loop must not wait for: a bounded queue, and threads that each own one
 * decoder and take from it.
 *
 * A task is the caller's storage. Once pushed it is this module's until its finish runs, on
 * one of these threads, or it was taken back. Threads: push and take_back from any.
 */
#pragma once

#include "base/list.h"
#include "preprocess/image_process/confined_decoder.h"

struct offload;

struct offload_task {
    struct list_link link;
    void (*run)(struct offload_task *task, struct confined_decoder *decoder);
};

struct offload_options {
    struct confined_decoder_options decoder;
    size_t thread_count;
    size_t queue_count_max;
};

/* Starts the threads, and a worker for each. GALEN_UNAVAILABLE: a worker does not start,
 * the error says why; GALEN_NO_MEMORY. */
MUST_USE enum galen_status offload_create(const struct offload_options *options,
                                          struct offload **out_offload,
                                          struct error *out_error);

/* GALEN_BUSY: the queue is full. */
MUST_USE enum galen_status offload_push(struct offload *offload, struct offload_task *task);

/* True: it was still waiting and is the caller's again. False: it runs or has run. */
bool offload_take_back(struct offload *offload, struct offload_task *task);

/* Workers that ended before their image was done, or unasked. Any thread. */
uint64_t offload_lost_count(const struct offload *offload);

/* What waits is run first. NULL is allowed. */
void offload_destroy(struct offload *offload);
