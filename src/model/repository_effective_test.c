/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"
#include "model/repository.h"

#include <string.h>

enum { NUMBER_MAX = 4 };

/* Two objects a number: as a version was, and as it is now. */
static struct repository_version old_form[NUMBER_MAX + 1];
static struct repository_version new_form[NUMBER_MAX + 1];

/* A repository of one model. */
struct sample {
    struct repository_version *versions[NUMBER_MAX];
    struct repository_tag tags[3];
    struct repository_model model;
    struct repository repository;
};

struct rig {
    struct sample desired;
    struct sample before;
    struct repository *effective;
    const struct repository_version *unready[4];
    size_t unready_count;
    size_t question_count;
    const char *dead_engine;
    bool distrusts_engines;
    uint64_t now_ns;
};

static void sample_init(struct sample *sample)
{
    *sample = (struct sample){.model = {.name = "m", .usable = true}};
    sample->model.versions = sample->versions;
    sample->model.tags = sample->tags;
    sample->repository = (struct repository){.path = "models",
                                             .models = &sample->model,
                                             .model_count = 1,
                                             .reference_count_ = 1};
}

static int set_up(void **state)
{
    static struct rig rig;
    rig = (struct rig){.dead_engine = "dead"};
    for (size_t i = 0; i <= NUMBER_MAX; i++) {
        old_form[i] = (struct repository_version){
            .number = i, .number_text = "n", .usable = true, .reference_count_ = 1};
        new_form[i] = old_form[i];
    }
    sample_init(&rig.desired);
    sample_init(&rig.before);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    repository_unref(rig->effective);
    for (size_t i = 0; i <= NUMBER_MAX; i++) {
        assert_int_equal(old_form[i].reference_count_, 1);
        assert_int_equal(new_form[i].reference_count_, 1);
    }
    return 0;
}

static void add_version(struct sample *sample, struct repository_version *version)
{
    sample->versions[sample->model.version_count++] = version;
}

static void add_tag(struct sample *sample, const char *name, uint64_t number)
{
    sample->tags[sample->model.tag_count++] =
        (struct repository_tag){.name = name, .version = number};
    if (strcmp(name, "current") == 0) {
        sample->model.choice = repository_model_version(&sample->model, number);
    }
}

static bool is_ready(void *context, const struct repository_model *model,
                     const struct repository_version *version, const char *engine,
                     struct error *out_why)
{
    struct rig *rig = context;
    if (strcmp(engine, rig->dead_engine) == 0) {
        (void)error_set(out_why, GALEN_UNAVAILABLE, "nobody is there");
        return false;
    }
    assert_string_equal(model->name, "m");
    rig->question_count++;
    for (size_t i = 0; i < rig->unready_count; i++) {
        if (rig->unready[i] == version) {
            (void)error_set(out_why, GALEN_UNAVAILABLE, "it is broken");
            return false;
        }
    }
    return true;
}

static const struct repository_model *merge(struct rig *rig, bool has_before)
{
    const struct repository_readiness readiness = {.is_ready = is_ready,
                                                   .context = rig,
                                                   .linger_ns = 100,
                                                   .now_ns = rig->now_ns,
                                                   .distrusts_engines =
                                                       rig->distrusts_engines};
    EXPECT_OK(repository_effective(&rig->desired.repository,
                                   has_before ? &rig->before.repository : NULL, &readiness,
                                   &rig->effective));
    assert_string_equal(rig->effective->path, "models");
    assert_int_equal(rig->effective->model_count, 1);
    return &rig->effective->models[0];
}

static const struct repository_version *resolve(const struct repository_model *model,
                                                const char *wanted)
{
    return repository_resolve(model, bytes_from_string(wanted));
}

/* Version 1 serves. */
static void serve_first(struct rig *rig)
{
    add_version(&rig->before, &old_form[1]);
    add_tag(&rig->before, "current", 1);
}

/* Version 1 serves, and 2 is to. */
static void serve_first_want_second(struct rig *rig)
{
    serve_first(rig);
    add_version(&rig->desired, &old_form[1]);
    add_version(&rig->desired, &old_form[2]);
    add_tag(&rig->desired, "current", 2);
}

