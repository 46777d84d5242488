/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/upstream_counts.h"

#include <stdio.h>

#include "expect.h"

static struct upstream_counts first;
static struct upstream_counts second;
static struct upstream_counts total;

static int set_up(void **state)
{
    (void)state;
    memset(&first, 0, sizeof(first));
    memset(&second, 0, sizeof(second));
    memset(&total, 0, sizeof(total));
    return 0;
}

static void collect_both(void)
{
    upstream_counts_collect(&first, &total);
    upstream_counts_collect(&second, &total);
}

static void loops_add_up_by_the_names_of_endpoints(void **state)
{
    (void)state;
    tally_add(&upstream_counts_of(&first, "a:1")->attempts[UPSTREAM_OK], 2);
    tally_add(&upstream_counts_of(&first, "b:1")->begun, 7);
    tally_add(&upstream_counts_of(&second, "b:1")->begun, 1);
    tally_add(&upstream_counts_of(&second, "a:1")->attempts[UPSTREAM_OK], 3);
    tally_add(&upstream_counts_of(&second, "a:1")->attempts[UPSTREAM_CANCELLED], 4);
    tally_set(&upstream_counts_of(&second, "a:1")->in_rotation, 1);
    collect_both();
    assert_int_equal(total.count, 2);
    const struct upstream_counted *a = upstream_counts_of(&total, "a:1");
    assert_int_equal(tally_read(&a->attempts[UPSTREAM_OK]), 5);
    assert_int_equal(tally_read(&a->attempts[UPSTREAM_CANCELLED]), 4);
    assert_int_equal(tally_read(&a->in_rotation), 1);
    assert_int_equal(tally_read(&a->begun), 0);
    assert_int_equal(tally_read(&upstream_counts_of(&total, "b:1")->begun), 8);
}

static void what_is_of_no_endpoint_adds_up_too(void **state)
{
    (void)state;
    tally_add(&first.retries, 1);
    tally_add(&second.retries, 2);
    tally_add(&second.retries_waited, 3);
    tally_add(&first.unavailable, 4);
    collect_both();
    assert_int_equal(tally_read(&total.retries), 3);
    assert_int_equal(tally_read(&total.retries_waited), 3);
    assert_int_equal(tally_read(&total.unavailable), 4);
}

static void endpoints_beyond_the_last_place_are_one(void **state)
{
    (void)state;
    for (int i = 0; i < UPSTREAM_COUNTED_MAX + 5; i++) {
        char name[BALANCE_NAME_SIZE];
        (void)snprintf(name, sizeof(name), "a:%d", i);
        tally_add(&upstream_counts_of(i % 2 == 0 ? &first : &second, name)->begun, 1);
    }
    collect_both();
    const struct upstream_counted *other = &total.endpoints[UPSTREAM_COUNTED_MAX - 1];
    assert_int_equal(total.count, UPSTREAM_COUNTED_MAX);
    assert_string_equal(other->name, "other");
    assert_int_equal(tally_read(&other->begun), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(loops_add_up_by_the_names_of_endpoints, set_up),
        cmocka_unit_test_setup(what_is_of_no_endpoint_adds_up_too, set_up),
        cmocka_unit_test_setup(endpoints_beyond_the_last_place_are_one, set_up),
    };
    return cmocka_run_group_tests_name("upstream_counts", tests, NULL, NULL);
}
