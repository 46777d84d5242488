/* SPDX-License-Identifier: Apache-2.0 */
/* Whole requests and what limits do to them, on fakes. The clock stands still. */
#include "gateway/admission_phase.h"

#include "request_rig.h"

static struct admission admission;
static const struct siphash_key key = {{5, 6}};
static const struct settings_route routes[] = {
    {.content = "text/*", .model = "notes"},
    {.content = "application/json", .model = "breast"},
};
static struct admission_route admissions[3];
static uint64_t lag_ns;

static uint64_t told_lag(void *context)
{
    (void)context;
    return lag_ns;
}

static int open_rig(void **state)
{
    (void)set_up(state);
    struct rig *rig = *state;
    admission_init(&admission, &key);
    lag_ns = 0;
    for (size_t i = 0; i < 3; i++) {
        admissions[i] = (struct admission_route){.name = i + 1};
    }
    rules.routes = routes;
    rules.route_count = 2;
    route_index_init(&rules.index, rules.routes, rules.route_count);
    rules.admissions = admissions;
    rules.limits = (struct admission_limits){.concurrency = 0};
    rig->gateway.admission = &admission;
    rig->gateway.lag_ns = told_lag;
    rig->request.caller = BYTES("caller");
    return 0;
}

static void expect_nothing_is_held(const struct rig *rig)
{
    assert_int_equal(rig->release_count, 1);
    assert_int_equal(admission.in_flight, 0);
    assert_int_equal(admission.bodies_size_bytes, 0);
    for (size_t i = 0; i < ADMISSION_GATE_COUNT; i++) {
        assert_int_equal(admission.gates[i].in_flight, 0);
    }
}

static void begin_text(struct rig *rig, const char *target, size_t size)
{
    rig->headers[0] = (struct http_header){BYTES("Content-Type"), BYTES("text/plain")};
    rig->head.header_count = 1;
    rig->head.content_length = size;
    begin(rig, HTTP_POST, target);
}

static void caller_beyond_its_rate_is_429_before_its_body_is_read(void **state)
{
    struct rig *rig = *state;
    admissions[0].rate = rate_limit_of(0.1, 1);
    begin_text(rig, "/infer", 5);
    assert_true(rig->wants_body);
    request_cancel(&rig->request);

    begin_text(rig, "/infer", 5);

    assert_false(rig->wants_body);
    assert_int_equal(rig->status, 429);
    EXPECT_CONTAINS(rig->header_text, "Retry-After: 10\n");
    EXPECT_CONTAINS(rig->reply, "\"type\":\"/problems/rate-limited\"");
    EXPECT_CONTAINS(rig->reply, "route 'text/*': this caller asks more often");
    expect_nothing_is_held(rig);
}

static void another_caller_is_not_held_to_it(void **state)
{
    struct rig *rig = *state;
    admissions[0].rate = rate_limit_of(0.1, 1);
    begin_text(rig, "/infer", 5);
    request_cancel(&rig->request);

    rig->request.caller = BYTES("another");
    begin_text(rig, "/infer", 5);

    assert_true(rig->wants_body);
    request_cancel(&rig->request);
    expect_nothing_is_held(rig);
}

static int status_of_principal(struct rig *rig, const struct principal *principal,
                               const char *address)
{
    static const struct admission_limits none = {0};
    struct admission_refusal refusal;
    struct admission_ticket ticket = {0};
    rig->request.caller = bytes_from_string(address);
    admission_know_caller(&rig->request, principal);
    const enum galen_status status = admission_enter(
        &admission, &none, &admissions[0], rig->request.caller, 1000, &ticket, &refusal);
    admission_leave(&admission, &ticket);
    return galen_status_http(status);
}

static void who_is_known_is_one_caller_wherever_he_asks_from(void **state)
{
    struct rig *rig = *state;
    const struct principal ward = {.kind = PRINCIPAL_TOKEN,
                                   .issuer = BYTES("https://idp"),
                                   .client_id = BYTES("ab"),
                                   .subject = BYTES("c")};
    struct principal other = ward;
    const struct principal anonymous = {.kind = PRINCIPAL_ANONYMOUS};
    other.client_id = BYTES("a");
    other.subject = BYTES("bc"); /* the same letters */
    admissions[0].rate = rate_limit_of(0.1, 1);

    assert_int_equal(status_of_principal(rig, &ward, "here"), 200);
    assert_int_equal(status_of_principal(rig, &ward, "there"), 429);
    assert_int_equal(status_of_principal(rig, &other, "here"), 200);
    assert_int_equal(status_of_principal(rig, &anonymous, "here"), 200);
    assert_int_equal(status_of_principal(rig, &anonymous, "here"), 429);
    assert_int_equal(status_of_principal(rig, &anonymous, "there"), 200);
    arena_clear(&rig->request.arena);
}

