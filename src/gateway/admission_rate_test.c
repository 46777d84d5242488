/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/admission_rate.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "expect.h"
#include "random.h"

static struct rate_table table;

enum { SEED_COUNT = 2000, STEP_COUNT = 400, KEY_COUNT = 5, THREAD_COUNT = 4 };

static const uint64_t start_ns = 1000 * NS_PER_S;

static int set_up(void **state)
{
    (void)state;
    rate_table_init(&table);
    return 0;
}

static size_t take_many(uint64_t key, const struct rate_limit *limit, uint64_t now_ns,
                        size_t count)
{
    size_t taken_count = 0;
    for (size_t i = 0; i < count; i++) {
        taken_count += rate_table_take(&table, key, limit, now_ns) == 0 ? 1 : 0;
    }
    return taken_count;
}

static void burst_is_taken_at_once_and_then_one_an_interval(void **state)
{
    (void)state;
    const struct rate_limit limit = rate_limit_of(10, 3);

    assert_int_equal(take_many(1, &limit, start_ns, 10), 3);
    assert_int_equal(take_many(1, &limit, start_ns + 99 * NS_PER_MS, 10), 0);
    assert_int_equal(take_many(1, &limit, start_ns + 100 * NS_PER_MS, 10), 1);
    assert_int_equal(take_many(1, &limit, start_ns + 10 * NS_PER_S, 10), 3);
}

static void wait_that_is_told_is_exact(void **state)
{
    (void)state;
    const struct rate_limit limit = rate_limit_of(0.25, 1);
    assert_int_equal(rate_table_take(&table, 1, &limit, start_ns), 0);

    const uint64_t wait_ns = rate_table_take(&table, 1, &limit, start_ns + NS_PER_S);

    assert_int_equal(wait_ns, 3 * NS_PER_S);
    assert_int_not_equal(
        rate_table_take(&table, 1, &limit, start_ns + NS_PER_S + wait_ns - 1), 0);
    assert_int_equal(rate_table_take(&table, 1, &limit, start_ns + NS_PER_S + wait_ns), 0);
}

static void no_limit_takes_all(void **state)
{
    (void)state;
    const struct rate_limit limit = rate_limit_of(0, 7);
    assert_int_equal(take_many(1, &limit, start_ns, 10000), 10000);
}

static void burst_that_is_not_given_is_what_comes_in_a_second(void **state)
{
    (void)state;
    assert_int_equal(rate_limit_of(50, 0).burst, 50);
    assert_int_equal(rate_limit_of(0.1, 0).burst, 1);
    assert_int_equal(rate_limit_of(0.1, 0).interval_ns, 10 * NS_PER_S);
}

static void keys_do_not_touch_one_another(void **state)
{
    (void)state;
    const struct rate_limit limit = rate_limit_of(1, 5);
    for (uint64_t key = 1; key <= 1000; key++) {
        assert_int_equal(take_many(key, &limit, start_ns, 9), 5);
    }
}

/* Keys of one set: what the newcomers of a full one are. */
static uint64_t neighbour(uint64_t index)
{
    return 3 + index * RATE_SET_COUNT;
}

static void flood_of_callers_neither_forgets_nor_feeds_the_active_one(void **state)
{
    (void)state;
    const struct rate_limit limit = rate_limit_of(1, 4);
    assert_int_equal(take_many(neighbour(0), &limit, start_ns, 9), 4);

    for (uint64_t i = 1; i < 1000; i++) {
        (void)rate_table_take(&table, neighbour(i), &limit, start_ns);
    }

    assert_int_equal(take_many(neighbour(0), &limit, start_ns, 9), 0);
    assert_int_equal(take_many(neighbour(0), &limit, start_ns + NS_PER_S, 9), 1);
}

static void newcomers_of_a_full_set_get_what_one_caller_gets(void **state)
{
    (void)state;
    const struct rate_limit limit = rate_limit_of(1, 4);
    for (uint64_t i = 0; i < RATE_WAY_COUNT; i++) {
        assert_int_equal(take_many(neighbour(i), &limit, start_ns, 4), 4);
    }

    size_t taken_count = 0;
    for (uint64_t i = RATE_WAY_COUNT; i < 1000; i++) {
        taken_count += take_many(neighbour(i), &limit, start_ns, 1);
    }

    assert_int_equal(taken_count, 4);
}

static void who_gets_a_place_after_sharing_has_not_a_second_burst(void **state)
{
    (void)state;
    const struct rate_limit limit = rate_limit_of(1, 4);
    const struct rate_limit short_limit = rate_limit_of(100, 1);
    for (uint64_t i = 0; i < RATE_WAY_COUNT; i++) {
        assert_int_equal(take_many(neighbour(i), &short_limit, start_ns, 1), 1);
    }
    assert_int_equal(take_many(neighbour(50), &limit, start_ns, 9), 4); /* shared */

    const uint64_t later_ns = start_ns + 20 * NS_PER_MS; /* and there are places again */

    assert_int_equal(take_many(neighbour(50), &limit, later_ns, 9), 0);
}

