/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/follower.h"

#include <string.h>

#include "expect.h"
#include "infer/fake.h"
#include "manual_mailbox.h"

static const char *const numbers[] = {"1", "2", "3"};
static const struct v2_model served = {
    .name = "m", .versions = numbers, .version_count = 3, .platform = "test"};
static const struct contract contract = {.title = "x"};
static struct repository_version versions[] = {
    {.number = 1, .number_text = "1", .usable = true, .contract = &contract},
    {.number = 2, .number_text = "2", .usable = true, .contract = &contract},
    {.number = 3, .number_text = "3", .usable = true},
};
static struct repository_version *const list[] = {&versions[0], &versions[1], &versions[2]};
static struct repository_tag tags[3][1] = {
    {{"current", 1, 0}}, {{"current", 2, 0}}, {{"current", 3, 0}}};
static struct repository_model models[3];
static struct repository repositories[3];

struct rig {
    struct infer_fake preprocess;
    struct infer_fake engine;
    struct infer_fake green;
    struct manual_mailbox mailbox;
    struct follower *follower;
    struct repository *published;
    size_t publish_count;
    struct task idle;
    bool is_idle;
};

static uint64_t now_ns(void *context)
{
    (void)context;
    return 0;
}

static void publish(void *context, struct repository *effective)
{
    struct rig *rig = context;
    repository_unref(rig->published);
    rig->published = repository_ref(effective);
    rig->publish_count++;
}

static void make_repository(size_t i)
{
    models[i] = (struct repository_model){.name = "m",
                                          .versions = list,
                                          .version_count = 3,
                                          .tags = tags[i],
                                          .tag_count = 1,
                                          .choice = &versions[i],
                                          .usable = true};
    repositories[i] = (struct repository){
        .path = "models", .models = &models[i], .model_count = 1, .reference_count_ = 1};
    versions[i].reference_count_ = 1;
}

static struct infer_service *engine_of(void *context, const char *model, const char *engine)
{
    struct rig *rig = context;
    assert_string_equal(model, "m");
    if (strcmp(engine, "green") == 0) {
        return &rig->green.base;
    }
    return engine[0] == '\0' ? &rig->engine.base : NULL;
}

static int set_up(void **state)
{
    static struct rig rig;
    rig = (struct rig){.publish_count = 0};
    for (size_t i = 0; i < 3; i++) {
        make_repository(i);
    }
    infer_fake_init(&rig.preprocess, &served);
    infer_fake_init(&rig.engine, &served);
    infer_fake_init(&rig.green, &served);
    manual_mailbox_init(&rig.mailbox);
    const struct follower_options options = {
        .preprocess = &rig.preprocess.base,
        .engine_of = engine_of,
        .mailbox = &rig.mailbox.base,
        .now_ns = now_ns,
        .timeout_ns = 1000,
        .publish = publish,
        .context = &rig,
    };
    EXPECT_OK(follower_create(&options, &repositories[0], &rig.follower));
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    follower_destroy(rig->follower);
    repository_unref(rig->published);
    manual_mailbox_deinit(&rig->mailbox);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(repositories[i].reference_count_, 1);
        assert_int_equal(versions[i].reference_count_, 1);
    }
    return 0;
}

static void run_all(struct rig *rig)
{
    while (manual_mailbox_run(&rig->mailbox) > 0) {
    }
}

static uint64_t current(const struct rig *rig)
{
    assert_non_null(rig->published);
    return rig->published->models[0].choice->number;
}

static void tag_moves_when_both_services_are_ready(void **state)
{
    struct rig *rig = *state;

    follower_follow(rig->follower, &repositories[1]);
    assert_int_equal(rig->publish_count, 0);
    run_all(rig);

    assert_int_equal(rig->publish_count, 1);
    assert_int_equal(current(rig), 2);
    assert_int_equal(rig->preprocess.submit_count, 1);
    assert_int_equal(rig->engine.submit_count, 1);
    assert_true(follower_is_settled(rig->follower));
}

static void tag_stays_until_the_engine_is_ready(void **state)
{
    struct rig *rig = *state;
    rig->engine.status = GALEN_UNAVAILABLE;
    rig->engine.why = "it is being loaded";

    follower_follow(rig->follower, &repositories[1]);
    run_all(rig);
    assert_int_equal(current(rig), 1);
    assert_string_equal(rig->published->models[0].why_not.text, "it is being loaded");
    assert_false(follower_is_settled(rig->follower));

    rig->engine.status = GALEN_OK;
    follower_retry(rig->follower);
    run_all(rig);
    assert_int_equal(current(rig), 2);
    assert_true(follower_is_settled(rig->follower));
}

static void engine_is_not_asked_for_what_cannot_be_preprocessed(void **state)
{
    struct rig *rig = *state;
    rig->preprocess.status = GALEN_UNAVAILABLE;
    rig->preprocess.why = "no tokenizer";

    follower_follow(rig->follower, &repositories[1]);
    run_all(rig);

    assert_int_equal(rig->engine.submit_count, 0);
    assert_int_equal(current(rig), 1);
    assert_string_equal(rig->published->models[0].why_not.text, "no tokenizer");
}

static void version_without_contract_needs_the_engine_only(void **state)
{
    struct rig *rig = *state;

    follower_follow(rig->follower, &repositories[2]);
    run_all(rig);

    assert_int_equal(rig->preprocess.submit_count, 0);
    assert_int_equal(current(rig), 3);
}