static void limit_of_one_route_is_not_the_other_s(void **state)
{
    struct rig *rig = *state;
    admissions[0].rate = rate_limit_of(0.1, 1);
    begin_text(rig, "/infer", 5);
    request_cancel(&rig->request);

    for (int i = 0; i < 5; i++) {
        post(rig, "/infer", "application/json", right_body);
        assert_int_equal(rig->status, 200);
    }
    begin_text(rig, "/infer", 5);
    assert_int_equal(rig->status, 429);
}

static void v2_has_the_protocol_s_own_shape(void **state)
{
    struct rig *rig = *state;
    admissions[0].rate = rate_limit_of(0.5, 1);
    begin_text(rig, "/v2/models/notes/infer", 5);
    request_cancel(&rig->request);

    begin_text(rig, "/v2/models/notes/infer", 5);

    assert_int_equal(rig->status, 429);
    EXPECT_CONTAINS(rig->reply, "{\"error\":\"route 'text/*'");
    EXPECT_CONTAINS(rig->reply, "\"code\":\"rate-limited\"");
    EXPECT_CONTAINS(rig->header_text, "Retry-After: 2\n");
    expect_nothing_is_held(rig);
}

/* Each of these asks the model of the first route. */
static void no_way_of_asking_leads_around_the_route_of_the_model(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *target;
        const char *type;
        const char *body;
    } ways[] = {
        {"/infer", "text/plain", "hello"},
        {"/infer?model=notes", "text/plain", "hello"},
        {"/infer?model=notes", "text/unheard-of", "hello"},
        {"/infer", "application/json", "{\"input\":\"hello\"}"},
        {"/infer", "application/json", "{\"model\":\"notes\",\"input\":\"hello\"}"},
        {"/v2/models/notes/infer", "application/json", "{}"},
        {"/v2/models/notes/versions/1/infer", "application/octet-stream", "x"},
    };
    admissions[0].rate = rate_limit_of(0.1, 1);
    begin_text(rig, "/infer", 5);
    request_cancel(&rig->request);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        rig->headers[0] =
            (struct http_header){BYTES("Content-Type"), bytes_from_string(ways[i].type)};
        rig->head.header_count = 1;
        rig->head.content_length = strlen(ways[i].body);
        begin(rig, HTTP_POST, ways[i].target);
        if (rig->wants_body) {
            request_receive(&rig->request, bytes_from_string(ways[i].body));
            pump(rig);
        }
        assert_int_equal(rig->status, 429);
        expect_nothing_is_held(rig);
    }
    assert_int_equal(rig->preprocess.submit_count, 0);
    assert_int_equal(rig->engine.submit_count, 0);
}

static void what_matches_no_route_has_the_limits_of_none(void **state)
{
    struct rig *rig = *state;
    admissions[2].rate = rate_limit_of(0.1, 1);
    rules.route_count = 0;
    route_index_init(&rules.index, NULL, 0);
    admissions[0] = admissions[2];
    begin_text(rig, "/infer", 5);
    assert_true(rig->wants_body);
    request_cancel(&rig->request);

    begin_text(rig, "/infer", 5);

    assert_int_equal(rig->status, 429);
    EXPECT_CONTAINS(rig->reply, "route 'default'");
}

static void probes_and_pages_are_never_held_back(void **state)
{
    struct rig *rig = *state;
    static const char *const paths[] = {
        "/healthz",         "/readyz", "/v2/health/live",
        "/v2/health/ready", "/v2",     "/v2/models/breast/ready"};
    rules.limits = (struct admission_limits){1, 1, 1, 1};
    lag_ns = UINT64_MAX;
    admission.in_flight = 1;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        get(rig, paths[i]);
        assert_int_equal(rig->status, 200);
    }
    get(rig, "/v2/models/breast");
    assert_int_equal(rig->status, 503);
}

static void late_loop_sheds_before_the_body_is_read(void **state)
{
    struct rig *rig = *state;
    rules.limits.lag_ns = 100;
    lag_ns = 101;

    begin_text(rig, "/infer", 5);

    assert_false(rig->wants_body);
    assert_int_equal(rig->status, 503);
    EXPECT_CONTAINS(rig->header_text, "Retry-After: 1\n");
    EXPECT_CONTAINS(rig->reply, "\"type\":\"/problems/busy\"");
    expect_nothing_is_held(rig);
    assert_int_equal(admission_shed_count(&admission, 1, ADMISSION_LAG), 1);
}

