/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/batcher.h"

#include "base/clock.h"
#include "expect.h"

static const struct batcher_settings four_rows_within_100ns = {
    .row_count_max = 4, .queue_count_max = 8, .wait_ns_max = 100};

struct fixture {
    struct arena arena;
    struct batcher batcher;
    struct batcher_entry entries[16];
    struct batch batch;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    arena_init(&fixture.arena, 65536);
    EXPECT_OK(batcher_init(&fixture.batcher, &four_rows_within_100ns, &fixture.arena));
    for (size_t i = 0; i < 16; i++) {
        fixture.entries[i] =
            (struct batcher_entry){.row_count = 1, .deadline_ns = CLOCK_NEVER};
    }
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    arena_deinit(&fixture->arena);
    return 0;
}

static void push(struct fixture *fixture, size_t index, uint64_t now_ns)
{
    EXPECT_OK(batcher_push(&fixture->batcher, &fixture->entries[index], now_ns));
}

static bool pop(struct fixture *fixture, uint64_t now_ns)
{
    return batcher_pop(&fixture->batcher, now_ns, &fixture->batch);
}

/* The batch is exactly these entries, in this order. */
static void expect_batch(struct fixture *fixture, size_t count, const size_t *indexes)
{
    const struct list *entries = &fixture->batch.entries;
    size_t index = 0;
    assert_int_equal(entries->count, count);
    for (struct list_link *link = list_first(entries); link != NULL && index < count;
         link = list_next(entries, link)) {
        assert_ptr_equal(link, &fixture->entries[indexes[index]].link);
        index++;
    }
}

static void settings_out_of_range_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct arena *arena = &fixture->arena;
    struct batcher batcher;
    struct batcher_settings settings = four_rows_within_100ns;
    settings.row_count_max = 0;
    EXPECT_STATUS(GALEN_INVALID, batcher_init(&batcher, &settings, arena));
    settings.row_count_max = 4097;
    EXPECT_STATUS(GALEN_INVALID, batcher_init(&batcher, &settings, arena));
    settings = four_rows_within_100ns;
    settings.queue_count_max = 0;
    EXPECT_STATUS(GALEN_INVALID, batcher_init(&batcher, &settings, arena));
    settings.queue_count_max = 65537;
    EXPECT_STATUS(GALEN_INVALID, batcher_init(&batcher, &settings, arena));
}

static void empty_queue_is_never_due(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(batcher_due_ns(&fixture->batcher), CLOCK_NEVER);
    assert_false(pop(fixture, CLOCK_NEVER));
}

static void full_batch_leaves_at_once(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < 4; i++) {
        assert_false(pop(fixture, 10));
        push(fixture, i, 10);
    }

    assert_true(pop(fixture, 10));

    expect_batch(fixture, 4, (const size_t[]){0, 1, 2, 3});
    assert_int_equal(fixture->batch.reason, BATCH_FULL);
}

static void lone_request_leaves_when_its_wait_is_over(void **state)
{
    struct fixture *fixture = *state;
    push(fixture, 0, 10);

    assert_int_equal(batcher_due_ns(&fixture->batcher), 110);
    assert_false(pop(fixture, 109));
    assert_true(pop(fixture, 110));

    expect_batch(fixture, 1, (const size_t[]){0});
    assert_int_equal(fixture->batch.reason, BATCH_WAITED);
}

static void rows_count_and_not_requests(void **state)
{
    struct fixture *fixture = *state;
    fixture->entries[0].row_count = 3;
    push(fixture, 0, 10);
    push(fixture, 1, 10);

    assert_true(pop(fixture, 10));

    assert_int_equal(fixture->batch.row_count, 4);
    assert_int_equal(fixture->batch.entries.count, 2);
}

static void request_that_does_not_fit_makes_the_batch_full(void **state)
{
    struct fixture *fixture = *state;
    fixture->entries[0].row_count = 3;
    fixture->entries[1].row_count = 2;
    push(fixture, 0, 10);
    push(fixture, 1, 20);
    push(fixture, 2, 30); /* would fit, but may not overtake */

    assert_true(pop(fixture, 30));

    expect_batch(fixture, 1, (const size_t[]){0});
    assert_int_equal(fixture->batch.reason, BATCH_FULL);
    assert_int_equal(batcher_due_ns(&fixture->batcher), 120);
}

