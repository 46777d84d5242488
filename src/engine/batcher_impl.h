/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the batcher: what it was told (batcher_settings.c), who waits and in which
 * order (batcher_queue.c), who leaves (batcher.c). */
#pragma once

#include "engine/batcher.h"

uint64_t saturating_sum(uint64_t a, uint64_t b);

static inline uint64_t earlier_ns(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* Checks the settings and gives them arrays of their own, without zeros that stand for
 * something else. GALEN_INVALID, GALEN_NO_MEMORY. */
MUST_USE enum galen_status batcher_settings_complete(struct batcher_settings *settings,
                                                     struct arena *arena);

/* The first in the order; NULL: nobody waits. */
struct batcher_entry *batcher_first(const struct batcher *batcher);

/* The next in the order that can be joined with entry; NULL: there is none. */
struct batcher_entry *batcher_next_alike(const struct batcher_entry *entry);

/* Whether those that can be joined with first have so many rows, from first on;
 * *out_exactly: without cutting one of them. */
bool batcher_has_rows(const struct batcher *batcher, const struct batcher_entry *first,
                      size_t row_count, bool *out_exactly);
