/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/lineup.h"

#include "expect.h"

struct fixture {
    struct arena arena;
    struct lineup lineup;
    struct lineup_member members[4];
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    arena_init(&fixture.arena, 65536);
    EXPECT_OK(lineup_init(&fixture.lineup, true, 2, &fixture.arena));
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    arena_deinit(&fixture->arena);
    return 0;
}

static void join(struct fixture *fixture, size_t index)
{
    lineup_join(&fixture->lineup, 0, &fixture->members[index]);
}

static void finish(struct fixture *fixture, size_t index)
{
    lineup_finish(&fixture->lineup, 0, &fixture->members[index]);
}

static void expect_next(struct fixture *fixture, size_t index)
{
    assert_ptr_equal(lineup_take(&fixture->lineup), &fixture->members[index]);
}

static void answer_waits_for_those_that_came_before(void **state)
{
    struct fixture *fixture = *state;
    join(fixture, 0);
    join(fixture, 1);
    join(fixture, 2);

    finish(fixture, 2);
    finish(fixture, 1);
    assert_null(lineup_take(&fixture->lineup));
    finish(fixture, 0);

    expect_next(fixture, 0);
    expect_next(fixture, 1);
    expect_next(fixture, 2);
    assert_null(lineup_take(&fixture->lineup));
}

static void nobody_waits_for_one_that_left(void **state)
{
    struct fixture *fixture = *state;
    join(fixture, 0);
    join(fixture, 1);
    finish(fixture, 1);

    lineup_leave(&fixture->lineup, 0, &fixture->members[0]);
    lineup_leave(&fixture->lineup, 0, &fixture->members[0]);

    expect_next(fixture, 1);
    join(fixture, 0);
    finish(fixture, 0);
    expect_next(fixture, 0);
}

static void levels_do_not_wait_for_each_other(void **state)
{
    struct fixture *fixture = *state;
    join(fixture, 0);
    lineup_join(&fixture->lineup, 1, &fixture->members[1]);

    lineup_finish(&fixture->lineup, 1, &fixture->members[1]);

    expect_next(fixture, 1);
}

static void without_an_order_answers_leave_as_they_come(void **state)
{
    struct fixture *fixture = *state;
    EXPECT_OK(lineup_init(&fixture->lineup, false, 2, &fixture->arena));
    join(fixture, 0);
    join(fixture, 1);
    join(fixture, 2);

    lineup_leave(&fixture->lineup, 0, &fixture->members[1]);
    finish(fixture, 2);
    finish(fixture, 0);

    expect_next(fixture, 2);
    expect_next(fixture, 0);
    assert_null(lineup_take(&fixture->lineup));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answer_waits_for_those_that_came_before),
        TEST(nobody_waits_for_one_that_left),
        TEST(levels_do_not_wait_for_each_other),
        TEST(without_an_order_answers_leave_as_they_come),
    };
    return cmocka_run_group_tests_name("lineup", tests, NULL, NULL);
}
