/* SPDX-License-Identifier: Apache-2.0 */
#include "net/timeouts.h"

#include "base/invariant.h"

struct timeout *timeouts_first(struct timeouts *timeouts, unsigned kind)
{
    struct list_link *link = list_first(&timeouts->lists[kind]);
    return link == NULL ? NULL : LIST_ITEM(link, struct timeout, link);
}

static void on_timer(uv_timer_t *timer);

static void start_timer(struct timeouts *timeouts, uint64_t due_ns)
{
    const uint64_t now_ns = loop_now_ns(timeouts->loop);
    const uint64_t wait_ns = due_ns > now_ns ? due_ns - now_ns : 0;
    timeouts->timer_due_ns = due_ns;
    uv_update_time(timeouts->timer.loop); /* the wait counts from now, not from the turn */
    (void)uv_timer_start(&timeouts->timer, on_timer, (wait_ns + NS_PER_MS - 1) / NS_PER_MS,
                         0);
}

static void expire(struct timeouts *timeouts, unsigned kind, uint64_t now_ns)
{
    struct timeout *first = timeouts_first(timeouts, kind);
    while (first != NULL && first->due_ns <= now_ns) {
        timeout_disarm(timeouts, first);
        timeouts->expired(timeouts, first);
        first = timeouts_first(timeouts, kind);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct timeouts *timeouts = timer->data;
    const uint64_t now_ns = loop_now_ns(timeouts->loop);
    uint64_t next_ns = CLOCK_NEVER;
    timeouts->timer_due_ns = 0; /* nothing is sooner: arming leaves the timer to us */
    for (unsigned kind = 0; kind < TIMEOUT_KIND_COUNT_MAX; kind++) {
        expire(timeouts, kind, now_ns);
    }
    for (unsigned kind = 0; kind < TIMEOUT_KIND_COUNT_MAX; kind++) {
        const struct timeout *first = timeouts_first(timeouts, kind);
        next_ns = first != NULL && first->due_ns < next_ns ? first->due_ns : next_ns;
    }
    timeouts->timer_due_ns = CLOCK_NEVER;
    if (next_ns != CLOCK_NEVER && uv_is_closing((uv_handle_t *)timer) == 0) {
        start_timer(timeouts, next_ns);
    }
}

void timeouts_init(struct timeouts *timeouts, struct loop *loop, timeout_expired_fn expired)
{
    *timeouts =
        (struct timeouts){.loop = loop, .timer_due_ns = CLOCK_NEVER, .expired = expired};
    for (unsigned kind = 0; kind < TIMEOUT_KIND_COUNT_MAX; kind++) {
        list_init(&timeouts->lists[kind]);
    }
    (void)uv_timer_init(loop_uv(loop), &timeouts->timer);
    timeouts->timer.data = timeouts;
}

static void on_closed(uv_handle_t *handle)
{
    struct timeouts *timeouts = handle->data;
    timeouts->closed(timeouts);
}

void timeouts_close(struct timeouts *timeouts, void (*closed)(struct timeouts *timeouts))
{
    for (unsigned kind = 0; kind < TIMEOUT_KIND_COUNT_MAX; kind++) {
        INVARIANT(list_is_empty(&timeouts->lists[kind]));
    }
    timeouts->closed = closed;
    uv_close((uv_handle_t *)&timeouts->timer, on_closed);
}

static void insert(struct list *list, struct timeout *timeout)
{
    struct list_link *before = list->head.previous;
    while (before != &list->head &&
           LIST_ITEM(before, struct timeout, link)->due_ns > timeout->due_ns) {
        before = before->previous;
    }
    list_insert_after(list, before, &timeout->link);
}

void timeout_arm(struct timeouts *timeouts, struct timeout *timeout, unsigned kind,
                 uint64_t due_ns)
{
    INVARIANT(kind < TIMEOUT_KIND_COUNT_MAX);
    timeout_disarm(timeouts, timeout);
    if (due_ns == CLOCK_NEVER) {
        return;
    }
    timeout->kind = kind;
    timeout->due_ns = due_ns;
    timeout->is_armed = true;
    insert(&timeouts->lists[kind], timeout);
    if (due_ns < timeouts->timer_due_ns) {
        start_timer(timeouts, due_ns);
    }
}

void timeout_disarm(struct timeouts *timeouts, struct timeout *timeout)
{
    if (timeout->is_armed) {
        timeout->is_armed = false;
        list_remove(&timeouts->lists[timeout->kind], &timeout->link);
    }
}
