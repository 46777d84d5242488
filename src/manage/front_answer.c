/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/limits.h"
#include "manage/front_impl.h"
#include "service/auth/auth_record.h"
#include "service/problem.h"
#include "service/reply_http.h"

/* --- records --- */

static bool was_let_in(const struct visit *visit)
{
    return visit->asker.refusal == REFUSAL_NOT;
}

static bool leaves_record(const struct visit *visit)
{
    return visit->front->options.audit != NULL && visit->has_route &&
           !visit->call.is_recorded &&
           (!was_let_in(visit) || manage_operation_changes(visit->route.operation));
}

static void put_refusal(const struct visit *visit, const struct reply *reply,
                        struct audit_event *event)
{
    const size_t size = reply->body == NULL ? 0 : blob_size(reply->body);
    event->kind = auth_record_kind(visit->asker.refusal);
    event->reason = refusal_word(visit->asker.refusal);
    event->route = manage_operation_id(visit->route.operation);
    event->out_status = AUDIT_COUNT((uint64_t)reply->status);
    event->out_bytes = AUDIT_COUNT(size);
    event->dur_us = AUDIT_COUNT(
        (loop_now_ns(visit->front->options.loop) - visit->started_ns) / NS_PER_US);
}

static enum galen_status write_record(struct visit *visit, enum galen_status status,
                                      const struct reply *reply)
{
    struct audit_event event = {.outcome = audit_outcome(reply->status)};
    if (was_let_in(visit)) {
        event.kind = manage_operation_event(visit->route.operation);
        event.reason = galen_status_slug(status);
    } else {
        put_refusal(visit, reply, &event);
    }
    TRY(auth_record_put_actor(visit->asker.principal, visit->front->options.audit,
                              visit->token_hmac, &event));
    audit_event_write(&event, &visit->record);
    return visit->record.status;
}

/* --- replies --- */

static void put_problem(const struct visit *visit, enum galen_status status,
                        const struct error *error, struct reply *out_reply)
{
    struct writer body;
    const int http_status = galen_status_http(status);
    const struct problem problem = {
        .http_status = http_status, .status = status, .error = error, .request_id = ""};
    writer_init(&body, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    problem_write(&problem, &body);
    reply_init(out_reply, http_status, BYTES(PROBLEM_MEDIA_TYPE));
    if (status == GALEN_WRONG_METHOD) {
        reply_add_header(out_reply, BYTES("Allow"),
                         manage_route_allow(http_exchange_head(visit->exchange)->path));
    }
    if (http_status == 503) {
        reply_add_header(out_reply, BYTES("Retry-After"), BYTES("1"));
    }
    reply_take_body(out_reply, &body);
}

static void lack_record(const struct visit *visit, struct reply *reply)
{
    struct error error;
    reply_clear(reply);
    error_clear(&error);
    (void)error_set(&error, GALEN_AUDIT_UNAVAILABLE,
                    "the audit record of this request cannot be made");
    put_problem(visit, GALEN_AUDIT_UNAVAILABLE, &error, reply);
}

static void send(struct visit *visit)
{
    reply_send(&visit->reply, visit->exchange);
    manage_visit_close(visit);
}

static void on_recorded(struct audit_entry *entry)
{
    struct visit *visit = entry->context;
    if (entry->status != GALEN_OK) {
        lack_record(visit, &visit->reply);
    }
    send(visit);
}

static void send_after_record(struct visit *visit)
{
    struct audit_lane *lane = visit->front->options.audit;
    visit->state = VISIT_RECORDING;
    visit->entry = (struct audit_entry){
        .fields = writer_bytes(&visit->record),
        .mailbox = loop_mailbox(visit->front->options.loop),
        .done = on_recorded,
        .context = visit,
    };
    audit_lane_submit(lane, &visit->entry);
}

void manage_visit_refuse(struct visit *visit, enum galen_status status,
                         const struct error *error)
{
    const struct auth_visit *asker = &visit->asker;
    put_problem(visit, status, error, &visit->reply);
    const struct bytes challenge =
        was_let_in(visit)
            ? BYTES_NONE
            : auth_visit_challenge(asker, asker->refusal, visit->lacking_scope);
    if (challenge.size > 0) {
        reply_add_header(&visit->reply, BYTES("WWW-Authenticate"), challenge);
    }
    if (!leaves_record(visit)) {
        send(visit);
    } else if (write_record(visit, status, &visit->reply) == GALEN_OK) {
        send_after_record(visit);
    } else {
        lack_record(visit, &visit->reply);
        send(visit);
    }
}

void manage_visit_answer(struct visit *visit)
{
    struct manage_call *call = &visit->call;
    if (call->status != GALEN_OK) {
        manage_visit_refuse(visit, call->status, &call->error);
        return;
    }
    reply_init(&visit->reply, 200,
               call->wants_text ? BYTES("text/plain; charset=utf-8")
                                : BYTES("application/json"));
    reply_take_body(&visit->reply, &call->text);
    send(visit);
}
