/* SPDX-License-Identifier: Apache-2.0 */
/* Whole requests while a canary is under way, and what is asked of it besides. */
#include "gateway/request_arm.h"

#include "gateway/shadow.h"
#include "request_rig.h"
#include "service/audit/fake.h"

static const float other_scores[] = {0.25F, 0.75F};
static struct arm_counts *counts;
static struct arms arms[2];
static struct view with_canary;
static struct shadow_lane lane;

/* Version 1 is the canary, and 2 is current. */
static int set_up_canary(void **state)
{
    if (set_up(state) != 0) {
        return -1;
    }
    struct rig *rig = *state;
    EXPECT_OK(arm_counts_create(1, &counts));
    memset(arms, 0, sizeof(arms));
    arms[0] = (struct arms){.canary = &numbers[0], .share = 5000, .counts = counts};
    with_canary = view;
    with_canary.arms = arms;
    with_canary.reference_count_ = 1;
    rig->request.view = &with_canary;
    shadow_lane_init(&lane, &rig->mailbox.base, 0.1);
    rig->gateway.shadows = &lane;
    rig->gateway.shadow = shadow_begin;
    return 0;
}

static int tear_down_canary(void **state)
{
    assert_int_equal(counts->reference_count_, 1);
    arm_counts_unref(counts);
    assert_int_equal(with_canary.reference_count_, 1);
    assert_int_equal(lane.count_, 0);
    return tear_down(state);
}

static void ones(void *context, uint8_t *out_bytes, size_t size)
{
    (void)context;
    memset(out_bytes, 0xFF, size);
}

/* Nobody is known here, so that chance decides: 0 is the canary's, all ones are not. */
static void ask(struct rig *rig, bool of_canary)
{
    rig->gateway.random = of_canary ? zeros : ones;
    post(rig, "/infer", "application/json", right_body);
}

/* Its shadow has to have all, since chance is not below anything else. */
static void ask_with_shadow(struct rig *rig)
{
    arms[0].share = 0;
    arms[0].shadow = RELEASE_WHOLE;
    ask(rig, false);
}

static struct infer_fake green;
static struct repository_model own_model;
static struct repository own_repository;

/* The canary, version 1, runs on green, and green is as it is. */
static void move_canary_to_green(struct rig *rig, enum galen_status status)
{
    green = rig->engine;
    green.status = status;
    green.why = "it broke";
    own_repository = *view.repository;
    own_model = view.repository->models[0];
    own_model.rollout = (struct release_rollout){.version = 1, .share = 5000};
    release_engine_set(own_model.rollout.engine, "green");
    own_repository.models = &own_model;
    own_repository.model_count = 1;
    with_canary.repository = &own_repository;
    rig->gateway.engines[1] = (struct gateway_engine){
        .name = "green", .service = &green.base, .in_parts = &green.base};
    rig->gateway.engine_count = 2;
}

static void canary_on_other_engines_is_asked_there(void **state)
{
    struct rig *rig = *state;
    move_canary_to_green(rig, GALEN_OK);
    ask(rig, true);
    assert_int_equal(rig->status, 200);
    EXPECT_CONTAINS(rig->header_text, "Galen-Model: breast/1\n");
    assert_int_equal(rig->engine.submit_count, 0);
    ask(rig, false);
    assert_int_equal(rig->engine.submit_count, 1);
}

static void who_serves_answers_for_a_canary_whose_engines_cannot(void **state)
{
    struct rig *rig = *state;
    move_canary_to_green(rig, GALEN_UNAVAILABLE);
    ask(rig, true);
    assert_int_equal(rig->status, 200);
    EXPECT_CONTAINS(rig->header_text, "Galen-Model: breast/2\n");
    assert_int_equal(arm_counts_outcome(counts, ARM_CANARY, ARM_FAILED), 1);
    assert_int_equal(arm_counts_outcome(counts, ARM_STABLE, ARM_ANSWERED), 1);
}

static void input_that_a_canary_refuses_is_its_own_affair(void **state)
{
    struct rig *rig = *state;
    move_canary_to_green(rig, GALEN_INVALID);
    ask(rig, true);
    assert_int_equal(rig->status, 400);
    assert_int_equal(rig->engine.submit_count, 0);
}

static void the_canary_answers_its_part(void **state)
{
    struct rig *rig = *state;
    ask(rig, true);
    assert_int_equal(rig->status, 200);
    EXPECT_CONTAINS(rig->header_text, "Galen-Model: breast/1\n");
    ask(rig, false);
    EXPECT_CONTAINS(rig->header_text, "Galen-Model: breast/2\n");
    assert_int_equal(arm_counts_outcome(counts, ARM_CANARY, ARM_ANSWERED), 1);
    assert_int_equal(arm_counts_outcome(counts, ARM_STABLE, ARM_ANSWERED), 1);
}

