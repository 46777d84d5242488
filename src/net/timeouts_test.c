/* SPDX-License-Identifier: Apache-2.0 */
#include "net/timeouts.h"

#include "base/invariant.h"
#include "expect.h"

enum { COUNT = 200 };

struct fixture {
    struct loop *loop;
    struct timeouts timeouts;
    struct timeout items[COUNT];
    size_t order[2 * COUNT];
    size_t expired_count;
    bool was_early;
    size_t rearm_index; /* armed again when it expires; COUNT: none */
    bool is_closed;
};

static struct fixture fixture;

static void on_expired(struct timeouts *timeouts, struct timeout *timeout)
{
    const uint64_t now_ns = clock_monotonic_ns();
    const size_t index = (size_t)(timeout - fixture.items);
    assert_ptr_equal(timeouts, &fixture.timeouts);
    assert_false(timeout->is_armed);
    fixture.was_early = fixture.was_early || now_ns < timeout->due_ns;
    fixture.order[fixture.expired_count++] = index;
    if (index == fixture.rearm_index) {
        fixture.rearm_index = COUNT;
        timeout_arm(timeouts, timeout, 2, now_ns + 5 * NS_PER_MS);
    }
}

static int open_timeouts(void **state)
{
    (void)state;
    fixture = (struct fixture){.rearm_index = COUNT};
    EXPECT_OK(loop_create(&fixture.loop));
    timeouts_init(&fixture.timeouts, fixture.loop, on_expired);
    return 0;
}

static void on_closed(struct timeouts *timeouts)
{
    (void)timeouts;
    fixture.is_closed = true;
}

static int close_timeouts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        timeout_disarm(&fixture.timeouts, &fixture.items[i]);
    }
    timeouts_close(&fixture.timeouts, on_closed);
    while (!fixture.is_closed) {
        loop_poll(fixture.loop);
    }
    loop_destroy(fixture.loop);
    return 0;
}

static void arm(size_t index, unsigned kind, uint64_t due_ns)
{
    timeout_arm(&fixture.timeouts, &fixture.items[index], kind, due_ns);
}

static void run_until_expired(size_t count)
{
    const uint64_t limit_ns = clock_monotonic_ns() + 20 * NS_PER_S;
    while (fixture.expired_count < count) {
        loop_poll(fixture.loop);
        INVARIANT(clock_monotonic_ns() < limit_ns);
    }
}

static void timeouts_of_a_kind_expire_in_order_and_never_early(void **state)
{
    (void)state;
    const uint64_t now_ns = loop_now_ns(fixture.loop);
    for (size_t i = 0; i < COUNT; i++) { /* in no order: 0, 77, 154, 31, … tenths of a ms */
        arm(i, 1, now_ns + i * 77 % COUNT * (NS_PER_MS / 10));
    }

    run_until_expired(COUNT);

    assert_false(fixture.was_early);
    for (size_t i = 1; i < COUNT; i++) {
        assert_true(fixture.items[fixture.order[i - 1]].due_ns <=
                    fixture.items[fixture.order[i]].due_ns);
    }
}

static void sooner_timeout_of_another_kind_moves_the_timer(void **state)
{
    (void)state;
    const uint64_t now_ns = loop_now_ns(fixture.loop);
    arm(0, 0, now_ns + 3600 * NS_PER_S);
    arm(1, 1, now_ns + 5 * NS_PER_MS);

    run_until_expired(1);

    assert_int_equal(fixture.order[0], 1);
    assert_true(fixture.items[0].is_armed);
}

static void disarmed_timeout_does_not_expire(void **state)
{
    (void)state;
    const uint64_t now_ns = loop_now_ns(fixture.loop);
    arm(0, 0, now_ns + 2 * NS_PER_MS);
    arm(1, 0, now_ns + 4 * NS_PER_MS);
    timeout_disarm(&fixture.timeouts, &fixture.items[0]);
    timeout_disarm(&fixture.timeouts, &fixture.items[0]); /* harmless */

    run_until_expired(1);

    assert_int_equal(fixture.order[0], 1);
}

static void arming_again_replaces(void **state)
{
    (void)state;
    const uint64_t now_ns = loop_now_ns(fixture.loop);
    arm(0, 0, now_ns + 1 * NS_PER_MS);
    arm(0, 1, now_ns + 8 * NS_PER_MS);
    arm(1, 0, now_ns + 4 * NS_PER_MS);

    run_until_expired(2);

    assert_int_equal(fixture.order[0], 1);
    assert_int_equal(fixture.order[1], 0);
    assert_false(fixture.was_early);
}

static void timeout_may_be_armed_from_its_own_expiry(void **state)
{
    (void)state;
    fixture.rearm_index = 0;
    arm(0, 0, loop_now_ns(fixture.loop) + NS_PER_MS);

    run_until_expired(2);

    assert_false(fixture.was_early);
}

static void never_is_never(void **state)
{
    (void)state;
    arm(0, 0, CLOCK_NEVER);

    assert_false(fixture.items[0].is_armed);
    assert_null(timeouts_first(&fixture.timeouts, 0));
}

static void first_of_a_kind_is_the_one_that_is_due_first(void **state)
{
    (void)state;
    const uint64_t now_ns = loop_now_ns(fixture.loop);
    arm(0, 3, now_ns + 200 * NS_PER_S);
    arm(1, 3, now_ns + 100 * NS_PER_S);

    assert_ptr_equal(timeouts_first(&fixture.timeouts, 3), &fixture.items[1]);
    assert_true(timeout_is(&fixture.items[1], 3));
    assert_false(timeout_is(&fixture.items[1], 2));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_timeouts, close_timeouts)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(timeouts_of_a_kind_expire_in_order_and_never_early),
        TEST(sooner_timeout_of_another_kind_moves_the_timer),
        TEST(disarmed_timeout_does_not_expire),
        TEST(arming_again_replaces),
        TEST(timeout_may_be_armed_from_its_own_expiry),
        TEST(never_is_never),
        TEST(first_of_a_kind_is_the_one_that_is_due_first),
    };
    return cmocka_run_group_tests_name("timeout", tests, NULL, NULL);
}
