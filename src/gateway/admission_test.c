/* SPDX-License-Identifier: Apache-2.0 */
/* The last ones are simulations: thousands of seeds on virtual time. A failing seed is
 * printed. */
#include "gateway/admission.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "expect.h"
#include "random.h"

static struct admission admission;
static const struct siphash_key key = {{3, 4}};
static const struct admission_limits none = {0};
static struct admission_refusal refusal;

static const uint64_t start_ns = 1000 * NS_PER_S;

static int set_up(void **state)
{
    (void)state;
    admission_init(&admission, &key);
    refusal = (struct admission_refusal){.retry_after_s = 0};
    return 0;
}

static struct admission_route route_of(const char *name, enum admission_class class)
{
    return (struct admission_route){.name = admission_name(bytes_from_string(name)),
                                    .class = class};
}

static enum galen_status enter(const struct admission_limits *limits,
                               const struct admission_route *route,
                               struct admission_ticket *ticket)
{
    return admission_enter(&admission, limits, route, BYTES("caller"), start_ns, ticket,
                           &refusal);
}

static void expect_nothing_is_held(void)
{
    assert_int_equal(admission.in_flight, 0);
    assert_int_equal(admission.bodies_size_bytes, 0);
    for (size_t i = 0; i < ADMISSION_GATE_COUNT; i++) {
        assert_int_equal(admission.gates[i].in_flight, 0);
    }
}

static void without_limits_all_are_taken_on(void **state)
{
    (void)state;
    const struct admission_route route = route_of("a", ADMISSION_BATCH);
    const struct admission_load load = {UINT64_MAX, 1 << 30};
    struct admission_ticket tickets[100] = {{0}};
    for (size_t i = 0; i < 100; i++) {
        EXPECT_OK(admission_begin(&admission, &none, &route, &load, &refusal));
        EXPECT_OK(enter(&none, &route, &tickets[i]));
    }
    assert_int_equal(admission.in_flight, 100);
    for (size_t i = 0; i < 100; i++) {
        admission_leave(&admission, &tickets[i]);
        admission_leave(&admission, &tickets[i]); /* again is harmless */
    }
    expect_nothing_is_held();
}

static void beyond_the_route_s_limit_is_busy_and_the_other_route_is_not(void **state)
{
    (void)state;
    struct admission_route a = route_of("a", ADMISSION_CLINIC);
    const struct admission_route b = route_of("b", ADMISSION_CLINIC);
    struct admission_ticket tickets[4] = {{0}};
    a.concurrency = 2;
    EXPECT_OK(enter(&none, &a, &tickets[0]));
    EXPECT_OK(enter(&none, &a, &tickets[1]));

    EXPECT_STATUS(GALEN_BUSY, enter(&none, &a, &tickets[2]));
    assert_int_equal(refusal.reason, ADMISSION_CONCURRENCY);
    assert_int_equal(refusal.retry_after_s, 1);
    EXPECT_OK(enter(&none, &b, &tickets[3]));

    admission_leave(&admission, &tickets[0]);
    EXPECT_OK(enter(&none, &a, &tickets[2]));
    assert_int_equal(admission_shed_count(&admission, a.name, ADMISSION_CONCURRENCY), 1);
    assert_int_equal(admission_shed_count(&admission, b.name, ADMISSION_CONCURRENCY), 0);
}

static void batch_leaves_the_reserve_to_clinic(void **state)
{
    (void)state;
    const struct admission_limits limits = {.concurrency = 4, .reserve = 3};
    const struct admission_route clinic = route_of("c", ADMISSION_CLINIC);
    const struct admission_route batch = route_of("b", ADMISSION_BATCH);
    struct admission_ticket tickets[6] = {{0}};

    EXPECT_OK(enter(&limits, &batch, &tickets[0]));
    EXPECT_STATUS(GALEN_BUSY, enter(&limits, &batch, &tickets[1]));
    assert_int_equal(refusal.reason, ADMISSION_CAPACITY);
    EXPECT_OK(enter(&limits, &clinic, &tickets[1]));
    EXPECT_OK(enter(&limits, &clinic, &tickets[2]));
    EXPECT_OK(enter(&limits, &clinic, &tickets[3]));
    EXPECT_STATUS(GALEN_BUSY, enter(&limits, &clinic, &tickets[4]));
    admission_leave(&admission, &tickets[0]); /* the place is clinic's, not batch's */
    EXPECT_STATUS(GALEN_BUSY, enter(&limits, &batch, &tickets[0]));
    EXPECT_OK(enter(&limits, &clinic, &tickets[4]));
}

