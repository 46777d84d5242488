/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "service/reply_http.h"
#include "v2/front_impl.h"
#include "v2/run_record.h"

static struct visit *visit_take(struct v2_front *front)
{
    struct visit *visit = front->free_visits;
    if (visit != NULL) {
        front->free_visits = visit->next_free;
    } else {
        visit = malloc(sizeof(*visit));
        if (visit == NULL) {
            return NULL;
        }
        arena_init(&visit->arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    }
    front->open_count++;
    return visit;
}

struct visit *visit_open(struct v2_front *front, struct http_exchange *exchange)
{
    struct visit *visit = visit_take(front);
    if (visit == NULL) {
        return NULL;
    }
    visit->front = front;
    visit->exchange = http_exchange_ref(exchange);
    visit->state = VISIT_READING;
    visit->transaction = (struct v2_transaction){0};
    visit->trace = (struct trace){.is_known = false};
    visit->asker = (struct auth_visit){.refusal = REFUSAL_NOT};
    visit->lacking_scope = BYTES_NONE;
    visit->is_gone = false;
    visit->is_submitted = false;
    visit->has_body = false;
    visit->lacks_coding = false;
    visit->coding = CONTENT_IDENTITY;
    visit->decoded = NULL;
    visit->started_ns = loop_now_ns(front->options.loop);
    writer_init(&visit->record, LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX);
    visit->call = (struct infer_call){
        .request = {.model = "", .version = "", .id = "", .deadline_ns = CLOCK_NEVER},
        .response = {.version = ""},
        .arena = &visit->arena,
        .mailbox = loop_mailbox(front->options.loop),
        .context = visit,
    };
    http_exchange_set_context(exchange, visit);
    return visit;
}

/* Lets go of the exchange and of all that the run held. */
static void visit_detach(struct visit *visit)
{
    auth_visit_deinit(&visit->asker);
    http_exchange_set_context(visit->exchange, NULL);
    http_exchange_unref(visit->exchange);
    infer_call_clear(&visit->call);
    blob_unref(take(&visit->decoded));
    arena_clear(&visit->arena);
}

static void visit_free(struct visit *visit)
{
    struct v2_front *front = visit->front;
    writer_deinit(&visit->record);
    visit->next_free = front->free_visits;
    front->free_visits = visit;
    front->open_count--;
    front_post_if_idle(front);
}

void visit_close(struct visit *visit)
{
    visit_detach(visit);
    visit_free(visit);
}

struct bytes visit_body(const struct visit *visit)
{
    struct blob *body = visit->has_body ? http_exchange_body(visit->exchange) : NULL;
    body = visit->decoded == NULL ? body : visit->decoded;
    return body == NULL ? BYTES_NONE : bytes_of(blob_data(body), blob_size(body));
}

/* -- records -----------------------------------------------------------------------------
 */

static bool leaves_record(const struct visit *visit)
{
    const enum v2_operation operation = visit->transaction.route.operation;
    return visit->front->options.audit != NULL &&
           (operation == V2_INFER || v2_changes_something(operation) ||
            visit->asker.refusal != REFUSAL_NOT);
}

bool visit_needs_audit(const struct visit *visit)
{
    return leaves_record(visit) || (visit->front->options.audit != NULL &&
                                    visit->transaction.route.operation == V2_READY);
}

/* A run on the loop ends within its turn, and the loop's time is of the turn's begin. */
static uint64_t duration_of(const struct visit *visit)
{
    const uint64_t now_ns = loop_now_ns(visit->front->options.loop);
    const uint64_t ended_ns = visit->call.response.timing.ended_ns;
    return (ended_ns > now_ns ? ended_ns : now_ns) - visit->started_ns;
}

static enum galen_status write_record(struct visit *visit, enum galen_status status,
                                      const struct reply *reply)
{
    const struct v2_front_options *options = &visit->front->options;
    char trace[TRACE_PARENT_SIZE + 1];
    const struct run_record record = {
        .traceparent = trace_text(&visit->trace, trace),
        .operation = visit->transaction.route.operation,
        .model = visit->transaction.route.model,
        .version = visit->call.response.version,
        .id = visit->call.request.id,
        .is_submitted = visit->is_submitted,
        .principal = visit->asker.principal,
        .refusal = visit->asker.refusal,
        .status = status,
        .body = visit_body(visit),
        .reply = reply,
        .duration_ns = duration_of(visit),
        .timing = &visit->call.response.timing,
    };
    return run_record_write(&record, options->audit, &visit->record);
}

static void lack_record(const struct visit *visit, struct reply *reply)
{
    struct error error;
    reply_clear(reply);
    error_clear(&error);
    (void)error_set(&error, GALEN_AUDIT_UNAVAILABLE,
                    "the audit record of this request cannot be made");
    v2_reply_to_failure(GALEN_AUDIT_UNAVAILABLE, &error,
                        http_exchange_head(visit->exchange)->path, reply);
}

static void send_reply(struct visit *visit, struct reply *reply)
{
    struct bytes accepted;
    if (http_exchange_header(visit->exchange, "Accept-Encoding", &accepted)) {
        reply_compress(reply, accepted, &visit->arena);
    }
    reply_send(reply, visit->exchange);
}

/* Its reply has left already. */
static void on_recorded(struct audit_entry *entry)
{
    visit_free(entry->context);
}

static void on_recorded_first(struct audit_entry *entry)
{
    struct visit *visit = entry->context;
    if (entry->status != GALEN_OK) {
        lack_record(visit, &visit->reply);
    }
    send_reply(visit, &visit->reply);
    visit_close(visit);
}

static void submit_record(struct visit *visit, void (*done)(struct audit_entry *entry))
{
    visit->entry = (struct audit_entry){
        .fields = writer_bytes(&visit->record),
        .mailbox = loop_mailbox(visit->front->options.loop),
        .done = done,
        .context = visit,
    };
    audit_lane_submit(visit->front->options.audit, &visit->entry);
}

/* -- answers -----------------------------------------------------------------------------
 */

static void answer_after_record(struct visit *visit, const struct reply *reply)
{
    visit->state = VISIT_RECORDING;
    visit->reply = *reply;
    submit_record(visit, on_recorded_first);
}

static void answer_before_record(struct visit *visit, struct reply *reply)
{
    send_reply(visit, reply);
    visit_detach(visit);
    submit_record(visit, on_recorded);
}

/* Who answers the client waits for its record; behind a gateway that is not we. */
void visit_answer(struct visit *visit, enum galen_status status, struct reply *reply)
{
    const bool records = leaves_record(visit);
    const bool is_written = records && write_record(visit, status, reply) == GALEN_OK;
    visit_trace_end(visit, status, reply->status);
    if (is_written && visit->front->options.manages) {
        answer_after_record(visit, reply);
    } else if (is_written) {
        answer_before_record(visit, reply);
    } else {
        if (records) {
            lack_record(visit, reply);
        }
        send_reply(visit, reply);
        visit_close(visit);
    }
}

void visit_refuse(struct visit *visit, enum galen_status status, const struct error *error)
{
    struct reply reply;
    v2_reply_to_failure(status, error, http_exchange_head(visit->exchange)->path, &reply);
    visit_challenge(visit, &reply);
    if (visit->lacks_coding) {
        reply_add_header(&reply, BYTES("Accept-Encoding"), BYTES(CONTENT_CODINGS));
    }
    visit_answer(visit, status, &reply);
}
