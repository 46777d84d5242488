/* SPDX-License-Identifier: Apache-2.0 */
/* Whole requests through the phases, on fakes. */
#include "gateway/request.h"

#include <stdio.h>

#include "base/limits.h"
#include "expect.h"
#include "infer/fake.h"
#include "manual_mailbox.h"

static const char *const labels[] = {"malignant", "benign"};
static const char *const json_only[] = {"application/json"};
static const struct contract_feature features[] = {{.name = "radius", .unit = "mm"}};
static const char *const text_only[] = {"text/plain"};
static const struct contract text_contract = {
    .task = TASK_TEXT_CLASSIFICATION,
    .media_types = text_only,
    .media_type_count = 1,
    .output = {"scores", ACTIVATION_NONE},
    .labels = labels,
    .label_count = 2,
};
static const struct contract contract = {
    .media_types = json_only,
    .media_type_count = 1,
    .input = {"features", GALEN_FP32},
    .features = features,
    .feature_count = 1,
    .output = {"scores", ACTIVATION_NONE},
    .labels = labels,
    .label_count = 2,
    .demonstration = true,
};
static const struct repository_version versions[] = {
    {.number = 1, .contract = &contract, .usable = true},
    {.number = 2, .contract = &contract, .usable = true},
    {.number = 3, .usable = true},
};
static const struct repository_version text_versions[] = {
    {.number = 1, .contract = &text_contract, .usable = true},
};
static const struct repository_tag tags[] = {{"current", 2}, {"previous", 1}};
static const struct repository_model models[] = {
    {.name = "breast",
     .versions = versions,
     .version_count = 3,
     .tags = tags,
     .tag_count = 2,
     .usable = true},
    {.name = "notes", .versions = text_versions, .version_count = 1, .usable = true},
};
static const struct repository repository = {.models = models, .model_count = 2};

static const float radius = 17.5F;
static const float scores[] = {0.75F, 0.25F};
static const struct galen_tensor vector = {.name = "features",
                                           .datatype = GALEN_FP32,
                                           .rank = 2,
                                           .shape = {1, 1},
                                           .bytes = &radius,
                                           .size_bytes = sizeof(radius)};
static const struct galen_tensor imputed[] = {
    {.name = "features",
     .datatype = GALEN_FP32,
     .rank = 2,
     .shape = {1, 1},
     .bytes = &radius,
     .size_bytes = sizeof(radius)},
    {.name = "galen.warnings",
     .datatype = GALEN_BYTES,
     .rank = 1,
     .shape = {1},
     .bytes = "\7\0\0\0imputed",
     .size_bytes = 11},
};
static const struct galen_tensor score_row = {.name = "scores",
                                              .datatype = GALEN_FP32,
                                              .rank = 2,
                                              .shape = {1, 2},
                                              .bytes = scores,
                                              .size_bytes = sizeof(scores)};

static const char *const fake_versions[] = {"1", "2"};
static const struct galen_tensor_spec text_specs[] = {
    {"input", GALEN_BYTES, 1, {1}}, {"content_type", GALEN_BYTES, 1, {1}}};
static const struct galen_tensor_spec vector_specs[] = {
    {"features", GALEN_FP32, 2, {GALEN_DIMENSION_ANY, 1}}};
static const struct galen_tensor_spec made_specs[] = {
    {"features", GALEN_FP32, 2, {1, 1}}, {"galen.warnings", GALEN_BYTES, 1, {-1}}};
static const struct galen_tensor_spec score_specs[] = {
    {"scores", GALEN_FP32, 2, {GALEN_DIMENSION_ANY, 2}}};
static const struct v2_model preprocess_models[] = {
    {.name = "breast",
     .versions = fake_versions,
     .version_count = 2,
     .platform = "fake",
     .inputs = text_specs,
     .input_count = 2,
     .outputs = made_specs,
     .output_count = 2},
    {.name = "notes",
     .versions = fake_versions,
     .version_count = 1,
     .platform = "fake",
     .inputs = text_specs,
     .input_count = 2},
};
static const struct v2_model engine_model = {.name = "breast",
                                             .versions = fake_versions,
                                             .version_count = 2,
                                             .platform = "fake",
                                             .inputs = vector_specs,
                                             .input_count = 1,
                                             .outputs = score_specs,
                                             .output_count = 1};