static void reserve_of_all_leaves_batch_nothing(void **state)
{
    (void)state;
    const struct admission_limits limits = {.concurrency = 4, .reserve = 9};
    const struct admission_route batch = route_of("b", ADMISSION_BATCH);
    struct admission_ticket ticket = {0};
    EXPECT_STATUS(GALEN_BUSY, enter(&limits, &batch, &ticket));
}

static void late_loop_refuses_batch_first(void **state)
{
    (void)state;
    const struct admission_limits limits = {.lag_ns = 100};
    const struct admission_route clinic = route_of("c", ADMISSION_CLINIC);
    const struct admission_route batch = route_of("b", ADMISSION_BATCH);
    static const struct {
        uint64_t lag_ns;
        bool takes_batch;
        bool takes_clinic;
    } cases[] = {{0, true, true},
                 {50, true, true},
                 {51, false, true},
                 {100, false, true},
                 {101, false, false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct admission_load load = {.lag_ns = cases[i].lag_ns};
        assert_int_equal(admission_begin(&admission, &limits, &batch, &load, &refusal) ==
                             GALEN_OK,
                         cases[i].takes_batch);
        assert_int_equal(admission_begin(&admission, &limits, &clinic, &load, &refusal) ==
                             GALEN_OK,
                         cases[i].takes_clinic);
    }
    assert_int_equal(refusal.reason, ADMISSION_LAG);
}

static enum galen_status begin(const struct admission_limits *limits,
                               const struct admission_route *route, uint64_t size)
{
    const struct admission_load load = {.body_size_bytes = size};
    return admission_begin(&admission, limits, route, &load, &refusal);
}

static void bodies_that_are_there_leave_room_for_so_much_and_batch_has_half(void **state)
{
    (void)state;
    const struct admission_limits limits = {.bodies_size_bytes = 100};
    const struct admission_route clinic = route_of("c", ADMISSION_CLINIC);
    const struct admission_route batch = route_of("b", ADMISSION_BATCH);

    admission.bodies_size_bytes = 40;
    EXPECT_OK(begin(&limits, &batch, 10));
    EXPECT_STATUS(GALEN_BUSY, begin(&limits, &batch, 11));
    assert_int_equal(refusal.reason, ADMISSION_BODIES);
    EXPECT_OK(begin(&limits, &clinic, 60));
    EXPECT_STATUS(GALEN_BUSY, begin(&limits, &clinic, 61));
    admission.bodies_size_bytes = 100;
    EXPECT_OK(begin(&limits, &clinic, 0));
    EXPECT_STATUS(GALEN_BUSY, begin(&limits, &batch, 0)); /* it may have one, untold */
}

static void body_beyond_the_limit_is_taken_alone(void **state)
{
    (void)state;
    const struct admission_limits limits = {.bodies_size_bytes = 100};
    const struct admission_route batch = route_of("b", ADMISSION_BATCH);
    EXPECT_OK(begin(&limits, &batch, 1000));
    admission.bodies_size_bytes = 1;
    EXPECT_STATUS(GALEN_BUSY, begin(&limits, &batch, 1000));
}

static enum galen_status enter_as(const char *caller, const struct admission_route *route)
{
    struct admission_ticket ticket = {0};
    const enum galen_status status = admission_enter(
        &admission, &none, route, bytes_from_string(caller), start_ns, &ticket, &refusal);
    admission_leave(&admission, &ticket);
    return status;
}

static void each_caller_has_a_rate_of_his_own_on_each_route(void **state)
{
    (void)state;
    struct admission_route a = route_of("a", ADMISSION_CLINIC);
    struct admission_route b = route_of("b", ADMISSION_CLINIC);
    a.rate = rate_limit_of(0.1, 1);
    b.rate = rate_limit_of(0.1, 2);

    EXPECT_OK(enter_as("one", &a));
    EXPECT_STATUS(GALEN_RATE_LIMITED, enter_as("one", &a));
    assert_int_equal(refusal.retry_after_s, 10);
    EXPECT_OK(enter_as("one", &b));
    EXPECT_OK(enter_as("one", &b));
    EXPECT_STATUS(GALEN_RATE_LIMITED, enter_as("one", &b));
    EXPECT_OK(enter_as("two", &a));
    expect_nothing_is_held();
}

static void time_to_wait_is_rounded_up_to_seconds(void **state)
{
    (void)state;
    struct admission_route route = route_of("a", ADMISSION_CLINIC);
    route.rate = (struct rate_limit){NS_PER_S + 1, 1};
    EXPECT_OK(enter_as("one", &route));
    EXPECT_STATUS(GALEN_RATE_LIMITED, enter_as("one", &route));
    assert_int_equal(refusal.retry_after_s, 2);
}

static void who_is_refused_for_the_rate_holds_no_place(void **state)
{
    (void)state;
    const struct admission_limits limits = {.concurrency = 1};
    struct admission_route route = route_of("a", ADMISSION_CLINIC);
    struct admission_ticket ticket = {0};
    route.rate = rate_limit_of(1, 1);
    EXPECT_OK(enter_as("caller", &route));

    EXPECT_STATUS(GALEN_RATE_LIMITED, enter(&limits, &route, &ticket));

    expect_nothing_is_held();
    assert_int_equal(ticket.gate_count, 0);
}

static void route_that_shows_later_is_entered_too_and_once(void **state)
{
    (void)state;
    struct admission_route a = route_of("a", ADMISSION_CLINIC);
    struct admission_route b = route_of("b", ADMISSION_CLINIC);
    struct admission_ticket tickets[2] = {{0}};
    b.concurrency = 1;
    EXPECT_OK(enter(&none, &a, &tickets[0]));
    EXPECT_OK(enter(&none, &b, &tickets[0]));
    EXPECT_OK(enter(&none, &b, &tickets[0])); /* which it has */
    assert_int_equal(admission.in_flight, 1);

    EXPECT_OK(enter(&none, &a, &tickets[1]));
    EXPECT_STATUS(GALEN_BUSY, enter(&none, &b, &tickets[1]));
    assert_int_equal(tickets[1].gate_count, 1); /* the first one stays its own */

    admission_leave(&admission, &tickets[0]);
    admission_leave(&admission, &tickets[1]);
    expect_nothing_is_held();
}

static void route_that_turns_out_to_be_batch_gives_way(void **state)
{
    (void)state;
    const struct admission_limits limits = {.concurrency = 3, .reserve = 2};
    const struct admission_route clinic = route_of("c", ADMISSION_CLINIC);
    const struct admission_route batch = route_of("b", ADMISSION_BATCH);
    struct admission_ticket tickets[2] = {{0}};
    EXPECT_OK(enter(&limits, &clinic, &tickets[0]));
    EXPECT_OK(enter(&limits, &clinic, &tickets[1]));

    EXPECT_STATUS(GALEN_BUSY, enter(&limits, &batch, &tickets[1]));

    admission_leave(&admission, &tickets[0]);
    EXPECT_OK(enter(&limits, &batch, &tickets[1]));
}

static void counts_of_a_route_survive_another_configuration(void **state)
{
    (void)state;
    struct admission_route before = route_of("a", ADMISSION_CLINIC);
    struct admission_route after = route_of("a", ADMISSION_BATCH);
    struct admission_ticket tickets[2] = {{0}};
    after.concurrency = 1;
    EXPECT_OK(enter(&none, &before, &tickets[0]));

    EXPECT_STATUS(GALEN_BUSY, enter(&none, &after, &tickets[1]));
}

static void more_routes_than_gates_share_the_last(void **state)
{
    (void)state;
    struct admission_ticket tickets[ADMISSION_GATE_COUNT + 1] = {{0}};
    char name[16];
    for (int i = 0; i <= ADMISSION_GATE_COUNT; i++) {
        (void)snprintf(name, sizeof(name), "r%d", i);
        struct admission_route route = route_of(name, ADMISSION_CLINIC);
        route.concurrency = 1;
        EXPECT_STATUS(i <= ADMISSION_GATE_COUNT - 1 ? GALEN_OK : GALEN_BUSY,
                      enter(&none, &route, &tickets[i]));
    }
}

/* Simulation */

enum {
    SEED_COUNT = 3000,
    STEP_COUNT = 300,
    UNDER_WAY_MAX = 64,
    ROUTE_COUNT = 4,
    CALLER_COUNT = 3,
};

struct under_way {
    bool is_used;
    size_t route;
    uint64_t size;
    uint64_t until_ns;
    struct admission_ticket ticket;
};

struct world {
    struct random random;
    uint64_t now_ns;
    struct admission_limits limits;
    struct admission_route routes[ROUTE_COUNT];
    struct under_way under_way[UNDER_WAY_MAX];
};

static void draw_world(struct world *world, uint64_t seed)
{
    static const char *const names[ROUTE_COUNT] = {"a", "b", "c", "d"};
    *world = (struct world){.random = {seed}, .now_ns = start_ns};
    struct random *random = &world->random;
    world->limits = (struct admission_limits){
        .concurrency = random_one_in(random, 5) ? 0 : 1 + random_below(random, 20),
        .reserve = random_below(random, 10),
        .bodies_size_bytes = random_one_in(random, 5) ? 0 : 1 + random_below(random, 5000),
        .lag_ns = random_one_in(random, 5) ? 0 : 1 + random_below(random, 1000),
    };
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        world->routes[i] = route_of(names[i], random_one_in(random, 2) ? ADMISSION_BATCH
                                                                       : ADMISSION_CLINIC);
        world->routes[i].concurrency = random_below(random, 6);
        world->routes[i].rate.interval_ns = random_below(random, 3) * 500;
        world->routes[i].rate.burst = 1 + random_below(random, 8);
    }
}

