/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/verdict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "random.h"

enum { RUN_COUNT = 10000, REQUEST_COUNT = 3000, LOOK_EVERY = 10 };

static const struct verdict_limits limits = {
    .alpha = 0.01,
    .error_margin = 0.005,
    .latency_ratio = 1.5,
    .latency_ns = 2000000,
    .disagreement_max = 0.05,
    .request_count_min = 500,
    .bake_ns = 60000000000,
};

/* What one arm does. */
struct behaviour {
    double error_share;
    double mean_ms; /* of an exponential distribution */
};

struct trial {
    struct behaviour stable;
    struct behaviour canary;
    double canary_share;
    double shadow_share;
    double differing_share;
};

static bool happens(struct random *random, double share)
{
    return (double)(random_u64(random) >> 11) * 0x1p-53 < share;
}

static void serve(struct random *random, const struct behaviour *behaviour,
                  struct verdict_arm *arm)
{
    const double u = ((double)(random_u64(random) >> 11) + 1) * 0x1p-53;
    if (happens(random, behaviour->error_share)) {
        arm->failure_count++;
    } else {
        arm->answer_count++;
        arm->durations[verdict_bucket((uint64_t)(-log(u) * behaviour->mean_ms * 1e6))]++;
    }
}

/* Of all requests, how many it took until there was a bad verdict; 0: there was none. */
static uint64_t run(const struct trial *trial, uint64_t seed, enum verdict_kind *out_kind)
{
    static struct verdict_counts counts;
    struct verdict verdict = {{0}, {0}};
    struct random random = {seed};
    const struct verdict_trial seen = {.has_traffic = true, .is_compared = true};
    memset(&counts, 0, sizeof(counts));
    for (uint64_t i = 1; i <= REQUEST_COUNT; i++) {
        const bool is_canary = happens(&random, trial->canary_share);
        serve(&random, is_canary ? &trial->canary : &trial->stable,
              is_canary ? &counts.canary : &counts.stable);
        if (!is_canary && happens(&random, trial->shadow_share)) {
            counts.compared_count++;
            counts.differing_count += happens(&random, trial->differing_share);
        }
        if (i % LOOK_EVERY == 0) {
            *out_kind = verdict_take(&verdict, &counts, &limits, &seen);
            if (verdict_is_bad(*out_kind)) {
                return i;
            }
        }
    }
    return 0;
}

static uint64_t count_rolled_back(const struct trial *trial, enum verdict_kind kind,
                                  uint64_t *out_slowest)
{
    uint64_t count = 0;
    *out_slowest = 0;
    for (uint64_t seed = 1; seed <= RUN_COUNT; seed++) {
        enum verdict_kind found = VERDICT_WAIT;
        const uint64_t after = run(trial, seed, &found);
        if (after > 0 && (kind == VERDICT_WAIT || found == kind)) {
            count++;
            *out_slowest = after > *out_slowest ? after : *out_slowest;
        }
    }
    return count;
}

static void
one_that_is_equal_is_rolled_back_in_less_than_one_run_of_a_hundred(void **unused)
{
    (void)unused;
    static const double error_shares[] = {0, 0.001, 0.02, 0.2};
    for (size_t i = 0; i < sizeof(error_shares) / sizeof(error_shares[0]); i++) {
        const struct behaviour same = {error_shares[i], 10};
        const struct trial trial = {same, same, 0.2, 0.3, limits.disagreement_max};
        uint64_t slowest;
        const uint64_t count = count_rolled_back(&trial, VERDICT_WAIT, &slowest);
        print_message("errors %g: %llu of %d equal canaries rolled back\n",
                      same.error_share, (unsigned long long)count, RUN_COUNT);
        assert_true(count < RUN_COUNT / 100);
    }
}

static void one_that_errs_fifty_times_as_often_is_caught(void **unused)
{
    (void)unused;
    const struct trial trial = {{0.001, 10}, {0.05, 10}, 0.2, 0, 0};
    uint64_t slowest;
    const uint64_t count = count_rolled_back(&trial, VERDICT_ERRS, &slowest);
    print_message("%llu of %d caught, the last after %llu requests of both\n",
                  (unsigned long long)count, RUN_COUNT, (unsigned long long)slowest);
    assert_true(count > RUN_COUNT * 99 / 100);
}

