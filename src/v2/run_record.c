/* SPDX-License-Identifier: Apache-2.0 */
#include "v2/run_record.h"

#include "base/clock.h"
#include "service/audit/event.h"
#include "service/request_id.h"

enum { CODE_SIZE = 32 };

/* A name that no model has is the client's word, and none of ours. */
static bool names_a_model(const struct run_record *record)
{
    return record->is_submitted && record->status != GALEN_NOT_FOUND &&
           record->status != GALEN_INVALID;
}

static void put_model(const struct run_record *record, struct audit_event *event)
{
    const struct infer_call *call = record->call;
    uint64_t version;
    if (names_a_model(record)) {
        event->model_name = bytes_from_string(call->request.model);
    }
    if (record->status == GALEN_OK && record->is_submitted &&
        bytes_parse_u64(bytes_from_string(call->response.version), UINT64_MAX, &version)) {
        event->model_version = AUDIT_COUNT(version);
    }
}

static void put_answer(const struct run_record *record, struct audit_event *event)
{
    const struct reply *reply = record->reply;
    event->outcome = audit_outcome(reply->status);
    event->reason = record->status == GALEN_OK ? NULL : galen_status_slug(record->status);
    event->out_status = AUDIT_COUNT((uint64_t)reply->status);
    event->out_bytes = AUDIT_COUNT(reply->body == NULL ? 0 : blob_size(reply->body));
    event->dur_us = AUDIT_COUNT(record->duration_ns / NS_PER_US);
}

enum galen_status run_record_write(const struct run_record *record,
                                   const struct audit_lane *audit, struct writer *out)
{
    uint8_t code[CODE_SIZE];
    const struct bytes id = bytes_from_string(record->call->request.id);
    struct audit_event event = {
        .kind = record->is_submitted ? AUDIT_EVENT_infer : AUDIT_EVENT_validate,
        .request_id = request_id_is_plain(id) ? id : BYTES_NONE,
        .actor_client_id = BYTES("unidentified"),
        .route = V2_INFER_ID,
    };
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