/* What must be counted, by looking at all that is under way. */
struct counts {
    uint64_t in_flight;
    uint64_t size;
    uint64_t of_route[ROUTE_COUNT];
};

static struct counts count(const struct world *world)
{
    struct counts counts = {0};
    for (size_t i = 0; i < UNDER_WAY_MAX; i++) {
        const struct under_way *one = &world->under_way[i];
        if (one->is_used) {
            counts.in_flight++;
            counts.size += one->size;
            counts.of_route[one->route]++;
        }
    }
    return counts;
}

static void expect_within_limits(const struct world *world)
{
    const struct counts counts = count(world);
    assert_int_equal(counts.in_flight, admission.in_flight);
    assert_int_equal(counts.size, admission.bodies_size_bytes);
    assert_true(world->limits.concurrency == 0 ||
                counts.in_flight <= world->limits.concurrency);
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        assert_true(world->routes[i].concurrency == 0 ||
                    counts.of_route[i] <= world->routes[i].concurrency);
    }
}

static uint64_t room_for(const struct world *world, const struct admission_route *route)
{
    const uint64_t all = world->limits.concurrency;
    const uint64_t reserve = route->class == ADMISSION_BATCH ? world->limits.reserve : 0;
    return all == 0 ? UINT64_MAX : all > reserve ? all - reserve : 0;
}

