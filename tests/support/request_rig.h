/* SPDX-License-Identifier: Apache-2.0 */
/* Whole requests through the gateway's phases, on fakes: one at a time, on a mailbox that
 * is emptied by hand. */
#pragma once

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
static struct repository_version numbers[] = {
    {.number = 1,
     .number_text = "1",
     .contract = &contract,
     .usable = true,
     .reference_count_ = 1},
    {.number = 2,
     .number_text = "2",
     .contract = &contract,
     .usable = true,
     .reference_count_ = 1},
    {.number = 3, .number_text = "3", .usable = true, .reference_count_ = 1},
};
static struct repository_version *const versions[] = {&numbers[0], &numbers[1],
                                                      &numbers[2]};
static struct repository_version text_1 = {.number = 1,
                                           .number_text = "1",
                                           .contract = &text_contract,
                                           .usable = true,
                                           .reference_count_ = 1};
static struct repository_version *const text_versions[] = {&text_1};
static const struct repository_tag tags[] = {{"current", 2, 0}, {"previous", 1, 0}};
static const struct repository_model models[] = {
    {.name = "breast",
     .versions = versions,
     .version_count = 3,
     .tags = tags,
     .tag_count = 2,
     .choice = &numbers[1],
     .usable = true},
    {.name = "notes",
     .versions = text_versions,
     .version_count = 1,
     .choice = &text_1,
     .usable = true},
};
static struct repository repository = {
    .models = models, .model_count = 2, .reference_count_ = 1};
static struct rules rules = {
    .body_size_bytes_max = 1 << 20, .timeout_ns = 1000000, .reference_count_ = 1};
static struct view view = {
    .repository = &repository, .rules = &rules, .reference_count_ = 1};

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

static inline void port_read_body(struct request *request, size_t size_bytes_max,
                                  size_t lead)
{
    struct rig *rig = (struct rig *)request;
    assert_true(size_bytes_max > 0);
    rig->lead = lead;
    rig->wants_body = true;
}

static inline void port_respond(struct request *request, struct reply *reply)
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

static inline void port_release(struct request *request)
{
    struct rig *rig = (struct rig *)request;
    rig->release_count++;
    arena_clear(&request->arena);
}

static const struct request_port port = {port_read_body, port_respond, port_release};

static inline uint64_t fixed_now(void *context)
{
    (void)context;
    return 1000;
}

static inline void zeros(void *context, uint8_t *out_bytes, size_t size)
{
    (void)context;
    memset(out_bytes, 0, size);
}

static inline int set_up(void **state)
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
        .engines = {{.name = "default",
                     .service = &rig.engine.base,
                     .in_parts = &rig.engine.base}},
        .engine_count = 1,
        .mailbox = &rig.mailbox.base,
        .draining = &rig.draining,
        .now_ns = fixed_now,
        .random = zeros,
    };
    rig.request.gateway = &rig.gateway;
    rig.request.view = &view;
    rig.request.port = &port;
    rig.request.head = &rig.head;
    arena_init(&rig.request.arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    *state = &rig;
    return 0;
}

static inline int tear_down(void **state)
{
    struct rig *rig = *state;
    infer_service_close(&rig->preprocess.base);
    infer_service_close(&rig->engine.base);
    manual_mailbox_deinit(&rig->mailbox);
    arena_deinit(&rig->request.arena);
    return 0;
}

static inline void begin(struct rig *rig, enum http_method method, const char *target)
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

static inline void pump(struct rig *rig)
{
    while (manual_mailbox_run(&rig->mailbox) > 0) {
    }
}

static inline void post(struct rig *rig, const char *target, const char *type,
                        const char *body)
{
    rig->headers[0] = (struct http_header){BYTES("Content-Type"), bytes_from_string(type)};
    rig->head.header_count = 1;
    begin(rig, HTTP_POST, target);
    assert_true(rig->wants_body);
    request_receive(&rig->request, bytes_from_string(body));
    pump(rig);
}

static inline void get(struct rig *rig, const char *target)
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
