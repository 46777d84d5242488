/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/jwks_refresh.h"

#include "base/clock.h"
#include "expect.h"

static const struct jwks_refresh_options usual = {
    .interval_ns = 10 * NS_PER_S,
    .backoff_ns_max = 60 * NS_PER_S,
    .lifetime_ns_min = 100 * NS_PER_S,
    .lifetime_ns_default = 300 * NS_PER_S,
    .lifetime_ns_max = 1000 * NS_PER_S,
    .age_ns_max = 5000 * NS_PER_S,
};

enum { NO_CHANCE = 0 };

static const uint64_t start_ns = 7 * NS_PER_S;

static struct jwks_refresh refresh;

static int init(void **state)
{
    (void)state;
    jwks_refresh_init(&refresh, &usual);
    return 0;
}

static uint64_t at(uint64_t seconds)
{
    return start_ns + seconds * NS_PER_S;
}

/* The first flight, from second 0 to second 1. */
static struct jwks_decision fetch_first(uint64_t lifetime_ns)
{
    assert_int_equal(jwks_refresh_tick(&refresh, at(0)).act, JWKS_FETCH);
    return jwks_refresh_fetched(&refresh, at(1), lifetime_ns, NO_CHANCE);
}

static void the_first_flight_begins_at_once(void **state)
{
    (void)state;
    const struct jwks_decision decision = jwks_refresh_tick(&refresh, at(0));
    assert_int_equal(decision.act, JWKS_FETCH);
    assert_int_equal(decision.wake_ns, UINT64_MAX);
    assert_int_equal(jwks_refresh_tick(&refresh, at(500)).act, JWKS_REST);
}

static void keys_are_fetched_again_before_their_lifetime_is_over(void **state)
{
    (void)state;
    const struct jwks_decision decision = fetch_first(400 * NS_PER_S);
    assert_int_equal(decision.act, JWKS_REST);
    assert_int_equal(decision.wake_ns, at(300));
    assert_int_equal(jwks_refresh_tick(&refresh, at(300) - 1).act, JWKS_REST);
    assert_int_equal(jwks_refresh_tick(&refresh, at(300)).act, JWKS_FETCH);
}

static void chance_spreads_the_fetches(void **state)
{
    (void)state;
    assert_int_equal(jwks_refresh_tick(&refresh, at(0)).act, JWKS_FETCH);
    assert_int_equal(
        jwks_refresh_fetched(&refresh, at(1), 400 * NS_PER_S, 50 * NS_PER_S).wake_ns,
        at(350));
}

static void the_issuers_lifetime_counts_within_bounds(void **state)
{
    static const struct {
        uint64_t told_ns;
        uint64_t due_s;
    } cases[] = {
        {0, 75}, {99 * NS_PER_S, 75}, {2000 * NS_PER_S, 750}, {JWKS_LIFETIME_UNTOLD, 225}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)init(state);
        assert_int_equal(fetch_first(cases[i].told_ns).wake_ns, at(cases[i].due_s));
    }
}

static void an_unknown_key_begins_a_flight(void **state)
{
    struct jwks_decision decision;
    (void)state;
    (void)fetch_first(JWKS_LIFETIME_UNTOLD);
    assert_int_equal(jwks_refresh_refuses_until_ns(&refresh), at(10));
    assert_int_equal(jwks_refresh_want(&refresh, at(10), &decision), JWKS_WANT_BEGINS);
    assert_int_equal(decision.act, JWKS_FETCH);
}

static void within_the_interval_it_is_refused(void **state)
{
    struct jwks_decision decision;
    (void)state;
    (void)fetch_first(JWKS_LIFETIME_UNTOLD);
    assert_int_equal(jwks_refresh_want(&refresh, at(10) - 1, &decision), JWKS_WANT_REFUSED);
    assert_int_equal(decision.act, JWKS_REST);
}

static void unknown_keys_share_a_flight(void **state)
{
    struct jwks_decision decision;
    (void)state;
    (void)jwks_refresh_tick(&refresh, at(0));
    assert_int_equal(jwks_refresh_refuses_until_ns(&refresh), 0);
    assert_int_equal(jwks_refresh_want(&refresh, at(20), &decision), JWKS_WANT_JOINS);
    assert_int_equal(decision.act, JWKS_REST);
}