/* A refusal has its reason: nothing is refused that there was room for. */
static void expect_reason(const struct world *world, const struct counts *before,
                          size_t route_index, const struct admission_load *load)
{
    const struct admission_route *route = &world->routes[route_index];
    const uint64_t share = route->class == ADMISSION_BATCH ? 2 : 1;
    assert_true(refusal.retry_after_s >= 1);
    switch (refusal.reason) {
    case ADMISSION_LAG:
        assert_true(load->lag_ns > world->limits.lag_ns / share);
        break;
    case ADMISSION_BODIES:
        assert_true(before->size > 0 && before->size + load->body_size_bytes >
                                            world->limits.bodies_size_bytes / share);
        break;
    case ADMISSION_CAPACITY:
        assert_true(before->in_flight >= room_for(world, route));
        break;
    case ADMISSION_CONCURRENCY:
        assert_true(before->of_route[route_index] == route->concurrency);
        break;
    case ADMISSION_RATE:
        assert_true(route->rate.interval_ns > 0);
        break;
    case ADMISSION_REASON_COUNT:
        fail();
    }
}

static void arrive(struct world *world, struct under_way *free_one)
{
    static const char *const callers[CALLER_COUNT] = {"x", "y", "z"};
    struct random *random = &world->random;
    const size_t index = random_below(random, ROUTE_COUNT);
    const struct admission_route *route = &world->routes[index];
    const struct counts before = count(world);
    const struct admission_load load = {random_below(random, 300),
                                        random_below(random, 1500)};
    struct admission_ticket ticket = {0};
    enum galen_status status =
        admission_begin(&admission, &world->limits, route, &load, &refusal);
    if (status == GALEN_OK) {
        status = admission_enter(&admission, &world->limits, route,
                                 bytes_from_string(callers[random_below(random, 3)]),
                                 world->now_ns, &ticket, &refusal);
    }
    if (status != GALEN_OK) {
        expect_reason(world, &before, index, &load);
        admission_leave(&admission, &ticket);
        return;
    }
    admission.bodies_size_bytes += load.body_size_bytes; /* they come at once */
    *free_one = (struct under_way){true, index, load.body_size_bytes,
                                   world->now_ns + random_below(random, 4000), ticket};
}

