/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In which order answers leave. Kept, it is the order in which the requests of a level of
 * priority came; otherwise each answer leaves when it is there. One that has been delayed
 * leaves the lineup and joins anew when it runs: nobody waits for it before.
 *
 * Pure. Threads: one owner. Allocation: in init only, from the arena.
 */
#pragma once

#include "base/arena.h"
#include "base/list.h"

/* Lies inside what is answered. */
struct lineup_member {
    struct list_link link_;
    bool is_finished_;
};

struct lineup {
    struct list *lines_; /* one a level; NULL: no order is kept */
    struct list answers_;
};

/* Lives as long as the arena. GALEN_NO_MEMORY. */
MUST_USE enum galen_status lineup_init(struct lineup *lineup, bool keeps_order,
                                       size_t level_count, struct arena *arena);

/* Borrows member until it leaves or is taken. */
void lineup_join(struct lineup *lineup, size_t level, struct lineup_member *member);

/* Without an answer, or for now. Others may have to be taken then. Harmless when it has
 * left already. */
void lineup_leave(struct lineup *lineup, size_t level, struct lineup_member *member);

/* Its answer is there. */
void lineup_finish(struct lineup *lineup, size_t level, struct lineup_member *member);

/* The next whose answer may leave; NULL: none. */
struct lineup_member *lineup_take(struct lineup *lineup);
