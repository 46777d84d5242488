/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/audit.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "crypto/sha256.h"
#include "gateway/phases.h"
#include "service/audit/event.h"
#include "service/auth/auth_record.h"
#include "v2/run_record.h"

static bool asked_a_model(const struct request *request)
{
    return request->infer_call.done != NULL && request->infer_call.operation == INFER_RUN;
}

static void put_model(const struct request *request, struct audit_event *event)
{
    const struct repository_version *version = request->version;
    if (version == NULL) {
        return;
    }
    event->model_name = bytes_from_string(request->model->name);
    event->model_version = AUDIT_COUNT(version->number);
    if (version->contract != NULL) {
        event->model_sha256 = version->model_sha256;
    }
}

static void put_arm(const struct request *request, struct audit_event *event)
{
    const bool may_have =
        event->kind == AUDIT_EVENT_infer || event->kind == AUDIT_EVENT_validate;
    if (request->arms != NULL && may_have) {
        event->model_arm = arm_name(request->arm);
        event->model_arm_by = arm_basis_name(request->arm_by);
    }
}

/* A type that the model's contract lists: others are the client's words. */
static const char *media_type_of(const struct request *request)
{
    const struct repository_version *version = request->version;
    const char *type = request->input.media_type;
    const bool is_known = type != NULL && version != NULL && version->contract != NULL &&
                          contract_lists_type(version->contract, bytes_from_string(type));
    return is_known ? type : NULL;
}

static enum galen_status put_input(struct request *request, uint8_t *hmac,
                                   struct audit_event *event)
{
    event->in_media_type = media_type_of(request);
    if (!request->has_body) {
        return GALEN_OK;
    }
    event->in_bytes = AUDIT_COUNT(request->body.size);
    event->in_hmac = hmac;
    return audit_lane_pseudonym(request->gateway->audit, request->body, hmac);
}

static struct audit_count microseconds(uint64_t ns)
{
    return AUDIT_COUNT(ns / NS_PER_US);
}

/* Preprocess, or without it the model; 0: neither. */
static uint64_t asked_at(const struct request *request)
{
    return request->preprocess_call.done != NULL
               ? request->times[GATEWAY_PREPROCESS].began_ns
               : request->times[GATEWAY_INFER].began_ns;
}

static void put_times(const struct request *request, struct audit_event *event)
{
    const uint64_t now_ns = request->gateway->now_ns(request->gateway->context);
    const uint64_t asked_ns = asked_at(request);
    event->dur_us = microseconds(now_ns - request->started_ns);
    if (asked_ns != 0) {
        event->before_us = microseconds(asked_ns - request->started_ns);
    }
    if (request->preprocess_call.done != NULL) {
        event->preprocess_us = microseconds(request->times[GATEWAY_PREPROCESS].ns);
    }
    if (request->infer_call.done != NULL) {
        event->infer_us = microseconds(request->times[GATEWAY_INFER].ns);
        run_record_put_timing(&request->infer_call.response.timing, event);
    }
}

static const char *reason_of(const struct request *request)
{
    if (request->status == GALEN_OK) {
        return NULL;
    }
    return request->visit.refusal == REFUSAL_NOT ? galen_status_slug(request->status)
                                                 : refusal_word(request->visit.refusal);
}

static void put_answer(const struct request *request, struct audit_event *event)
{
    const struct reply *reply = &request->reply;
    const bool is_ours = request->refused_status == 0;
    const int http_status = is_ours ? reply->status : request->refused_status;
    event->outcome = audit_outcome(http_status);
    event->reason = reason_of(request);
    event->out_status = AUDIT_COUNT((uint64_t)http_status);
    if (is_ours) {
        event->out_bytes = AUDIT_COUNT(reply->body == NULL ? 0 : blob_size(reply->body));
    }
}

static bool was_let_in(const struct request *request)
{
    return request->visit.refusal == REFUSAL_NOT;
}

static enum audit_event_kind kind_of(const struct request *request)
{
    if (asked_a_model(request)) {
        return AUDIT_EVENT_infer;
    }
    return was_let_in(request) ? AUDIT_EVENT_validate
                               : auth_record_kind(request->visit.refusal);
}

