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

/* Ends the run of the fixture's batch, with this status for all. */
static void finish(struct fixture *fixture, enum galen_status status, uint64_t now_ns)
{
    const struct compute_times times = {.input_ns = 1, .infer_ns = 20, .output_ns = 3};
    for (struct list_link *link = list_first(&fixture->batch.entries); link != NULL;
         link = list_next(&fixture->batch.entries, link)) {
        scheduler_entry_of(link)->status = status;
    }
    scheduler_finish(fixture->scheduler, &fixture->batch, &times, now_ns);
}

static void expect_answer(struct fixture *fixture, size_t index, enum galen_status status)
{
    const struct scheduler_entry *entry = scheduler_take(fixture->scheduler);
    assert_ptr_equal(entry, &fixture->entries[index]);
    EXPECT_STATUS(status, entry->status);
}

static void expect_failures(const struct fixture *fixture, enum scheduler_failure failure,
                            uint64_t count, uint64_t ns)
{
    assert_int_equal(statistics(fixture)->failure_counts[failure], count);
    assert_int_equal(statistics(fixture)->fail.count, count);
    assert_int_equal(statistics(fixture)->fail.ns, ns);
    assert_int_equal(statistics(fixture)->success.count, 0);
    assert_int_equal(statistics(fixture)->execution_count, 0);
}

static void what_queued_while_it_was_busy_is_joined(void **state)
{
    struct fixture *fixture = *state;
    submit(fixture, 3, 10);

    assert_int_equal(scheduler_due_ns(fixture->scheduler), 10);
    assert_true(scheduler_pull(fixture->scheduler, 20, &fixture->batch));

    assert_int_equal(fixture->batch.entries.count, 3);
    finish(fixture, GALEN_OK, 50);
    assert_false(scheduler_is_idle(fixture->scheduler));
    for (size_t i = 0; i < 3; i++) {
        expect_answer(fixture, i, GALEN_OK);
    }
    assert_null(scheduler_take(fixture->scheduler));
}

static void expect_duration(const struct scheduler_duration *duration,
                            const struct histogram *histogram, uint64_t count, uint64_t ns)
{
    assert_int_equal(duration->count, count);
    assert_int_equal(duration->ns, ns);
    assert_int_equal(histogram->sum, ns);
    assert_int_equal(histogram_count_up_to(histogram, histogram->bounds->count), count);
}

static void each_request_is_charged_with_what_its_batch_took(void **state)
{
    struct fixture *fixture = *state;
    const struct scheduler_statistics *counts = statistics(fixture);
    fixture->entries[1].waiting.row_count = 2;
    submit(fixture, 2, 10);
    assert_true(scheduler_pull(fixture->scheduler, 20, &fixture->batch));
    finish(fixture, GALEN_OK, 50);
    expect_answer(fixture, 0, GALEN_OK);
    expect_answer(fixture, 1, GALEN_OK);

    expect_duration(&counts->success, &counts->request_ns, 2, 80);
    expect_duration(&counts->queue, &counts->queue_ns, 2, 20);
    expect_duration(&counts->compute_input, &counts->compute_input_ns, 2, 2);
    expect_duration(&counts->compute_infer, &counts->compute_infer_ns, 2, 40);
    expect_duration(&counts->compute_output, &counts->compute_output_ns, 2, 6);
    assert_int_equal(counts->inference_count, 3);
    assert_int_equal(counts->execution_count, 1);
    assert_int_equal(counts->batch_counts[BATCH_WAITED], 1);
    assert_int_equal(counts->batch_rows.sum, 3);
    assert_int_equal(counts->last_inference_ns, 50);
    assert_int_equal(counts->fail.count, 0);
}

static void sizes_of_batches_are_told_as_far_as_there_is_room(void **state)
{
    struct fixture *fixture = *state;
    struct scheduler_batch_size sizes[4];
    for (size_t i = 0; i < 3; i++) {
        submit(fixture, i == 0 ? 3 : 1, 10);
        assert_true(scheduler_pull(fixture->scheduler, 10, &fixture->batch));
        finish(fixture, GALEN_OK, 50);
        while (scheduler_take(fixture->scheduler) != NULL) {
        }
    }

    assert_int_equal(scheduler_batch_sizes(fixture->scheduler, sizes, 4), 2);
    assert_int_equal(sizes[0].row_count, 1);
    assert_int_equal(sizes[0].count, 2);
    assert_int_equal(sizes[0].infer_ns, 40);
    assert_int_equal(sizes[1].row_count, 3);
    assert_int_equal(sizes[1].count, 1);
    assert_int_equal(sizes[1].input_ns, 1);
    assert_int_equal(sizes[1].output_ns, 3);
    sizes[1].row_count = 7;
    assert_int_equal(scheduler_batch_sizes(fixture->scheduler, sizes, 1), 2);
    assert_int_equal(sizes[1].row_count, 7);
}