static void who_names_a_version_or_a_tag_gets_it_and_is_not_counted(void **state)
{
    struct rig *rig = *state;
    rig->gateway.random = zeros;
    post(rig, "/infer?version=current", "application/json", right_body);
    EXPECT_CONTAINS(rig->header_text, "Galen-Model: breast/2\n");
    post(rig, "/infer?version=2", "application/json", right_body);
    EXPECT_CONTAINS(rig->header_text, "Galen-Model: breast/2\n");
    assert_int_equal(arm_counts_outcome(counts, ARM_CANARY, ARM_ANSWERED), 0);
    assert_int_equal(arm_counts_outcome(counts, ARM_STABLE, ARM_ANSWERED), 0);
}

static void what_the_engine_fails_or_refuses_is_counted(void **state)
{
    struct rig *rig = *state;
    rig->engine.status = GALEN_INTERNAL;
    rig->engine.why = "it broke";
    ask(rig, true);
    rig->engine.status = GALEN_INVALID;
    ask(rig, true);
    rig->engine.status = GALEN_BUSY;
    ask(rig, true);
    assert_int_equal(arm_counts_outcome(counts, ARM_CANARY, ARM_FAILED), 2);
    assert_int_equal(arm_counts_outcome(counts, ARM_CANARY, ARM_REFUSED), 1);
    assert_int_equal(arm_counts_outcome(counts, ARM_CANARY, ARM_ANSWERED), 0);
}

static void a_request_that_was_malformed_says_nothing_of_a_version(void **state)
{
    struct rig *rig = *state;
    rig->gateway.random = zeros;
    post(rig, "/infer", "application/json",
         "{\"model\":\"breast\",\"input\":{\"radius\":1},\"options\":{\"threshold\":7}}");
    assert_int_not_equal(rig->status, 200);
    for (enum arm_outcome i = 0; i < ARM_OUTCOME_COUNT; i++) {
        assert_int_equal(arm_counts_outcome(counts, ARM_CANARY, i), 0);
    }
}

static void tensors_come_to_an_arm_too(void **state)
{
    struct rig *rig = *state;
    rig->gateway.random = zeros;
    post(rig, "/v2/models/breast/infer", "application/json",
         "{\"inputs\":[{\"name\":\"features\",\"datatype\":\"FP32\",\"shape\":[1,1],"
         "\"data\":[1]}]}");
    assert_int_equal(rig->status, 200);
    EXPECT_CONTAINS(rig->reply, "\"model_version\":\"1\"");
    assert_int_equal(arm_counts_outcome(counts, ARM_CANARY, ARM_ANSWERED), 1);
}

static void the_shadow_is_asked_for_the_canary_after_the_answer(void **state)
{
    struct rig *rig = *state;
    arms[0].shadow = RELEASE_WHOLE;
    arms[0].share = 0;
    rig->gateway.random = ones;
    rig->preprocess.holds = true;
    rig->engine.holds = true;
    post(rig, "/infer", "application/json", right_body);
    infer_fake_answer(&rig->preprocess, infer_fake_next(&rig->preprocess));
    pump(rig);
    assert_string_equal(infer_fake_next(&rig->engine)->request.version, "2");
    infer_fake_answer(&rig->engine, infer_fake_next(&rig->engine));
    pump(rig);
    assert_int_equal(rig->status, 200);
    assert_int_equal(rig->release_count, 1);
    assert_string_equal(infer_fake_next(&rig->preprocess)->request.version, "1");
    infer_fake_answer(&rig->preprocess, infer_fake_next(&rig->preprocess));
    pump(rig);
    assert_string_equal(infer_fake_next(&rig->engine)->request.version, "1");
    infer_fake_answer(&rig->engine, infer_fake_next(&rig->engine));
    pump(rig);
    assert_int_equal(arm_counts_shadow(counts, SHADOW_AGREED), 1);
}

static void a_shadow_that_says_the_same_agrees(void **state)
{
    ask_with_shadow(*state);
    assert_int_equal(arm_counts_shadow(counts, SHADOW_AGREED), 1);
    assert_int_equal(arm_counts_outcome(counts, ARM_STABLE, ARM_ANSWERED), 1);
    assert_int_equal(arm_counts_outcome(counts, ARM_CANARY, ARM_ANSWERED), 0);
}

/* Holds the engine's answer to the shadow alone. */
static void ask_until_shadow(struct rig *rig)
{
    rig->engine.holds = true;
    ask_with_shadow(rig);
    infer_fake_answer(&rig->engine, &rig->request.infer_call);
    pump(rig);
    assert_int_equal(rig->status, 200);
}

static void a_shadow_that_says_another_differs(void **state)
{
    struct rig *rig = *state;
    struct galen_tensor other = score_row;
    other.bytes = other_scores;
    ask_until_shadow(rig);
    rig->engine.outputs = &other;
    infer_fake_answer(&rig->engine, infer_fake_next(&rig->engine));
    pump(rig);
    assert_int_equal(arm_counts_shadow(counts, SHADOW_DIFFERED), 1);
}

