/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/rollouts.h"

#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "gateway/counts.h"

static struct repository_version numbers[] = {{.number = 1}, {.number = 2}, {.number = 3}};
static struct repository_version *const versions[] = {&numbers[0], &numbers[1],
                                                      &numbers[2]};
static struct repository_model models[2];
static struct repository repository = {.models = models, .model_count = 2};
enum { LOOP_COUNT = 3 };

static struct rollouts rollouts;

static const struct verdict_limits limits = {
    .alpha = 0.01,
    .error_margin = 0.005,
    .latency_ratio = 1.5,
    .disagreement_max = 0.05,
    .request_count_min = 200,
    .bake_ns = 1000,
};

static int set_up(void **state)
{
    (void)state;
    rollouts = (struct rollouts){.loop_count = LOOP_COUNT};
    for (size_t i = 0; i < 2; i++) {
        models[i] = (struct repository_model){.name = i == 0 ? "a" : "b",
                                              .versions = versions,
                                              .version_count = 3,
                                              .choice = &numbers[0]};
    }
    models[0].rollout = (struct release_rollout){.version = 2, .share = 1000, .started = 5};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rollouts_deinit(&rollouts);
    return 0;
}

static void follow(uint64_t now_ns)
{
    EXPECT_OK(rollouts_follow(&rollouts, &repository, now_ns));
}

static void answer(struct rollout *rollout, enum arm arm, uint64_t count)
{
    const uint64_t duration_ns = 1000;
    for (uint64_t i = 0; i < count; i++) {
        arm_counts_add(rollout->counts, arm, ARM_ANSWERED);
        arm_counts_add_duration(rollout->counts, arm, i % LOOP_COUNT, duration_ns);
    }
}

static void fail_canary(struct rollout *rollout)
{
    answer(rollout, ARM_STABLE, 500);
    for (size_t i = 0; i < 50; i++) {
        arm_counts_add(rollout->counts, ARM_CANARY, ARM_FAILED);
    }
}

/* Whether the first model's canary takes traffic; the other has none. */
static bool takes_traffic(void)
{
    struct arms *arms;
    EXPECT_OK(rollouts_plan(&rollouts, &repository, &arms));
    const bool takes = arms != NULL && arms[0].canary != NULL;
    if (arms != NULL) {
        assert_null(arms[1].canary);
        arm_counts_unref(arms[0].counts);
    }
    free(arms);
    return takes;
}

static void a_canary_takes_traffic_once_it_is_followed(void **unused)
{
    (void)unused;
    assert_false(takes_traffic());
    follow(0);
    assert_true(takes_traffic());
    assert_null(rollouts_find(&rollouts, "b"));
}

static void one_that_grows_keeps_its_counts(void **unused)
{
    (void)unused;
    follow(0);
    answer(rollouts_find(&rollouts, "a"), ARM_CANARY, 3);
    models[0].rollout.share = 2000;
    follow(10);
    const struct rollout *rollout = rollouts_find(&rollouts, "a");
    assert_int_equal(arm_counts_outcome(rollout->counts, ARM_CANARY, ARM_ANSWERED), 3);
    assert_int_equal(rollout->wanted.share, 2000);
    assert_int_equal(rollout->began_ns, 0);
}

static void another_canary_or_another_stable_version_begins_anew(void **unused)
{
    (void)unused;
    follow(0);
    answer(rollouts_find(&rollouts, "a"), ARM_CANARY, 3);
    models[0].rollout = (struct release_rollout){.version = 3, .share = 1, .started = 6};
    follow(10);
    const struct rollout *rollout = rollouts_find(&rollouts, "a");
    assert_int_equal(arm_counts_outcome(rollout->counts, ARM_CANARY, ARM_ANSWERED), 0);
    assert_int_equal(rollout->began_ns, 10);
    assert_null(rollout->next);
    models[0].choice = &numbers[1];
    follow(20);
    assert_int_equal(rollouts_find(&rollouts, "a")->began_ns, 20);
}

