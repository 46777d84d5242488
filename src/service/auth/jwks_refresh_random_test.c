/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An issuer that rotates, goes away and comes back, and clients with tokens by keys that
 * are known and unknown, on virtual time. Thousands of seeds; a failing one is printed and
 * can be run alone: jwks_refresh_random_test SEED.
 */
#include "service/auth/jwks_refresh.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "expect.h"
#include "random.h"

enum { SEED_COUNT = 10000, STEP_COUNT = 400 };

#define NOTHING UINT64_MAX

static uint64_t only_seed = UINT64_MAX;

struct world {
    struct random random;
    struct jwks_refresh_options options;
    struct jwks_refresh refresh;
    uint64_t now_ns;
    uint64_t wake_ns;

    /* the issuer */
    bool is_up;
    uint64_t epoch;         /* of its keys: a rotation counts it up */
    uint64_t epoch_ns;      /* when that was */
    uint64_t up_ns;         /* since when it is up without a break; NOTHING: it is not */
    uint64_t answer_ns_max; /* how long it takes */

    /* the flight */
    bool is_flying;
    bool has_discovered;
    uint64_t answer_due_ns; /* of what was asked */
    uint64_t answer_epoch;
    bool answer_is_good;
    uint64_t flight_ns;
    uint64_t last_flight_ns; /* NOTHING: there was none */
    uint64_t flight_count;

    /* what is served */
    bool has_keys;
    uint64_t keys_epoch;
    uint64_t keys_ns; /* the flight that brought them began */
};

static void world_init(struct world *world, uint64_t seed)
{
    *world = (struct world){.random = {seed}, .last_flight_ns = NOTHING};
    struct random *random = &world->random;
    struct jwks_refresh_options *options = &world->options;
    options->discovers = random_one_in(random, 2);
    options->interval_ns = NS_PER_S + random_below(random, 30 * NS_PER_S);
    options->backoff_ns_max = options->interval_ns + random_below(random, 120 * NS_PER_S);
    options->lifetime_ns_min = options->interval_ns + random_below(random, 60 * NS_PER_S);
    options->lifetime_ns_default =
        options->lifetime_ns_min + random_below(random, 300 * NS_PER_S);
    options->lifetime_ns_max =
        options->lifetime_ns_default + random_below(random, 3600 * NS_PER_S);
    options->age_ns_max = options->lifetime_ns_max + random_below(random, 7200 * NS_PER_S);
    world->now_ns = random_below(random, NS_PER_S * 1000000);
    world->is_up = random_one_in(random, 2);
    world->up_ns = world->is_up ? world->now_ns : NOTHING;
    world->epoch_ns = world->now_ns;
    world->answer_ns_max = random_one_in(random, 2) ? 1 : NS_PER_S * 20;
    jwks_refresh_init(&world->refresh, options);
}

static uint64_t some_lifetime(struct world *world)
{
    return random_one_in(&world->random, 4)
               ? JWKS_LIFETIME_UNTOLD
               : random_below(&world->random, world->options.lifetime_ns_max * 2);
}

/* One request of a flight has been sent. */
static void ask(struct world *world)
{
    world->answer_due_ns =
        world->now_ns + random_below(&world->random, world->answer_ns_max + 1);
    world->answer_epoch = world->epoch;
    world->answer_is_good = world->is_up;
}

static void begin_flight(struct world *world, enum jwks_act act)
{
    assert_false(world->is_flying); /* single flight */
    if (world->last_flight_ns != NOTHING) {
        assert_true(world->now_ns - world->last_flight_ns >= world->options.interval_ns);
    }
    assert_true(act == JWKS_FETCH || world->options.discovers);
    world->last_flight_ns = world->now_ns;
    world->flight_ns = world->now_ns;
    world->flight_count++;
    world->is_flying = true;
    ask(world);
}

