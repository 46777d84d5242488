/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The earliest of many deadlines: a binary heap of intrusive entries, so that any of them
 * leaves in O(log n) and the earliest is known in O(1).
 *
 * Pure. Threads: one owner. Allocation: in init only, from the arena.
 */
#pragma once

#include <stdint.h>

#include "base/arena.h"

struct deadline {
    uint64_t at_ns;
    uint64_t rank; /* of those at the same time, the lower is earlier */
    size_t index_; /* in the heap, from 1; 0: not in it */
};

struct deadlines {
    struct deadline **slots_; /* count_max + 1; the first is not used */
    size_t count_;
    size_t count_max_;
};

/* Lives as long as the arena. GALEN_NO_MEMORY. */
MUST_USE enum galen_status deadlines_init(struct deadlines *deadlines, size_t count_max,
                                          struct arena *arena);

/* Borrows deadline, which is in no heap and whose index_ is 0, until it is removed. There
 * must be room. CLOCK_NEVER is not kept. */
void deadlines_add(struct deadlines *deadlines, struct deadline *deadline);

/* Harmless when it is not in the heap. */
void deadlines_remove(struct deadlines *deadlines, struct deadline *deadline);

/* NULL: there is none. */
struct deadline *deadlines_earliest(const struct deadlines *deadlines);

/* CLOCK_NEVER: there is none. */
uint64_t deadlines_earliest_ns(const struct deadlines *deadlines);
