/* SPDX-License-Identifier: Apache-2.0 */
#include "manage/front.h"

#include <stdlib.h>

#include "base/invariant.h"
#include "base/limits.h"
#include "codec/media_type.h"
#include "manage/front_impl.h"
#include "service/auth/auth_record.h"
#include "service/problem.h"
#include "service/reply_http.h"

enum galen_status manage_front_create(const struct manage_front_options *options,
                                      struct manage_front **out_front)
{
    struct manage_front *front = calloc(1, sizeof(*front));
    if (front == NULL) {
        return GALEN_NO_MEMORY;
    }
    front->options = *options;
    *out_front = front;
    return GALEN_OK;
}

static void post_if_idle(struct manage_front *front)
{
    if (front->idle != NULL && front->open_count == 0) {
        mailbox_post(loop_mailbox(front->options.loop), front->idle);
        front->idle = NULL;
    }
}

void manage_front_finish(struct manage_front *front, struct task *idle)
{
    front->idle = idle;
    post_if_idle(front);
}

void manage_front_destroy(struct manage_front *front)
{
    if (front != NULL) {
        INVARIANT(front->open_count == 0);
        free(front);
    }
}

static struct visit *visit_open(struct manage_front *front, struct http_exchange *exchange)
{
    struct visit *visit = calloc(1, sizeof(*visit));
    if (visit == NULL) {
        return NULL;
    }
    visit->front = front;
    visit->exchange = http_exchange_ref(exchange);
    visit->state = VISIT_READING;
    visit->asker = (struct auth_visit){.refusal = REFUSAL_NOT};
    visit->started_ns = loop_now_ns(front->options.loop);
    arena_init(&visit->arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    writer_init(&visit->record, LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX);
    writer_init(&visit->call.text, LIMIT_REPOSITORY_SIZE_BYTES_MAX);
    http_exchange_set_context(exchange, visit);
    front->open_count++;
    return visit;
}

void manage_visit_close(struct visit *visit)
{
    struct manage_front *front = visit->front;
    auth_visit_deinit(&visit->asker);
    http_exchange_set_context(visit->exchange, NULL);
    http_exchange_unref(visit->exchange);
    writer_deinit(&visit->call.text);
    writer_deinit(&visit->record);
    arena_deinit(&visit->arena);
    free(visit);
    front->open_count--;
    post_if_idle(front);
}

/* --- who asks --- */

static enum galen_status check_access(struct visit *visit, struct error *out_error)
{
    struct auth_visit *asker = &visit->asker;
    if (asker->status != GALEN_OK) {
        return error_set(out_error, asker->status, "%s", refusal_text(asker->refusal));
    }
    return manage_may(visit->route.operation, asker->principal, &visit->lacking_scope)
               ? GALEN_OK
               : error_set(out_error, auth_visit_lack(asker), "%s",
                           refusal_text(REFUSAL_SCOPE));
}

static void read_body(struct visit *visit)
{
    const struct http_body_options options = {.size_bytes_max =
                                                  LIMIT_MANAGE_BODY_SIZE_BYTES_MAX};
    visit->state = VISIT_READING;
    http_exchange_read_body(visit->exchange, &options);
}

static void go_on(struct visit *visit)
{
    struct error error;
    error_clear(&error);
    const enum galen_status status = check_access(visit, &error);
    if (status != GALEN_OK) {
        manage_visit_refuse(visit, status, &error);
    } else if (visit->is_gone) {
        manage_visit_close(visit);
    } else {
        read_body(visit);
    }
}

static void on_identified(struct auth_visit *asker)
{
    go_on(asker->context);
}

static void admit(struct visit *visit)
{
    struct auth_gate *gate = visit->front->options.gate;
    if (gate == NULL || manage_operation_scope(visit->route.operation) == NULL) {
        read_body(visit);
        return;
    }
    visit->state = VISIT_IDENTIFYING;
    visit->asker = (struct auth_visit){
        .gate = gate,
        .head = http_exchange_head(visit->exchange),
        .peer = http_exchange_peer(visit->exchange),
        .arena = &visit->arena,
        .done = on_identified,
        .context = visit,
    };
    if (auth_visit_begin(&visit->asker) == AUTH_DECIDED) {
        go_on(visit);
    }
}

/* --- what is asked --- */

static void on_headers(void *context, struct http_exchange *exchange)
{
    struct manage_front *front = context;
    const struct http_request_head *head = http_exchange_head(exchange);
    struct visit *visit = visit_open(front, exchange);
    struct error error;
    if (visit == NULL) {
        struct reply reply;
        reply_init(&reply, galen_status_http(GALEN_NO_MEMORY), BYTES("text/plain"));
        reply_send(&reply, exchange);
        return;
    }
    error_clear(&error);
    const enum galen_status status =
        manage_route_parse(head->method, head->path, &visit->arena, &visit->route, &error);
    visit->has_route = status == GALEN_OK;
    if (status == GALEN_OK) {
        admit(visit);
    } else {
        manage_visit_refuse(visit, status, &error);
    }
}

static enum galen_status check_type(const struct visit *visit, struct error *out_error)
{
    struct bytes text = BYTES_NONE;
    struct media_type type;
    (void)http_exchange_header(visit->exchange, "Content-Type", &text);
    return media_type_parse(text, &type) == GALEN_OK &&
                   media_type_is(type, "application/json")
               ? GALEN_OK
               : error_set(out_error, GALEN_UNSUPPORTED_TYPE,
                           "a change needs Content-Type: application/json");
}

static struct bytes body_of(const struct visit *visit)
{
    struct blob *body = http_exchange_body(visit->exchange);
    return body == NULL ? BYTES_NONE : bytes_of(blob_data(body), blob_size(body));
}

static enum galen_status read_order(struct visit *visit, struct error *out_error)
{
    if (!manage_operation_changes(visit->route.operation)) {
        return GALEN_OK;
    }
    TRY(check_type(visit, out_error));
    return manage_order_read(visit->route.operation, body_of(visit), &visit->arena,
                             &visit->call.order, out_error);
}

static void on_done(struct manage_call *call)
{
    manage_visit_answer(call->context);
}

/* As records have it; NULL in *out_hmac where there is none to have. */
static enum galen_status hash_token(struct visit *visit, const uint8_t **out_hmac)
{
    const struct principal *principal = visit->asker.principal;
    const struct audit_lane *lane = visit->front->options.audit;
    *out_hmac = NULL;
    if (principal == NULL || lane == NULL || principal->token_id.size == 0) {
        return GALEN_OK;
    }
    *out_hmac = visit->token_hmac;
    return audit_lane_pseudonym(lane, principal->token_id, visit->token_hmac);
}

static bool wants_text(const struct visit *visit)
{
    struct bytes accepted;
    return visit->route.operation != MANAGE_DOCUMENT &&
           http_exchange_header(visit->exchange, "Accept", &accepted) &&
           bytes_equal_string(accepted, "text/plain");
}

static enum galen_status ask(struct visit *visit, struct error *out_error)
{
    struct manage_call *call = &visit->call;
    TRY(read_order(visit, out_error));
    TRY(hash_token(visit, &call->token_hmac));
    call->operation = visit->route.operation;
    call->model = visit->route.model;
    call->wants_text = wants_text(visit);
    call->principal = visit->asker.principal;
    call->done = on_done;
    call->context = visit;
    visit->state = VISIT_ASKING;
    return visit->front->options.submit(visit->front->options.context, call, out_error);
}

static void on_body(void *context, struct http_exchange *exchange)
{
    (void)context;
    struct visit *visit = http_exchange_context(exchange);
    struct error error;
    error_clear(&error);
    const enum galen_status status = ask(visit, &error);
    if (status != GALEN_OK) {
        manage_visit_refuse(visit, status, &error);
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
        visit->is_gone = true;
        auth_visit_forget_peer(&visit->asker);
        break;
    case VISIT_READING:
        manage_visit_close(visit);
        break;
    case VISIT_ASKING:
    case VISIT_RECORDING:
        break; /* goes on, and closes the visit then */
    }
}

static void on_refuse(void *context, int http_status, struct bytes path,
                      const struct error *error, struct http_response *out_response)
{
    (void)context;
    (void)path;
    static const struct http_header headers[] = {
        {BYTES_INIT("Content-Type"), BYTES_INIT(PROBLEM_MEDIA_TYPE)}};
    struct writer body;
    struct reply reply = {.status = http_status};
    const struct problem problem = {.http_status = http_status,
                                    .status = status_from_refusal(http_status),
                                    .error = error,
                                    .request_id = ""};
    writer_init(&body, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    problem_write(&problem, &body);
    reply_take_body(&reply, &body);
    reply_to_response(&reply, out_response);
    out_response->headers = headers;
    out_response->header_count = 1;
}

struct http_handler manage_front_handler(struct manage_front *front)
{
    return (struct http_handler){
        .context = front,
        .headers = on_headers,
        .body = on_body,
        .gone = on_gone,
        .refuse = on_refuse,
    };
}
