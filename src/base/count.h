/* SPDX-License-Identifier: Apache-2.0 */
/* How many hold on to something that is shared. Any thread. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/invariant.h"

static inline void count_begin(_Atomic size_t *count)
{
    atomic_init(count, 1);
}

static inline void count_more(_Atomic size_t *count)
{
    atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
}

/* Whether that was the last: what the others did with it has happened by then. */
static inline bool count_less(_Atomic size_t *count)
{
    const size_t before = atomic_fetch_sub_explicit(count, 1, memory_order_acq_rel);
    INVARIANT(before > 0);
    return before == 1;
}