static void one_that_always_fails_is_caught_within_a_hundred_requests(void **unused)
{
    (void)unused;
    const struct trial trial = {{0.001, 10}, {1, 10}, 0.2, 0, 0};
    uint64_t slowest;
    assert_int_equal(count_rolled_back(&trial, VERDICT_ERRS, &slowest), RUN_COUNT);
    assert_in_range(slowest, 1, 150);
}

static void one_that_is_three_times_as_slow_is_caught(void **unused)
{
    (void)unused;
    const struct trial trial = {{0, 10}, {0, 30}, 0.2, 0, 0};
    uint64_t slowest;
    const uint64_t count = count_rolled_back(&trial, VERDICT_SLOWS, &slowest);
    print_message("%llu of %d caught, the last after %llu requests of both\n",
                  (unsigned long long)count, RUN_COUNT, (unsigned long long)slowest);
    assert_true(count > RUN_COUNT * 99 / 100);
}

static void one_that_disagrees_in_a_fifth_of_all_cases_is_caught(void **unused)
{
    (void)unused;
    const struct behaviour same = {0, 10};
    const struct trial trial = {same, same, 0, 0.3, 0.2};
    uint64_t slowest;
    const uint64_t count = count_rolled_back(&trial, VERDICT_DISAGREES, &slowest);
    print_message("%llu of %d caught, the last after %llu requests\n",
                  (unsigned long long)count, RUN_COUNT, (unsigned long long)slowest);
    assert_true(count > RUN_COUNT * 99 / 100);
}

/* One moment. */

static struct verdict_counts both_answered(uint64_t count)
{
    struct verdict_counts counts = {.stable = {.answer_count = count},
                                    .canary = {.answer_count = count}};
    counts.stable.durations[verdict_bucket(10000000)] = count;
    counts.canary.durations[verdict_bucket(10000000)] = count;
    return counts;
}

static enum verdict_kind judge(const struct verdict_counts *counts, uint64_t elapsed_ns)
{
    struct verdict verdict = {{0}, {0}};
    const struct verdict_trial trial = {.has_traffic = true, .elapsed_ns = elapsed_ns};
    return verdict_take(&verdict, counts, &limits, &trial);
}

static void one_that_does_as_well_is_good_once_it_was_seen_for_long_enough(void **unused)
{
    (void)unused;
    const struct verdict_counts few = both_answered(499);
    const struct verdict_counts enough = both_answered(500);
    assert_int_equal(judge(&enough, limits.bake_ns), VERDICT_GOOD);
    assert_int_equal(judge(&enough, limits.bake_ns - 1), VERDICT_WAIT);
    assert_int_equal(judge(&few, limits.bake_ns), VERDICT_WAIT);
}

static void one_that_was_never_asked_is_not_good(void **unused)
{
    (void)unused;
    const struct verdict_counts counts = {.compared_count = 0};
    struct verdict verdict = {{0}, {0}};
    const struct verdict_trial nothing = {.elapsed_ns = UINT64_MAX};
    assert_int_equal(verdict_take(&verdict, &counts, &limits, &nothing), VERDICT_WAIT);
    assert_int_equal(judge(&counts, UINT64_MAX), VERDICT_WAIT);
}

static void what_is_doubtful_is_neither_good_nor_bad(void **unused)
{
    (void)unused;
    struct verdict_counts counts = both_answered(1000);
    counts.canary.failure_count = 7;
    assert_int_equal(judge(&counts, limits.bake_ns), VERDICT_WAIT);
}

static void a_difference_within_the_margin_is_none(void **unused)
{
    (void)unused;
    struct verdict_counts counts = both_answered(10000000);
    counts.canary.failure_count = 40000;
    assert_int_equal(judge(&counts, limits.bake_ns), VERDICT_GOOD);
    counts.canary.failure_count = 60000;
    assert_int_equal(judge(&counts, limits.bake_ns), VERDICT_ERRS);
}

static void what_the_canary_refuses_counts_as_what_it_fails(void **unused)
{
    (void)unused;
    struct verdict_counts counts = both_answered(500);
    counts.canary.refusal_count = 50;
    assert_int_equal(judge(&counts, 0), VERDICT_ERRS);
}

static void one_that_is_quicker_or_errs_less_is_good(void **unused)
{
    (void)unused;
    struct verdict_counts counts = both_answered(1000);
    memset(counts.canary.durations, 0, sizeof(counts.canary.durations));
    counts.canary.durations[0] = 1000;
    counts.stable.failure_count = 100;
    assert_int_equal(judge(&counts, limits.bake_ns), VERDICT_GOOD);
}

