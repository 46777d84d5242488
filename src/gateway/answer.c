/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/answer.h"

#include "base/clock.h"
#include "base/limits.h"
#include "codec/json_writer.h"

static void put_model(struct json_writer *json, const struct request *request)
{
    static const char digits[] = "0123456789abcdef";
    char sha256[2 * SHA256_SIZE];
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        sha256[2 * i] = digits[request->version->model_sha256[i] >> 4];
        sha256[2 * i + 1] = digits[request->version->model_sha256[i] & 15];
    }
    json_put_name(json, "model");
    json_begin_object(json);
    json_put_name(json, "name");
    json_put_cstring(json, request->model->name);
    json_put_name(json, "version");
    json_put_cstring(json, request->version->number_text);
    json_put_name(json, "sha256");
    json_put_string(json, bytes_of(sha256, sizeof(sha256)));
    json_end_object(json);
}

static void put_timing(struct json_writer *json, const struct request *request)
{
    const uint64_t now_ns = request->gateway->now_ns(request->gateway->context);
    json_put_name(json, "timing_us");
    json_begin_object(json);
    json_put_name(json, "preprocess");
    json_put_u64(json, request->times[GATEWAY_PREPROCESS].ns / NS_PER_US);
    json_put_name(json, "infer");
    json_put_u64(json, request->times[GATEWAY_INFER].ns / NS_PER_US);
    json_put_name(json, "total");
    json_put_u64(json, (now_ns - request->started_ns) / NS_PER_US);
    json_end_object(json);
}

void answer_make(struct request *request, const struct domain *domain, const void *outcome,
                 struct warnings warnings)
{
    struct writer body;
    writer_init(&body, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(&body);
    json_begin_object(&json);
    json_put_name(&json, "request_id");
    json_put_cstring(&json, request->id);
    put_model(&json, request);
    json_put_name(&json, "task");
    json_put_cstring(&json, contract_task_name(domain->task));
    domain->put_members(request, outcome, &json);
    warnings_put(warnings, &json);
    put_timing(&json, request);
    json_end_object(&json);
    reply_init(&request->reply, 200, BYTES("application/json"));
    reply_take_body(&request->reply, &body);
}
