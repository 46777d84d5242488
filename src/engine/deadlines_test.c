/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/deadlines.h"

#include "base/clock.h"
#include "expect.h"
#include "random.h"

enum { COUNT = 40, SEED_COUNT = 2000, STEP_COUNT = 100 };

static void earliest_of_none_is_none(void **state)
{
    (void)state;
    struct arena arena;
    struct deadlines deadlines;
    arena_init(&arena, 65536);
    EXPECT_OK(deadlines_init(&deadlines, 1, &arena));
    assert_null(deadlines_earliest(&deadlines));
    arena_deinit(&arena);
}

static void never_is_not_kept(void **state)
{
    (void)state;
    struct arena arena;
    struct deadlines deadlines;
    struct deadline never = {.at_ns = CLOCK_NEVER};
    arena_init(&arena, 65536);
    EXPECT_OK(deadlines_init(&deadlines, 1, &arena));

    deadlines_add(&deadlines, &never);
    assert_null(deadlines_earliest(&deadlines));
    deadlines_remove(&deadlines, &never);

    arena_deinit(&arena);
}

/* Their ranks are their places. */
static struct deadline *earliest_by_scan(struct deadline *all)
{
    struct deadline *earliest = NULL;
    for (size_t i = 0; i < COUNT; i++) {
        if (all[i].index_ != 0 && (earliest == NULL || all[i].at_ns < earliest->at_ns)) {
            earliest = &all[i];
        }
    }
    return earliest;
}

static void step(struct random *random, struct deadlines *deadlines, struct deadline *all)
{
    struct deadline *one = &all[random_below(random, COUNT)];
    if (one->index_ != 0) {
        deadlines_remove(deadlines, one);
    } else {
        one->at_ns = random_below(random, 50);
        one->rank = (uint64_t)(one - all);
        deadlines_add(deadlines, one);
    }
    assert_ptr_equal(deadlines_earliest(deadlines), earliest_by_scan(all));
}

static void earliest_is_what_a_scan_finds(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 65536);
    for (uint64_t seed = 0; seed < SEED_COUNT; seed++) {
        struct random random = {seed};
        struct deadlines deadlines;
        struct deadline all[COUNT] = {{0}};
        EXPECT_OK(deadlines_init(&deadlines, COUNT, &arena));
        for (size_t i = 0; i < STEP_COUNT; i++) {
            step(&random, &deadlines, all);
        }
        arena_clear(&arena);
    }
    arena_deinit(&arena);
}

static void full_arena_is_no_memory(void **state)
{
    (void)state;
    struct arena arena;
    struct deadlines deadlines;
    arena_init(&arena, 8192);
    EXPECT_STATUS(GALEN_NO_MEMORY, deadlines_init(&deadlines, 8192, &arena));
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(earliest_of_none_is_none),
        cmocka_unit_test(never_is_not_kept),
        cmocka_unit_test(full_arena_is_no_memory),
        cmocka_unit_test(earliest_is_what_a_scan_finds),
    };
    return cmocka_run_group_tests_name("deadlines", tests, NULL, NULL);
}
