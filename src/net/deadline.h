/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many deadlines on one timer. Those of one kind stand in a list in the order in which they
 * are due; a new one is put in from the end, so that deadlines of a fixed duration cost
 * O(1), and arming one seldom touches the timer: no system call, no heap, ten thousand idle
 * connections.
 *
 * Threads: the loop's. Allocation: none. Precision: a millisecond, never early.
 */
#pragma once

#include <uv.h>

#include "base/clock.h"
#include "base/list.h"
#include "net/loop.h"

#define DEADLINE_KIND_COUNT_MAX 5u

struct deadline {
    struct list_link link;
    uint64_t due_ns;
    unsigned kind;
    bool is_armed;
};

struct deadlines;

/* The deadline is disarmed and may be armed again. */
typedef void (*deadline_expired_fn)(struct deadlines *deadlines, struct deadline *deadline);

struct deadlines {
    struct loop *loop;
    uv_timer_t timer;
    uint64_t timer_due_ns; /* CLOCK_NEVER: it does not run */
    struct list lists[DEADLINE_KIND_COUNT_MAX];
    deadline_expired_fn expired;
    void (*closed)(struct deadlines *deadlines);
};

void deadlines_init(struct deadlines *deadlines, struct loop *loop,
                    deadline_expired_fn expired);

/* None may be armed any more; closed is called later. */
void deadlines_close(struct deadlines *deadlines,
                     void (*closed)(struct deadlines *deadlines));

/* A zeroed deadline is disarmed. Arms it anew where it is armed. CLOCK_NEVER: not at all.
 */
void deadline_arm(struct deadlines *deadlines, struct deadline *deadline, unsigned kind,
                  uint64_t due_ns);
void deadline_disarm(struct deadlines *deadlines, struct deadline *deadline);

static inline bool deadline_is(const struct deadline *deadline, unsigned kind)
{
    return deadline->is_armed && deadline->kind == kind;
}

/* The one of that kind that is due first, or NULL. */
struct deadline *deadlines_first(struct deadlines *deadlines, unsigned kind);
