/* SPDX-License-Identifier: Apache-2.0 */
#include "base/histogram.h"

#include "base/invariant.h"

void histogram_init(struct histogram *histogram, const struct histogram_bounds *bounds)
{
    *histogram = (struct histogram){.bounds = bounds};
}

/* The first bound that is not below value. Without branches that depend on the value:
 * durations are what a processor cannot predict. */
size_t histogram_index(const struct histogram_bounds *bounds, uint64_t value)
{
    const uint64_t *first = bounds->values;
    size_t count = bounds->count;
    while (count > 1) {
        const size_t half = count / 2;
        first += first[half - 1] < value ? half : 0;
        count -= half;
    }
    return (size_t)(first - bounds->values) + (count == 1 && first[0] < value);
}

void histogram_add(struct histogram *histogram, uint64_t value, uint64_t count)
{
    histogram->counts[histogram_index(histogram->bounds, value)] += count;
    histogram->sum += value * count;
}

void histogram_coarsen(const struct histogram *finer, const struct histogram_bounds *bounds,
                       struct histogram *out_histogram)
{
    size_t at = 0;
    histogram_init(out_histogram, bounds);
    out_histogram->sum = finer->sum;
    for (size_t i = 0; i <= finer->bounds->count; i++) {
        out_histogram->counts[at] += finer->counts[i];
        at += i < finer->bounds->count && at < bounds->count &&
              finer->bounds->values[i] == bounds->values[at];
    }
    INVARIANT(at == bounds->count);
}

uint64_t histogram_count_up_to(const struct histogram *histogram, size_t index)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= index; i++) {
        count += histogram->counts[i];
    }
    return count;
}
