/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scheduler.h"

#include "base/clock.h"
#include "expect.h"

static const struct batcher_settings settings = {
    .row_count_max = 4, .queue_count_max = 4, .wait_ns_max = 0};

struct fixture {
    struct arena arena;
    struct scheduler *scheduler;
    struct scheduler_entry entries[8];
    struct batch batch;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    arena_init(&fixture.arena, 65536);
    EXPECT_OK(scheduler_create(&settings, &fixture.arena, &fixture.scheduler));
    for (size_t i = 0; i < 8; i++) {
        fixture.entries[i].waiting =
            (struct batcher_entry){.row_count = 1, .deadline_ns = CLOCK_NEVER};
    }
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    assert_true(scheduler_is_idle(fixture->scheduler));
    arena_deinit(&fixture->arena);
    return 0;
}

static void submit(struct fixture *fixture, size_t count, uint64_t now_ns)
{
    for (size_t i = 0; i < count; i++) {
        EXPECT_OK(scheduler_submit(fixture->scheduler, &fixture->entries[i], now_ns));
    }
}

static const struct scheduler_statistics *statistics(const struct fixture *fixture)
{
    return scheduler_statistics(fixture->scheduler);
}

static void what_queued_while_it_was_busy_is_joined(void **state)
{
    struct fixture *fixture = *state;
    submit(fixture, 3, 10);

    assert_int_equal(scheduler_due_ns(fixture->scheduler), 10);
    assert_true(scheduler_pull(fixture->scheduler, 20, &fixture->batch));

    assert_int_equal(fixture->batch.entries.count, 3);
    assert_false(scheduler_is_idle(fixture->scheduler));
    for (size_t i = 0; i < 3; i++) {
        EXPECT_OK(scheduler_finish(fixture->scheduler, &fixture->entries[i], GALEN_OK, 50));
    }
    assert_int_equal(statistics(fixture)->success_count, 3);
    assert_int_equal(statistics(fixture)->execution_count, 1);
    assert_int_equal(statistics(fixture)->row_count, 3);
    assert_int_equal(statistics(fixture)->queue_ns, 30);
    assert_int_equal(statistics(fixture)->compute_ns, 90);
    assert_int_equal(statistics(fixture)->request_ns, 120);
}

static void full_queue_is_busy(void **state)
{
    struct fixture *fixture = *state;
    submit(fixture, 4, 10);

    EXPECT_STATUS(GALEN_BUSY,
                  scheduler_submit(fixture->scheduler, &fixture->entries[4], 10));

    assert_int_equal(statistics(fixture)->rejected_count, 1);
    for (size_t i = 0; i < 4; i++) {
        assert_true(scheduler_cancel(fixture->scheduler, &fixture->entries[i]));
    }
}

static void passed_deadline_is_refused_at_submit(void **state)
{
    struct fixture *fixture = *state;
    fixture->entries[0].waiting.deadline_ns = 10;

    EXPECT_STATUS(GALEN_TIMEOUT,
                  scheduler_submit(fixture->scheduler, &fixture->entries[0], 10));

    assert_int_equal(statistics(fixture)->timeout_count, 1);
}

static void waiting_request_expires(void **state)
{
    struct fixture *fixture = *state;
    fixture->entries[0].waiting.deadline_ns = 30;
    submit(fixture, 1, 10);

    assert_null(scheduler_expire(fixture->scheduler, 29));
    assert_ptr_equal(scheduler_expire(fixture->scheduler, 30), &fixture->entries[0]);

    assert_int_equal(statistics(fixture)->timeout_count, 1);
    assert_false(scheduler_cancel(fixture->scheduler, &fixture->entries[0]));
}

static void cancelled_while_waiting_never_runs(void **state)
{
    struct fixture *fixture = *state;
    submit(fixture, 1, 10);

    assert_true(scheduler_cancel(fixture->scheduler, &fixture->entries[0]));

    assert_false(scheduler_pull(fixture->scheduler, 20, &fixture->batch));
    assert_int_equal(statistics(fixture)->cancelled_count, 1);
}

static void cancelled_while_running_is_told_at_finish(void **state)
{
    struct fixture *fixture = *state;
    submit(fixture, 2, 10);
    assert_true(scheduler_pull(fixture->scheduler, 20, &fixture->batch));

    assert_false(scheduler_cancel(fixture->scheduler, &fixture->entries[0]));

    EXPECT_STATUS(GALEN_CANCELLED,
                  scheduler_finish(fixture->scheduler, &fixture->entries[0], GALEN_OK, 30));
    EXPECT_OK(scheduler_finish(fixture->scheduler, &fixture->entries[1], GALEN_OK, 30));
}

static void failure_of_a_run_is_told_and_counted(void **state)
{
    struct fixture *fixture = *state;
    submit(fixture, 1, 10);
    assert_true(scheduler_pull(fixture->scheduler, 20, &fixture->batch));

    EXPECT_STATUS(GALEN_INTERNAL, scheduler_finish(fixture->scheduler, &fixture->entries[0],
                                                   GALEN_INTERNAL, 30));

    assert_int_equal(statistics(fixture)->failed_count, 1);
    assert_int_equal(statistics(fixture)->success_count, 0);
}

static void draining_refuses_new_and_finishes_old(void **state)
{
    struct fixture *fixture = *state;
    submit(fixture, 1, 10);

    scheduler_drain(fixture->scheduler);

    EXPECT_STATUS(GALEN_UNAVAILABLE,
                  scheduler_submit(fixture->scheduler, &fixture->entries[1], 10));
    assert_true(scheduler_pull(fixture->scheduler, 10, &fixture->batch));
    EXPECT_OK(scheduler_finish(fixture->scheduler, &fixture->entries[0], GALEN_OK, 20));
}

static void evicted_request_is_given_back_unrun(void **state)
{
    struct fixture *fixture = *state;
    submit(fixture, 2, 10);
    scheduler_drain(fixture->scheduler);

    assert_ptr_equal(scheduler_evict(fixture->scheduler), &fixture->entries[0]);
    assert_ptr_equal(scheduler_evict(fixture->scheduler), &fixture->entries[1]);
    assert_null(scheduler_evict(fixture->scheduler));

    assert_int_equal(statistics(fixture)->rejected_count, 2);
}

static void bad_settings_make_no_scheduler(void **state)
{
    struct fixture *fixture = *state;
    struct scheduler *scheduler = NULL;
    const struct batcher_settings none = {0};
    EXPECT_STATUS(GALEN_INVALID, scheduler_create(&none, &fixture->arena, &scheduler));
    assert_null(scheduler);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_queued_while_it_was_busy_is_joined),
        TEST(full_queue_is_busy),
        TEST(passed_deadline_is_refused_at_submit),
        TEST(waiting_request_expires),
        TEST(cancelled_while_waiting_never_runs),
        TEST(cancelled_while_running_is_told_at_finish),
        TEST(failure_of_a_run_is_told_and_counted),
        TEST(draining_refuses_new_and_finishes_old),
        TEST(evicted_request_is_given_back_unrun),
        TEST(bad_settings_make_no_scheduler),
    };
    return cmocka_run_group_tests_name("scheduler", tests, NULL, NULL);
}
