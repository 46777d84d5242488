/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "expect.h"

static void time_that_has_passed_has_its_place_in_the_calendar(void **state)
{
    (void)state;
    const uint64_t monotonic_ns = clock_monotonic_ns();
    const uint64_t before_ns = clock_wall_ns();

    const uint64_t now_ns = clock_wall_at_ns(monotonic_ns);
    const uint64_t earlier_ns = clock_wall_at_ns(monotonic_ns - NS_PER_S);

    assert_in_range(now_ns, before_ns - NS_PER_MS * 100, clock_wall_ns());
    assert_in_range(now_ns - earlier_ns, NS_PER_S - NS_PER_MS * 100,
                    NS_PER_S + NS_PER_MS * 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_that_has_passed_has_its_place_in_the_calendar),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