static void one_that_ended_is_forgotten(void **unused)
{
    (void)unused;
    follow(0);
    models[0].rollout.version = 0;
    follow(10);
    assert_null(rollouts.first);
    assert_false(takes_traffic());
}

static void one_that_is_bad_takes_no_traffic_until_another_begins(void **unused)
{
    (void)unused;
    follow(0);
    struct rollout *rollout = rollouts_find(&rollouts, "a");
    fail_canary(rollout);
    assert_true(rollout_judge(rollout, &limits, 1));
    assert_int_equal(rollout->found, VERDICT_ERRS);
    assert_non_null(strstr(rollout->why, "50 of 50 requests failed"));
    assert_false(takes_traffic());
    follow(10);
    assert_false(takes_traffic());
    models[0].rollout.started = 6;
    follow(20);
    assert_true(takes_traffic());
}

static void what_is_on_no_record_is_told(void **unused)
{
    (void)unused;
    struct error note;
    follow(0);
    rollouts_tell(&rollouts, &note);
    assert_string_equal(note.text, "");
    struct rollout *rollout = rollouts_find(&rollouts, "a");
    fail_canary(rollout);
    assert_true(rollout_judge(rollout, &limits, 1));
    rollout->is_refused = true;
    rollouts_tell(&rollouts, &note);
    assert_non_null(strstr(note.text, "canary 2 of 'a': errs: 50 of 50 requests failed"));
}

static void a_verdict_is_found_once(void **unused)
{
    (void)unused;
    follow(0);
    struct rollout *rollout = rollouts_find(&rollouts, "a");
    fail_canary(rollout);
    assert_true(rollout_judge(rollout, &limits, 1));
    assert_false(rollout_judge(rollout, &limits, 2));
}

static void one_that_is_good_is_found_so_where_it_is_to_be_promoted(void **unused)
{
    (void)unused;
    follow(0);
    struct rollout *rollout = rollouts_find(&rollouts, "a");
    answer(rollout, ARM_STABLE, 500);
    answer(rollout, ARM_CANARY, 500);
    assert_false(rollout_judge(rollout, &limits, limits.bake_ns));
    models[0].rollout.promotes = true;
    follow(10);
    assert_true(rollout_judge(rollout, &limits, limits.bake_ns));
    assert_int_equal(rollout->found, VERDICT_GOOD);
    assert_true(takes_traffic());
}

#define ROLLOUT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void durations_of_all_loops_add_up(void **state)
{
    struct histogram histogram;
    (void)state;
    follow(1);
    struct rollout *rollout = rollouts_find(&rollouts, "a");
    answer(rollout, ARM_STABLE, 10);
    answer(rollout, ARM_CANARY, 4);
    histogram_init(&histogram, &gateway_duration_bounds);
    arm_counts_collect(rollout->counts, ARM_CANARY, &histogram);
    assert_int_equal(histogram_count_up_to(&histogram, gateway_duration_bounds.count), 4);
    assert_int_equal(histogram_count_up_to(&histogram, 0), 4);
    assert_int_equal(histogram.sum, 4 * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROLLOUT_TEST(a_canary_takes_traffic_once_it_is_followed),
        ROLLOUT_TEST(one_that_grows_keeps_its_counts),
        ROLLOUT_TEST(another_canary_or_another_stable_version_begins_anew),
        ROLLOUT_TEST(one_that_ended_is_forgotten),
        ROLLOUT_TEST(one_that_is_bad_takes_no_traffic_until_another_begins),
        ROLLOUT_TEST(what_is_on_no_record_is_told),
        ROLLOUT_TEST(a_verdict_is_found_once),
        ROLLOUT_TEST(durations_of_all_loops_add_up),
        ROLLOUT_TEST(one_that_is_good_is_found_so_where_it_is_to_be_promoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