static void a_canary_that_cannot_answer_its_shadow_differs(void **state)
{
    struct rig *rig = *state;
    ask_until_shadow(rig);
    infer_fake_fail(&rig->engine, infer_fake_next(&rig->engine), GALEN_INVALID, "no");
    pump(rig);
    assert_int_equal(arm_counts_shadow(counts, SHADOW_DIFFERED), 1);
}

static void a_queue_that_is_full_drops_the_shadow(void **state)
{
    struct rig *rig = *state;
    ask_until_shadow(rig);
    infer_fake_fail(&rig->engine, infer_fake_next(&rig->engine), GALEN_BUSY, "full");
    pump(rig);
    assert_int_equal(arm_counts_shadow(counts, SHADOW_DROPPED), 1);
}

static void more_shadows_than_there_may_be_are_dropped(void **state)
{
    struct rig *rig = *state;
    for (size_t i = 0; i < LIMIT_SHADOW_COUNT_MAX; i++) {
        ask_until_shadow(rig);
    }
    rig->engine.holds = false;
    ask_with_shadow(rig);
    assert_int_equal(rig->status, 200);
    assert_int_equal(arm_counts_shadow(counts, SHADOW_DROPPED), 1);
    while (infer_fake_next(&rig->engine) != NULL) {
        infer_fake_answer(&rig->engine, infer_fake_next(&rig->engine));
    }
    pump(rig);
    assert_int_equal(arm_counts_shadow(counts, SHADOW_AGREED), LIMIT_SHADOW_COUNT_MAX);
}

static void what_failed_has_no_shadow(void **state)
{
    struct rig *rig = *state;
    rig->engine.status = GALEN_INTERNAL;
    rig->engine.why = "it broke";
    ask_with_shadow(rig);
    assert_int_equal(rig->engine.submit_count, 1);
    for (enum shadow_outcome i = 0; i < SHADOW_OUTCOME_COUNT; i++) {
        assert_int_equal(arm_counts_shadow(counts, i), 0);
    }
}

static bool idle_ran;

static void on_idle(struct task *task)
{
    (void)task;
    idle_ran = true;
}

static void a_lane_is_idle_once_its_last_shadow_is_over(void **state)
{
    struct rig *rig = *state;
    struct task idle = {.run = on_idle};
    idle_ran = false;
    ask_until_shadow(rig);
    shadow_lane_finish(&lane, &idle);
    pump(rig);
    assert_false(idle_ran);
    infer_fake_answer(&rig->engine, infer_fake_next(&rig->engine));
    pump(rig);
    assert_true(idle_ran);
}

static void a_shadow_leaves_an_event_of_counts_alone(void **state)
{
    struct rig *rig = *state;
    static struct audit_fake audit;
    struct audit_lane audit_lane;
    audit_fake_init(&audit);
    audit_lane_init(&audit_lane, &audit.base, NULL, &rig->mailbox.base);
    ask_until_shadow(rig);
    rig->gateway.audit = &audit_lane;
    infer_fake_answer(&rig->engine, infer_fake_next(&rig->engine));
    pump(rig);
    EXPECT_CONTAINS(audit.text, "{\"event\":\"shadow\",\"request_id\":\"ffff");
    EXPECT_CONTAINS(audit.text, "\"model\":{\"name\":\"breast\",\"version\":1");
    EXPECT_CONTAINS(audit.text, "\"shadow\":{\"outputs\":1,\"differing\":0}");
    assert_int_equal(audit.count, 1);
}

#define ARM_TEST(test) \
    cmocka_unit_test_setup_teardown(test, set_up_canary, tear_down_canary)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARM_TEST(canary_on_other_engines_is_asked_there),
        ARM_TEST(who_serves_answers_for_a_canary_whose_engines_cannot),
        ARM_TEST(input_that_a_canary_refuses_is_its_own_affair),
        ARM_TEST(the_canary_answers_its_part),
        ARM_TEST(who_names_a_version_or_a_tag_gets_it_and_is_not_counted),
        ARM_TEST(what_the_engine_fails_or_refuses_is_counted),
        ARM_TEST(a_request_that_was_malformed_says_nothing_of_a_version),
        ARM_TEST(tensors_come_to_an_arm_too),
        ARM_TEST(the_shadow_is_asked_for_the_canary_after_the_answer),
        ARM_TEST(a_shadow_that_says_the_same_agrees),
        ARM_TEST(a_shadow_that_says_another_differs),
        ARM_TEST(a_canary_that_cannot_answer_its_shadow_differs),
        ARM_TEST(a_queue_that_is_full_drops_the_shadow),
        ARM_TEST(more_shadows_than_there_may_be_are_dropped),
        ARM_TEST(what_failed_has_no_shadow),
        ARM_TEST(a_lane_is_idle_once_its_last_shadow_is_over),
        ARM_TEST(a_shadow_leaves_an_event_of_counts_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