static void other_shapes_wait_for_a_later_batch(void **state)
{
    struct fixture *fixture = *state;
    fixture->entries[1].join_key = BYTES("other");
    push(fixture, 0, 10);
    push(fixture, 1, 20);
    push(fixture, 2, 30);

    assert_true(pop(fixture, 110));
    expect_batch(fixture, 2, (const size_t[]){0, 2});
    assert_false(pop(fixture, 119));
    assert_true(pop(fixture, 120));
    expect_batch(fixture, 1, (const size_t[]){1});
}

static void shapes_with_one_hash_are_not_mixed_up(void **state)
{
    struct fixture *fixture = *state;
    static const char *const keys[] = {"", "a", "b", "aa", "ab", "ba", "bb", "aaa"};
    batcher_flush(&fixture->batcher);
    for (size_t i = 0; i < 8; i++) {
        fixture->entries[i].join_key = bytes_from_string(keys[i]);
        push(fixture, i, i);
        order_remove(&fixture->batcher.alike_, &fixture->entries[i].alike);
        fixture->entries[i].join_hash = 7;
        order_insert(&fixture->batcher.alike_, &fixture->entries[i].alike, 1);
    }

    for (size_t i = 0; i < 8; i++) {
        assert_true(pop(fixture, 100000));
        expect_batch(fixture, 1, &i);
    }
}

/* Other settings than four_rows_within_100ns from here on. */
static void set(struct fixture *fixture, const struct batcher_settings *settings)
{
    EXPECT_OK(batcher_init(&fixture->batcher, settings, &fixture->arena));
}

static const size_t two_and_five[] = {5, 2};

static const struct batcher_settings preferring = {.row_count_max = 8,
                                                   .queue_count_max = 16,
                                                   .wait_ns_max = 100,
                                                   .preferred_sizes = two_and_five,
                                                   .preferred_count = 2};

static void push_several(struct fixture *fixture, size_t count, uint64_t now_ns)
{
    for (size_t i = 0; i < count; i++) {
        push(fixture, i, now_ns);
    }
}

static void expect_rows(struct fixture *fixture, uint64_t now_ns, size_t row_count,
                        enum batch_reason reason)
{
    assert_true(pop(fixture, now_ns));
    assert_int_equal(fixture->batch.row_count, row_count);
    assert_int_equal(fixture->batch.reason, reason);
}

static void preferred_size_leaves_at_once(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, &preferring);
    push(fixture, 0, 10);
    assert_false(pop(fixture, 10));
    push(fixture, 1, 20);

    assert_int_equal(batcher_due_ns(&fixture->batcher), 10);
    expect_rows(fixture, 20, 2, BATCH_PREFERRED);
}

static void largest_preferred_size_that_is_there_leaves_first(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, &preferring);
    push_several(fixture, 8, 10);

    expect_rows(fixture, 20, 5, BATCH_PREFERRED);
    expect_rows(fixture, 20, 2, BATCH_PREFERRED);
    assert_false(pop(fixture, 20));
}

static void preferred_sizes_that_were_jumped_over_are_not_waited_for(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, &preferring);
    fixture->entries[0].row_count = 4;
    fixture->entries[1].row_count = 3;
    push(fixture, 0, 10);
    assert_false(pop(fixture, 10));
    push(fixture, 1, 10);

    expect_rows(fixture, 10, 4, BATCH_PREFERRED);
    assert_false(pop(fixture, 10));
}

static void request_beyond_all_preferred_sizes_leaves_alone(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, &preferring);
    fixture->entries[0].row_count = 6;
    push(fixture, 0, 10);

    expect_rows(fixture, 10, 6, BATCH_PREFERRED);
}

static void late_batch_has_all_that_fit_whatever_is_preferred(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, &preferring);
    push_several(fixture, 9, 10);

    expect_rows(fixture, 110, 8, BATCH_FULL);
    expect_rows(fixture, 110, 1, BATCH_WAITED);
}

static void preferred_sizes_hold_where_nobody_waits_for_company(void **state)
{
    struct fixture *fixture = *state;
    struct batcher_settings settings = preferring;
    settings.wait_ns_max = 0;
    set(fixture, &settings);
    push_several(fixture, 8, 10);

    expect_rows(fixture, 10, 5, BATCH_PREFERRED);
    expect_rows(fixture, 10, 2, BATCH_PREFERRED);
    expect_rows(fixture, 10, 1, BATCH_WAITED);
}

