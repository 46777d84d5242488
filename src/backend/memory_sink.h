/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sink that keeps a run's outputs in memory: for warming up, tests and benches.
 *
 * Threads: one run at a time. Allocation: an arena of its own, up to the size given at
 * init, wiped with it.
 */
#pragma once

#include "base/arena.h"
#include "base/limits.h"
#include "galen/backend.h"

struct memory_sink {
    struct galen_sink base; /* first: backends hold a pointer to it */
    struct arena arena;
    struct galen_tensor outputs[LIMIT_TENSOR_COUNT_MAX]; /* in the order of their arrival */
    size_t output_count;
};

void memory_sink_init(struct memory_sink *sink, size_t size_bytes_max);
void memory_sink_clear(struct memory_sink *sink); /* ready for the next run */
void memory_sink_deinit(struct memory_sink *sink);

/* NULL: there is no such output. */
const struct galen_tensor *memory_sink_find(const struct memory_sink *sink,
                                            const char *name);
