/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/answer.h"

#include "base/clock.h"
#include "base/limits.h"
#include "gateway/domain.h"

static void put_model(struct answer_writer *answer, const struct request *request)
{
    char sha256[SHA256_HEX_SIZE];
    sha256_to_hex(request->version->model_sha256, sha256);
    answer_begin(answer, ANSWER_MODEL);
    answer_put_string(answer, ANSWER_MODEL_NAME, request->model->name);
    answer_put_string(answer, ANSWER_MODEL_VERSION, request->version->number_text);
    answer_put_text(answer, ANSWER_MODEL_SHA256, bytes_of(sha256, sizeof(sha256)));
    answer_end(answer);
}

static void put_timing(struct answer_writer *answer, const struct request *request)
{
    const uint64_t now_ns = request->gateway->now_ns(request->gateway->context);
    const uint64_t total_ns = now_ns - request->started_ns;
    answer_begin(answer, ANSWER_TIMING);
    answer_put_whole(answer, ANSWER_TIMING_PREPROCESS,
                     request->times[GATEWAY_PREPROCESS].ns / NS_PER_US);
    answer_put_whole(answer, ANSWER_TIMING_INFER,
                     request->times[GATEWAY_INFER].ns / NS_PER_US);
    answer_put_whole(answer, ANSWER_TIMING_TOTAL, total_ns / NS_PER_US);
    answer_end(answer);
}

static void put_members(struct request *request, struct json_writer *json)
{
    struct answer_writer answer = answer_writer_on(json, &request->redaction);
    answer_put_string(&answer, ANSWER_REQUEST_ID, request->id);
    put_model(&answer, request);
    answer_put_string(&answer, ANSWER_TASK, contract_task_name(request->domain->task));
    request->domain->put_members(request, request->outcome, &answer);
    warnings_put(request->warnings, &answer);
    put_timing(&answer, request);
    redaction_put_list(&request->redaction, json);
}

enum galen_status answer_make(struct request *request)
{
    struct writer body;
    writer_init(&body, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(&body);
    json_begin_object(&json);
    put_members(request, &json);
    json_end_object(&json);
    if (request->redaction.status != GALEN_OK) {
        writer_deinit(&body);
        return error_set(&request->error, request->redaction.status,
                         "the answer cannot be redacted as its policy says");
    }
    reply_init(&request->reply, 200, BYTES("application/json"));
    reply_take_body(&request->reply, &body);
    return GALEN_OK;
}