static void after_failures_flights_get_rarer(void **state)
{
    static const uint64_t waits_s[] = {10, 20, 40, 60, 60};
    uint64_t now_ns = start_ns;
    (void)state;
    for (size_t i = 0; i < sizeof(waits_s) / sizeof(waits_s[0]); i++) {
        assert_int_equal(jwks_refresh_tick(&refresh, now_ns).act, JWKS_FETCH);
        const struct jwks_decision decision =
            jwks_refresh_failed(&refresh, now_ns, NO_CHANCE);
        assert_int_equal(decision.wake_ns, now_ns + waits_s[i] * NS_PER_S);
        now_ns = decision.wake_ns;
    }
}

static void chance_halves_the_wait_at_most(void **state)
{
    (void)state;
    (void)jwks_refresh_tick(&refresh, at(0));
    (void)jwks_refresh_failed(&refresh, at(0), NO_CHANCE);
    (void)jwks_refresh_tick(&refresh, at(10));
    assert_int_equal(jwks_refresh_failed(&refresh, at(10), 10 * NS_PER_S).wake_ns, at(20));
}

static void unknown_keys_do_not_shorten_the_wait(void **state)
{
    struct jwks_decision decision;
    (void)state;
    (void)jwks_refresh_tick(&refresh, at(0));
    (void)jwks_refresh_failed(&refresh, at(0), NO_CHANCE);
    (void)jwks_refresh_tick(&refresh, at(10));
    (void)jwks_refresh_failed(&refresh, at(10), NO_CHANCE);
    assert_int_equal(jwks_refresh_want(&refresh, at(29), &decision), JWKS_WANT_REFUSED);
    assert_int_equal(jwks_refresh_want(&refresh, at(30), &decision), JWKS_WANT_BEGINS);
}

static void old_keys_count_through_failures_until_they_are_too_old(void **state)
{
    uint64_t age_ns = 0;
    (void)state;
    (void)fetch_first(JWKS_LIFETIME_UNTOLD);
    (void)jwks_refresh_tick(&refresh, at(4990));
    assert_int_equal(jwks_refresh_failed(&refresh, at(4995), NO_CHANCE).wake_ns, at(5000));
    assert_true(jwks_refresh_age(&refresh, at(4999), &age_ns));
    assert_int_equal(age_ns, 4999 * NS_PER_S);
    const struct jwks_decision decision = jwks_refresh_tick(&refresh, at(5000));
    assert_true(decision.drops_keys);
    assert_false(jwks_refresh_age(&refresh, at(5000), &age_ns));
    assert_int_equal(decision.wake_ns, at(5005));
}

static void keys_are_dropped_once(void **state)
{
    (void)state;
    (void)fetch_first(JWKS_LIFETIME_UNTOLD);
    (void)jwks_refresh_tick(&refresh, at(4999));
    assert_true(jwks_refresh_tick(&refresh, at(5000)).drops_keys);
    assert_false(jwks_refresh_tick(&refresh, at(5001)).drops_keys);
}

static void keys_age_from_the_start_of_their_flight(void **state)
{
    uint64_t age_ns = 0;
    (void)state;
    (void)fetch_first(JWKS_LIFETIME_UNTOLD);
    assert_true(jwks_refresh_age(&refresh, at(1), &age_ns));
    assert_int_equal(age_ns, NS_PER_S);
}

static void a_flight_begins_with_discovery_while_that_is_not_fresh(void **state)
{
    struct jwks_refresh_options options = usual;
    struct jwks_decision decision;
    (void)state;
    options.discovers = true;
    jwks_refresh_init(&refresh, &options);
    assert_int_equal(jwks_refresh_tick(&refresh, at(0)).act, JWKS_DISCOVER);
    assert_int_equal(jwks_refresh_discovered(&refresh, at(1), 100 * NS_PER_S).act,
                     JWKS_FETCH);
    (void)jwks_refresh_fetched(&refresh, at(2), JWKS_LIFETIME_UNTOLD, NO_CHANCE);
    (void)jwks_refresh_want(&refresh, at(50), &decision);
    assert_int_equal(decision.act, JWKS_FETCH);
    (void)jwks_refresh_fetched(&refresh, at(51), JWKS_LIFETIME_UNTOLD, NO_CHANCE);
    (void)jwks_refresh_want(&refresh, at(100), &decision);
    assert_int_equal(decision.act, JWKS_DISCOVER);
}

