/* SPDX-License-Identifier: Apache-2.0 */
#include "v2/front.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "base/limits.h"
#include "service/reply_http.h"
#include "service/request_id.h"
#include "v2/run_record.h"
#include "v2/transaction.h"

/* One request from its head to its reply. */
struct visit {
    struct v2_front *front;
    struct http_exchange *exchange;
    struct arena arena;
    struct v2_transaction transaction;
    struct infer_call call;
    bool is_submitted;
    bool has_body;
    bool lacks_coding;          /* it came in one that we do not know */
    enum content_coding coding; /* of the body as it came */
    struct blob *decoded;       /* the body without it; NULL: it has none */
    uint64_t started_ns;
    struct audit_entry entry;
    struct writer record;
    struct visit *next_free;
};

struct v2_front {
    struct v2_front_options options;
    struct visit *free_visits;
    size_t open_count;
    struct task *idle; /* to be posted when nothing is open; NULL: nobody waits */
};

enum galen_status v2_front_create(const struct v2_front_options *options,
                                  struct v2_front **out_front)
{
    struct v2_front *front = calloc(1, sizeof(*front));
    if (front == NULL) {
        return GALEN_NO_MEMORY;
    }
    front->options = *options;
    *out_front = front;
    return GALEN_OK;
}

static void post_if_idle(struct v2_front *front)
{
    if (front->idle != NULL && front->open_count == 0) {
        mailbox_post(loop_mailbox(front->options.loop), front->idle);
        front->idle = NULL;
    }
}

void v2_front_finish(struct v2_front *front, struct task *idle)
{
    front->idle = idle;
    post_if_idle(front);
}

void v2_front_destroy(struct v2_front *front)
{
    if (front == NULL) {
        return;
    }
    INVARIANT(front->open_count == 0);
    while (front->free_visits != NULL) {
        struct visit *visit = front->free_visits;
        front->free_visits = visit->next_free;
        arena_deinit(&visit->arena);
        free(visit);
    }
    free(front);
}

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

