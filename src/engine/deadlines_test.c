/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/deadlines.h"

#include "base/clock.h"
#include "expect.h"
#include "random.h"

enum { COUNT = 40, SEED_COUNT = 2000, STEP_COUNT = 100 };

static void earliest_of_none_is_none(void **state)
{
    (void)state;
    struct deadlines deadlines;
    EXPECT_OK(deadlines_init(&deadlines, 1));
    assert_null(deadlines_earliest(&deadlines));
    deadlines_deinit(&deadlines);
}

static void never_is_not_kept(void **state)
{
    (void)state;
    struct deadlines deadlines;
    struct deadline never = {.at_ns = CLOCK_NEVER};
    EXPECT_OK(deadlines_init(&deadlines, 1));

    deadlines_add(&deadlines, &never);
    assert_null(deadlines_earliest(&deadlines));
    deadlines_remove(&deadlines, &never);

    deadlines_deinit(&deadlines);
}

static uint64_t earliest_by_scan(const struct deadline *all)
{
    uint64_t earliest = CLOCK_NEVER;
    for (size_t i = 0; i < COUNT; i++) {
        if (all[i].index_ != 0 && all[i].at_ns < earliest) {
            earliest = all[i].at_ns;
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
        deadlines_add(deadlines, one);
    }
    const struct deadline *earliest = deadlines_earliest(deadlines);
    assert_int_equal(earliest == NULL ? CLOCK_NEVER : earliest->at_ns,
                     earliest_by_scan(all));
}

static void earliest_is_what_a_scan_finds(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SEED_COUNT; seed++) {
        struct random random = {seed};
        struct deadlines deadlines;
        struct deadline all[COUNT] = {{0}};
        EXPECT_OK(deadlines_init(&deadlines, COUNT));
        for (size_t i = 0; i < STEP_COUNT; i++) {
            step(&random, &deadlines, all);
        }
        deadlines_deinit(&deadlines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(earliest_of_none_is_none),
        cmocka_unit_test(never_is_not_kept),
        cmocka_unit_test(earliest_is_what_a_scan_finds),
    };
    return cmocka_run_group_tests_name("deadlines", tests, NULL, NULL);
}
