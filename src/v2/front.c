/* SPDX-License-Identifier: Apache-2.0 */
#include "v2/front.h"

#include <stdlib.h>

#include "base/invariant.h"
#include "service/reply_http.h"
#include "service/request_id.h"
#include "v2/front_impl.h"

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

void front_post_if_idle(struct v2_front *front)
{
    if (front->idle != NULL && front->open_count == 0) {
        mailbox_post(loop_mailbox(front->options.loop), front->idle);
        front->idle = NULL;
    }
}

void v2_front_finish(struct v2_front *front, struct task *idle)
{
    front->idle = idle;
    front_post_if_idle(front);
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
    visit->state = VISIT_INFERRING;
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
    const struct v2_powers powers = front_powers(visit->front);
    struct bytes coding;
    TRY(v2_route_parse(head->method, head->path, &visit->arena, &visit->transaction.route,
                       out_error));
    TRY(v2_check_powers(visit->transaction.route.operation, &powers, out_error));
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
    const struct bytes body = visit_body(visit);
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
    struct error error;
    struct reply reply;
    if (visit == NULL) {
        error_set(&error, GALEN_NO_MEMORY, "out of memory");
        v2_reply_to_failure(GALEN_NO_MEMORY, &error, head->path, &reply);
        reply_send(&reply, exchange);
        return;
    }
    error_clear(&error);
    const enum galen_status status = read_head(visit, &visit->body_options, &error);
    visit_trace_begin(visit);
    if (status != GALEN_OK) {
        visit_refuse(visit, status, &error);
        return;
    }
    visit_admit(visit);
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

static enum galen_status begin_call(struct visit *visit, struct error *out_error)
{
    const uint64_t now_ns = loop_now_ns(visit->front->options.loop);
    struct bytes header = BYTES_NONE;
    struct v2_message message;
    const bool has_header =
        http_exchange_header(visit->exchange, "Inference-Header-Content-Length", &header);
    TRY(v2_message_read(has_header, header, visit_body(visit), &message, out_error));
    message.special_numbers = visit->front->options.special_numbers;
    visit->call.request.deadline_ns = now_ns + visit->front->options.timeout_ns;
    return v2_transaction_begin(&visit->transaction, &message, now_ns, &visit->call,
                                out_error);
}

static enum galen_status check_state(const struct visit *visit, struct error *out_error)
{
    const struct v2_front_options *options = &visit->front->options;
    if (visit->transaction.route.operation == V2_READY && atomic_load(options->draining)) {
        return error_set(out_error, GALEN_UNAVAILABLE, "draining");
    }
    if (visit->transaction.route.operation == V2_READY && options->gate != NULL &&
        auth_lacks_keys(options->gate->auth)) {
        return error_set(out_error, GALEN_UNAVAILABLE,
                         "the keys of auth.issuer are not known");
    }
    if (visit_needs_audit(visit) && !audit_is_available(options->audit->audit)) {
        return error_set(out_error, GALEN_AUDIT_UNAVAILABLE,
                         "no audit record can be made durable");
    }
    return GALEN_OK;
}

/* Answers now, or submits a call that will. */
static enum galen_status begin(struct visit *visit, struct error *out_error)
{
    const enum v2_operation operation = visit->transaction.route.operation;
    const struct v2_powers powers = front_powers(visit->front);
    struct reply reply;
    TRY(take_request_id(visit));
    TRY(decode_body(visit, out_error));
    TRY(check_state(visit, out_error));
    if (v2_is_answered_here(operation)) {
        v2_reply_here(operation, &powers, &reply);
        visit_answer(visit, GALEN_OK, &reply);
        return GALEN_OK;
    }
    if (v2_asks_management(operation) || v2_operation_manages(operation)) {
        return visit_manage(visit, out_error);
    }
    TRY(begin_call(visit, out_error));
    visit_submit(visit);
    return GALEN_OK;
}

static void on_body(void *context, struct http_exchange *exchange)
{
    (void)context;
    struct visit *visit = http_exchange_context(exchange);
    struct error error;
    error_clear(&error);
    visit->has_body = true;
    const enum galen_status status = begin(visit, &error);
    if (status != GALEN_OK) {
        visit_refuse(visit, status, &error);
    }
}

static void on_gone(void *context, struct http_exchange *exchange)
{
    (void)context;
    struct visit *visit = http_exchange_context(exchange);
    if (visit == NULL) {
        return;
    }
    switch (visit->state) {
    case VISIT_IDENTIFYING:
        visit_lose_client(visit);
        break;
    case VISIT_READING:
        visit_close(visit);
        break;
    case VISIT_INFERRING:
        infer_cancel(&visit->call); /* on_done closes the visit */
        break;
    case VISIT_MANAGING:
    case VISIT_RECORDING:
        break; /* goes on, and closes the visit then */
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

void v2_front_set_limits(struct v2_front *front, size_t body_size_bytes_max,
                         uint64_t timeout_ns)
{
    front->options.body_size_bytes_max = body_size_bytes_max;
    front->options.timeout_ns = timeout_ns;
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