static void body_that_does_not_fit_beside_the_others_is_not_read(void **state)
{
    struct rig *rig = *state;
    rules.limits.bodies_size_bytes = 1000;
    admission.bodies_size_bytes = 400;
    begin_text(rig, "/infer", 600);
    assert_true(rig->wants_body);
    request_cancel(&rig->request);

    begin_text(rig, "/infer", 601);

    assert_false(rig->wants_body);
    assert_int_equal(rig->status, 503);
    EXPECT_CONTAINS(rig->header_text, "Retry-After: 1\n");
    admission.bodies_size_bytes = 0;
    expect_nothing_is_held(rig);
}

static void body_that_is_too_large_anyway_is_not_busy_but_too_large(void **state)
{
    struct rig *rig = *state;
    rules.limits.bodies_size_bytes = 1000;
    admission.bodies_size_bytes = 400;
    begin_text(rig, "/infer", (size_t)1 << 62);
    assert_true(rig->wants_body); /* and the server refuses it */
    request_refuse(&rig->request, 413);
    admission.bodies_size_bytes = 0;
    expect_nothing_is_held(rig);
}

static void every_end_of_a_request_gives_back_what_it_took(void **state)
{
    struct rig *rig = *state;
    begin_text(rig, "/infer", 5); /* the server refuses the body */
    assert_int_equal(admission.in_flight, 1);
    request_refuse(&rig->request, 413);
    expect_nothing_is_held(rig);

    begin_text(rig, "/infer", 5); /* the client goes away while it sends */
    request_cancel(&rig->request);
    expect_nothing_is_held(rig);

    rig->preprocess.holds = true; /* … and while it waits */
    begin_text(rig, "/infer", 5);
    request_receive(&rig->request, BYTES("hello"));
    request_cancel(&rig->request);
    assert_int_equal(admission.in_flight, 1); /* the service has not let go of it */
    pump(rig);
    expect_nothing_is_held(rig);
    rig->preprocess.holds = false;

    begin_text(rig, "/infer", 5); /* the input is wrong */
    request_receive(&rig->request, BYTES("\xff"));
    pump(rig);
    expect_nothing_is_held(rig);

    rig->engine.status = GALEN_BUSY; /* the engine is */
    post(rig, "/infer", "application/json", right_body);
    assert_int_equal(rig->status, 503);
    expect_nothing_is_held(rig);
    rig->engine.status = GALEN_OK;

    post(rig, "/infer", "application/json", right_body);
    assert_int_equal(rig->status, 200);
    expect_nothing_is_held(rig);

    begin(rig, HTTP_GET, "/nowhere");
    expect_nothing_is_held(rig);
}

static void route_that_is_full_is_503_and_free_again_when_one_ends(void **state)
{
    struct rig *rig = *state;
    struct admission_ticket other = {0};
    struct admission_refusal refusal;
    admissions[1].concurrency = 1;
    EXPECT_OK(admission_enter(&admission, &rules.limits, &admissions[1], BYTES("x"), 0,
                              &other, &refusal));
    post(rig, "/infer", "application/json", right_body);
    assert_int_equal(rig->status, 503);
    EXPECT_CONTAINS(rig->reply, "route 'application/json': as many of its requests");

    admission_leave(&admission, &other);
    post(rig, "/infer", "application/json", right_body);
    assert_int_equal(rig->status, 200);
    expect_nothing_is_held(rig);
}

#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, open_rig, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RIG(caller_beyond_its_rate_is_429_before_its_body_is_read),
        WITH_RIG(another_caller_is_not_held_to_it),
        WITH_RIG(who_is_known_is_one_caller_wherever_he_asks_from),
        WITH_RIG(limit_of_one_route_is_not_the_other_s),
        WITH_RIG(v2_has_the_protocol_s_own_shape),
        WITH_RIG(no_way_of_asking_leads_around_the_route_of_the_model),
        WITH_RIG(what_matches_no_route_has_the_limits_of_none),
        WITH_RIG(probes_and_pages_are_never_held_back),
        WITH_RIG(late_loop_sheds_before_the_body_is_read),
        WITH_RIG(body_that_does_not_fit_beside_the_others_is_not_read),
        WITH_RIG(body_that_is_too_large_anyway_is_not_busy_but_too_large),
        WITH_RIG(every_end_of_a_request_gives_back_what_it_took),
        WITH_RIG(route_that_is_full_is_503_and_free_again_when_one_ends),
    };
    return cmocka_run_group_tests_name("admission_phase", tests, NULL, NULL);
}
