/* SPDX-License-Identifier: Apache-2.0 */
#include "net/loop.h"

#include <pthread.h>
#include <uv.h>

#include "base/clock.h"
#include "base/list.h"
#include "expect.h"
#include "net/loop_impl.h"

enum { POSTER_COUNT = 4, TASK_COUNT = 5000 };

struct numbered {
    struct task task;
    struct loop *loop;
    int *log; /* the next place to write number to */
    size_t *log_size;
    int number;
    int rounds_left; /* posts itself again */
};

static void write_number(struct task *task)
{
    struct numbered *numbered = LIST_ITEM(task, struct numbered, task);
    if (numbered->log != NULL) {
        numbered->log[*numbered->log_size] = numbered->number;
    }
    (*numbered->log_size)++;
    if (numbered->rounds_left-- > 0) {
        mailbox_post(loop_mailbox(numbered->loop), &numbered->task);
    }
}

static void stop(struct task *task)
{
    loop_stop(LIST_ITEM(task, struct numbered, task)->loop);
}

static void tasks_of_the_loops_thread_run_in_order_and_never_inside_post(void **state)
{
    (void)state;
    scoped(loop) loop = NULL;
    EXPECT_OK(loop_create(&loop));
    int log[4] = {0};
    size_t log_size = 0;
    struct numbered first = {
        {NULL, write_number}, .loop = loop, .log = log, .log_size = &log_size, .number = 1};
    struct numbered second = first;
    second.number = 2;
    first.rounds_left = 1;

    mailbox_post(loop_mailbox(loop), &first.task);
    mailbox_post(loop_mailbox(loop), &second.task);
    assert_int_equal(log_size, 0);
    loop_poll(loop);

    assert_int_equal(log_size, 3);
    assert_int_equal(log[0], 1);
    assert_int_equal(log[1], 2);
    assert_int_equal(log[2], 1); /* reused from inside its run: the next round */
}

static void loop_with_tasks_does_not_sleep(void **state)
{
    (void)state;
    scoped(loop) loop = NULL;
    EXPECT_OK(loop_create(&loop));
    size_t run_count = 0;
    struct numbered again = {
        {NULL, write_number}, .loop = loop, .log_size = &run_count, .rounds_left = 99};
    struct numbered last = {{NULL, stop}, .loop = loop};

    mailbox_post(loop_mailbox(loop), &again.task);
    while (run_count <
           50) { /* poll takes what is there, so this ends only if tasks go on */
        loop_poll(loop);
    }
    mailbox_post(loop_mailbox(loop), &last.task);
    loop_run(loop);

    assert_true(run_count >= 50);
}

struct poster {
    pthread_t thread;
    struct loop *loop;
    struct arrival {
        struct task task;
        struct poster *poster;
        int number;
    } arrivals[TASK_COUNT];
    int arrived_count;
    bool in_order;
    int *left; /* posters */
};

static void arrive(struct task *task)
{
    struct arrival *arrival = LIST_ITEM(task, struct arrival, task);
    struct poster *poster = arrival->poster;
    poster->in_order = poster->in_order && arrival->number == poster->arrived_count;
    if (++poster->arrived_count == TASK_COUNT && --*poster->left == 0) {
        loop_stop(poster->loop);
    }
}

static void *post_all(void *argument)
{
    struct poster *poster = argument;
    for (int i = 0; i < TASK_COUNT; i++) {
        poster->arrivals[i] = (struct arrival){{NULL, arrive}, poster, i};
        mailbox_post(loop_mailbox(poster->loop), &poster->arrivals[i].task);
    }
    return NULL;
}

static void tasks_of_other_threads_arrive_once_and_in_each_posters_order(void **state)
{
    (void)state;
    static struct poster posters[POSTER_COUNT];
    scoped(loop) loop = NULL;
    EXPECT_OK(loop_create(&loop));
    int left = POSTER_COUNT;

    for (int i = 0; i < POSTER_COUNT; i++) {
        posters[i].loop = loop;
        posters[i].in_order = true;
        posters[i].left = &left;
        assert_int_equal(pthread_create(&posters[i].thread, NULL, post_all, &posters[i]),
                         0);
    }
    loop_run(loop);

    for (int i = 0; i < POSTER_COUNT; i++) {
        assert_int_equal(pthread_join(posters[i].thread, NULL), 0);
        assert_int_equal(posters[i].arrived_count, TASK_COUNT);
        assert_true(posters[i].in_order);
    }
}

/* Two loops throw one task to and fro. */
struct ball {
    struct task task;
    struct loop *loops[2];
    int throw_count;
};