static void full_queue_is_busy(void **state)
{
    struct fixture *fixture = *state;
    submit(fixture, 4, 10);

    EXPECT_STATUS(GALEN_BUSY,
                  scheduler_submit(fixture->scheduler, &fixture->entries[4], 10));

    expect_failures(fixture, SCHEDULER_REJECTED, 1, 0);
    assert_int_equal(scheduler_queue_count_max(fixture->scheduler, &fixture->entries[4]),
                     4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(scheduler_cancel(fixture->scheduler, &fixture->entries[i], 10));
    }
}

static void passed_deadline_is_refused_at_submit(void **state)
{
    struct fixture *fixture = *state;
    fixture->entries[0].waiting.deadline_ns = 10;

    EXPECT_STATUS(GALEN_TIMEOUT,
                  scheduler_submit(fixture->scheduler, &fixture->entries[0], 10));

    expect_failures(fixture, SCHEDULER_REJECTED, 1, 0);
}

static void waiting_request_expires(void **state)
{
    struct fixture *fixture = *state;
    fixture->entries[0].waiting.deadline_ns = 50;
    submit(fixture, 1, 10);

    assert_null(scheduler_expire(fixture->scheduler, 49));
    assert_ptr_equal(scheduler_expire(fixture->scheduler, 50), &fixture->entries[0]);
    assert_null(scheduler_expire(fixture->scheduler, 50));

    EXPECT_STATUS(GALEN_TIMEOUT, fixture->entries[0].status);
    expect_failures(fixture, SCHEDULER_REJECTED, 1, 40);
    assert_false(scheduler_cancel(fixture->scheduler, &fixture->entries[0], 50));
}

static const struct batcher_level plain = {.timeout_ns = 0};

/* Another scheduler than set_up's from here on. */
static void set(struct fixture *fixture, const struct batcher_level *level,
                bool preserve_ordering)
{
    const struct batcher_settings more = {.row_count_max = 1,
                                          .queue_count_max = 4,
                                          .levels = level,
                                          .level_count = 1,
                                          .preserve_ordering = preserve_ordering};
    EXPECT_OK(scheduler_create(&more, &fixture->arena, &fixture->scheduler));
}

static void timeout_of_the_queue_is_unavailable(void **state)
{
    struct fixture *fixture = *state;
    const struct batcher_level level = {.timeout_ns = 30};
    set(fixture, &level, false);
    fixture->entries[0].waiting.deadline_ns = 50;
    fixture->entries[1].waiting.deadline_ns = 40;
    submit(fixture, 2, 10);

    assert_ptr_equal(scheduler_expire(fixture->scheduler, 60), &fixture->entries[0]);
    assert_ptr_equal(scheduler_expire(fixture->scheduler, 60), &fixture->entries[1]);

    EXPECT_STATUS(GALEN_UNAVAILABLE, fixture->entries[0].status);
    EXPECT_STATUS(GALEN_TIMEOUT, fixture->entries[1].status); /* no later than that */
    expect_failures(fixture, SCHEDULER_REJECTED, 2, 100);
}

static void cancelled_while_waiting_never_runs(void **state)
{
    struct fixture *fixture = *state;
    submit(fixture, 1, 10);

    assert_true(scheduler_cancel(fixture->scheduler, &fixture->entries[0], 15));

    assert_false(scheduler_pull(fixture->scheduler, 20, &fixture->batch));
    EXPECT_STATUS(GALEN_CANCELLED, fixture->entries[0].status);
    expect_failures(fixture, SCHEDULER_CANCELED, 1, 5);
}

static void cancelled_while_running_is_told_at_the_end(void **state)
{
    struct fixture *fixture = *state;
    submit(fixture, 2, 10);
    assert_true(scheduler_pull(fixture->scheduler, 20, &fixture->batch));

    assert_false(scheduler_cancel(fixture->scheduler, &fixture->entries[0], 25));
    finish(fixture, GALEN_OK, 30);
    assert_false(scheduler_cancel(fixture->scheduler, &fixture->entries[1], 35));

    expect_answer(fixture, 0, GALEN_CANCELLED);
    expect_answer(fixture, 1, GALEN_OK);
    assert_int_equal(statistics(fixture)->failure_counts[SCHEDULER_CANCELED], 1);
    assert_int_equal(statistics(fixture)->success.count, 1);
}

static void failure_of_a_run_is_told_and_counted(void **state)
{
    struct fixture *fixture = *state;
    submit(fixture, 1, 10);
    assert_true(scheduler_pull(fixture->scheduler, 20, &fixture->batch));

    finish(fixture, GALEN_INTERNAL, 30);

    expect_answer(fixture, 0, GALEN_INTERNAL);
    expect_failures(fixture, SCHEDULER_BACKEND, 1, 20);
}

static void lack_of_memory_is_not_the_backends_failure(void **state)
{
    struct fixture *fixture = *state;
    submit(fixture, 1, 10);
    assert_true(scheduler_pull(fixture->scheduler, 20, &fixture->batch));

    finish(fixture, GALEN_NO_MEMORY, 30);

    expect_answer(fixture, 0, GALEN_NO_MEMORY);
    expect_failures(fixture, SCHEDULER_OTHER, 1, 20);
}

