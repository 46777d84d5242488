/* SPDX-License-Identifier: Apache-2.0 */
/* Whole requests through the phases, on fakes. */
#include "infer/fake_management.h"
#include "request_rig.h"

static void vector_becomes_a_domain_answer(void **state)
{
    struct rig *rig = *state;

    post(rig, "/infer", "application/json; charset=utf-8", right_body);

    assert_int_equal(rig->status, 200);
    EXPECT_CONTAINS(rig->reply, "\"model\":{\"name\":\"breast\",\"version\":\"2\"");
    EXPECT_CONTAINS(rig->reply, "\"task\":\"tabular-classification\"");
    EXPECT_CONTAINS(rig->reply,
                    "\"predictions\":[{\"label\":\"malignant\",\"score\":0.75},"
                    "{\"label\":\"benign\",\"score\":0.25}],\"abstained\":null");
    EXPECT_CONTAINS(rig->reply, "\"code\":\"demo_model\"");
    EXPECT_CONTAINS(rig->header_text, "Galen-Model: breast/2\n");
    EXPECT_CONTAINS(rig->header_text, "X-Request-Id: 00000000000000000000000000000000\n");
    assert_int_equal(rig->release_count, 1);
}

static void preprocess_and_engine_are_asked_for_the_same_version(void **state)
{
    struct rig *rig = *state;
    rig->preprocess.holds = true;
    rig->engine.holds = true;

    post(rig, "/infer?version=previous", "application/json", right_body);
    assert_string_equal(infer_fake_next(&rig->preprocess)->request.version, "1");
    infer_fake_answer(&rig->preprocess, infer_fake_next(&rig->preprocess));
    pump(rig);

    assert_string_equal(infer_fake_next(&rig->engine)->request.version, "1");
    infer_fake_answer(&rig->engine, infer_fake_next(&rig->engine));
    pump(rig);
    assert_int_equal(rig->status, 200);
}

static void the_only_model_for_vectors_needs_no_name(void **state)
{
    struct rig *rig = *state;
    post(rig, "/infer", "application/json", "{\"input\":{\"radius\":1}}");
    assert_int_equal(rig->status, 200);
}

static void expect_element(const struct galen_tensor *tensor, const char *name,
                           const char *text)
{
    const size_t size = strlen(text);
    assert_string_equal(tensor->name, name);
    assert_int_equal(tensor->datatype, GALEN_BYTES);
    assert_int_equal(tensor->rank, 1);
    assert_int_equal(tensor->shape[0], 1);
    assert_int_equal(tensor->size_bytes, 4 + size);
    assert_int_equal(((const uint8_t *)tensor->bytes)[0], size);
    assert_memory_equal((const uint8_t *)tensor->bytes + 4, text, size);
}

static void text_reaches_preprocess_as_it_was_sent(void **state)
{
    struct rig *rig = *state;
    static const char *const bodies[][2] = {
        {"application/json", "{\"input\": \"Patient data or image here\"}"},
        {"text/plain; charset=utf-8", "Patient data or image here"},
    };
    for (size_t i = 0; i < 2; i++) {
        rig->preprocess.holds = true;
        post(rig, "/infer", bodies[i][0], bodies[i][1]);

        const struct infer_request *asked = &infer_fake_next(&rig->preprocess)->request;
        assert_string_equal(asked->model, "notes");
        assert_int_equal(asked->input_count, 2);
        expect_element(&asked->inputs[0], "input", "Patient data or image here");
        expect_element(&asked->inputs[1], "content_type", "text/plain");
        assert_true(bytes_equal(phi_reveal(rig->request.input.content),
                                BYTES("Patient data or image here")));
        request_cancel(&rig->request);
        pump(rig);
        assert_int_equal(rig->release_count, 1);
    }
}

static void warnings_of_preprocess_reach_the_client(void **state)
{
    struct rig *rig = *state;
    rig->preprocess.outputs = imputed;
    rig->preprocess.output_count = 2;

    post(rig, "/infer", "application/json", right_body);

    assert_int_equal(rig->status, 200);
    EXPECT_CONTAINS(rig->reply, "\"code\":\"imputed\"");
}

