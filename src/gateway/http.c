/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/http.h"

#include <stdlib.h>

#include "base/invariant.h"
#include "base/limits.h"
#include "gateway/request.h"
#include "gateway/respond.h"
#include "service/reply_http.h"

struct visit {
    struct request request; /* first: the port holds a pointer to it */
    struct gateway_http *http;
    struct http_exchange *exchange;
    struct visit *next_free;
};

struct gateway_http {
    const struct gateway *gateway;
    struct visit *free_visits;
    size_t open_count;
    struct task *idle; /* to be posted when nothing is open; NULL: nobody waits */
};

enum galen_status gateway_http_create(const struct gateway *gateway,
                                      struct gateway_http **out_http)
{
    struct gateway_http *http = calloc(1, sizeof(*http));
    if (http == NULL) {
        return GALEN_NO_MEMORY;
    }
    http->gateway = gateway;
    *out_http = http;
    return GALEN_OK;
}

static void post_if_idle(struct gateway_http *http)
{
    if (http->idle != NULL && http->open_count == 0) {
        mailbox_post(http->gateway->mailbox, http->idle);
        http->idle = NULL;
    }
}

void gateway_http_finish(struct gateway_http *http, struct task *idle)
{
    http->idle = idle;
    post_if_idle(http);
}

void gateway_http_destroy(struct gateway_http *http)
{
    if (http == NULL) {
        return;
    }
    INVARIANT(http->open_count == 0);
    while (http->free_visits != NULL) {
        struct visit *visit = http->free_visits;
        http->free_visits = visit->next_free;
        arena_deinit(&visit->request.arena);
        free(visit);
    }
    free(http);
}

static void read_body(struct request *request, size_t size_bytes_max, size_t lead)
{
    const struct http_body_options options = {size_bytes_max, lead};
    http_exchange_read_body(((struct visit *)request)->exchange, &options);
}

static void respond(struct request *request, struct reply *reply)
{
    reply_send(reply, ((struct visit *)request)->exchange);
}

static void release(struct request *request)
{
    struct visit *visit = (struct visit *)request;
    struct gateway_http *http = visit->http;
    http_exchange_set_context(visit->exchange, NULL);
    http_exchange_unref(visit->exchange);
    view_unref(request->view);
    arena_clear(&request->arena);
    visit->next_free = http->free_visits;
    http->free_visits = visit;
    http->open_count--;
    post_if_idle(http);
}

static const struct request_port port = {
    .read_body = read_body,
    .respond = respond,
    .release = release,
};

static struct visit *visit_take(struct gateway_http *http)
{
    struct visit *visit = http->free_visits;
    if (visit != NULL) {
        http->free_visits = visit->next_free;
        return visit;
    }
    visit = malloc(sizeof(*visit));
    if (visit != NULL) {
        arena_init(&visit->request.arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    }
    return visit;
}

static void on_refuse(void *context, int http_status, struct bytes path,
                      const struct error *error, struct http_response *out_response)
{
    const struct gateway_http *http = context;
    static const struct http_header problem[] = {
        {BYTES_INIT("Content-Type"), BYTES_INIT("application/problem+json")},
        {BYTES_INIT("Retry-After"), BYTES_INIT("1")}};
    static const struct http_header v2_error[] = {
        {BYTES_INIT("Content-Type"), BYTES_INIT("application/json")},
        {BYTES_INIT("Retry-After"), BYTES_INIT("1")}};
    const bool speaks_v2 = v2_path_is_ours(path);
    const enum galen_status status = status_from_refusal(http_status);
    struct writer body;
    struct reply reply = {.status = http_status};
    if (http != NULL && http->gateway->counts != NULL && path.size == 0) {
        gateway_counts_refuse(http->gateway->counts, http_status);
    }
    writer_init(&body, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    if (speaks_v2) {
        v2_error_encode(status, error, &body);
    } else {
        respond_problem(http_status, status, error, "", &body);
    }
    reply_take_body(&reply, &body);
    reply_to_response(&reply, out_response);
    out_response->headers = speaks_v2 ? v2_error : problem;
    out_response->header_count = http_status == 503 ? 2 : 1;
}

static void refuse_for_memory(struct http_exchange *exchange)
{
    struct http_response response;
    struct error error;
    error_set(&error, GALEN_NO_MEMORY, "out of memory");
    on_refuse(NULL, 503, http_exchange_head(exchange)->path, &error, &response);
    http_exchange_respond(exchange, &response);
}

static void on_headers(void *context, struct http_exchange *exchange)
{
    struct gateway_http *http = context;
    struct visit *visit = visit_take(http);
    if (visit == NULL) {
        refuse_for_memory(exchange);
        return;
    }
    http->open_count++;
    visit->http = http;
    visit->exchange = http_exchange_ref(exchange);
    http_exchange_set_context(exchange, visit);
    visit->request.gateway = http->gateway;
    visit->request.port = &port;
    visit->request.view = view_ref(http->gateway->view);
    visit->request.head = http_exchange_head(exchange);
    visit->request.peer = http_exchange_peer(exchange);
    visit->request.caller = http_exchange_address(exchange);
    request_start(&visit->request);
}

static void on_body(void *context, struct http_exchange *exchange)
{
    (void)context;
    struct visit *visit = http_exchange_context(exchange);
    struct blob *body = http_exchange_body(exchange);
    request_receive(&visit->request, bytes_of(blob_data(body), blob_size(body)));
}

static void on_gone(void *context, struct http_exchange *exchange)
{
    (void)context;
    struct visit *visit = http_exchange_context(exchange);
    if (visit != NULL && http_exchange_refusal(exchange) != 0) {
        request_refuse(&visit->request, http_exchange_refusal(exchange));
    } else if (visit != NULL) {
        request_cancel(&visit->request);
    }
}

struct http_handler gateway_http_handler(struct gateway_http *http)
{
    return (struct http_handler){
        .context = http,
        .headers = on_headers,
        .body = on_body,
        .gone = on_gone,
        .refuse = on_refuse,
    };
}