static void obey(struct world *world, struct jwks_decision decision)
{
    assert_true(decision.wake_ns > world->now_ns);
    if (decision.drops_keys) {
        assert_true(world->has_keys);
        assert_true(world->now_ns - world->keys_ns >= world->options.age_ns_max);
        world->has_keys = false;
    }
    if (decision.act != JWKS_REST) {
        begin_flight(world, decision.act);
        world->has_discovered = decision.act == JWKS_FETCH;
    }
    world->wake_ns = decision.wake_ns;
}

static void bring_discovery(struct world *world)
{
    const struct jwks_decision decision =
        jwks_refresh_discovered(&world->refresh, world->now_ns, some_lifetime(world));
    assert_int_equal(decision.act, JWKS_FETCH); /* the same flight goes on */
    world->has_discovered = true;
    world->wake_ns = decision.wake_ns;
    if (decision.drops_keys) {
        world->has_keys = false;
    }
    ask(world);
}

static void bring_keys(struct world *world)
{
    world->is_flying = false;
    world->has_keys = true;
    world->keys_epoch = world->answer_epoch;
    world->keys_ns = world->flight_ns;
    obey(world, jwks_refresh_fetched(&world->refresh, world->now_ns, some_lifetime(world),
                                     random_u64(&world->random)));
}

static void answer(struct world *world)
{
    if (!world->answer_is_good) {
        world->is_flying = false;
        obey(world, jwks_refresh_failed(&world->refresh, world->now_ns,
                                        random_u64(&world->random)));
    } else if (!world->has_discovered) {
        bring_discovery(world);
    } else {
        bring_keys(world);
    }
}

/* A token by a key that the issuer has, or by one that nobody has. */
static void want(struct world *world)
{
    struct jwks_decision decision;
    const bool was_flying = world->is_flying;
    const uint64_t refuses_until_ns = jwks_refresh_refuses_until_ns(&world->refresh);
    const enum jwks_want result =
        jwks_refresh_want(&world->refresh, world->now_ns, &decision);
    obey(world, decision);
    assert_int_equal(result == JWKS_WANT_JOINS, was_flying);
    assert_int_equal(result == JWKS_WANT_BEGINS, !was_flying && world->is_flying);
    assert_int_equal(result == JWKS_WANT_REFUSED, !world->is_flying);
    if (result == JWKS_WANT_REFUSED) {
        assert_true(world->now_ns < refuses_until_ns);
        assert_true(refuses_until_ns <= world->now_ns + world->options.backoff_ns_max);
    }
}

static void flood(struct world *world)
{
    const uint64_t before = world->flight_count;
    for (size_t i = 0; i < 100; i++) {
        want(world);
    }
    assert_true(world->flight_count - before <= 1);
}

static void change_issuer(struct world *world)
{
    if (random_one_in(&world->random, 2)) {
        world->epoch++;
        world->epoch_ns = world->now_ns;
    } else {
        world->is_up = !world->is_up;
        world->up_ns = world->is_up ? world->now_ns : NOTHING;
    }
}

/* The longest from the moment that nothing fails any more to keys that are as new as that:
 * what remains of a flight that fails, the wait after it, discovery and keys. */
static uint64_t recovery_ns_max(const struct world *world)
{
    return 4 * world->answer_ns_max + world->options.backoff_ns_max +
           world->options.interval_ns;
}

static void expect_what_must_always_hold(const struct world *world)
{
    uint64_t age_ns = 0;
    assert_int_equal(jwks_refresh_age(&world->refresh, world->now_ns, &age_ns),
                     world->has_keys);
    if (world->has_keys) {
        assert_int_equal(age_ns, world->now_ns - world->keys_ns);
        assert_true(age_ns <= world->options.age_ns_max);
    }
    if (world->up_ns == NOTHING) {
        return;
    }
    const uint64_t calm_ns = world->now_ns - world->up_ns;
    /* Unless answers take so long that keys get too old before the next ones are there. */
    const bool age_is_ample = world->options.age_ns_max >=
                              world->options.lifetime_ns_max + recovery_ns_max(world);
    if (calm_ns > recovery_ns_max(world) && age_is_ample) {
        assert_true(world->has_keys);
    }
    /* A rotation is seen, though nobody asks, within a lifetime. */
    const uint64_t rotated_ns = world->now_ns - world->epoch_ns;
    const uint64_t seen_within_ns = world->options.lifetime_ns_max + recovery_ns_max(world);
    if (calm_ns > seen_within_ns && rotated_ns > seen_within_ns && world->has_keys) {
        assert_int_equal(world->keys_epoch, world->epoch);
    }
}