static void tag_moves_when_its_version_is_ready(void **state)
{
    struct rig *rig = *state;
    serve_first_want_second(rig);
    add_tag(&rig->desired, "previous", 1);

    const struct repository_model *model = merge(rig, true);

    assert_ptr_equal(resolve(model, ""), &old_form[2]);
    assert_ptr_equal(resolve(model, "current"), &old_form[2]);
    assert_ptr_equal(resolve(model, "previous"), &old_form[1]);
    assert_true(model->usable);
    assert_string_equal(model->why_not.text, "");
}

static void want_canary(struct rig *rig)
{
    serve_first(rig);
    add_version(&rig->desired, &old_form[1]);
    add_version(&rig->desired, &old_form[2]);
    add_tag(&rig->desired, "canary", 2);
    add_tag(&rig->desired, "current", 1);
    rig->desired.model.rollout =
        (struct release_rollout){.version = 2, .share = 500, .started = 1};
}

static void canary_is_under_way_once_its_version_is_ready(void **state)
{
    struct rig *rig = *state;
    want_canary(rig);
    const struct repository_model *model = merge(rig, true);
    assert_int_equal(model->rollout.version, 2);
    assert_int_equal(model->rollout.share, 500);
    assert_ptr_equal(resolve(model, ""), &old_form[1]);
}

static void canary_that_is_not_ready_takes_no_traffic(void **state)
{
    struct rig *rig = *state;
    rig->unready[rig->unready_count++] = &old_form[2];
    want_canary(rig);
    const struct repository_model *model = merge(rig, true);
    assert_int_equal(model->rollout.version, 0);
    assert_true(model->usable);
    assert_string_equal(model->why_not.text, "it is broken");
}

static void canary_waits_for_the_version_that_it_is_held_against(void **state)
{
    struct rig *rig = *state;
    want_canary(rig);
    rig->desired.model.tag_count = 0;
    add_version(&rig->desired, &old_form[3]);
    add_tag(&rig->desired, "canary", 2);
    add_tag(&rig->desired, "current", 3);
    rig->unready[rig->unready_count++] = &old_form[3];
    assert_int_equal(merge(rig, true)->rollout.version, 0);
}

/* Version 1 serves, and is to on these engines. */
static void want_engine(struct rig *rig, const char *engine)
{
    serve_first(rig);
    add_version(&rig->desired, &old_form[1]);
    add_tag(&rig->desired, "current", 1);
    add_tag(&rig->desired, "previous", 1);
    release_engine_set(rig->desired.model.engines.current, engine);
}

static void engines_take_over_once_they_are_ready(void **state)
{
    struct rig *rig = *state;
    want_engine(rig, "green");
    const struct repository_model *model = merge(rig, true);
    assert_string_equal(model->engines.current, "green");
    assert_string_equal(repository_engine(model, 1), "green");
    assert_false(model->awaits_engines);
    assert_true(model->usable);
}

static void engines_that_are_not_ready_change_nothing(void **state)
{
    struct rig *rig = *state;
    want_engine(rig, "dead");
    const struct repository_model *model = merge(rig, true);
    assert_string_equal(model->engines.current, "");
    assert_true(model->awaits_engines);
    assert_true(model->usable);
    assert_string_equal(model->why_not.text, "nobody is there");
    assert_ptr_equal(resolve(model, ""), &old_form[1]);
}

static void version_does_not_move_without_its_engines(void **state)
{
    struct rig *rig = *state;
    serve_first_want_second(rig);
    add_tag(&rig->desired, "previous", 1);
    release_engine_set(rig->desired.model.engines.current, "dead");
    rig->unready[rig->unready_count++] = &old_form[2];
    const struct repository_model *model = merge(rig, true);
    assert_ptr_equal(resolve(model, ""), &old_form[1]);
    assert_string_equal(repository_engine(model, 1), "");
}

static void engines_of_the_beginning_are_not_taken_for_ready(void **state)
{
    struct rig *rig = *state;
    want_engine(rig, "dead");
    release_engine_set(rig->before.model.engines.current, "dead");
    rig->distrusts_engines = true;
    const struct repository_model *model = merge(rig, true);
    assert_string_equal(model->engines.current, "");
    assert_true(model->usable);
}

static void canary_of_the_same_version_needs_its_engines(void **state)
{
    struct rig *rig = *state;
    want_engine(rig, "");
    rig->desired.tags[1].name = "canary";
    rig->desired.model.rollout =
        (struct release_rollout){.version = 1, .share = 500, .started = 1};
    release_engine_set(rig->desired.model.rollout.engine, "green");
    assert_int_equal(merge(rig, true)->rollout.version, 1);
    assert_false(rig->effective->models[0].awaits_engines);
    repository_unref(rig->effective);
    release_engine_set(rig->desired.model.rollout.engine, "dead");
    assert_int_equal(merge(rig, true)->rollout.version, 0);
    assert_true(rig->effective->models[0].awaits_engines);
    assert_true(rig->effective->models[0].usable);
}