static void tensors_skip_preprocess(void **state)
{
    struct rig *rig = *state;

    post(rig, "/infer?model=breast", "application/json",
         "{\"inputs\":[{\"name\":\"features\",\"datatype\":\"FP32\",\"shape\":[1,1],"
         "\"data\":[17.5]}]}");

    assert_int_equal(rig->status, 200);
    EXPECT_CONTAINS(rig->reply, "\"label\":\"malignant\",\"score\":0.75");
    assert_int_equal(rig->preprocess.submit_count, 0);
}

static void v2_answers_with_tensors(void **state)
{
    struct rig *rig = *state;

    post(rig, "/v2/models/breast/infer", "application/json",
         "{\"id\":\"a\",\"inputs\":[{\"name\":\"features\",\"datatype\":\"FP32\","
         "\"shape\":[1,1],\"data\":[17.5]}]}");

    assert_int_equal(rig->status, 200);
    EXPECT_CONTAINS(rig->reply, "\"model_version\":\"2\"");
    EXPECT_CONTAINS(rig->reply, "[0.75,0.25]");
}

/* Status, pointer and text of what a client did wrong; never its words. */
static void wrong_bodies_get_a_problem_that_says_where(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *type;
        const char *body;
        int status;
        const char *part;
    } cases[] = {
        {"application/json", "{\"input\":", 400, "/problems/malformed"},
        {"application/json", "{\"input\":{\"SECRET\":1,\"SECRET\":2}}", 400, "malformed"},
        {"application/json", "[]", 422, "/problems/schema"},
        {"application/json", "{}", 422, "needs either"},
        {"application/json", "{\"input\":{},\"inputs\":[]}", 422, "needs either"},
        {"application/json", "{\"input\":{},\"SECRET\":1}", 422, "member 1 is not one"},
        {"application/json", "{\"input\":{},\"model\":7}", 422, "\"pointer\":\"/model\""},
        {"application/json", "{\"input\":{},\"model\":\"\"}", 422,
         "\"pointer\":\"/model\""},
        {"application/json", "{\"input\":{},\"model\":\"SECRET\"}", 404, "not-found"},
        {"application/json", "{\"input\":{},\"version\":\"SECRET\"}", 404, "not-found"},
        {"application/json", "{\"input\":{},\"version\":\"3\"}", 409, "no-contract"},
        {"application/json", "{\"input\":\"SECRET\",\"model\":\"breast\"}", 415,
         "'breast' does not take this media type, but application/json"},
        {"application/json", "{\"input\":null}", 422, "\"pointer\":\"/input\""},
        {"application/json", "{\"input\":{},\"content_type\":\"image/png\"}", 415,
         "unsupp"},
        {"application/json",
         "{\"model\":\"breast\",\"inputs\":[{\"name\":\"features\","
         "\"datatype\":\"FP32\",\"shape\":[2,1],"
         "\"data\":"
         "[1,2]}]}",
         422, "send batches to /v2"},
        {"application/json",
         "{\"model\":\"breast\",\"inputs\":[{\"name\":\"features\","
         "\"datatype\":\"FP32\",\"shape\":[1,1],"
         "\"data\":"
         "[1e39]}]}",
         400, "\"pointer\":\"/inputs/0/data/0\""},
        {"application/json", "{\"input\":\"\"}", 422, "\"pointer\":\"/input\""},
        {"text/plain", "SECRET\xC3", 400, "byte offset 6"},
        {"text/plain", "", 422, "\"pointer\":\"/input\""},
        {"image/png", "\x89PNG\r\n\x1A\nSECRET", 415,
         "what they take: application/json, text/plain"},
        {"application/x-www-form-urlencoded", "SECRET", 415, "Content-Type: text/plain"},
        {"nonsense", "SECRET", 400, "no media type"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        post(rig, "/infer", cases[i].type, cases[i].body);
        assert_int_equal(rig->status, cases[i].status);
        EXPECT_CONTAINS(rig->reply, cases[i].part);
        EXPECT_CONTAINS(rig->header_text, "Content-Type: application/problem+json\n");
        assert_null(strstr(rig->reply, "SECRET"));
        assert_int_equal(rig->release_count, 1);
    }
}

