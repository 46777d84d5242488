/* SPDX-License-Identifier: Apache-2.0 */
#include "net/loop.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <uv.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "base/limits.h"
#include "net/loop_impl.h"

struct loop {
    struct mailbox mailbox;
    uv_loop_t uv;
    uv_async_t wake;     /* a post or a stop from elsewhere */
    uv_prepare_t before; /* sleeping */
    uv_check_t after;    /* sockets */
    uv_idle_t awake;     /* active while tasks wait: the loop does not sleep */
    struct task *first;
    struct task **last_next;
    _Atomic(struct task *) posted; /* by other threads, newest first */
    atomic_bool stopping;
    uint64_t now_ns;      /* 0: not asked for in this turn */
    unsigned shake_count; /* steps of handshakes in this turn */
    uint64_t turn_start_ns;
    uint64_t slept_ns; /* since the loop was made, when the turn began */
    uint64_t lag_ns;
    uint8_t read_buffer[LOOP_READ_BUFFER_SIZE];
    struct loop_scratch scratch; /* pages that nobody uses cost nothing */
};

/* The loop that this thread runs: tells a post of its own from one of another thread. */
static _Thread_local const struct loop *running;

static void append(struct loop *loop, struct task *task)
{
    task->next = NULL;
    *loop->last_next = task;
    loop->last_next = &task->next;
}

static void post_from_elsewhere(struct loop *loop, struct task *task)
{
    struct task *newest = atomic_load_explicit(&loop->posted, memory_order_relaxed);
    do {
        task->next = newest;
    } while (!atomic_compare_exchange_weak_explicit(
        &loop->posted, &newest, task, memory_order_release, memory_order_relaxed));
    if (newest ==
        NULL) { /* who pushed onto a task has been announced by that one's poster */
        (void)uv_async_send(&loop->wake);
    }
}

static void loop_post(struct mailbox *mailbox, struct task *task)
{
    struct loop *loop = (struct loop *)(void *)mailbox;
    if (running == loop) {
        append(loop, task);
    } else {
        post_from_elsewhere(loop, task);
    }
}

static const struct mailbox_ops loop_mailbox_ops = {.post = loop_post};

static struct task *reverse(struct task *newest)
{
    struct task *oldest = NULL;
    while (newest != NULL) {
        struct task *older = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = older;
    }
    return oldest;
}

static void take_posted(struct loop *loop)
{
    if (atomic_load_explicit(&loop->posted, memory_order_relaxed) == NULL) {
        return;
    }
    struct task *newest =
        atomic_exchange_explicit(&loop->posted, NULL, memory_order_acquire);
    for (struct task *task = reverse(newest); task != NULL;) {
        struct task *next = task->next;
        append(loop, task);
        task = next;
    }
}

static void run_tasks(struct loop *loop)
{
    take_posted(loop);
    struct task *task = loop->first;
    loop->first = NULL;
    loop->last_next = &loop->first;
    while (task != NULL) {
        struct task *next = task->next; /* run may post this very task again */
        task->run(task);
        task = next;
    }
}

static void on_wake(uv_async_t *wake)
{
    struct loop *loop = wake->data;
    if (atomic_exchange(&loop->stopping, false)) {
        uv_stop(&loop->uv);
    }
}

static void on_awake(uv_idle_t *awake)
{
    (void)awake;
}

enum { SLEEP_NS_MIN = 1000 * 1000 };

/* Turns begin where the loop is about to sleep: it does so only when nothing is to be done.
 */
static void begin_turn(struct loop *loop)
{
    const uint64_t now_ns = clock_monotonic_ns();
    const uint64_t slept_ns = uv_metrics_idle_time(&loop->uv);
    const uint64_t of_turn_ns = slept_ns - loop->slept_ns;
    const uint64_t turn_ns = loop->turn_start_ns == 0 ? 0 : now_ns - loop->turn_start_ns;
    loop->lag_ns =
        of_turn_ns >= SLEEP_NS_MIN || turn_ns < of_turn_ns ? 0 : turn_ns - of_turn_ns;
    loop->turn_start_ns = now_ns;
    loop->slept_ns = slept_ns;
}

static void on_before(uv_prepare_t *before)
{
    struct loop *loop = before->data;
    run_tasks(loop);
    begin_turn(loop);
    if (loop->first != NULL) {
        (void)uv_idle_start(&loop->awake, on_awake);
    } else {
        (void)uv_idle_stop(&loop->awake);
    }
    loop->now_ns = 0;
    loop->shake_count = 0;
}

static void on_after(uv_check_t *after)
{
    run_tasks(after->data);
}

static void start_handles(struct loop *loop)
{
    (void)uv_prepare_init(&loop->uv, &loop->before);
    (void)uv_check_init(&loop->uv, &loop->after);
    (void)uv_idle_init(&loop->uv, &loop->awake);
    loop->wake.data = loop;
    loop->before.data = loop;
    loop->after.data = loop;
    (void)uv_prepare_start(&loop->before, on_before);
    (void)uv_check_start(&loop->after, on_after);
}

enum galen_status loop_create(struct loop **out_loop)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL) {
        return GALEN_NO_MEMORY;
    }
    if (uv_loop_init(&loop->uv) != 0) {
        free(loop);
        return GALEN_UNAVAILABLE;
    }
    (void)uv_loop_configure(&loop->uv, UV_METRICS_IDLE_TIME);
    if (uv_async_init(&loop->uv, &loop->wake, on_wake) != 0) {
        (void)uv_loop_close(&loop->uv);
        free(loop);
        return GALEN_UNAVAILABLE;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    loop->mailbox.ops = &loop_mailbox_ops;
    loop->last_next = &loop->first;
    start_handles(loop);
    *out_loop = loop;
    return GALEN_OK;
}

void loop_destroy(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->before, NULL);
    uv_close((uv_handle_t *)&loop->after, NULL);
    uv_close((uv_handle_t *)&loop->awake, NULL);
    (void)uv_run(&loop->uv, UV_RUN_NOWAIT);
    INVARIANT(uv_loop_close(&loop->uv) == 0);
    free(loop);
}

static void run(struct loop *loop, uv_run_mode mode)
{
    const struct loop *outer = running;
    running = loop;
    take_posted(loop); /* what this thread posted before comes before what it posts now */
    loop->now_ns = 0;
    (void)uv_run(&loop->uv, mode);
    running = outer;
}

void loop_run(struct loop *loop)
{
    run(loop, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stopping, true);
    (void)uv_async_send(&loop->wake);
}

void loop_poll(struct loop *loop)
{
    run(loop, UV_RUN_NOWAIT);
}

struct mailbox *loop_mailbox(struct loop *loop)
{
    return &loop->mailbox;
}

struct uv_loop_s *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

uint64_t loop_now_ns(struct loop *loop)
{
    if (loop->now_ns == 0) {
        loop->now_ns = clock_monotonic_ns();
    }
    return loop->now_ns;
}

uint64_t loop_lag_ns(const struct loop *loop)
{
    return loop->lag_ns;
}

uint8_t *loop_read_buffer(struct loop *loop)
{
    return loop->read_buffer;
}

struct loop_scratch *loop_scratch(struct loop *loop)
{
    return &loop->scratch;
}

bool loop_may_shake_hands(struct loop *loop)
{
    return loop->shake_count++ < LIMIT_TLS_HANDSHAKE_STEPS_MAX;
}
