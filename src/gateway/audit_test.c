/* SPDX-License-Identifier: Apache-2.0 */
/* What record a request leaves, and that its answer waits for it. */
#include "gateway/audit.h"

#include "crypto/hmac.h"
#include "request_rig.h"
#include "service/audit/fake.h"

static struct audit_fake audit;
static struct hmac *hmac;
static struct audit_lane lane;

static int set_up_audit(void **state)
{
    const uint8_t key[HMAC_KEY_SIZE] = {0};
    if (set_up(state) != 0 || hmac_create(key, &hmac) != GALEN_OK) {
        return -1;
    }
    struct rig *rig = *state;
    audit_fake_init(&audit);
    audit_lane_init(&lane, &audit.base, hmac, &rig->mailbox.base);
    rig->gateway.audit = &lane;
    return 0;
}

static int tear_down_audit(void **state)
{
    hmac_destroy(hmac);
    return tear_down(state);
}

static void an_answer_leaves_a_record(void **state)
{
    struct rig *rig = *state;
    post(rig, "/infer", "application/json", right_body);
    assert_int_equal(rig->status, 200);
    assert_int_equal(audit.count, 1);
    EXPECT_CONTAINS(audit.text,
                    "{\"event\":\"infer\",\"request_id\":"
                    "\"00000000000000000000000000000000\","
                    "\"actor\":{\"client_id\":\"unidentified\"},"
                    "\"outcome\":\"ok\",\"route\":\"infer\","
                    "\"model\":{\"name\":\"breast\",\"version\":2,\"sha256\":\"");
    EXPECT_CONTAINS(audit.text, "\"in\":{\"media_type\":\"application/json\",\"bytes\":42,"
                                "\"hmac\":\"");
    EXPECT_CONTAINS(audit.text, "\"out\":{\"status\":200,\"bytes\":");
    EXPECT_CONTAINS(audit.text,
                    "\"dur_us\":0,\"before_us\":0,\"preprocess_us\":0,\"infer_us\":0}");
    assert_null(strstr(audit.text, "reason"));
    assert_null(strstr(audit.text, "upstream"));
}

