/* SPDX-License-Identifier: Apache-2.0 */
#include "net/deadline.h"

#include "base/invariant.h"

struct deadline *deadlines_first(struct deadlines *deadlines, unsigned kind)
{
    struct list_link *link = list_first(&deadlines->lists[kind]);
    return link == NULL ? NULL : LIST_ITEM(link, struct deadline, link);
}

static void on_timer(uv_timer_t *timer);

static void start_timer(struct deadlines *deadlines, uint64_t due_ns)
{
    const uint64_t now_ns = loop_now_ns(deadlines->loop);
    const uint64_t wait_ns = due_ns > now_ns ? due_ns - now_ns : 0;
    deadlines->timer_due_ns = due_ns;
    uv_update_time(deadlines->timer.loop); /* the wait counts from now, not from the turn */
    (void)uv_timer_start(&deadlines->timer, on_timer, (wait_ns + NS_PER_MS - 1) / NS_PER_MS,
                         0);
}

static void expire(struct deadlines *deadlines, unsigned kind, uint64_t now_ns)
{
    struct deadline *first = deadlines_first(deadlines, kind);
    while (first != NULL && first->due_ns <= now_ns) {
        deadline_disarm(deadlines, first);
        deadlines->expired(deadlines, first);
        first = deadlines_first(deadlines, kind);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct deadlines *deadlines = timer->data;
    const uint64_t now_ns = loop_now_ns(deadlines->loop);
    uint64_t next_ns = CLOCK_NEVER;
    deadlines->timer_due_ns = 0; /* nothing is sooner: arming leaves the timer to us */
    for (unsigned kind = 0; kind < DEADLINE_KIND_COUNT_MAX; kind++) {
        expire(deadlines, kind, now_ns);
    }
    for (unsigned kind = 0; kind < DEADLINE_KIND_COUNT_MAX; kind++) {
        const struct deadline *first = deadlines_first(deadlines, kind);
        next_ns = first != NULL && first->due_ns < next_ns ? first->due_ns : next_ns;
    }
    deadlines->timer_due_ns = CLOCK_NEVER;
    if (next_ns != CLOCK_NEVER && uv_is_closing((uv_handle_t *)timer) == 0) {
        start_timer(deadlines, next_ns);
    }
}

void deadlines_init(struct deadlines *deadlines, struct loop *loop,
                    deadline_expired_fn expired)
{
    *deadlines =
        (struct deadlines){.loop = loop, .timer_due_ns = CLOCK_NEVER, .expired = expired};
    for (unsigned kind = 0; kind < DEADLINE_KIND_COUNT_MAX; kind++) {
        list_init(&deadlines->lists[kind]);
    }
    (void)uv_timer_init(loop_uv(loop), &deadlines->timer);
    deadlines->timer.data = deadlines;
}

static void on_closed(uv_handle_t *handle)
{
    struct deadlines *deadlines = handle->data;
    deadlines->closed(deadlines);
}

void deadlines_close(struct deadlines *deadlines,
                     void (*closed)(struct deadlines *deadlines))
{
    for (unsigned kind = 0; kind < DEADLINE_KIND_COUNT_MAX; kind++) {
        INVARIANT(list_is_empty(&deadlines->lists[kind]));
    }
    deadlines->closed = closed;
    uv_close((uv_handle_t *)&deadlines->timer, on_closed);
}

static void insert(struct list *list, struct deadline *deadline)
{
    struct list_link *before = list->head.previous;
    while (before != &list->head &&
           LIST_ITEM(before, struct deadline, link)->due_ns > deadline->due_ns) {
        before = before->previous;
    }
    list_insert_after(list, before, &deadline->link);
}

void deadline_arm(struct deadlines *deadlines, struct deadline *deadline, unsigned kind,
                  uint64_t due_ns)
{
    INVARIANT(kind < DEADLINE_KIND_COUNT_MAX);
    deadline_disarm(deadlines, deadline);
    if (due_ns == CLOCK_NEVER) {
        return;
    }
    deadline->kind = kind;
    deadline->due_ns = due_ns;
    deadline->is_armed = true;
    insert(&deadlines->lists[kind], deadline);
    if (due_ns < deadlines->timer_due_ns) {
        start_timer(deadlines, due_ns);
    }
}

void deadline_disarm(struct deadlines *deadlines, struct deadline *deadline)
{
    if (deadline->is_armed) {
        deadline->is_armed = false;
        list_remove(&deadlines->lists[deadline->kind], &deadline->link);
    }
}