/* Time goes on to the next thing that happens, or some way there. */
static void pass_time(struct world *world, uint64_t until_ns)
{
    const uint64_t next_ns = world->is_flying && world->answer_due_ns < world->wake_ns
                                 ? world->answer_due_ns
                                 : world->wake_ns;
    assert_true(next_ns != NOTHING); /* it never sleeps for good */
    if (next_ns > until_ns) {
        world->now_ns = until_ns;
        return;
    }
    world->now_ns = next_ns;
    if (world->is_flying && next_ns == world->answer_due_ns) {
        answer(world);
    } else {
        obey(world, jwks_refresh_tick(&world->refresh, world->now_ns));
    }
}

static void run_until(struct world *world, uint64_t until_ns)
{
    while (world->now_ns < until_ns) {
        pass_time(world, until_ns);
        expect_what_must_always_hold(world);
    }
}

/* Asked for at once and again after each interval, a rotated key is there soon. */
static void a_wanted_rotation_is_seen_soon(struct world *world)
{
    world->is_up = true;
    world->up_ns = world->now_ns;
    world->epoch++;
    world->epoch_ns = world->now_ns;
    const uint64_t limit_ns = world->now_ns + recovery_ns_max(world) +
                              world->options.interval_ns + 2 * world->answer_ns_max;
    while (!world->has_keys || world->keys_epoch != world->epoch) {
        assert_true(world->now_ns <= limit_ns);
        want(world);
        run_until(world, world->now_ns + NS_PER_S / 4);
    }
}

static void run_seed(uint64_t seed)
{
    struct world world;
    world_init(&world, seed);
    obey(&world, jwks_refresh_tick(&world.refresh, world.now_ns));
    for (size_t step = 0; step < STEP_COUNT; step++) {
        const uint64_t pause_ns = random_one_in(&world.random, 8)
                                      ? world.options.age_ns_max
                                      : 4 * world.options.interval_ns;
        run_until(&world, world.now_ns + random_below(&world.random, pause_ns));
        switch (random_below(&world.random, 8)) {
        case 0:
            change_issuer(&world);
            break;
        case 1:
            flood(&world);
            break;
        case 2:
            obey(&world, jwks_refresh_hurry(&world.refresh, world.now_ns));
            break;
        default:
            want(&world);
            break;
        }
        expect_what_must_always_hold(&world);
    }
    a_wanted_rotation_is_seen_soon(&world);
}

static uint64_t seed_now;

static void whatever_happens_the_issuer_is_spared_and_keys_are_fresh(void **state)
{
    (void)state;
    if (only_seed != UINT64_MAX) {
        run_seed(only_seed);
        return;
    }
    for (seed_now = 1; seed_now <= SEED_COUNT; seed_now++) {
        run_seed(seed_now);
    }
}

int main(int argument_count, char **arguments)
{
    if (argument_count > 1) {
        only_seed = strtoull(arguments[1], NULL, 10);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_the_issuer_is_spared_and_keys_are_fresh),
    };
    const int failed =
        cmocka_run_group_tests_name("jwks_refresh_random", tests, NULL, NULL);
    if (failed != 0) {
        (void)fprintf(stderr, "seed %llu\n",
                      (unsigned long long)(argument_count > 1 ? only_seed : seed_now));
    }
    return failed;
}