static void hundred_thousand_callers_are_all_served_once(void **state)
{
    (void)state;
    const struct rate_limit limit = rate_limit_of(1000, 1);
    size_t taken_count = 0;
    for (uint64_t i = 0; i < 100000; i++) { /* each a microsecond after the last one */
        const uint64_t key = i * UINT64_C(0x9e3779b97f4a7c15);
        taken_count += take_many(key, &limit, start_ns + i * NS_PER_US, 1);
    }
    assert_int_equal(taken_count, 100000);
}

/* What was let through, to be looked at from every window's point of view. */
struct trace {
    uint64_t times_ns[STEP_COUNT];
    size_t count;
};

static void expect_within_limit(const struct trace *trace, const struct rate_limit *limit)
{
    for (size_t i = 0; i < trace->count; i++) {
        for (size_t j = i; j < trace->count; j++) {
            const uint64_t window_ns = trace->times_ns[j] - trace->times_ns[i];
            assert_true(j - i + 1 <= limit->burst + window_ns / limit->interval_ns);
        }
    }
}

/* Who keeps asking as told gets all that the limit allows. */
static void run_seed(uint64_t seed)
{
    struct random random = {seed};
    static struct trace traces[KEY_COUNT];
    const struct rate_limit limit = {1 + random_below(&random, 1000),
                                     1 + random_below(&random, 20)};
    uint64_t now_ns = start_ns + seed * NS_PER_S;
    uint64_t promised_ns[KEY_COUNT] = {0};
    memset(traces, 0, sizeof(traces));
    for (size_t step = 0; step < STEP_COUNT; step++) {
        now_ns += random_below(&random, 2 * limit.interval_ns / KEY_COUNT + 2);
        const size_t i = random_below(&random, KEY_COUNT);
        const uint64_t key = (seed * KEY_COUNT + i) * UINT64_C(0x9e3779b97f4a7c15);
        const uint64_t wait_ns = rate_table_take(&table, key, &limit, now_ns);
        if (wait_ns == 0) {
            traces[i].times_ns[traces[i].count++] = now_ns;
        } else {
            assert_true(now_ns < promised_ns[i] || promised_ns[i] == 0);
        }
        promised_ns[i] = wait_ns == 0 ? 0 : now_ns + wait_ns;
    }
    for (size_t i = 0; i < KEY_COUNT; i++) {
        expect_within_limit(&traces[i], &limit);
    }
}

static void no_window_of_any_seed_has_too_many_and_promises_are_kept(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEED_COUNT; seed++) {
        run_seed(seed);
    }
}

static void *take_in_a_thread(void *context)
{
    const struct rate_limit limit = rate_limit_of(1, 1000);
    size_t *taken_count = context;
    for (size_t i = 0; i < 100000; i++) {
        *taken_count += rate_table_take(&table, 7, &limit, start_ns) == 0 ? 1 : 0;
        (void)rate_table_take(&table, neighbour(i % 20), &limit, start_ns);
    }
    return NULL;
}

static void threads_together_get_what_one_would(void **state)
{
    (void)state;
    pthread_t threads[THREAD_COUNT];
    size_t taken_counts[THREAD_COUNT] = {0};
    size_t sum = 0;
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, take_in_a_thread, &taken_counts[i]), 0);
    }
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        sum += taken_counts[i];
    }
    assert_int_equal(sum, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(burst_is_taken_at_once_and_then_one_an_interval, set_up),
        cmocka_unit_test_setup(wait_that_is_told_is_exact, set_up),
        cmocka_unit_test_setup(no_limit_takes_all, set_up),
        cmocka_unit_test_setup(burst_that_is_not_given_is_what_comes_in_a_second, set_up),
        cmocka_unit_test_setup(keys_do_not_touch_one_another, set_up),
        cmocka_unit_test_setup(flood_of_callers_neither_forgets_nor_feeds_the_active_one,
                               set_up),
        cmocka_unit_test_setup(newcomers_of_a_full_set_get_what_one_caller_gets, set_up),
        cmocka_unit_test_setup(who_gets_a_place_after_sharing_has_not_a_second_burst,
                               set_up),
        cmocka_unit_test_setup(hundred_thousand_callers_are_all_served_once, set_up),
        cmocka_unit_test_setup(no_window_of_any_seed_has_too_many_and_promises_are_kept,
                               set_up),
        cmocka_unit_test_setup(threads_together_get_what_one_would, set_up),
    };
    return cmocka_run_group_tests_name("admission_rate", tests, NULL, NULL);
}