static void versions_run_where_they_are_tried_or_were(void **state)
{
    struct rig *rig = *state;
    struct repository_model *model = &rig->desired.model;
    for (size_t i = 1; i <= 3; i++) {
        add_version(&rig->desired, &old_form[i]);
    }
    add_tag(&rig->desired, "previous", 1);
    add_tag(&rig->desired, "current", 2);
    model->rollout = (struct release_rollout){.version = 3};
    model->engines = (struct release_engines){.current = "green", .previous = "blue"};
    assert_string_equal(repository_engine(model, 1), "blue");
    assert_string_equal(repository_engine(model, 2), "green");
    assert_string_equal(repository_engine(model, 3), "green");
    release_engine_set(model->rollout.engine, "gpu");
    assert_string_equal(repository_engine(model, 3), "gpu");
}

static void tag_stays_while_its_version_is_not_ready(void **state)
{
    struct rig *rig = *state;
    rig->unready[rig->unready_count++] = &old_form[2];
    serve_first_want_second(rig);

    const struct repository_model *model = merge(rig, true);

    assert_ptr_equal(resolve(model, ""), &old_form[1]);
    assert_ptr_equal(resolve(model, "current"), &old_form[1]);
    assert_true(model->usable);
    assert_string_equal(model->why_not.text, "it is broken");
}

static void tag_of_a_version_that_is_gone_stays_with_what_serves(void **state)
{
    struct rig *rig = *state;
    serve_first(rig);
    add_version(&rig->desired, &old_form[2]);
    add_tag(&rig->desired, "current", 0);
    rig->desired.model.usable = false;
    (void)error_set(&rig->desired.model.why_not, GALEN_INVALID, "there is no version 1");

    const struct repository_model *model = merge(rig, true);

    assert_ptr_equal(resolve(model, "current"), &old_form[1]);
    assert_ptr_equal(resolve(model, "1"), &old_form[1]);
    assert_ptr_equal(resolve(model, "2"), &old_form[2]);
    assert_true(model->usable);
    assert_string_equal(model->why_not.text, "there is no version 1");
}

static void at_first_a_tag_is_where_it_should_be_and_the_model_says_why_not(void **state)
{
    struct rig *rig = *state;
    rig->unready[rig->unready_count++] = &old_form[1];
    add_version(&rig->desired, &old_form[1]);
    add_tag(&rig->desired, "current", 1);

    const struct repository_model *model = merge(rig, false);

    assert_ptr_equal(resolve(model, ""), &old_form[1]);
    assert_false(model->usable);
    assert_string_equal(model->why_not.text, "it is broken");
}

static void version_that_changed_and_is_broken_stays_as_it_was(void **state)
{
    struct rig *rig = *state;
    rig->unready[rig->unready_count++] = &new_form[1];
    serve_first(rig);
    add_version(&rig->desired, &new_form[1]);
    add_tag(&rig->desired, "current", 1);

    const struct repository_model *model = merge(rig, true);

    assert_ptr_equal(resolve(model, ""), &old_form[1]);
    assert_true(model->usable);
}

static void tag_that_is_removed_is_gone(void **state)
{
    struct rig *rig = *state;
    serve_first(rig);
    add_tag(&rig->before, "canary", 1);
    add_version(&rig->desired, &old_form[1]);
    add_tag(&rig->desired, "current", 1);

    const struct repository_model *model = merge(rig, true);

    assert_null(resolve(model, "canary"));
    assert_int_equal(model->tag_count, 1);
}

static void model_without_current_has_no_choice_whatever_served(void **state)
{
    struct rig *rig = *state;
    add_version(&rig->before, &old_form[1]);
    rig->before.model.choice = &old_form[1];
    add_version(&rig->desired, &old_form[1]);
    add_tag(&rig->desired, "canary", 1);

    const struct repository_model *model = merge(rig, true);

    assert_null(resolve(model, ""));
    assert_ptr_equal(resolve(model, "canary"), &old_form[1]);
}