static void preferred_sizes_out_of_range_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct batcher batcher;
    const size_t none = 0;
    const size_t nine = 9;
    struct batcher_settings settings = preferring;
    settings.preferred_count = 1;
    settings.preferred_sizes = &none;
    EXPECT_STATUS(GALEN_INVALID, batcher_init(&batcher, &settings, &fixture->arena));
    settings.preferred_sizes = &nine;
    EXPECT_STATUS(GALEN_INVALID, batcher_init(&batcher, &settings, &fixture->arena));
    settings.preferred_count = 65;
    EXPECT_STATUS(GALEN_INVALID, batcher_init(&batcher, &settings, &fixture->arena));
}

static void without_batching_each_runs_alone_and_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct batcher_settings settings = preferring;
    settings.runs_alone = true;
    set(fixture, &settings);
    fixture->entries[0].row_count = 3;
    push_several(fixture, 2, 10);

    expect_rows(fixture, 10, 3, BATCH_FULL);
    expect_rows(fixture, 10, 1, BATCH_FULL);
}

static const struct batcher_level three[] = {
    {.timeout_ns = 0, .queue_count_max = 2},
    {.timeout_ns = 40, .timeout_override = true},
    {.timeout_ns = 40, .timeout_override = true, .timeout_action = BATCHER_DELAY},
};

static const struct batcher_settings three_levels = {.row_count_max = 2,
                                                     .queue_count_max = 8,
                                                     .wait_ns_max = 0,
                                                     .levels = three,
                                                     .level_count = 3,
                                                     .default_priority = 2};

static void push_with_priority(struct fixture *fixture, size_t index, uint64_t priority,
                               uint64_t now_ns)
{
    fixture->entries[index].priority = priority;
    push(fixture, index, now_ns);
}

static void higher_levels_leave_first_and_lower_ones_fill_the_batch(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, &three_levels);
    push_with_priority(fixture, 0, 3, 10);
    push_with_priority(fixture, 1, 2, 10);
    push_with_priority(fixture, 2, 2, 10);
    push_with_priority(fixture, 3, 1, 10);

    assert_true(pop(fixture, 10));
    expect_batch(fixture, 2, (const size_t[]){3, 1});
    assert_true(pop(fixture, 10));
    expect_batch(fixture, 2, (const size_t[]){2, 0});
}

static void priorities_that_are_not_there_are_the_default(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, &three_levels);
    push_with_priority(fixture, 0, 0, 10);
    push_with_priority(fixture, 1, 4, 10);
    push_with_priority(fixture, 2, UINT64_MAX, 10);

    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(batcher_level_of(&fixture->entries[i]), 1);
    }
}

static void each_level_has_a_queue_of_its_own(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, &three_levels);
    for (size_t i = 0; i < 2; i++) {
        push_with_priority(fixture, i, 1, 10);
    }
    for (size_t i = 2; i < 10; i++) {
        push_with_priority(fixture, i, 2, 10);
    }

    fixture->entries[10].priority = 1;
    EXPECT_STATUS(GALEN_BUSY, batcher_push(&fixture->batcher, &fixture->entries[10], 10));
    fixture->entries[10].priority = 2;
    EXPECT_STATUS(GALEN_BUSY, batcher_push(&fixture->batcher, &fixture->entries[10], 10));
    push_with_priority(fixture, 11, 3, 10);
}

static void timeout_in_the_queue_ends_the_request(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, &three_levels);
    push_with_priority(fixture, 0, 1, 10);
    push_with_priority(fixture, 1, 2, 10);

    assert_null(batcher_expire(&fixture->batcher, 49));
    assert_ptr_equal(batcher_expire(&fixture->batcher, 50), &fixture->entries[1]);
    assert_null(batcher_expire(&fixture->batcher, 1000));
}

static void own_timeout_counts_where_it_is_shorter_and_allowed(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, &three_levels);
    fixture->entries[0].queue_timeout_ns = 5;
    fixture->entries[1].queue_timeout_ns = 5;
    fixture->entries[2].queue_timeout_ns = 500;
    push_with_priority(fixture, 0, 1, 10);
    push_with_priority(fixture, 1, 2, 10);
    push_with_priority(fixture, 2, 2, 10);

    assert_ptr_equal(batcher_expire(&fixture->batcher, 15), &fixture->entries[1]);
    assert_null(batcher_expire(&fixture->batcher, 49));
    assert_ptr_equal(batcher_expire(&fixture->batcher, 50), &fixture->entries[2]);
    assert_null(batcher_expire(&fixture->batcher, 1000));
}

