/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tally.h"

#include <pthread.h>

#include "expect.h"

enum { ADD_COUNT = 200000 };

static const struct histogram_bounds bounds = {.count = 2, .values = {10, 20}};

static void counts_add_up(void **state)
{
    (void)state;
    struct tally tally = {0};
    tally_add(&tally, 2);
    tally_add(&tally, 40);
    assert_int_equal(tally_read(&tally), 42);
}

static void histograms_of_several_threads_add_up(void **state)
{
    (void)state;
    struct tally_histogram tallies[2] = {0};
    struct histogram sum;
    tally_histogram_add(&tallies[0], &bounds, 10);
    tally_histogram_add(&tallies[0], &bounds, 11);
    tally_histogram_add(&tallies[1], &bounds, 21);

    histogram_init(&sum, &bounds);
    tally_histogram_collect(&tallies[0], &sum);
    tally_histogram_collect(&tallies[1], &sum);

    assert_int_equal(sum.counts[0], 1);
    assert_int_equal(sum.counts[1], 1);
    assert_int_equal(sum.counts[2], 1);
    assert_int_equal(sum.sum, 42);
}

static void *count_on(void *context)
{
    struct tally *tally = context;
    for (size_t i = 0; i < ADD_COUNT; i++) {
        tally_add(tally, 1);
    }
    return NULL;
}

static void a_reader_sees_it_grow_while_another_thread_counts(void **state)
{
    (void)state;
    struct tally tally = {0};
    uint64_t seen = 0;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, count_on, &tally), 0);
    while (seen < ADD_COUNT) {
        const uint64_t now = tally_read(&tally);
        assert_true(now >= seen && now <= ADD_COUNT);
        seen = now;
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_add_up),
        cmocka_unit_test(histograms_of_several_threads_add_up),
        cmocka_unit_test(a_reader_sees_it_grow_while_another_thread_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