static void end_what_is_due(struct world *world)
{
    for (size_t i = 0; i < UNDER_WAY_MAX; i++) {
        struct under_way *one = &world->under_way[i];
        if (one->is_used && one->until_ns <= world->now_ns) {
            admission_leave(&admission, &one->ticket);
            admission.bodies_size_bytes -= one->size;
            one->is_used = false;
        }
    }
}

static void run_seed(uint64_t seed)
{
    static struct world world;
    draw_world(&world, seed);
    admission_init(&admission, &key);
    for (size_t step = 0; step < STEP_COUNT; step++) {
        world.now_ns += random_below(&world.random, 200);
        end_what_is_due(&world);
        struct under_way *one = &world.under_way[random_below(&world.random, 64)];
        if (!one->is_used) {
            arrive(&world, one);
        }
        expect_within_limits(&world);
    }
    world.now_ns = UINT64_MAX;
    end_what_is_due(&world);
    expect_nothing_is_held();
}

static void no_seed_exceeds_a_limit_loses_room_or_refuses_without_reason(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEED_COUNT; seed++) {
        run_seed(seed);
    }
}

/* Eight workers; what is under way shares them. Clinic asks at times of its own. */
enum { WORKER_COUNT = 8, CLINIC_COUNT = 400, CLINIC_RESERVE = 4 };

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t clinic_p99(uint64_t seed, bool has_flood, size_t *out_refused_count)
{
    static struct world world;
    static uint64_t times[CLINIC_COUNT];
    const struct admission_limits limits = {.concurrency = WORKER_COUNT,
                                            .reserve = CLINIC_RESERVE};
    const struct admission_route clinic = route_of("c", ADMISSION_CLINIC);
    const struct admission_route batch = route_of("b", ADMISSION_BATCH);
    struct random clinic_random = {seed};
    size_t time_count = 0;
    world = (struct world){.random = {seed + 1}, .now_ns = start_ns};
    admission_init(&admission, &key);
    *out_refused_count = 0;
    for (size_t step = 0; step < CLINIC_COUNT; step++) {
        world.now_ns += 100 + random_below(&clinic_random, 200);
        end_what_is_due(&world);
        for (size_t i = 0; has_flood && i < 20; i++) {
            struct under_way *one = &world.under_way[32 + random_below(&world.random, 32)];
            struct admission_ticket ticket = {0};
            if (!one->is_used && enter(&limits, &batch, &ticket) == GALEN_OK) {
                *one = (struct under_way){true, 1, 0, world.now_ns + 5000, ticket};
            }
        }
        struct under_way *one = &world.under_way[step % 32];
        const uint64_t work_ns = 100 + random_below(&clinic_random, 200);
        struct admission_ticket ticket = {0};
        if (one->is_used || enter(&limits, &clinic, &ticket) != GALEN_OK) {
            ++*out_refused_count;
            continue;
        }
        const uint64_t in_flight = admission.in_flight;
        const uint64_t took_ns =
            in_flight <= WORKER_COUNT ? work_ns : work_ns * in_flight / WORKER_COUNT;
        *one = (struct under_way){true, 0, 0, world.now_ns + took_ns, ticket};
        times[time_count++] = took_ns;
    }
    qsort(times, time_count, sizeof(times[0]), compare);
    return times[time_count * 99 / 100];
}