static void delayed_request_stands_behind_its_level(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, &three_levels);
    push_with_priority(fixture, 0, 3, 0);
    push_with_priority(fixture, 1, 3, 5);
    push_with_priority(fixture, 2, 3, 30);

    assert_null(batcher_delay(&fixture->batcher, 39));
    assert_ptr_equal(batcher_delay(&fixture->batcher, 45), &fixture->entries[0]);
    assert_ptr_equal(batcher_delay(&fixture->batcher, 45), &fixture->entries[1]);
    assert_null(batcher_delay(&fixture->batcher, 45));

    assert_true(pop(fixture, 45));
    expect_batch(fixture, 2, (const size_t[]){2, 0});
    assert_true(pop(fixture, 45));
    expect_batch(fixture, 1, (const size_t[]){1});
}

static void deadline_ends_a_delayed_request_too(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, &three_levels);
    fixture->entries[0].deadline_ns = 70;
    push_with_priority(fixture, 0, 3, 0);

    assert_ptr_equal(batcher_delay(&fixture->batcher, 40), &fixture->entries[0]);
    assert_null(batcher_expire(&fixture->batcher, 69));
    assert_ptr_equal(batcher_expire(&fixture->batcher, 70), &fixture->entries[0]);
    assert_int_equal(batcher_count(&fixture->batcher), 0);
}

static void delay_is_a_time_to_look_again(void **state)
{
    struct fixture *fixture = *state;
    struct batcher_settings settings = three_levels;
    settings.wait_ns_max = 100;
    set(fixture, &settings);
    fixture->entries[0].join_key = BYTES("other");
    push_with_priority(fixture, 0, 3, 0);
    push_with_priority(fixture, 1, 3, 10);
    push_with_priority(fixture, 2, 3, 10);

    assert_int_equal(batcher_due_ns(&fixture->batcher), 40);
    assert_ptr_equal(batcher_delay(&fixture->batcher, 40), &fixture->entries[0]);
    assert_true(pop(fixture, 40));
    expect_batch(fixture, 2, (const size_t[]){1, 2});
}

static void who_waited_long_enough_ends_the_wait_of_those_before(void **state)
{
    struct fixture *fixture = *state;
    struct batcher_settings settings = three_levels;
    settings.wait_ns_max = 30;
    set(fixture, &settings);
    fixture->entries[1].join_key = BYTES("other");
    push_with_priority(fixture, 0, 3, 0);
    push_with_priority(fixture, 1, 1, 20);

    assert_int_equal(batcher_due_ns(&fixture->batcher), 30);
    assert_true(pop(fixture, 30));
    expect_batch(fixture, 1, (const size_t[]){1});
    assert_true(pop(fixture, 30));
    expect_batch(fixture, 1, (const size_t[]){0});
}

static void levels_out_of_range_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct batcher batcher;
    struct batcher_settings settings = three_levels;
    settings.default_priority = 0;
    EXPECT_STATUS(GALEN_INVALID, batcher_init(&batcher, &settings, &fixture->arena));
    settings.default_priority = 4;
    EXPECT_STATUS(GALEN_INVALID, batcher_init(&batcher, &settings, &fixture->arena));
    settings = three_levels;
    settings.queue_count_max = 40000; /* of the second and of the third */
    EXPECT_STATUS(GALEN_INVALID, batcher_init(&batcher, &settings, &fixture->arena));
    settings = three_levels;
    settings.level_count = 65;
    EXPECT_STATUS(GALEN_INVALID, batcher_init(&batcher, &settings, &fixture->arena));
}

static void push_beyond_the_queue_is_refused(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < 8; i++) {
        push(fixture, i, 0);
    }

    EXPECT_STATUS(GALEN_BUSY, batcher_push(&fixture->batcher, &fixture->entries[8], 0));
    assert_int_equal(batcher_count(&fixture->batcher), 8);
}

static void removed_request_is_in_no_batch(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < 3; i++) {
        push(fixture, i, 0);
    }

    batcher_remove(&fixture->batcher, &fixture->entries[1]);

    assert_true(pop(fixture, 100));
    expect_batch(fixture, 2, (const size_t[]){0, 2});
}

