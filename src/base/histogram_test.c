/* SPDX-License-Identifier: Apache-2.0 */
#include "base/histogram.h"

#include "expect.h"

static const struct histogram_bounds ten_and_twenty = {.count = 2, .values = {10, 20}};

static void bound_belongs_to_its_bucket(void **state)
{
    (void)state;
    struct histogram histogram;
    histogram_init(&histogram, &ten_and_twenty);

    histogram_add(&histogram, 0, 1);
    histogram_add(&histogram, 10, 1);
    histogram_add(&histogram, 11, 1);
    histogram_add(&histogram, 20, 1);
    histogram_add(&histogram, 21, 1);

    assert_int_equal(histogram.counts[0], 2);
    assert_int_equal(histogram.counts[1], 2);
    assert_int_equal(histogram.counts[2], 1);
    assert_int_equal(histogram.sum, 62);
}

static void counts_add_up_from_the_lowest(void **state)
{
    (void)state;
    struct histogram histogram;
    histogram_init(&histogram, &ten_and_twenty);

    histogram_add(&histogram, 5, 3);
    histogram_add(&histogram, 15, 4);
    histogram_add(&histogram, 25, 5);

    assert_int_equal(histogram_count_up_to(&histogram, 0), 3);
    assert_int_equal(histogram_count_up_to(&histogram, 1), 7);
    assert_int_equal(histogram_count_up_to(&histogram, 2), 12);
    assert_int_equal(histogram.sum, 15 + 60 + 125);
}

static void coarser_buckets_hold_the_same_values(void **state)
{
    (void)state;
    static const struct histogram_bounds fine = {.count = 4, .values = {5, 10, 15, 20}};
    static const struct histogram_bounds coarse = {.count = 2, .values = {10, 15}};
    struct histogram finer;
    struct histogram coarser;
    histogram_init(&finer, &fine);
    for (uint64_t value = 1; value <= 30; value++) {
        histogram_add(&finer, value, 1);
    }

    histogram_coarsen(&finer, &coarse, &coarser);

    assert_int_equal(coarser.counts[0], 10);
    assert_int_equal(coarser.counts[1], 5);
    assert_int_equal(coarser.counts[2], 15);
    assert_int_equal(coarser.sum, finer.sum);
}

static size_t bucket_by_scan(const struct histogram_bounds *bounds, uint64_t value)
{
    size_t i = 0;
    while (i < bounds->count && value > bounds->values[i]) {
        i++;
    }
    return i;
}

static void every_value_is_in_the_bucket_that_a_scan_finds(void **state)
{
    (void)state;
    struct histogram_bounds bounds = {.count = 0};
    for (; bounds.count <= HISTOGRAM_BOUND_COUNT_MAX; bounds.count++) {
        for (uint64_t value = 0; value <= UINT64_C(3) * HISTOGRAM_BOUND_COUNT_MAX;
             value++) {
            struct histogram histogram;
            histogram_init(&histogram, &bounds);
            histogram_add(&histogram, value, 1);
            assert_int_equal(histogram.counts[bucket_by_scan(&bounds, value)], 1);
        }
        if (bounds.count < HISTOGRAM_BOUND_COUNT_MAX) {
            bounds.values[bounds.count] = UINT64_C(3) * bounds.count + 1;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bound_belongs_to_its_bucket),
        cmocka_unit_test(counts_add_up_from_the_lowest),
        cmocka_unit_test(coarser_buckets_hold_the_same_values),
        cmocka_unit_test(every_value_is_in_the_bucket_that_a_scan_finds),
    };
    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