static void a_record_says_which_trace_it_belongs_to(void **state)
{
    struct rig *rig = *state;
    post(rig, "/infer", "application/json", right_body);
    assert_null(strstr(audit.text, "traceparent"));
    rig->headers[1] = (struct http_header){
        BYTES("traceparent"),
        BYTES("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")};
    rig->headers[0] =
        (struct http_header){BYTES("Content-Type"), BYTES("application/json")};
    rig->head.header_count = 2;
    begin(rig, HTTP_POST, "/infer");
    request_receive(&rig->request, bytes_from_string(right_body));
    pump(rig);
    EXPECT_CONTAINS(audit.text,
                    "\"traceparent\":"
                    "\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"");
}

static void no_answer_leaves_before_its_record_is_durable(void **state)
{
    struct rig *rig = *state;
    audit.holds = true;
    post(rig, "/infer", "application/json", right_body);
    assert_int_equal(rig->status, 0);
    assert_int_equal(rig->release_count, 0);
    audit_fake_finish(&audit);
    assert_int_equal(rig->status, 0); /* later, never inside */
    pump(rig);
    assert_int_equal(rig->status, 200);
    assert_int_equal(rig->release_count, 1);
}

static void without_a_record_there_is_no_answer(void **state)
{
    struct rig *rig = *state;
    audit.status = GALEN_AUDIT_UNAVAILABLE;
    post(rig, "/infer", "application/json", right_body);
    assert_int_equal(rig->status, 503);
    EXPECT_CONTAINS(rig->reply, "/problems/audit-unavailable");
    EXPECT_CONTAINS(rig->header_text, "Retry-After: 1\n");
    EXPECT_CONTAINS(rig->header_text, "X-Request-Id: ");
    assert_null(strstr(rig->reply, "predictions"));
    assert_int_equal(rig->release_count, 1);
}

static void tensors_are_not_answered_without_a_record_either(void **state)
{
    struct rig *rig = *state;
    audit.status = GALEN_AUDIT_UNAVAILABLE;
    post(rig, "/v2/models/breast/infer", "application/json",
         "{\"inputs\":[{\"name\":\"features\",\"datatype\":\"FP32\",\"shape\":[1,1],"
         "\"data\":[17.5]}]}");
    assert_int_equal(rig->status, 503);
    EXPECT_CONTAINS(rig->reply, "\"code\":\"audit-unavailable\"");
}

static void a_refusal_leaves_a_record(void **state)
{
    struct rig *rig = *state;
    post(rig, "/infer", "application/json", "{\"model\":\"John.Smith\",\"input\":{}}");
    assert_int_equal(rig->status, 404);
    EXPECT_CONTAINS(audit.text, "\"event\":\"validate\"");
    EXPECT_CONTAINS(audit.text, "\"outcome\":\"refused\",\"reason\":\"not-found\"");
    assert_null(strstr(audit.text, "Smith"));
}

static void a_path_that_is_none_leaves_a_record_without_it(void **state)
{
    struct rig *rig = *state;
    rig->head.header_count = 0;
    begin(rig, HTTP_GET, "/patients/John.Smith");
    pump(rig);
    assert_int_equal(rig->status, 404);
    assert_int_equal(audit.count, 1);
    assert_null(strstr(audit.text, "Smith"));
    assert_null(strstr(audit.text, "route"));
}

static void a_media_type_of_the_clients_own_is_not_recorded(void **state)
{
    struct rig *rig = *state;
    post(rig, "/infer", "text/john-smith", "a note");
    assert_int_not_equal(rig->status, 200);
    assert_int_equal(audit.count, 1);
    assert_null(strstr(audit.text, "smith"));
}

static void a_model_that_fails_leaves_a_record(void **state)
{
    struct rig *rig = *state;
    rig->engine.holds = true;
    post(rig, "/infer", "application/json", right_body);
    struct infer_call *call = infer_fake_next(&rig->engine);
    infer_fake_fail(&rig->engine, call, GALEN_TIMEOUT, "late");
    pump(rig);
    assert_int_equal(rig->status, 504);
    EXPECT_CONTAINS(audit.text, "\"event\":\"infer\"");
    EXPECT_CONTAINS(audit.text, "\"outcome\":\"failed\",\"reason\":\"timeout\"");
}

static void a_client_that_leaves_is_recorded(void **state)
{
    struct rig *rig = *state;
    rig->engine.holds = true;
    post(rig, "/infer", "application/json", right_body);
    request_cancel(&rig->request);
    pump(rig);
    assert_int_equal(audit.count, 1);
    EXPECT_CONTAINS(audit.text, "\"outcome\":\"cancelled\"");
    assert_int_equal(rig->release_count, 1);
}

static void a_body_that_is_refused_on_its_way_is_recorded_as_it_was_answered(void **state)
{
    struct rig *rig = *state;
    begin(rig, HTTP_POST, "/infer");
    assert_true(rig->wants_body);
    request_refuse(&rig->request, 413);
    pump(rig);
    assert_int_equal(audit.count, 1);
    EXPECT_CONTAINS(audit.text, "\"outcome\":\"refused\",\"reason\":\"too-large\"");
    EXPECT_CONTAINS(audit.text, "\"out\":{\"status\":413}");
    assert_int_equal(rig->release_count, 1);
}

static void a_client_that_leaves_during_the_record_changes_nothing(void **state)
{
    struct rig *rig = *state;
    audit.holds = true;
    post(rig, "/infer", "application/json", right_body);
    request_cancel(&rig->request);
    pump(rig);
    assert_int_equal(rig->release_count, 0);
    audit_fake_finish(&audit);
    pump(rig);
    assert_int_equal(rig->release_count, 1);
    EXPECT_CONTAINS(audit.text, "\"outcome\":\"ok\"");
}

static void another_process_that_ran_the_model_is_named(void **state)
{
    struct rig *rig = *state;
    rig->engine.route =
        (struct infer_route){.endpoint = "10.0.0.7:8000", .attempt_count = 2};
    post(rig, "/infer", "application/json", right_body);
    EXPECT_CONTAINS(audit.text, "\"upstream\":{\"addr\":\"10.0.0.7:8000\",\"attempts\":2}");
}

static void endpoints_that_failed_are_named_with_what_became_of_them(void **state)
{
    static const struct infer_trouble troubles[] = {{"10.0.0.6:8000", "unreached"},
                                                    {"10.0.0.5:8000", "late"}};
    struct rig *rig = *state;
    rig->engine.route = (struct infer_route){.endpoint = "10.0.0.7:8000",
                                             .attempt_count = 3,
                                             .troubles = troubles,
                                             .trouble_count = 2};
    post(rig, "/infer", "application/json", right_body);
    EXPECT_CONTAINS(audit.text,
                    "\"upstream\":{\"addr\":\"10.0.0.7:8000\",\"attempts\":3,\"failed\":"
                    "\"engine 10.0.0.6:8000 unreached, engine 10.0.0.5:8000 late\"}");
}

static void an_endpoint_that_failed_is_named_whole_or_not_at_all(void **state)
{
    static char name[200];
    const struct infer_trouble troubles[] = {{name, "broken"}, {name, "unavailable"}};
    struct rig *rig = *state;
    memset(name, 'h', sizeof(name) - 1);
    rig->engine.route = (struct infer_route){
        .endpoint = name, .attempt_count = 2, .troubles = troubles, .trouble_count = 2};
    post(rig, "/infer", "application/json", right_body);
    EXPECT_CONTAINS(audit.text, "h broken\"}");
    assert_null(strstr(audit.text, "unavailable"));
}

static void a_run_in_this_process_tells_when_it_waited_and_ran(void **state)
{
    struct rig *rig = *state;
    rig->engine.timing = (struct infer_timing){
        .queued_ns = 1000, .began_ns = 8000, .ended_ns = 50000, .row_count = 3};
    post(rig, "/infer", "application/json", right_body);
    EXPECT_CONTAINS(audit.text,
                    "\"infer_us\":0,\"queue_us\":7,\"compute_us\":42,\"batch_rows\":3}");
}

static void probes_and_pages_leave_none(void **state)
{
    static const char *const paths[] = {"/healthz", "/readyz", "/docs", "/v2/health/live",
                                        "/v2/models/breast"};
    struct rig *rig = *state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        get(rig, paths[i]);
        assert_int_equal(audit.count, 0);
    }
}