/* One request and everything around it. */
struct rig {
    struct request request; /* first: the port holds a pointer to it */
    struct gateway gateway;
    struct infer_fake preprocess;
    struct infer_fake engine;
    struct manual_mailbox mailbox;
    struct http_request_head head;
    struct http_header headers[4];
    atomic_bool draining;
    size_t lead;
    bool wants_body;
    size_t release_count;
    int status;
    char reply[4096];
    char header_text[1024];
};

static void port_read_body(struct request *request, size_t size_bytes_max, size_t lead)
{
    struct rig *rig = (struct rig *)request;
    assert_true(size_bytes_max > 0);
    rig->lead = lead;
    rig->wants_body = true;
}

static void port_respond(struct request *request, struct reply *reply)
{
    struct rig *rig = (struct rig *)request;
    size_t size = 0;
    assert_int_equal(rig->status, 0);
    rig->status = reply->status;
    for (size_t i = 0; i < reply->header_count; i++) {
        size += (size_t)snprintf(rig->header_text + size, sizeof(rig->header_text) - size,
                                 "%.*s: %.*s\n", BYTES_PRINT(reply->headers[i].name),
                                 BYTES_PRINT(reply->headers[i].value));
    }
    if (reply->body != NULL) {
        assert_true(blob_size(reply->body) < sizeof(rig->reply));
        memcpy(rig->reply, blob_data(reply->body), blob_size(reply->body));
    }
}

static void port_release(struct request *request)
{
    struct rig *rig = (struct rig *)request;
    rig->release_count++;
    arena_clear(&request->arena);
}

static const struct request_port port = {port_read_body, port_respond, port_release};

static uint64_t fixed_now(void *context)
{
    (void)context;
    return 1000;
}

static void zeros(void *context, uint8_t *out_bytes, size_t size)
{
    (void)context;
    memset(out_bytes, 0, size);
}

static int set_up(void **state)
{
    static struct rig rig;
    rig = (struct rig){0};
    manual_mailbox_init(&rig.mailbox);
    infer_fake_init(&rig.preprocess, preprocess_models);
    rig.preprocess.model_count = 2;
    infer_fake_init(&rig.engine, &engine_model);
    rig.preprocess.outputs = &vector;
    rig.preprocess.output_count = 1;
    rig.engine.outputs = &score_row;
    rig.engine.output_count = 1;
    rig.gateway = (struct gateway){
        .preprocess = &rig.preprocess.base,
        .engine = &rig.engine.base,
        .engine_in_parts = &rig.engine.base,
        .mailbox = &rig.mailbox.base,
        .repository = &repository,
        .body_size_bytes_max = 1 << 20,
        .timeout_ns = 1000000,
        .draining = &rig.draining,
        .now_ns = fixed_now,
        .random = zeros,
    };
    rig.request.gateway = &rig.gateway;
    rig.request.port = &port;
    rig.request.head = &rig.head;
    arena_init(&rig.request.arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    infer_service_close(&rig->preprocess.base);
    infer_service_close(&rig->engine.base);
    manual_mailbox_deinit(&rig->mailbox);
    arena_deinit(&rig->request.arena);
    return 0;
}

static void begin(struct rig *rig, enum http_method method, const char *target)
{
    const struct bytes whole = bytes_from_string(target);
    rig->head.method = method;
    rig->head.query = bytes_split(whole, '?', &rig->head.path);
    rig->head.headers = rig->headers;
    rig->status = 0;
    rig->wants_body = false;
    rig->release_count = 0;
    memset(rig->reply, 0, sizeof(rig->reply));
    memset(rig->header_text, 0, sizeof(rig->header_text));
    request_start(&rig->request);
}

static void pump(struct rig *rig)
{
    while (manual_mailbox_run(&rig->mailbox) > 0) {
    }
}

static void post(struct rig *rig, const char *target, const char *type, const char *body)
{
    rig->headers[0] = (struct http_header){BYTES("Content-Type"), bytes_from_string(type)};
    rig->head.header_count = 1;
    begin(rig, HTTP_POST, target);
    assert_true(rig->wants_body);
    request_receive(&rig->request, bytes_from_string(body));
    pump(rig);
}

static void get(struct rig *rig, const char *target)
{
    rig->head.header_count = 0;
    begin(rig, HTTP_GET, target);
    if (rig->wants_body) {
        request_receive(&rig->request, BYTES_NONE);
    }
    pump(rig);
}

#define EXPECT_CONTAINS(text, part) assert_non_null(strstr((text), (part)))

static const char right_body[] = "{\"model\":\"breast\",\"input\":{\"radius\":17.5}}";

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
    };
    return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
