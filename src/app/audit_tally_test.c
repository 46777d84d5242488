/* SPDX-License-Identifier: Apache-2.0 */
#include "app/audit_tally.h"

#include <stdio.h>

#include "expect.h"

static struct tally tally;

static void add(const char *model, const char *outcome)
{
    const struct bytes values[] = {bytes_from_string(model), bytes_from_string(outcome)};
    struct tally_group *group = NULL;
    EXPECT_OK(tally_group_of(&tally, values, &group));
    group->sums[TALLY_REQUESTS]++;
}

static void equal_values_are_one_group(void **state)
{
    (void)state;
    tally_init(&tally, 2);
    add("b", "ok");
    add("a", "ok");
    add("b", "ok");
    add("", "bok");
    tally_sort(&tally);
    assert_int_equal(tally.count, 3);
    assert_string_equal(tally.groups[0].values[1], "bok");
    assert_string_equal(tally.groups[1].values[0], "a");
    assert_int_equal(tally.groups[2].sums[TALLY_REQUESTS], 2);
    tally_deinit(&tally);
}

static void many_groups_are_kept_apart(void **state)
{
    (void)state;
    tally_init(&tally, 2);
    for (unsigned i = 0; i < 20000; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "%05u", i % 10000);
        add(name, "ok");
    }
    tally_sort(&tally);
    assert_int_equal(tally.count, 10000);
    for (size_t i = 0; i < tally.count; i++) {
        assert_int_equal(tally.groups[i].sums[TALLY_REQUESTS], 2);
    }
    assert_string_equal(tally.groups[9999].values[0], "09999");
    tally_deinit(&tally);
}

static void nothing_is_no_group(void **state)
{
    (void)state;
    tally_init(&tally, 1);
    tally_sort(&tally);
    assert_int_equal(tally.count, 0);
    tally_deinit(&tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_values_are_one_group),
        cmocka_unit_test(many_groups_are_kept_apart),
        cmocka_unit_test(nothing_is_no_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
