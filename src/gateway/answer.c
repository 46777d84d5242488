/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/answer.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/reader.h"
#include "codec/json_writer.h"

enum { NUMBER_SIZE = 24, SHA256_SIZE = 32 };

static const struct {
    const char *code;
    const char *message;
} rows[] = {
#define WARNING(code, message) {#code, message},
#include "gateway/warnings.def"
};

enum { WARNING_COUNT = sizeof(rows) / sizeof(rows[0]) };

void warnings_add(struct warnings *warnings, enum warning warning)
{
    warnings->bits |= UINT64_C(1) << warning;
}

static bool add_code(struct warnings *warnings, struct bytes code)
{
    for (unsigned i = 0; i < WARNING_COUNT; i++) {
        if (bytes_equal_string(code, rows[i].code)) {
            warnings_add(warnings, (enum warning)i);
            return true;
        }
    }
    return false;
}

enum galen_status warnings_add_tensor(struct warnings *warnings,
                                      const struct galen_tensor *tensor,
                                      struct error *out_error)
{
    struct reader reader = reader_of(bytes_of(tensor->bytes, tensor->size_bytes));
    while (reader.left.size > 0 && !reader.failed) {
        const struct bytes code = reader_take(&reader, reader_u32_le(&reader));
        if (!reader.failed && !add_code(warnings, code)) {
            return error_set(
                out_error, GALEN_BAD_UPSTREAM,
                "preprocess warns of something that this gateway does not know");
        }
    }
    return reader_is_done(&reader) ? GALEN_OK
                                   : error_set(out_error, GALEN_BAD_UPSTREAM,
                                               "output '%s' is malformed", tensor->name);
}

static void put_model(struct json_writer *json, const struct request *request)
{
    static const char digits[] = "0123456789abcdef";
    char version[NUMBER_SIZE];
    char sha256[2 * SHA256_SIZE];
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        sha256[2 * i] = digits[request->version->model_sha256[i] >> 4];
        sha256[2 * i + 1] = digits[request->version->model_sha256[i] & 15];
    }
    (void)snprintf(version, sizeof(version), "%llu",
                   (unsigned long long)request->version->number);
    json_put_name(json, "model");
    json_begin_object(json);
    json_put_name(json, "name");
    json_put_cstring(json, request->model->name);
    json_put_name(json, "version");
    json_put_cstring(json, version);
    json_put_name(json, "sha256");
    json_put_string(json, bytes_of(sha256, sizeof(sha256)));
    json_end_object(json);
}

static void put_predictions(struct json_writer *json, const struct predictions *predictions)
{
    json_put_name(json, "predictions");
    json_begin_array(json);
    for (size_t i = 0; i < predictions->count; i++) {
        const struct prediction *item = &predictions->items[i];
        json_begin_object(json);
        json_put_name(json, "label");
        json_put_cstring(json, item->label);
        json_put_name(json, "score");
        if (item->is_f32) {
            json_put_f32(json, item->score_f32);
        } else {
            json_put_f64(json, item->score);
        }
        json_end_object(json);
    }
    json_end_array(json);
    json_put_name(json, "abstained");
    if (predictions->abstained) {
        json_put_cstring(json, rows[WARNING_low_confidence].code);
    } else {
        json_put_null(json);
    }
}

static void put_warnings(struct json_writer *json, struct warnings warnings)
{
    json_put_name(json, "warnings");
    json_begin_array(json);
    for (unsigned i = 0; i < WARNING_COUNT; i++) {
        if ((warnings.bits & UINT64_C(1) << i) == 0) {
            continue;
        }
        json_begin_object(json);
        json_put_name(json, "code");
        json_put_cstring(json, rows[i].code);
        json_put_name(json, "message");
        json_put_cstring(json, rows[i].message);
        json_end_object(json);
    }
    json_end_array(json);
}

static void put_timing(struct json_writer *json, const struct request *request)
{
    const uint64_t now_ns = request->gateway->now_ns(request->gateway->context);
    json_put_name(json, "timing_us");
    json_begin_object(json);
    json_put_name(json, "preprocess");
    json_put_u64(json, request->preprocess_ns / NS_PER_US);
    json_put_name(json, "infer");
    json_put_u64(json, request->infer_ns / NS_PER_US);
    json_put_name(json, "total");
    json_put_u64(json, (now_ns - request->started_ns) / NS_PER_US);
    json_end_object(json);
}

void answer_classification(struct request *request, const struct predictions *predictions,
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
    json_put_cstring(&json, contract_task_name(request->version->contract->task));
    put_predictions(&json, predictions);
    put_warnings(&json, warnings);
    put_timing(&json, request);
    json_end_object(&json);
    reply_init(&request->reply, 200, BYTES("application/json"));
    reply_take_body(&request->reply, &body);
}