static void after_a_failure_discovery_is_done_again(void **state)
{
    struct jwks_refresh_options options = usual;
    (void)state;
    options.discovers = true;
    jwks_refresh_init(&refresh, &options);
    (void)jwks_refresh_tick(&refresh, at(0));
    (void)jwks_refresh_discovered(&refresh, at(1), 1000 * NS_PER_S);
    (void)jwks_refresh_failed(&refresh, at(2), NO_CHANCE);
    assert_int_equal(jwks_refresh_tick(&refresh, at(20)).act, JWKS_DISCOVER);
}

static void a_hurry_waits_for_the_interval_only(void **state)
{
    (void)state;
    (void)fetch_first(JWKS_LIFETIME_UNTOLD);
    assert_int_equal(jwks_refresh_hurry(&refresh, at(2)).wake_ns, at(10));
    assert_int_equal(jwks_refresh_tick(&refresh, at(10)).act, JWKS_FETCH);
}

static void a_hurry_during_a_flight_makes_another(void **state)
{
    (void)state;
    (void)jwks_refresh_tick(&refresh, at(0));
    assert_int_equal(jwks_refresh_hurry(&refresh, at(1)).act, JWKS_REST);
    assert_int_equal(
        jwks_refresh_fetched(&refresh, at(2), JWKS_LIFETIME_UNTOLD, NO_CHANCE).wake_ns,
        at(10));
    (void)jwks_refresh_tick(&refresh, at(10));
    assert_int_equal(
        jwks_refresh_fetched(&refresh, at(11), JWKS_LIFETIME_UNTOLD, NO_CHANCE).wake_ns,
        at(10 + 225));
}

static void keys_of_a_file_neither_age_nor_are_fetched_unasked(void **state)
{
    struct jwks_refresh_options options = usual;
    (void)state;
    options.keys_never_age = true;
    jwks_refresh_init(&refresh, &options);
    assert_int_equal(fetch_first(JWKS_LIFETIME_UNTOLD).wake_ns, UINT64_MAX);
    const struct jwks_decision decision = jwks_refresh_tick(&refresh, at(1000000));
    assert_int_equal(decision.act, JWKS_REST);
    assert_false(decision.drops_keys);
    assert_int_equal(jwks_refresh_hurry(&refresh, at(1000000)).act, JWKS_FETCH);
}

static void bounds_follow_a_long_interval(void **state)
{
    struct jwks_refresh_options options = usual;
    (void)state;
    options.interval_ns = 600 * NS_PER_S;
    jwks_refresh_init(&refresh, &options);
    assert_int_equal(fetch_first(NS_PER_S).wake_ns, at(600));
    assert_int_equal(jwks_refresh_tick(&refresh, at(600)).act, JWKS_FETCH);
    assert_int_equal(jwks_refresh_failed(&refresh, at(601), NO_CHANCE).wake_ns, at(1201));
}

#define TEST(test) cmocka_unit_test_setup(test, init)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_flight_begins_at_once),
        TEST(keys_are_fetched_again_before_their_lifetime_is_over),
        TEST(chance_spreads_the_fetches),
        TEST(the_issuers_lifetime_counts_within_bounds),
        TEST(an_unknown_key_begins_a_flight),
        TEST(within_the_interval_it_is_refused),
        TEST(unknown_keys_share_a_flight),
        TEST(after_failures_flights_get_rarer),
        TEST(chance_halves_the_wait_at_most),
        TEST(unknown_keys_do_not_shorten_the_wait),
        TEST(old_keys_count_through_failures_until_they_are_too_old),
        TEST(keys_are_dropped_once),
        TEST(keys_age_from_the_start_of_their_flight),
        TEST(a_flight_begins_with_discovery_while_that_is_not_fresh),
        TEST(after_a_failure_discovery_is_done_again),
        TEST(a_hurry_waits_for_the_interval_only),
        TEST(a_hurry_during_a_flight_makes_another),
        TEST(bounds_follow_a_long_interval),
        TEST(keys_of_a_file_neither_age_nor_are_fetched_unasked),
    };
    return cmocka_run_group_tests_name("jwks_refresh", tests, NULL, NULL);
}
