/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted of whole requests, on fakes. */
#include "gateway/counts.h"

#include "gateway/routes.h"
#include "request_rig.h"

static struct gateway_counts counts;

static uint64_t of(const char *route, int http_status)
{
    uint64_t count = 0;
    for (size_t i = 0; i < route_number_count(); i++) {
        for (size_t k = 0; k < counted_status_count(); k++) {
            if (strcmp(route_id(i), route) == 0 && counted_status(k) == http_status) {
                count += tally_read(&counts.ended_with[i][k]);
            }
        }
    }
    return count;
}

static uint64_t count_of(const struct tally_histogram *tally)
{
    struct histogram histogram;
    histogram_init(&histogram, &gateway_duration_bounds);
    tally_histogram_collect(tally, &histogram);
    return histogram_count_up_to(&histogram, gateway_duration_bounds.count);
}

static int set_up_counts(void **state)
{
    const int result = set_up(state);
    struct rig *rig = *state;
    counts = (struct gateway_counts){0};
    rig->gateway.counts = &counts;
    return result;
}

static void an_answer_is_counted_by_its_route_and_status(void **state)
{
    struct rig *rig = *state;
    post(rig, "/infer", "application/json", right_body);
    post(rig, "/infer", "application/json", right_body);
    post(rig, "/infer", "application/json", "{");
    assert_int_equal(of("infer", 200), 2);
    assert_int_equal(of("infer", 400), 1);
    assert_int_equal(tally_read(&counts.begun), 3);
    assert_int_equal(tally_read(&counts.ended), 3);
}

static void v2_is_counted_by_what_was_asked(void **state)
{
    struct rig *rig = *state;
    get(rig, "/v2/health/live");
    get(rig, "/v2/models/breast");
    get(rig, "/v2/models/SECRET");
    assert_int_equal(of("v2_live", 200), 1);
    assert_int_equal(of("v2_model", 200), 1);
    assert_int_equal(of("v2_model", 404), 1);
}

static void a_path_that_is_none_has_no_route(void **state)
{
    struct rig *rig = *state;
    get(rig, "/SECRET");
    get(rig, "/v2/SECRET");
    assert_int_equal(of("none", 404), 2);
    get(rig, "/infer");
    assert_int_equal(of("infer", 405), 1);
}

static void a_request_is_in_flight_until_its_answer(void **state)
{
    struct rig *rig = *state;
    rig->engine.holds = true;
    post(rig, "/infer", "application/json", right_body);
    assert_int_equal(tally_read(&counts.begun) - tally_read(&counts.ended), 1);
    infer_fake_answer(&rig->engine, infer_fake_next(&rig->engine));
    pump(rig);
    assert_int_equal(tally_read(&counts.begun) - tally_read(&counts.ended), 0);
}

static void phases_that_ran_are_timed(void **state)
{
    struct rig *rig = *state;
    post(rig, "/infer", "application/json", right_body);
    post(rig, "/v2/models/breast/infer", "application/json",
         "{\"inputs\":[{\"name\":\"features\",\"datatype\":\"FP32\",\"shape\":[1,1],"
         "\"data\":[17.5]}]}");
    post(rig, "/infer", "application/json", "{");
    get(rig, "/readyz");
    assert_int_equal(rig->status, 200);
    assert_int_equal(count_of(&counts.by_phase[GATEWAY_PREPROCESS]), 1);
    assert_int_equal(count_of(&counts.by_phase[GATEWAY_INFER]), 2);
    assert_int_equal(count_of(&counts.by_phase[GATEWAY_AUDIT]), 0);
    assert_int_equal(count_of(&counts.by_route[route_number(BYTES("/infer"))]), 2);
}

static void a_client_that_went_away_is_counted_as_that(void **state)
{
    struct rig *rig = *state;
    rig->engine.holds = true;
    post(rig, "/infer", "application/json", right_body);
    request_cancel(&rig->request);
    pump(rig);
    assert_int_equal(of("infer", 499), 1);
}

static void what_the_server_refuses_is_counted_by_its_own_status(void **state)
{
    struct rig *rig = *state;
    rig->head.header_count = 0;
    begin(rig, HTTP_POST, "/infer");
    request_refuse(&rig->request, 408);
    assert_int_equal(of("infer", 408), 1);
    gateway_counts_refuse(&counts, 431);
    gateway_counts_refuse(&counts, 418);
    assert_int_equal(of("none", 431), 1);
    assert_int_equal(of("none", 0), 1);
}

#define COUNTS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_counts, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        COUNTS_TEST(an_answer_is_counted_by_its_route_and_status),
        COUNTS_TEST(v2_is_counted_by_what_was_asked),
        COUNTS_TEST(a_path_that_is_none_has_no_route),
        COUNTS_TEST(a_request_is_in_flight_until_its_answer),
        COUNTS_TEST(phases_that_ran_are_timed),
        COUNTS_TEST(a_client_that_went_away_is_counted_as_that),
        COUNTS_TEST(what_the_server_refuses_is_counted_by_its_own_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
