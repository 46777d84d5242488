/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/batcher.h"

#include <stdio.h>

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

static void keys_in_one_bucket_are_not_mixed_up(void **state)
{
    struct fixture *fixture = *state;
    static char keys[8][8];
    batcher_flush(&fixture->batcher);
    size_t count = 0; /* of keys that fall into one bucket: found by trying */
    for (unsigned i = 0; count < 8; i++) {
        struct batcher_entry *entry = &fixture->entries[count];
        (void)snprintf(keys[count], sizeof(keys[count]), "%u", i);
        entry->join_key = bytes_from_string(keys[count]);
        push(fixture, count, i);
        if (entry->bucket_index == fixture->entries[0].bucket_index) {
            count++;
        } else {
            batcher_remove(&fixture->batcher, entry);
        }
    }

    for (size_t i = 0; i < 8; i++) {
        assert_true(pop(fixture, 100000));
        expect_batch(fixture, 1, &i);
    }
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
        TEST(keys_in_one_bucket_are_not_mixed_up),
        TEST(push_beyond_the_queue_is_refused),
        TEST(removed_request_is_in_no_batch),
        TEST(expired_requests_come_out_earliest_first),
        TEST(near_deadline_ends_the_wait_for_company),
        TEST(flushed_batcher_waits_no_more),
        TEST(endless_wait_does_not_overflow),
    };
    return cmocka_run_group_tests_name("batcher", tests, NULL, NULL);
}
