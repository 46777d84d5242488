/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/stopwatch.h"

#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "expect.h"

enum { WAIT_MS = 5 };

static void *sleep_a_while(void *unused)
{
    const struct timespec pause = {.tv_nsec = WAIT_MS * (long)NS_PER_MS};
    (void)nanosleep(&pause, NULL);
    return unused;
}

static void work_that_is_over_at_once_exceeds_nothing_long(void **state)
{
    (void)state;
    const struct stopwatch stopwatch = stopwatch_start();

    assert_false(stopwatch_exceeds(&stopwatch, UINT64_MAX));
}

/* A wait is voluntary; the machine may preempt us beside it, so one try in many must do. */
static void work_that_waits_is_slow(void **state)
{
    (void)state;
    bool exceeded = false;

    for (size_t i = 0; i < 1000 && !exceeded; i++) {
        pthread_t other;
        const struct stopwatch stopwatch = stopwatch_start();
        assert_int_equal(pthread_create(&other, NULL, sleep_a_while, NULL), 0);
        assert_int_equal(pthread_join(other, NULL), 0);
        exceeded = stopwatch_exceeds(&stopwatch, NS_PER_MS);
    }

    assert_true(exceeded);
}

static void time_beyond_the_limit_that_another_had_is_not_counted(void **state)
{
    (void)state;
    struct stopwatch stopwatch = stopwatch_start();
    assert_true(stopwatch.began_ns > 0);

    stopwatch.began_ns = 0;                   /* long ago */
    stopwatch.preemption_count += UINT32_MAX; /* another count than now */

    assert_false(stopwatch_exceeds(&stopwatch, NS_PER_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_that_is_over_at_once_exceeds_nothing_long),
        cmocka_unit_test(work_that_waits_is_slow),
        cmocka_unit_test(time_beyond_the_limit_that_another_had_is_not_counted),
    };
    return cmocka_run_group_tests_name("stopwatch", tests, NULL, NULL);
}
