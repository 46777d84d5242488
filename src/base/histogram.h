/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often values of which size were seen: a count for each bucket, and the sum of all
 * values. Buckets never change, so that histograms of several processes add up.
 *
 * Pure. Threads: one owner. Allocation: none. To add takes a few nanoseconds.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_BOUND_COUNT_MAX = 24 };

struct histogram_bounds {
    size_t count;
    uint64_t values[HISTOGRAM_BOUND_COUNT_MAX]; /* ascending; each belongs to its bucket */
};

struct histogram {
    const struct histogram_bounds *bounds;
    uint64_t
        counts[HISTOGRAM_BOUND_COUNT_MAX + 1]; /* beyond all bounds: at bounds->count */
    uint64_t sum;
};

/* Borrows bounds for ever. */
void histogram_init(struct histogram *histogram, const struct histogram_bounds *bounds);

/* Which of counts the value belongs to. */
size_t histogram_index(const struct histogram_bounds *bounds, uint64_t value);

/* The same value, so many times. */
void histogram_add(struct histogram *histogram, uint64_t value, uint64_t count);

/* The same values in fewer buckets: each of bounds is one of the finer's. */
void histogram_coarsen(const struct histogram *finer, const struct histogram_bounds *bounds,
                       struct histogram *out_histogram);

/* Of values that are not above bounds->values[index]; with index bounds->count: of all. */
uint64_t histogram_count_up_to(const struct histogram *histogram, size_t index);