static void what_is_desired_while_it_asks_is_asked_for_next(void **state)
{
    struct rig *rig = *state;
    rig->engine.holds = true;
    follower_follow(rig->follower, &repositories[1]);
    run_all(rig);
    follower_follow(rig->follower, &repositories[2]);
    follower_follow(rig->follower, &repositories[0]);
    assert_int_equal(rig->publish_count, 0);

    rig->engine.holds = false;
    infer_fake_answer(&rig->engine, infer_fake_next(&rig->engine));
    run_all(rig);

    assert_int_equal(current(rig), 1);
    assert_true(follower_is_settled(rig->follower));
}

static void what_serves_is_not_asked_for_again(void **state)
{
    struct rig *rig = *state;

    follower_follow(rig->follower, &repositories[0]);
    follower_retry(rig->follower);
    run_all(rig);

    assert_int_equal(rig->engine.submit_count, 0);
    assert_int_equal(rig->publish_count, 1);
}

/* 1 is current, and 2 is tried. */
static void want_canary(size_t i)
{
    static const struct repository_tag both[] = {{"canary", 2, 0}, {"current", 1, 0}};
    models[i].tags = both;
    models[i].tag_count = 2;
    models[i].choice = &versions[0];
    models[i].rollout = (struct release_rollout){.version = 2, .share = 1, .started = 1};
}

static uint64_t canary(const struct rig *rig)
{
    return rig->published->models[0].rollout.version;
}

static void canary_takes_no_traffic_until_the_engine_is_ready(void **state)
{
    struct rig *rig = *state;
    rig->engine.status = GALEN_UNAVAILABLE;
    rig->engine.why = "it is being loaded";
    want_canary(1);
    want_canary(2);

    follower_follow(rig->follower, &repositories[1]);
    run_all(rig);
    assert_int_equal(canary(rig), 0);
    follower_retry(rig->follower);
    run_all(rig);
    assert_int_equal(canary(rig), 0);
    follower_follow(rig->follower, &repositories[2]);
    run_all(rig);
    assert_int_equal(canary(rig), 0);
    assert_false(follower_is_settled(rig->follower));

    rig->engine.status = GALEN_OK;
    follower_retry(rig->follower);
    run_all(rig);
    assert_int_equal(canary(rig), 2);
    assert_true(follower_is_settled(rig->follower));
}

static void model_moves_to_other_engines_once_these_are_ready(void **state)
{
    struct rig *rig = *state;
    release_engine_set(models[1].engines.current, "green");
    rig->green.status = GALEN_UNAVAILABLE;
    rig->green.why = "it is being loaded";
    follower_follow(rig->follower, &repositories[1]);
    run_all(rig);
    assert_string_equal(rig->published->models[0].engines.current, "");
    assert_true(rig->published->models[0].awaits_engines);

    rig->green.status = GALEN_OK;
    follower_retry(rig->follower);
    run_all(rig);
    assert_string_equal(rig->published->models[0].engines.current, "green");
    assert_false(rig->published->models[0].awaits_engines);
}

static void engines_that_are_not_configured_are_told_of(void **state)
{
    struct rig *rig = *state;
    models[1].choice = models[0].choice;
    release_engine_set(models[1].engines.current, "blue");
    follower_follow(rig->follower, &repositories[1]);
    run_all(rig);
    assert_string_equal(rig->published->models[0].engines.current, "");
    assert_non_null(strstr(rig->published->models[0].why_not.text,
                           "engines 'blue', which this gateway's configuration has not"));
    assert_false(follower_is_settled(rig->follower));
}

static void canary_of_the_beginning_is_asked_for_first(void **state)
{
    struct rig *rig = *state;
    rig->engine.status = GALEN_UNAVAILABLE;
    rig->engine.why = "it is being loaded";
    want_canary(0);

    follower_follow(rig->follower, &repositories[0]);
    run_all(rig);
    assert_int_equal(rig->engine.submit_count, 1);
    assert_int_equal(canary(rig), 0);
    assert_int_equal(current(rig), 1);
}

static void on_idle(struct task *task)
{
    LIST_ITEM(task, struct rig, idle)->is_idle = true;
}

static void question_under_way_is_waited_for_at_the_end(void **state)
{
    struct rig *rig = *state;
    rig->engine.holds = true;
    rig->idle.run = on_idle;
    follower_follow(rig->follower, &repositories[1]);
    run_all(rig);

    follower_finish(rig->follower, &rig->idle);
    run_all(rig);
    assert_false(rig->is_idle);
    infer_fake_answer(&rig->engine, infer_fake_next(&rig->engine));
    run_all(rig);

    assert_true(rig->is_idle);
    assert_int_equal(rig->publish_count, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tag_moves_when_both_services_are_ready),
        TEST(tag_stays_until_the_engine_is_ready),
        TEST(engine_is_not_asked_for_what_cannot_be_preprocessed),
        TEST(version_without_contract_needs_the_engine_only),
        TEST(what_is_desired_while_it_asks_is_asked_for_next),
        TEST(what_serves_is_not_asked_for_again),
        TEST(canary_takes_no_traffic_until_the_engine_is_ready),
        TEST(model_moves_to_other_engines_once_these_are_ready),
        TEST(engines_that_are_not_configured_are_told_of),
        TEST(canary_of_the_beginning_is_asked_for_first),
        TEST(question_under_way_is_waited_for_at_the_end),
    };
    return cmocka_run_group_tests_name("follower", tests, NULL, NULL);
}