static void throw_back(struct task *task)
{
    struct ball *ball = LIST_ITEM(task, struct ball, task);
    if (++ball->throw_count == TASK_COUNT) {
        loop_stop(ball->loops[0]);
        loop_stop(ball->loops[1]);
        return;
    }
    mailbox_post(loop_mailbox(ball->loops[ball->throw_count % 2]), task);
}

static void *run_loop(void *loop)
{
    loop_run(loop);
    return NULL;
}

static void two_loops_wake_each_other(void **state)
{
    (void)state;
    scoped(loop) here = NULL;
    scoped(loop) there = NULL;
    EXPECT_OK(loop_create(&here));
    EXPECT_OK(loop_create(&there));
    struct ball ball = {{NULL, throw_back}, {here, there}, 0};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_loop, there), 0);

    mailbox_post(loop_mailbox(there), &ball.task);
    loop_run(here);
    assert_int_equal(pthread_join(thread, NULL), 0);

    assert_int_equal(ball.throw_count, TASK_COUNT);
}

static void stop_before_run_is_not_lost(void **state)
{
    (void)state;
    scoped(loop) loop = NULL;
    EXPECT_OK(loop_create(&loop));
    size_t run_count = 0;
    struct numbered task = {{NULL, write_number}, .log_size = &run_count};

    mailbox_post(loop_mailbox(loop), &task.task);
    loop_stop(loop);
    loop_run(loop);

    assert_int_equal(run_count, 1);
}

static void time_stands_still_within_a_turn_and_moves_between_turns(void **state)
{
    (void)state;
    scoped(loop) loop = NULL;
    EXPECT_OK(loop_create(&loop));

    loop_poll(loop);
    const uint64_t now_ns = loop_now_ns(loop);
    assert_true(now_ns <= clock_monotonic_ns());
    assert_true(now_ns == loop_now_ns(loop));
    while (clock_monotonic_ns() == now_ns) {
    }
    loop_poll(loop);

    assert_true(loop_now_ns(loop) > now_ns);
}

enum { SPIN_MS = 5, SPIN_COUNT = 6 };

struct spinner {
    struct task task;
    struct loop *loop;
    uint64_t lags_ns[SPIN_COUNT];
    size_t spin_count;
};

static void spin(struct task *task)
{
    struct spinner *spinner = LIST_ITEM(task, struct spinner, task);
    const uint64_t start_ns = clock_monotonic_ns();
    spinner->lags_ns[spinner->spin_count++] = loop_lag_ns(spinner->loop);
    while (clock_monotonic_ns() < start_ns + SPIN_MS * NS_PER_MS) {
    }
    if (spinner->spin_count < SPIN_COUNT) {
        mailbox_post(loop_mailbox(spinner->loop), &spinner->task);
    } else {
        loop_stop(spinner->loop);
    }
}

static void loop_that_has_no_time_to_sleep_is_late(void **state)
{
    (void)state;
    scoped(loop) loop = NULL;
    EXPECT_OK(loop_create(&loop));
    struct spinner spinner = {{NULL, spin}, .loop = loop};

    mailbox_post(loop_mailbox(loop), &spinner.task);
    loop_run(loop);

    assert_int_equal(spinner.lags_ns[0], 0);
    assert_true(spinner.lags_ns[SPIN_COUNT - 1] >= SPIN_MS * NS_PER_MS);
}

static void on_time(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
    loop_stop(timer->data);
}

static void loop_that_has_slept_is_not_late(void **state)
{
    (void)state;
    scoped(loop) loop = NULL;
    EXPECT_OK(loop_create(&loop));
    struct spinner spinner = {{NULL, spin}, .loop = loop};
    uv_timer_t timer = {.data = loop};
    mailbox_post(loop_mailbox(loop), &spinner.task);
    loop_run(loop);

    assert_int_equal(uv_timer_init(loop_uv(loop), &timer), 0);
    assert_int_equal(uv_timer_start(&timer, on_time, 20, 0), 0);
    loop_run(loop);

    assert_int_equal(loop_lag_ns(loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_of_the_loops_thread_run_in_order_and_never_inside_post),
        cmocka_unit_test(loop_with_tasks_does_not_sleep),
        cmocka_unit_test(tasks_of_other_threads_arrive_once_and_in_each_posters_order),
        cmocka_unit_test(two_loops_wake_each_other),
        cmocka_unit_test(stop_before_run_is_not_lost),
        cmocka_unit_test(loop_that_has_no_time_to_sleep_is_late),
        cmocka_unit_test(loop_that_has_slept_is_not_late),
        cmocka_unit_test(time_stands_still_within_a_turn_and_moves_between_turns),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