static void a_gateway_that_cannot_record_is_not_ready(void **state)
{
    struct rig *rig = *state;
    atomic_store(&audit.base.is_available, false);
    get(rig, "/readyz");
    assert_int_equal(rig->status, 503);
    EXPECT_CONTAINS(rig->reply, "/problems/audit-unavailable");
    get(rig, "/v2/health/ready");
    assert_int_equal(rig->status, 503);
    get(rig, "/healthz");
    assert_int_equal(rig->status, 200);
}

static void the_engine_is_told_the_request_of_the_record(void **state)
{
    struct rig *rig = *state;
    rig->engine.holds = true;
    post(rig, "/v2/models/breast/infer", "application/json",
         "{\"id\":\"my own\",\"inputs\":[{\"name\":\"features\",\"datatype\":\"FP32\","
         "\"shape\":[1,1],\"data\":[17.5]}]}");
    struct infer_call *call = infer_fake_next(&rig->engine);
    assert_string_equal(call->request.id, "00000000000000000000000000000000");
    infer_fake_answer(&rig->engine, call);
    pump(rig);
    EXPECT_CONTAINS(rig->reply, "\"id\":\"my own\"");
}

#define AUDIT_TEST(test) \
    cmocka_unit_test_setup_teardown(test, set_up_audit, tear_down_audit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AUDIT_TEST(an_answer_leaves_a_record),
        AUDIT_TEST(a_record_says_which_trace_it_belongs_to),
        AUDIT_TEST(no_answer_leaves_before_its_record_is_durable),
        AUDIT_TEST(without_a_record_there_is_no_answer),
        AUDIT_TEST(tensors_are_not_answered_without_a_record_either),
        AUDIT_TEST(a_refusal_leaves_a_record),
        AUDIT_TEST(a_path_that_is_none_leaves_a_record_without_it),
        AUDIT_TEST(a_media_type_of_the_clients_own_is_not_recorded),
        AUDIT_TEST(a_model_that_fails_leaves_a_record),
        AUDIT_TEST(a_client_that_leaves_is_recorded),
        AUDIT_TEST(a_body_that_is_refused_on_its_way_is_recorded_as_it_was_answered),
        AUDIT_TEST(a_client_that_leaves_during_the_record_changes_nothing),
        AUDIT_TEST(another_process_that_ran_the_model_is_named),
        AUDIT_TEST(endpoints_that_failed_are_named_with_what_became_of_them),
        AUDIT_TEST(an_endpoint_that_failed_is_named_whole_or_not_at_all),
        AUDIT_TEST(a_run_in_this_process_tells_when_it_waited_and_ran),
        AUDIT_TEST(probes_and_pages_leave_none),
        AUDIT_TEST(a_gateway_that_cannot_record_is_not_ready),
        AUDIT_TEST(the_engine_is_told_the_request_of_the_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