static void refusal_of_preprocess_points_into_the_input(void **state)
{
    struct rig *rig = *state;
    rig->preprocess.status = GALEN_UNPROCESSABLE;
    rig->preprocess.why = "radius: is outside [0, 60] mm";
    rig->preprocess.why_at = "/radius";

    post(rig, "/infer", "application/json", right_body);

    assert_int_equal(rig->status, 422);
    EXPECT_CONTAINS(rig->reply, "\"pointer\":\"/input/radius\"");
    assert_int_equal(rig->engine.submit_count, 0);
}

static void full_queue_says_when_to_try_again(void **state)
{
    struct rig *rig = *state;
    rig->engine.status = GALEN_BUSY;
    rig->engine.why = "the queue is full";

    post(rig, "/infer", "application/json", right_body);

    assert_int_equal(rig->status, 503);
    EXPECT_CONTAINS(rig->header_text, "Retry-After: 1\n");
}

static void unknown_path_and_wrong_method_are_refused_before_the_body(void **state)
{
    struct rig *rig = *state;

    begin(rig, HTTP_GET, "/nowhere");
    assert_int_equal(rig->status, 404);
    assert_false(rig->wants_body);
    assert_int_equal(rig->release_count, 1);

    begin(rig, HTTP_GET, "/infer");
    assert_int_equal(rig->status, 405);
    EXPECT_CONTAINS(rig->header_text, "Allow: POST\n");

    begin(rig, HTTP_DELETE, "/v2/models/breast/infer");
    assert_int_equal(rig->status, 405);
    EXPECT_CONTAINS(rig->header_text, "Allow: POST\n");
    EXPECT_CONTAINS(rig->reply, "{\"error\":");
}

static void client_that_goes_away_while_sending_ends_the_request_once(void **state)
{
    struct rig *rig = *state;
    begin(rig, HTTP_POST, "/infer");
    assert_true(rig->wants_body);

    request_cancel(&rig->request);

    assert_int_equal(rig->release_count, 1);
}

static void client_that_goes_away_while_waiting_ends_the_request_once(void **state)
{
    struct rig *rig = *state;
    rig->engine.holds = true;
    post(rig, "/infer", "application/json", right_body);
    assert_int_equal(rig->release_count, 0);

    request_cancel(&rig->request);
    assert_int_equal(rig->release_count, 0);
    pump(rig);

    assert_int_equal(rig->engine.cancel_count, 1);
    assert_int_equal(rig->release_count, 1);
}

static void given_request_id_is_kept_only_when_it_is_a_plain_token(void **state)
{
    struct rig *rig = *state;
    rig->headers[0] = (struct http_header){BYTES("X-Request-Id"), BYTES("ward-7.42")};
    rig->head.header_count = 1;
    begin(rig, HTTP_GET, "/nowhere");
    EXPECT_CONTAINS(rig->header_text, "X-Request-Id: ward-7.42\n");

    rig->headers[0].value = BYTES("John Smith");
    begin(rig, HTTP_GET, "/nowhere");
    EXPECT_CONTAINS(rig->header_text, "X-Request-Id: 0000");
}

static void readiness_needs_both_services(void **state)
{
    struct rig *rig = *state;
    get(rig, "/readyz");
    assert_int_equal(rig->status, 200);
    assert_string_equal(rig->reply, "{\"ready\":true}");

    rig->engine.status = GALEN_UNAVAILABLE;
    rig->engine.why = "model 'x' version 1: broken";
    get(rig, "/readyz");
    assert_int_equal(rig->status, 503);
    EXPECT_CONTAINS(rig->reply, "model 'x' version 1: broken");

    atomic_store(&rig->draining, true);
    get(rig, "/readyz");
    assert_int_equal(rig->status, 503);
    EXPECT_CONTAINS(rig->reply, "draining");
    rig->engine.status = GALEN_OK;
    get(rig, "/v2/health/ready");
    assert_int_equal(rig->status, 503);
    get(rig, "/healthz");
    assert_int_equal(rig->status, 200);
}

