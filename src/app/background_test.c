/* SPDX-License-Identifier: Apache-2.0 */
#include "app/background.h"

#include "base/limits.h"
#include "expect.h"
#include "manual_mailbox.h"

enum { DEADLINE_MS = 5000, FOREVER_MS = 3600000 };

struct rig {
    struct manual_mailbox mailbox;
    struct background *background;
    size_t held;
};

struct work {
    struct background_job job;
    bool was_cut_short;
    bool is_done;
};

static struct rig rig;

static void hold(void *context)
{
    ((struct rig *)context)->held++;
}

static void let_go(void *context)
{
    ((struct rig *)context)->held--;
}

static int begin(void **state)
{
    (void)state;
    rig = (struct rig){.held = 0};
    manual_mailbox_init(&rig.mailbox);
    const struct background_options options = {
        .mailbox = &rig.mailbox.base, .hold = hold, .let_go = let_go, .context = &rig};
    EXPECT_OK(background_create(&options, &rig.background));
    return 0;
}

static int end(void **state)
{
    (void)state;
    background_destroy(rig.background);
    manual_mailbox_deinit(&rig.mailbox);
    return 0;
}

static void pause_for_ever(struct background_job *job)
{
    struct work *work = LIST_ITEM(job, struct work, job);
    work->was_cut_short = !background_pause(job, FOREVER_MS);
}

static void pause_shortly(struct background_job *job)
{
    struct work *work = LIST_ITEM(job, struct work, job);
    work->was_cut_short = !background_pause(job, 1);
}

static void on_done(struct background_job *job)
{
    LIST_ITEM(job, struct work, job)->is_done = true;
}

static struct work work_of(const char *key, void (*run)(struct background_job *job))
{
    return (struct work){.job = {.key = key, .run = run, .done = on_done}};
}

static void await(const struct work *work)
{
    while (!work->is_done) {
        assert_true(manual_mailbox_wait(&rig.mailbox, DEADLINE_MS) > 0);
    }
}

static void a_job_runs_elsewhere_and_is_done_on_the_loop(void **state)
{
    struct work work = work_of(NULL, pause_shortly);
    (void)state;
    EXPECT_OK(background_start(rig.background, &work.job, NULL));
    assert_false(work.is_done);
    assert_int_equal(rig.held, 1);
    await(&work);
    assert_false(work.was_cut_short);
    assert_int_equal(rig.held, 0);
}

static void no_two_of_a_key_are_under_way(void **state)
{
    struct work first = work_of("m", pause_for_ever);
    struct work same = work_of("m", pause_shortly);
    struct work other = work_of("n", pause_shortly);
    struct error error;
    (void)state;
    EXPECT_OK(background_start(rig.background, &first.job, NULL));
    EXPECT_STATUS(GALEN_CONFLICT, background_start(rig.background, &same.job, &error));
    EXPECT_OK(background_start(rig.background, &other.job, NULL));
    await(&other);
    background_end(rig.background);
    await(&first);
}

static void more_than_there_may_be_are_refused(void **state)
{
    static struct work works[LIMIT_BACKGROUND_JOB_COUNT_MAX];
    struct work one_more = work_of(NULL, pause_shortly);
    struct error error;
    (void)state;
    for (size_t i = 0; i < LIMIT_BACKGROUND_JOB_COUNT_MAX; i++) {
        works[i] = work_of(NULL, pause_for_ever);
        EXPECT_OK(background_start(rig.background, &works[i].job, NULL));
    }
    EXPECT_STATUS(GALEN_BUSY, background_start(rig.background, &one_more.job, &error));
    background_end(rig.background);
    for (size_t i = 0; i < LIMIT_BACKGROUND_JOB_COUNT_MAX; i++) {
        await(&works[i]);
    }
}

static void at_the_end_nobody_waits_and_nothing_begins(void **state)
{
    struct work work = work_of(NULL, pause_for_ever);
    struct work late = work_of(NULL, pause_shortly);
    struct error error;
    (void)state;
    EXPECT_OK(background_start(rig.background, &work.job, NULL));
    background_end(rig.background);
    EXPECT_STATUS(GALEN_UNAVAILABLE, background_start(rig.background, &late.job, &error));
    await(&work);
    assert_true(work.was_cut_short);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_job_runs_elsewhere_and_is_done_on_the_loop, begin,
                                        end),
        cmocka_unit_test_setup_teardown(no_two_of_a_key_are_under_way, begin, end),
        cmocka_unit_test_setup_teardown(more_than_there_may_be_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(at_the_end_nobody_waits_and_nothing_begins, begin,
                                        end),
    };
    return cmocka_run_group_tests_name("background", tests, NULL, NULL);
}