static struct visit *visit_open(struct v2_front *front, struct http_exchange *exchange)
{
    struct visit *visit = visit_take(front);
    if (visit == NULL) {
        return NULL;
    }
    visit->front = front;
    visit->exchange = http_exchange_ref(exchange);
    visit->transaction = (struct v2_transaction){0};
    visit->is_submitted = false;
    visit->has_body = false;
    visit->lacks_coding = false;
    visit->coding = CONTENT_IDENTITY;
    visit->decoded = NULL;
    visit->started_ns = loop_now_ns(front->options.loop);
    writer_init(&visit->record, LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX);
    visit->call = (struct infer_call){
        .request = {.model = "", .version = "", .id = "", .deadline_ns = CLOCK_NEVER},
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
    post_if_idle(front);
}

static void visit_close(struct visit *visit)
{
    visit_detach(visit);
    visit_free(visit);
}

static void on_recorded(struct audit_entry *entry)
{
    visit_free(entry->context);
}

/* Without its coding, once that is undone. */
static struct bytes body_of(const struct visit *visit)
{
    struct blob *body = visit->has_body ? http_exchange_body(visit->exchange) : NULL;
    body = visit->decoded == NULL ? body : visit->decoded;
    return body == NULL ? BYTES_NONE : bytes_of(blob_data(body), blob_size(body));
}

static bool leaves_record(const struct visit *visit)
{
    return visit->front->options.audit != NULL &&
           visit->transaction.route.operation == V2_INFER;
}

/* Whether it is to be refused while no record can be made. */
static bool needs_audit(const struct visit *visit)
{
    return visit->front->options.audit != NULL &&
           (visit->transaction.route.operation == V2_INFER ||
            visit->transaction.route.operation == V2_READY);
}

static enum galen_status write_record(struct visit *visit, enum galen_status status,
                                      const struct reply *reply)
{
    const struct v2_front_options *options = &visit->front->options;
    const struct run_record record = {
        .call = &visit->call,
        .is_submitted = visit->is_submitted,
        .status = status,
        .body = body_of(visit),
        .reply = reply,
        .duration_ns = loop_now_ns(options->loop) - visit->started_ns,
    };
    return run_record_write(&record, options->audit, &visit->record);
}

static void submit_record(struct visit *visit)
{
    visit->entry = (struct audit_entry){
        .fields = writer_bytes(&visit->record),
        .mailbox = loop_mailbox(visit->front->options.loop),
        .done = on_recorded,
        .context = visit,
    };
    audit_lane_submit(visit->front->options.audit, &visit->entry);
}

static void lack_record(const struct visit *visit, struct reply *reply)
{
    struct error error;
    reply_clear(reply);
    (void)error_set(&error, GALEN_AUDIT_UNAVAILABLE,
                    "the audit record of this run cannot be made");
    v2_reply_to_failure(GALEN_AUDIT_UNAVAILABLE, &error,
                        http_exchange_head(visit->exchange)->path, reply);
}

static void compress(struct visit *visit, struct reply *reply)
{
    struct bytes accepted;
    if (http_exchange_header(visit->exchange, "Accept-Encoding", &accepted)) {
        reply_compress(reply, accepted, &visit->arena);
    }
}

/* The answer does not wait for its record: who answers the client waits for its own. */
static void visit_answer(struct visit *visit, enum galen_status status, struct reply *reply)
{
    const bool records = leaves_record(visit);
    const bool is_written = records && write_record(visit, status, reply) == GALEN_OK;
    if (records && !is_written) {
        lack_record(visit, reply);
    }
    compress(visit, reply);
    reply_send(reply, visit->exchange);
    visit_detach(visit);
    if (is_written) {
        submit_record(visit);
    } else {
        visit_free(visit);
    }
}

static void visit_refuse(struct visit *visit, enum galen_status status,
                         const struct error *error)
{
    struct reply reply;
    v2_reply_to_failure(status, error, http_exchange_head(visit->exchange)->path, &reply);
    if (visit->lacks_coding) {
        reply_add_header(&reply, BYTES("Accept-Encoding"), BYTES(CONTENT_CODINGS));
    }
    visit_answer(visit, status, &reply);
}

static void on_done(struct infer_call *call)
{
    struct visit *visit = call->context;
    struct reply reply;
    v2_reply_to_call(&visit->transaction, call, &reply);
    visit_answer(visit, call->status, &reply);
}

static void visit_submit(struct visit *visit)
{
    visit->call.done = on_done;
    visit->is_submitted = true;
    infer_submit(visit->front->options.service, &visit->call);
}

/* How large the JSON that a body begins with can be. */
static size_t json_size_max(const struct visit *visit)
{
    const uint64_t length = http_exchange_head(visit->exchange)->content_length;
    return length == HTTP_LENGTH_UNKNOWN || visit->coding != CONTENT_IDENTITY
               ? visit->front->options.body_size_bytes_max
               : (size_t)length;
}

/* What follows the JSON, whose size the head gives, is to be aligned. */
static enum galen_status find_lead(const struct visit *visit, size_t size_max,
                                   size_t *out_lead, struct error *out_error)
{
    struct bytes header;
    if (!http_exchange_header(visit->exchange, "Inference-Header-Content-Length",
                              &header)) {
        *out_lead = 0;
        return GALEN_OK;
    }
    return v2_json_size(true, header, size_max, out_lead, out_error);
}

static enum galen_status read_head(struct visit *visit, struct http_body_options *options,
                                   struct error *out_error)
{
    const struct http_request_head *head = http_exchange_head(visit->exchange);
    struct bytes coding;
    TRY(v2_route_parse(head->method, head->path, &visit->arena, &visit->transaction.route,
                       out_error));
    if (head->method == HTTP_POST &&
        http_exchange_header(visit->exchange, "Content-Encoding", &coding)) {
        visit->lacks_coding =
            content_coding_parse(coding, &visit->coding, out_error) != GALEN_OK;
    }
    if (visit->lacks_coding) {
        return GALEN_NOT_IMPLEMENTED;
    }
    options->size_bytes_max = visit->front->options.body_size_bytes_max;
    return find_lead(visit, json_size_max(visit), &options->lead, out_error);
}

static enum galen_status decode_body(struct visit *visit, struct error *out_error)
{
    const struct bytes body = body_of(visit);
    struct content_source source = {
        .coding = visit->coding,
        .coded = body,
        .size_bytes_max = visit->front->options.body_size_bytes_max,
    };
    if (visit->coding == CONTENT_IDENTITY) {
        return GALEN_OK;
    }
    TRY(find_lead(visit, source.size_bytes_max, &source.lead, out_error));
    return content_decode(&source, &visit->arena, &visit->decoded, out_error);
}

static void on_headers(void *context, struct http_exchange *exchange)
{
    struct v2_front *front = context;
    const struct http_request_head *head = http_exchange_head(exchange);
    struct visit *visit = visit_open(front, exchange);
    struct http_body_options options;
    struct error error;
    struct reply reply;
    if (visit == NULL) {
        error_set(&error, GALEN_NO_MEMORY, "out of memory");
        v2_reply_to_failure(GALEN_NO_MEMORY, &error, head->path, &reply);
        reply_send(&reply, exchange);
        return;
    }
    const enum galen_status status = read_head(visit, &options, &error);
    if (status != GALEN_OK) {
        visit_refuse(visit, status, &error);
        return;
    }
    http_exchange_read_body(exchange, &options);
}

/* What a request is called that has no id in it: raw ones have no place for one. */
static enum galen_status take_request_id(struct visit *visit)
{
    struct bytes id;
    if (!http_exchange_header(visit->exchange, "X-Request-Id", &id) ||
        !request_id_is_plain(id)) {
        return GALEN_OK;
    }
    const char *copy = arena_copy_string(&visit->arena, id);
    if (copy == NULL) {
        return GALEN_NO_MEMORY;
    }
    visit->call.request.id = copy;
    return GALEN_OK;
}

static enum galen_status begin(struct visit *visit, struct error *out_error)
{
    const uint64_t now_ns = loop_now_ns(visit->front->options.loop);
    struct bytes header = BYTES_NONE;
    struct v2_message message;
    const bool has_header =
        http_exchange_header(visit->exchange, "Inference-Header-Content-Length", &header);
    TRY(take_request_id(visit));
    TRY(decode_body(visit, out_error));
    TRY(v2_message_read(has_header, header, body_of(visit), &message, out_error));
    message.special_numbers = visit->front->options.special_numbers;
    visit->call.request.deadline_ns = now_ns + visit->front->options.timeout_ns;
    return v2_transaction_begin(&visit->transaction, &message, now_ns, &visit->call,
                                out_error);
}

static void on_body(void *context, struct http_exchange *exchange)
{
    (void)context;
    struct visit *visit = http_exchange_context(exchange);
    struct error error;
    struct reply reply;
    visit->has_body = true;
    if (v2_is_answered_here(visit->transaction.route.operation)) {
        v2_reply_here(visit->transaction.route.operation, &reply);
        visit_answer(visit, GALEN_OK, &reply);
        return;
    }
    error_clear(&error);
    enum galen_status status = begin(visit, &error);
    if (visit->transaction.route.operation == V2_READY &&
        atomic_load(visit->front->options.draining)) {
        status = error_set(&error, GALEN_UNAVAILABLE, "draining");
    }
    if (needs_audit(visit) && !audit_is_available(visit->front->options.audit->audit)) {
        status = error_set(&error, GALEN_AUDIT_UNAVAILABLE,
                           "no audit record can be made durable");
    }
    if (status != GALEN_OK) {
        visit_refuse(visit, status, &error);
        return;
    }
    visit_submit(visit);
}

static void on_gone(void *context, struct http_exchange *exchange)
{
    (void)context;
    struct visit *visit = http_exchange_context(exchange);
    if (visit == NULL) {
        return;
    }
    if (visit->is_submitted) {
        infer_cancel(&visit->call); /* on_done closes the visit */
    } else {
        visit_close(visit);
    }
}

static void on_refuse(void *context, int status, struct bytes path,
                      const struct error *error, struct http_response *out_response)
{
    (void)context;
    (void)path;
    static const struct http_header headers[] = {
        {BYTES_INIT("Content-Type"), BYTES_INIT("application/json")}};
    struct reply reply;
    v2_reply_to_failure(status_from_refusal(status), error, path, &reply);
    reply_to_response(&reply, out_response);
    out_response->status = status;
    out_response->headers = headers;
    out_response->header_count = 1;
}

struct http_handler v2_front_handler(struct v2_front *front)
{
    return (struct http_handler){
        .context = front,
        .headers = on_headers,
        .body = on_body,
        .gone = on_gone,
        .refuse = on_refuse,
    };
}