static void scores_that_are_none_are_a_bad_upstream(void **state)
{
    struct rig *rig = *state;
    static const float nonsense[] = {3, -2};
    struct galen_tensor wrong = score_row;
    wrong.bytes = nonsense;
    rig->engine.outputs = &wrong;

    post(rig, "/infer", "application/json", right_body);

    assert_int_equal(rig->status, 502);
    EXPECT_CONTAINS(rig->reply, "/problems/bad-upstream");
}

static void what_the_engine_tells_of_a_model_is_told(void **state)
{
    struct rig *rig = *state;
    struct infer_fake_management told;
    infer_fake_management_init(&told);
    told.config_json = BYTES("{\"name\":\"breast\"}");
    rig->gateway.engines[0].management = &told.base;

    get(rig, "/v2/models/breast/versions/previous/config");

    assert_int_equal(rig->status, 200);
    assert_string_equal(rig->reply, "{\"name\":\"breast\"}");
    assert_int_equal(told.operation, MANAGE_CONFIG);
    assert_string_equal(told.version, "1");

    told.status = GALEN_NOT_FOUND;
    told.why = "no such model";
    get(rig, "/v2/models/nope/stats");
    assert_int_equal(rig->status, 404);
    EXPECT_CONTAINS(rig->reply, "{\"error\":\"no such model\"");
}

static void client_that_goes_away_while_it_is_told_ends_the_request_once(void **state)
{
    struct rig *rig = *state;
    struct infer_fake_management told;
    infer_fake_management_init(&told);
    told.holds = true;
    rig->gateway.engines[0].management = &told.base;
    get(rig, "/v2/models/stats");
    assert_int_equal(rig->release_count, 0);

    request_cancel(&rig->request);
    assert_int_equal(rig->release_count, 0);
    infer_fake_management_answer(&told);
    pump(rig);

    assert_int_equal(rig->release_count, 1);
}

static void nothing_is_managed_or_told_by_who_cannot(void **state)
{
    struct rig *rig = *state;
    get(rig, "/v2/models/stats");
    assert_int_equal(rig->status, 501);
    begin(rig, HTTP_POST, "/v2/repository/models/breast/load");
    assert_int_equal(rig->status, 403);
    assert_false(rig->wants_body);
    EXPECT_CONTAINS(rig->reply, "listen.admin");
}

static void a_body_in_an_unknown_coding_is_refused_before_it_is_read(void **state)
{
    struct rig *rig = *state;
    rig->headers[0] = (struct http_header){BYTES("Content-Encoding"), BYTES("br")};
    rig->head.header_count = 1;
    begin(rig, HTTP_POST, "/infer");
    assert_int_equal(rig->status, 501);
    assert_false(rig->wants_body);
    EXPECT_CONTAINS(rig->header_text, "Accept-Encoding: gzip, deflate\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(vector_becomes_a_domain_answer),
        TEST(preprocess_and_engine_are_asked_for_the_same_version),
        TEST(the_only_model_for_vectors_needs_no_name),
        TEST(text_reaches_preprocess_as_it_was_sent),
        TEST(warnings_of_preprocess_reach_the_client),
        TEST(tensors_skip_preprocess),
        TEST(v2_answers_with_tensors),
        TEST(wrong_bodies_get_a_problem_that_says_where),
        TEST(refusal_of_preprocess_points_into_the_input),
        TEST(full_queue_says_when_to_try_again),
        TEST(unknown_path_and_wrong_method_are_refused_before_the_body),
        TEST(client_that_goes_away_while_sending_ends_the_request_once),
        TEST(client_that_goes_away_while_waiting_ends_the_request_once),
        TEST(given_request_id_is_kept_only_when_it_is_a_plain_token),
        TEST(readiness_needs_both_services),
        TEST(scores_that_are_none_are_a_bad_upstream),
        TEST(what_the_engine_tells_of_a_model_is_told),
        TEST(client_that_goes_away_while_it_is_told_ends_the_request_once),
        TEST(nothing_is_managed_or_told_by_who_cannot),
        TEST(a_body_in_an_unknown_coding_is_refused_before_it_is_read),
    };
    return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
