/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts that one thread makes and any may read meanwhile, without a lock or a locked
 * instruction: one set a loop, added up by who reads.
 *
 * Zeroed is empty. Threads: one adds, any read; several values that are read belong to
 * moments a little apart. Allocation: none.
 */
#pragma once

#include <stdatomic.h>

#include "base/histogram.h"

struct tally {
    _Atomic uint64_t value_;
};

static inline uint64_t tally_read(const struct tally *tally)
{
    return atomic_load_explicit(&tally->value_, memory_order_relaxed);
}

static inline void tally_add(struct tally *tally, uint64_t count)
{
    atomic_store_explicit(&tally->value_, tally_read(tally) + count, memory_order_relaxed);
}

/* Of what comes and goes: as it is now. */
static inline void tally_set(struct tally *tally, uint64_t value)
{
    atomic_store_explicit(&tally->value_, value, memory_order_relaxed);
}

/* A histogram likewise; its bounds are the same at each call. */
struct tally_histogram {
    struct tally counts_[HISTOGRAM_BOUND_COUNT_MAX + 1];
    struct tally sum_;
};

static inline void tally_histogram_add(struct tally_histogram *tally,
                                       const struct histogram_bounds *bounds,
                                       uint64_t value)
{
    tally_add(&tally->counts_[histogram_index(bounds, value)], 1);
    tally_add(&tally->sum_, value);
}

/* Adds what was counted until now. */
static inline void tally_histogram_collect(const struct tally_histogram *tally,
                                           struct histogram *histogram)
{
    for (size_t i = 0; i <= histogram->bounds->count; i++) {
        histogram->counts[i] += tally_read(&tally->counts_[i]);
    }
    histogram->sum += tally_read(&tally->sum_);
}