static void expired_requests_come_out_earliest_first(void **state)
{
    struct fixture *fixture = *state;
    fixture->entries[0].deadline_ns = 90;
    fixture->entries[1].deadline_ns = 50;
    push(fixture, 0, 0);
    push(fixture, 1, 0);
    push(fixture, 2, 0);

    assert_null(batcher_expire(&fixture->batcher, 49));
    assert_ptr_equal(batcher_expire(&fixture->batcher, 90), &fixture->entries[1]);
    assert_ptr_equal(batcher_expire(&fixture->batcher, 90), &fixture->entries[0]);
    assert_null(batcher_expire(&fixture->batcher, 90));
    assert_int_equal(batcher_count(&fixture->batcher), 1);
}

static void near_deadline_ends_the_wait_for_company(void **state)
{
    struct fixture *fixture = *state;
    fixture->entries[1].deadline_ns = 150;
    push(fixture, 0, 10);
    push(fixture, 1, 20);

    assert_int_equal(batcher_due_ns(&fixture->batcher), 50);
    assert_true(pop(fixture, 50));

    assert_int_equal(fixture->batch.entries.count, 2);
    assert_int_equal(fixture->batch.reason, BATCH_DEADLINE);
}

static void flushed_batcher_waits_no_more(void **state)
{
    struct fixture *fixture = *state;
    push(fixture, 0, 10);

    batcher_flush(&fixture->batcher);

    assert_true(pop(fixture, 10));
    assert_int_equal(fixture->batch.reason, BATCH_FLUSHED);
}

static void endless_wait_does_not_overflow(void **state)
{
    struct fixture *fixture = *state;
    struct arena *arena = &fixture->arena;
    struct batcher batcher;
    struct batcher_entry entry = {.row_count = 1, .deadline_ns = CLOCK_NEVER};
    const struct batcher_settings settings = {
        .row_count_max = 2, .queue_count_max = 1, .wait_ns_max = UINT64_MAX};
    EXPECT_OK(batcher_init(&batcher, &settings, arena));
    EXPECT_OK(batcher_push(&batcher, &entry, 10));

    assert_int_equal(batcher_due_ns(&batcher), CLOCK_NEVER);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(settings_out_of_range_are_refused),
        TEST(empty_queue_is_never_due),
        TEST(full_batch_leaves_at_once),
        TEST(lone_request_leaves_when_its_wait_is_over),
        TEST(rows_count_and_not_requests),
        TEST(request_that_does_not_fit_makes_the_batch_full),
        TEST(other_shapes_wait_for_a_later_batch),
        TEST(shapes_with_one_hash_are_not_mixed_up),
        TEST(push_beyond_the_queue_is_refused),
        TEST(removed_request_is_in_no_batch),
        TEST(expired_requests_come_out_earliest_first),
        TEST(near_deadline_ends_the_wait_for_company),
        TEST(flushed_batcher_waits_no_more),
        TEST(preferred_size_leaves_at_once),
        TEST(largest_preferred_size_that_is_there_leaves_first),
        TEST(preferred_sizes_that_were_jumped_over_are_not_waited_for),
        TEST(request_beyond_all_preferred_sizes_leaves_alone),
        TEST(late_batch_has_all_that_fit_whatever_is_preferred),
        TEST(preferred_sizes_hold_where_nobody_waits_for_company),
        TEST(preferred_sizes_out_of_range_are_refused),
        TEST(without_batching_each_runs_alone_and_at_once),
        TEST(higher_levels_leave_first_and_lower_ones_fill_the_batch),
        TEST(priorities_that_are_not_there_are_the_default),
        TEST(each_level_has_a_queue_of_its_own),
        TEST(timeout_in_the_queue_ends_the_request),
        TEST(own_timeout_counts_where_it_is_shorter_and_allowed),
        TEST(delayed_request_stands_behind_its_level),
        TEST(deadline_ends_a_delayed_request_too),
        TEST(delay_is_a_time_to_look_again),
        TEST(who_waited_long_enough_ends_the_wait_of_those_before),
        TEST(levels_out_of_range_are_refused),
        TEST(endless_wait_does_not_overflow),
    };
    return cmocka_run_group_tests_name("batcher", tests, NULL, NULL);
}
