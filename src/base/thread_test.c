/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include <signal.h>
#include <time.h>

#include "base/clock.h"
#include "expect.h"

static void *read_mask(void *context)
{
    (void)pthread_sigmask(SIG_SETMASK, NULL, context);
    return NULL;
}

static void thread_handles_no_signals_and_its_starter_does(void **state)
{
    (void)state;
    sigset_t mask;
    pthread_t thread;

    EXPECT_OK(thread_start(read_mask, &mask, &thread));

    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(sigismember(&mask, SIGTERM), 1);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
    assert_int_equal(sigismember(&mask, SIGTERM), 0);
}

/* By the wall clock this time passed decades ago, and the wait would end at once. */
static void condition_waits_by_the_monotonic_clock(void **state)
{
    (void)state;
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition;
    const uint64_t until_ns = clock_monotonic_ns() + 20 * NS_PER_MS;
    const struct timespec until = {.tv_sec = (time_t)(until_ns / NS_PER_S),
                                   .tv_nsec = (long)(until_ns % NS_PER_S)};
    int result = 0;
    thread_condition_init(&condition);

    (void)pthread_mutex_lock(&lock);
    while (result == 0) {
        result = pthread_cond_timedwait(&condition, &lock, &until);
    }
    (void)pthread_mutex_unlock(&lock);

    assert_true(clock_monotonic_ns() >= until_ns);
    assert_int_equal(pthread_cond_destroy(&condition), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thread_handles_no_signals_and_its_starter_does),
        cmocka_unit_test(condition_waits_by_the_monotonic_clock),
    };
    return cmocka_run_group_tests_name("thread", tests, NULL, NULL);
}