static void flood_of_batch_changes_nothing_for_clinic(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        size_t quiet_refused_count;
        size_t flooded_refused_count;
        const uint64_t quiet_ns = clinic_p99(seed, false, &quiet_refused_count);
        const uint64_t flooded_ns = clinic_p99(seed, true, &flooded_refused_count);
        assert_int_equal(quiet_ns, flooded_ns);
        assert_int_equal(quiet_refused_count, 0);
        assert_int_equal(flooded_refused_count, 0);
        assert_true(admission_shed_count(&admission, admission_name(BYTES("b")),
                                         ADMISSION_CAPACITY) > 0);
    }
}

static void caller_that_floods_takes_nothing_from_the_others(void **state)
{
    (void)state;
    struct admission_route route = route_of("a", ADMISSION_CLINIC);
    size_t taken_counts[2] = {0};
    route.rate = rate_limit_of(100, 10);
    for (uint64_t i = 0; i < 10000; i++) { /* for ten seconds */
        const uint64_t now_ns = start_ns + i * NS_PER_MS;
        struct admission_ticket ticket = {0};
        for (size_t caller = 0; caller < 2; caller++) {
            const size_t tries = caller == 0 ? 50 : i % 10 == 0; /* a hundred a second */
            for (size_t try = 0; try < tries; try++) {
                taken_counts[caller] +=
                    admission_enter(&admission, &none, &route,
                                    caller == 0 ? BYTES("greedy") : BYTES("modest"), now_ns,
                                    &ticket, &refusal) == GALEN_OK
                        ? 1
                        : 0;
                admission_leave(&admission, &ticket);
            }
        }
    }
    assert_int_equal(taken_counts[1], 1000); /* all that it asked for */
    assert_in_range(taken_counts[0], 1000, 1010);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_limits_all_are_taken_on, set_up),
        cmocka_unit_test_setup(beyond_the_route_s_limit_is_busy_and_the_other_route_is_not,
                               set_up),
        cmocka_unit_test_setup(batch_leaves_the_reserve_to_clinic, set_up),
        cmocka_unit_test_setup(reserve_of_all_leaves_batch_nothing, set_up),
        cmocka_unit_test_setup(late_loop_refuses_batch_first, set_up),
        cmocka_unit_test_setup(
            bodies_that_are_there_leave_room_for_so_much_and_batch_has_half, set_up),
        cmocka_unit_test_setup(body_beyond_the_limit_is_taken_alone, set_up),
        cmocka_unit_test_setup(each_caller_has_a_rate_of_his_own_on_each_route, set_up),
        cmocka_unit_test_setup(time_to_wait_is_rounded_up_to_seconds, set_up),
        cmocka_unit_test_setup(who_is_refused_for_the_rate_holds_no_place, set_up),
        cmocka_unit_test_setup(route_that_shows_later_is_entered_too_and_once, set_up),
        cmocka_unit_test_setup(route_that_turns_out_to_be_batch_gives_way, set_up),
        cmocka_unit_test_setup(counts_of_a_route_survive_another_configuration, set_up),
        cmocka_unit_test_setup(more_routes_than_gates_share_the_last, set_up),
        cmocka_unit_test_setup(no_seed_exceeds_a_limit_loses_room_or_refuses_without_reason,
                               set_up),
        cmocka_unit_test_setup(flood_of_batch_changes_nothing_for_clinic, set_up),
        cmocka_unit_test_setup(caller_that_floods_takes_nothing_from_the_others, set_up),
    };
    return cmocka_run_group_tests_name("admission", tests, NULL, NULL);
}
