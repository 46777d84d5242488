/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/upstream_counts.h"

#include <stdio.h>

const char *upstream_attempt_name(enum upstream_attempt attempt)
{
    static const char *const names[UPSTREAM_ATTEMPT_COUNT] = {
        [UPSTREAM_OK] = "ok",
        [UPSTREAM_UNREACHED] = "unreached",
        [UPSTREAM_BROKEN] = "broken",
        [UPSTREAM_LATE] = "late",
        [UPSTREAM_FAILED] = "failed",
        [UPSTREAM_UNAVAILABLE] = "unavailable",
        [UPSTREAM_UNUSABLE] = "unusable",
        [UPSTREAM_CANCELLED] = "cancelled",
    };
    return names[attempt];
}

struct upstream_counted *upstream_counts_of(struct upstream_counts *counts,
                                            const char *name)
{
    const size_t count = atomic_load_explicit(&counts->count, memory_order_relaxed);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(counts->endpoints[i].name, name) == 0) {
            return &counts->endpoints[i];
        }
    }
    const bool is_last = count >= UPSTREAM_COUNTED_MAX - 1;
    struct upstream_counted *counted =
        &counts->endpoints[is_last ? UPSTREAM_COUNTED_MAX - 1 : count];
    if (count < UPSTREAM_COUNTED_MAX) {
        (void)snprintf(counted->name, sizeof(counted->name), "%s",
                       is_last ? "other" : name);
        atomic_store_explicit(&counts->count, count + 1, memory_order_release);
    }
    return counted;
}

static void add(struct tally *total, const struct tally *more)
{
    tally_add(total, tally_read(more));
}

static void collect_endpoint(const struct upstream_counted *counted,
                             struct upstream_counted *total)
{
    for (size_t i = 0; i < UPSTREAM_ATTEMPT_COUNT; i++) {
        add(&total->attempts[i], &counted->attempts[i]);
    }
    add(&total->begun, &counted->begun);
    add(&total->ejections, &counted->ejections);
    add(&total->in_rotation, &counted->in_rotation);
    add(&total->ejected, &counted->ejected);
}

void upstream_counts_collect(const struct upstream_counts *counts,
                             struct upstream_counts *total)
{
    const size_t count = atomic_load_explicit(&counts->count, memory_order_acquire);
    for (size_t i = 0; i < count; i++) {
        const struct upstream_counted *counted = &counts->endpoints[i];
        collect_endpoint(counted, upstream_counts_of(total, counted->name));
    }
    add(&total->retries, &counts->retries);
    add(&total->retries_waited, &counts->retries_waited);
    add(&total->unavailable, &counts->unavailable);
}
