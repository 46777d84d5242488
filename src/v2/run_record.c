/* SPDX-License-Identifier: Apache-2.0 */
#include "v2/run_record.h"

#include "base/clock.h"
#include "infer/validate.h"
#include "service/request_id.h"

enum { CODE_SIZE = 32 };

bool v2_names_a_model(enum v2_operation operation, bool is_submitted,
                      enum galen_status status)
{
    return is_submitted && status != GALEN_NOT_FOUND &&
           (operation != V2_INFER || status != GALEN_INVALID);
}

static bool was_let_in(const struct run_record *record)
{
    return record->refusal == REFUSAL_NOT;
}

/* Those that change something, by operation; all others are runs. */
static const struct {
    bool is_one;
    enum audit_event_kind kind;
} changes[V2_OPERATION_COUNT] = {
    [V2_LOAD] = {true, AUDIT_EVENT_load},
    [V2_UNLOAD] = {true, AUDIT_EVENT_unload},
    [V2_LOGGING_UPDATE] = {true, AUDIT_EVENT_configure},
};

static enum audit_event_kind kind_of(const struct run_record *record)
{
    if (!was_let_in(record)) {
        return auth_record_kind(record->refusal);
    }
    if (changes[record->operation].is_one) {
        return changes[record->operation].kind;
    }
    return record->is_submitted ? AUDIT_EVENT_infer : AUDIT_EVENT_validate;
}

static const char *reason_of(const struct run_record *record)
{
    if (record->status == GALEN_OK) {
        return NULL;
    }
    return was_let_in(record) ? galen_status_slug(record->status)
                              : refusal_word(record->refusal);
}

static void put_model(const struct run_record *record, struct audit_event *event)
{
    uint64_t version;
    if (v2_names_a_model(record->operation, record->is_submitted, record->status)) {
        event->model_name = bytes_from_string(record->operation == V2_INFER
                                                  ? record->model
                                                  : infer_quotable_name(record->model));
    }
    if (record->status == GALEN_OK && record->is_submitted &&
        bytes_parse_u64(bytes_from_string(record->version), UINT64_MAX, &version)) {
        event->model_version = AUDIT_COUNT(version);
    }
}

void run_record_put_timing(const struct infer_timing *timing, struct audit_event *event)
{
    if (timing->began_ns == 0 || timing->ended_ns < timing->began_ns) {
        return;
    }
    if (timing->queued_ns != 0) {
        event->queue_us = AUDIT_COUNT((timing->began_ns - timing->queued_ns) / NS_PER_US);
    }
    event->compute_us = AUDIT_COUNT((timing->ended_ns - timing->began_ns) / NS_PER_US);
    if (timing->row_count != 0) {
        event->batch_rows = AUDIT_COUNT(timing->row_count);
    }
}

static void put_answer(const struct run_record *record, struct audit_event *event)
{
    const struct reply *reply = record->reply;
    event->outcome = audit_outcome(reply->status);
    event->reason = reason_of(record);
    event->out_status = AUDIT_COUNT((uint64_t)reply->status);
    event->out_bytes = AUDIT_COUNT(reply->body == NULL ? 0 : blob_size(reply->body));
    event->dur_us = AUDIT_COUNT(record->duration_ns / NS_PER_US);
    if (record->timing != NULL) {
        run_record_put_timing(record->timing, event);
    }
}

enum galen_status run_record_write(const struct run_record *record,
                                   const struct audit_lane *audit, struct writer *out)
{
    uint8_t code[CODE_SIZE];
    uint8_t token_code[CODE_SIZE];
    const struct bytes id = bytes_from_string(record->id);
    struct audit_event event = {
        .kind = kind_of(record),
        .request_id = request_id_is_plain(id) ? id : BYTES_NONE,
        .traceparent = record->traceparent,
        .route = v2_operation_id(record->operation),
    };
    TRY(auth_record_put_actor(record->principal, audit, token_code, &event));
    put_model(record, &event);
    put_answer(record, &event);
    if (record->body.data != NULL) {
        TRY(audit_lane_pseudonym(audit, record->body, code));
        event.in_bytes = AUDIT_COUNT(record->body.size);
        event.in_hmac = code;
    }
    audit_event_write(&event, out);
    return out->status;
}
