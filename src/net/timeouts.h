/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many timeouts on one timer. Those of one kind stand in a list in the order in which they
 * are due; a new one is put in from the end, so that timeouts of a fixed duration cost
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

#define TIMEOUT_KIND_COUNT_MAX 9u

struct timeout {
    struct list_link link;
    uint64_t due_ns;
    unsigned kind;
    bool is_armed;
};

struct timeouts;

/* The timeout is disarmed and may be armed again. */
typedef void (*timeout_expired_fn)(struct timeouts *timeouts, struct timeout *timeout);

struct timeouts {
    struct loop *loop;
    uv_timer_t timer;
    uint64_t timer_due_ns; /* CLOCK_NEVER: it does not run */
    struct list lists[TIMEOUT_KIND_COUNT_MAX];
    timeout_expired_fn expired;
    void (*closed)(struct timeouts *timeouts);
};

void timeouts_init(struct timeouts *timeouts, struct loop *loop,
                   timeout_expired_fn expired);

/* None may be armed any more; closed is called later. */
void timeouts_close(struct timeouts *timeouts, void (*closed)(struct timeouts *timeouts));

/* A zeroed timeout is disarmed. Arms it anew where it is armed. CLOCK_NEVER: not at all.
 */
void timeout_arm(struct timeouts *timeouts, struct timeout *timeout, unsigned kind,
                 uint64_t due_ns);
void timeout_disarm(struct timeouts *timeouts, struct timeout *timeout);

static inline bool timeout_is(const struct timeout *timeout, unsigned kind)
{
    return timeout->is_armed && timeout->kind == kind;
}

/* The one of that kind that is due first, or NULL. */
struct timeout *timeouts_first(struct timeouts *timeouts, unsigned kind);