/* Pulls the next batch, which is this one alone. */
static void pull(struct fixture *fixture, size_t index, uint64_t now_ns)
{
    assert_true(scheduler_pull(fixture->scheduler, now_ns, &fixture->batch));
    assert_ptr_equal(scheduler_entry_of(list_first(&fixture->batch.entries)),
                     &fixture->entries[index]);
}

static void finish_entry(struct fixture *fixture, size_t index)
{
    list_init(&fixture->batch.entries);
    list_append(&fixture->batch.entries, &fixture->entries[index].waiting.link);
    finish(fixture, GALEN_OK, 100);
}

static void answers_leave_in_the_order_of_arrival_where_it_is_kept(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, &plain, true);
    submit(fixture, 3, 10);
    for (size_t i = 0; i < 3; i++) {
        pull(fixture, i, 20);
    }

    finish_entry(fixture, 2);
    finish_entry(fixture, 1);
    assert_null(scheduler_take(fixture->scheduler));
    assert_false(scheduler_cancel(fixture->scheduler, &fixture->entries[1], 100));
    finish_entry(fixture, 0);

    for (size_t i = 0; i < 3; i++) {
        expect_answer(fixture, i, GALEN_OK);
    }
}

static void answers_do_not_wait_for_who_left_without_one(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, &plain, true);
    fixture->entries[0].waiting.deadline_ns = 15;
    fixture->entries[0].waiting.priority = 1;
    submit(fixture, 3, 10);
    assert_ptr_equal(scheduler_expire(fixture->scheduler, 15), &fixture->entries[0]);
    pull(fixture, 1, 20);
    pull(fixture, 2, 20);

    finish_entry(fixture, 2);
    assert_null(scheduler_take(fixture->scheduler));
    finish_entry(fixture, 1);

    expect_answer(fixture, 1, GALEN_OK);
    expect_answer(fixture, 2, GALEN_OK);
}

static void answers_do_not_wait_for_who_was_delayed(void **state)
{
    struct fixture *fixture = *state;
    const struct batcher_level level = {.timeout_ns = 30, .timeout_action = BATCHER_DELAY};
    set(fixture, &level, true);
    submit(fixture, 1, 0);
    EXPECT_OK(scheduler_submit(fixture->scheduler, &fixture->entries[1], 10));
    assert_null(scheduler_expire(fixture->scheduler, 35));
    pull(fixture, 1, 35);
    finish_entry(fixture, 1);

    expect_answer(fixture, 1, GALEN_OK);

    pull(fixture, 0, 35);
    finish_entry(fixture, 0);
    expect_answer(fixture, 0, GALEN_OK);
}

static void draining_refuses_new_and_finishes_old(void **state)
{
    struct fixture *fixture = *state;
    submit(fixture, 1, 10);

    scheduler_drain(fixture->scheduler);

    EXPECT_STATUS(GALEN_UNAVAILABLE,
                  scheduler_submit(fixture->scheduler, &fixture->entries[1], 10));
    assert_true(scheduler_pull(fixture->scheduler, 10, &fixture->batch));
    finish(fixture, GALEN_OK, 20);
    expect_answer(fixture, 0, GALEN_OK);
}

static void evicted_request_is_given_back_unrun(void **state)
{
    struct fixture *fixture = *state;
    submit(fixture, 2, 10);
    scheduler_drain(fixture->scheduler);

    assert_ptr_equal(scheduler_evict(fixture->scheduler, 15), &fixture->entries[0]);
    assert_ptr_equal(scheduler_evict(fixture->scheduler, 15), &fixture->entries[1]);
    assert_null(scheduler_evict(fixture->scheduler, 15));

    EXPECT_STATUS(GALEN_UNAVAILABLE, fixture->entries[0].status);
    expect_failures(fixture, SCHEDULER_REJECTED, 2, 10);
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
        TEST(each_request_is_charged_with_what_its_batch_took),
        TEST(sizes_of_batches_are_told_as_far_as_there_is_room),
        TEST(full_queue_is_busy),
        TEST(passed_deadline_is_refused_at_submit),
        TEST(waiting_request_expires),
        TEST(timeout_of_the_queue_is_unavailable),
        TEST(cancelled_while_waiting_never_runs),
        TEST(cancelled_while_running_is_told_at_the_end),
        TEST(failure_of_a_run_is_told_and_counted),
        TEST(lack_of_memory_is_not_the_backends_failure),
        TEST(answers_leave_in_the_order_of_arrival_where_it_is_kept),
        TEST(answers_do_not_wait_for_who_left_without_one),
        TEST(answers_do_not_wait_for_who_was_delayed),
        TEST(draining_refuses_new_and_finishes_old),
        TEST(evicted_request_is_given_back_unrun),
        TEST(bad_settings_make_no_scheduler),
    };
    return cmocka_run_group_tests_name("scheduler", tests, NULL, NULL);
}