static void put_subject(const struct request *request, struct audit_event *event)
{
    event->subject_hmac = request->has_subject ? request->subject : NULL;
    event->purpose = request->purpose;
}

static void put_redaction(const struct request *request, struct audit_event *event)
{
    const struct policy *policy = request->policy;
    if (policy == NULL) {
        return;
    }
    event->redact_policy = bytes_from_string(policy->settings->name);
    event->redact_sha256 = policy->sha256;
    if (request->status == GALEN_OK && request->domain != NULL) {
        event->redact_count = AUDIT_COUNT(request->redaction.count);
    }
}

/* "engine 10.0.0.7:8000 unreached", behind a comma where it is not the first. */
static bool add_trouble(const char *service, const struct infer_trouble *trouble,
                        char text[AUDIT_TEXT_SIZE_BYTES_MAX], size_t *size)
{
    const size_t left = AUDIT_TEXT_SIZE_BYTES_MAX - *size;
    const int added = snprintf(text + *size, left, "%s%s %s %s", *size == 0 ? "" : ", ",
                               service, trouble->endpoint, trouble->outcome);
    if ((size_t)added >= left) {
        return false; /* half of an endpoint would be another one */
    }
    *size += (size_t)added;
    return true;
}

static void put_troubles(const struct request *request,
                         char text[AUDIT_TEXT_SIZE_BYTES_MAX], struct audit_event *event)
{
    const struct {
        const char *service;
        const struct infer_route *route;
    } calls[] = {{"preprocess", &request->preprocess_call.route},
                 {"engine", &request->infer_call.route}};
    size_t size = 0;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        for (size_t k = 0; k < calls[i].route->trouble_count; k++) {
            if (!add_trouble(calls[i].service, &calls[i].route->troubles[k], text, &size)) {
                break;
            }
        }
    }
    event->upstream_failed = size == 0 ? BYTES_NONE : bytes_of(text, size);
}

/* Of what ran the model; preprocess has its own count in the metrics. */
static void put_route(const struct request *request, struct audit_event *event)
{
    const struct infer_route *route = &request->infer_call.route;
    if (asked_a_model(request) && request->gateway->engine_count > 1) {
        event->upstream_engine = request->engine->name;
    }
    if (!asked_a_model(request) || route->attempt_count == 0) {
        return;
    }
    event->upstream_attempts = AUDIT_COUNT(route->attempt_count);
    if (route->endpoint != NULL) {
        event->upstream_addr = bytes_from_string(route->endpoint);
    }
}

static enum galen_status write_event(struct request *request)
{
    uint8_t hmac[SHA256_SIZE];
    uint8_t token_hmac[SHA256_SIZE];
    char trace[TRACE_PARENT_SIZE + 1];
    char failed[AUDIT_TEXT_SIZE_BYTES_MAX];
    struct audit_event event = {
        .kind = kind_of(request),
        .request_id = bytes_from_string(request->id),
        .traceparent = trace_text(&request->trace, trace),
        .route = request->endpoint == NULL ? NULL : request->endpoint->name,
    };
    put_route(request, &event);
    put_troubles(request, failed, &event);
    TRY(auth_record_put_actor(request->visit.principal, request->gateway->audit, token_hmac,
                              &event));
    put_subject(request, &event);
    put_model(request, &event);
    put_arm(request, &event);
    put_redaction(request, &event);
    put_answer(request, &event);
    put_times(request, &event);
    TRY(put_input(request, hmac, &event));
    audit_event_write(&event, &request->audit_fields);
    return request->audit_fields.status;
}

enum phase_result audit_phase(struct request *request)
{
    if (request->gateway->audit == NULL || !request->leaves_record) {
        return PHASE_CONTINUE;
    }
    writer_init(&request->audit_fields, LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX);
    if (write_event(request) != GALEN_OK) {
        request_lack_record(request);
        return PHASE_CONTINUE;
    }
    return request_record(request);
}