static void folder_that_cannot_be_read_any_more_changes_nothing(void **state)
{
    struct rig *rig = *state;
    add_version(&rig->before, &old_form[1]);
    add_version(&rig->before, &old_form[2]);
    add_tag(&rig->before, "current", 2);
    add_tag(&rig->before, "previous", 1);
    rig->desired.model.usable = false;
    (void)error_set(&rig->desired.model.why_not, GALEN_UNAVAILABLE, "cannot be read");

    const struct repository_model *model = merge(rig, true);

    assert_ptr_equal(resolve(model, ""), &old_form[2]);
    assert_ptr_equal(resolve(model, "previous"), &old_form[1]);
    assert_true(model->usable);
    assert_string_equal(model->why_not.text, "cannot be read");
}

static void version_that_nobody_keeps_is_not_asked_about(void **state)
{
    struct rig *rig = *state;
    add_version(&rig->desired, &old_form[1]);
    add_version(&rig->desired, &old_form[2]);
    add_version(&rig->desired, &old_form[3]);
    add_tag(&rig->desired, "current", 2);

    (void)merge(rig, false);

    assert_int_equal(rig->question_count, 1);
}

/* Makes what serves now what served before. */
static void go_on(struct rig *rig)
{
    rig->before.model = rig->effective->models[0];
}

static void version_without_a_tag_lingers(void **state)
{
    struct rig *rig = *state;
    serve_first_want_second(rig);
    rig->now_ns = 1000;

    const struct repository_model *model = merge(rig, true);
    assert_true(repository_is_kept(model, 1));
    assert_ptr_equal(resolve(model, ""), &old_form[2]);
    assert_int_equal(repository_lingers_until(rig->effective), 1100);

    scoped(repository) first = take(&rig->effective);
    rig->effective = repository_ref(first);
    go_on(rig);
    rig->now_ns = 1099;
    repository_unref(take(&rig->effective));
    model = merge(rig, true);
    assert_true(repository_is_kept(model, 1));
    assert_int_equal(repository_lingers_until(rig->effective), 1100);

    rig->now_ns = 1100;
    repository_unref(take(&rig->effective));
    model = merge(rig, true);
    assert_false(repository_is_kept(model, 1));
    assert_int_equal(repository_lingers_until(rig->effective), UINT64_MAX);
}

static void version_that_is_tagged_again_lingers_no_more(void **state)
{
    struct rig *rig = *state;
    add_version(&rig->before, &old_form[1]);
    add_version(&rig->before, &old_form[2]);
    add_tag(&rig->before, "current", 2);
    rig->before.tags[rig->before.model.tag_count++] =
        (struct repository_tag){.name = "", .version = 1, .until_ns = 50};
    add_version(&rig->desired, &old_form[1]);
    add_version(&rig->desired, &old_form[2]);
    add_tag(&rig->desired, "current", 1);
    add_tag(&rig->desired, "previous", 2);

    const struct repository_model *model = merge(rig, true);

    assert_int_equal(model->tag_count, 2);
    assert_int_equal(repository_lingers_until(rig->effective), UINT64_MAX);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tag_moves_when_its_version_is_ready),
        TEST(canary_is_under_way_once_its_version_is_ready),
        TEST(canary_that_is_not_ready_takes_no_traffic),
        TEST(canary_waits_for_the_version_that_it_is_held_against),
        TEST(engines_take_over_once_they_are_ready),
        TEST(engines_that_are_not_ready_change_nothing),
        TEST(version_does_not_move_without_its_engines),
        TEST(engines_of_the_beginning_are_not_taken_for_ready),
        TEST(canary_of_the_same_version_needs_its_engines),
        TEST(versions_run_where_they_are_tried_or_were),
        TEST(tag_stays_while_its_version_is_not_ready),
        TEST(tag_of_a_version_that_is_gone_stays_with_what_serves),
        TEST(at_first_a_tag_is_where_it_should_be_and_the_model_says_why_not),
        TEST(version_that_changed_and_is_broken_stays_as_it_was),
        TEST(tag_that_is_removed_is_gone),
        TEST(model_without_current_has_no_choice_whatever_served),
        TEST(folder_that_cannot_be_read_any_more_changes_nothing),
        TEST(version_that_nobody_keeps_is_not_asked_about),
        TEST(version_without_a_tag_lingers),
        TEST(version_that_is_tagged_again_lingers_no_more),
    };
    return cmocka_run_group_tests_name("repository_effective", tests, NULL, NULL);
}