static void a_look_is_due_when_a_quarter_more_was_counted(void **unused)
{
    (void)unused;
    struct verdict verdict = {{0}, {0}};
    const struct verdict_trial trial = {.has_traffic = true};
    for (uint64_t i = 0; i <= 100; i++) {
        const struct verdict_counts counts = both_answered(i);
        (void)verdict_take(&verdict, &counts, &limits, &trial);
    }
    assert_int_equal(verdict.answers.count, 11); /* 8 10 13 17 22 28 35 44 55 69 87 */
    assert_int_equal(verdict.comparisons.count, 0);
}

static void durations_fall_into_buckets_of_at_most_a_quarter(void **unused)
{
    (void)unused;
    for (size_t i = 0; i + 1 < VERDICT_BUCKET_COUNT; i++) {
        const uint64_t end = verdict_bucket_end_ns(i);
        assert_int_equal(verdict_bucket(end), i);
        assert_int_equal(verdict_bucket(end + 1), i + 1);
    }
    assert_int_equal(verdict_bucket(0), 0);
    assert_int_equal(verdict_bucket(UINT64_MAX), VERDICT_BUCKET_COUNT - 1);
    assert_true(verdict_bucket_end_ns(VERDICT_BUCKET_COUNT - 1) > UINT64_C(60000000000));
}

/* Sums of the distributions' terms in whole numbers. */
static void tails_are_those_of_the_distributions(void **unused)
{
    (void)unused;
    assert_true(fabs(verdict_binomial_tail(10, 0.05, 3) / 0.0115035574 - 1) < 1e-6);
    assert_true(fabs(verdict_fisher_tail(5, 100, 1, 400) / 0.00148672838 - 1) < 1e-6);
    assert_true(fabs(verdict_binomial_tail(1000, 0.05, 80) / 3.48864498e-05 - 1) < 1e-6);
    assert_true(verdict_binomial_tail(10, 0.05, 0) == 1);
    assert_true(verdict_binomial_tail(0, 0.05, 0) == 1);
    assert_true(verdict_fisher_tail(0, 0, 0, 0) == 1);
    assert_true(fabs(verdict_fisher_tail(1, 1, 0, 1) - 0.5) < 1e-9);
    assert_true(verdict_fisher_tail(1000000, 1000000, 0, 1000000) < 1e-300);
}

static void what_is_told_has_the_numbers(void **unused)
{
    (void)unused;
    char text[VERDICT_TEXT_SIZE];
    struct verdict_counts counts = both_answered(500);
    counts.canary.refusal_count = 50;
    counts.compared_count = 40;
    counts.differing_count = 9;
    verdict_tell(VERDICT_ERRS, &counts, &limits, text);
    assert_non_null(strstr(text, "errs: 50 of 550 requests failed, of the stable version "
                                 "0 of 500"));
    verdict_tell(VERDICT_DISAGREES, &counts, &limits, text);
    assert_non_null(strstr(text, "disagrees: 9 of 40 answers differ"));
    verdict_tell(VERDICT_SLOWS, &counts, &limits, text);
    assert_non_null(strstr(text, "slows: 0 of 500 answers took longer than 0.0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            one_that_is_equal_is_rolled_back_in_less_than_one_run_of_a_hundred),
        cmocka_unit_test(one_that_errs_fifty_times_as_often_is_caught),
        cmocka_unit_test(one_that_always_fails_is_caught_within_a_hundred_requests),
        cmocka_unit_test(one_that_is_three_times_as_slow_is_caught),
        cmocka_unit_test(one_that_disagrees_in_a_fifth_of_all_cases_is_caught),
        cmocka_unit_test(one_that_does_as_well_is_good_once_it_was_seen_for_long_enough),
        cmocka_unit_test(one_that_was_never_asked_is_not_good),
        cmocka_unit_test(what_is_doubtful_is_neither_good_nor_bad),
        cmocka_unit_test(a_difference_within_the_margin_is_none),
        cmocka_unit_test(what_the_canary_refuses_counts_as_what_it_fails),
        cmocka_unit_test(one_that_is_quicker_or_errs_less_is_good),
        cmocka_unit_test(a_look_is_due_when_a_quarter_more_was_counted),
        cmocka_unit_test(durations_fall_into_buckets_of_at_most_a_quarter),
        cmocka_unit_test(tails_are_those_of_the_distributions),
        cmocka_unit_test(what_is_told_has_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
