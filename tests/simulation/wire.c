/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/invariant.h"

enum { SERVER_COUNT_MAX = 8 };

struct loop {
    struct virtual *world;
};

struct http_server {
    uint16_t port;
    struct http_handler handler;
};

struct http_client {
    uint16_t port;
    size_t pending_count;
};

struct http_exchange {
    size_t reference_count;
    struct http_server *server;
    struct http_request_head head; /* lies in the arena: the client may be gone first */
    struct arena arena;
    struct blob *request_body;
    struct blob *body; /* what the handler sees, once it was asked for */
    void *context;
    bool is_responded;
    bool is_gone;
    struct journey *journey; /* NULL: nobody waits for the answer any more */
    struct event body_arrives;
};

/* One request of a client, from send to done. */
struct journey {
    struct http_call *call;
    struct http_exchange *exchange; /* NULL: not arrived, or answered */
    struct blob *request_body;
    struct event arrives;
    struct event answer_arrives;
    struct event expires;
    struct task done;
    bool is_over; /* done is posted */
};

static struct virtual *world;
static struct wire_faults faults;
static struct http_server *servers[SERVER_COUNT_MAX];
static struct loop the_loop;
static size_t exchange_count;

void wire_begin(struct virtual *new_world, const struct wire_faults *new_faults)
{
    world = new_world;
    faults = *new_faults;
    the_loop.world = new_world;
}

size_t wire_exchange_count(void)
{
    return exchange_count;
}

static uint64_t delay_ns(void)
{
    return virtual_between(world, 1, faults.delay_ns_max);
}

/* net/loop.h */

enum galen_status loop_create(struct loop **out_loop)
{
    *out_loop = &the_loop;
    return GALEN_OK;
}

void loop_destroy(struct loop *loop)
{
    (void)loop;
}

struct mailbox *loop_mailbox(struct loop *loop)
{
    return &loop->world->mailbox;
}

uint64_t loop_now_ns(struct loop *loop)
{
    return loop->world->now_ns;
}

/* The client's side of a journey's end. */

static void run_done(struct task *task)
{
    struct journey *journey = LIST_ITEM(task, struct journey, done);
    struct http_call *call = journey->call;
    call->client->pending_count--;
    call->client = NULL;
    blob_unref(journey->request_body);
    free(journey);
    call->done(call);
}

static void journey_end(struct journey *journey, enum galen_status status, const char *why)
{
    struct http_call *call = journey->call;
    INVARIANT(!journey->is_over);
    journey->is_over = true;
    call->status = status;
    if (status != GALEN_OK) {
        error_write(&call->error, "%s", why);
        blob_unref(call->response_body);
        call->response_body = NULL;
    }
    virtual_cancel(world, &journey->arrives);
    virtual_cancel(world, &journey->answer_arrives);
    virtual_cancel(world, &journey->expires);
    journey->done.run = run_done;
    mailbox_post(&world->mailbox, &journey->done);
}

/* The server's side: the connection is gone. */
static void exchange_break(struct http_exchange *exchange)
{
    if (exchange->is_gone || exchange->is_responded) {
        return;
    }
    exchange->is_gone = true;
    virtual_cancel(world, &exchange->body_arrives);
    if (exchange->server->handler.gone != NULL) {
        exchange->server->handler.gone(exchange->server->handler.context, exchange);
    }
    http_exchange_unref(exchange); /* the connection's own */
}

/* The server is told first, then the client: neither may wait for the other. */
static void journey_break(struct journey *journey, enum galen_status status,
                          const char *why)
{
    struct http_exchange *exchange = journey->exchange;
    journey->exchange = NULL;
    if (exchange != NULL) {
        exchange->journey = NULL;
        exchange_break(exchange);
    }
    journey_end(journey, status, why);
}

static struct http_server *find_server(uint16_t port)
{
    for (size_t i = 0; i < SERVER_COUNT_MAX; i++) {
        if (servers[i] != NULL && servers[i]->port == port) {
            return servers[i];
        }
    }
    return NULL;
}

static struct bytes copy_text(struct arena *arena, struct bytes text)
{
    const char *copy = arena_copy_string(arena, text);
    INVARIANT(copy != NULL);
    return bytes_of(copy, text.size);
}

static const struct http_header *copy_request_headers(struct arena *arena,
                                                      const struct http_call *call)
{
    struct http_header *copies =
        arena_alloc_array(arena, call->header_count, sizeof(*copies));
    INVARIANT(copies != NULL);
    for (size_t i = 0; i < call->header_count; i++) {
        copies[i].name = copy_text(arena, call->headers[i].name);
        copies[i].value = copy_text(arena, call->headers[i].value);
    }
    return copies;
}

static struct http_exchange *exchange_create(struct journey *journey,
                                             struct http_server *server)
{
    struct http_call *call = journey->call;
    struct http_exchange *exchange = calloc(1, sizeof(*exchange));
    INVARIANT(exchange != NULL);
    exchange_count++;
    exchange->reference_count = 1;
    arena_init(&exchange->arena, 1 << 20);
    exchange->server = server;
    exchange->journey = journey;
    exchange->request_body = journey->request_body;
    journey->request_body = NULL;
    exchange->head = (struct http_request_head){
        .method = call->method,
        .headers = copy_request_headers(&exchange->arena, call),
        .header_count = call->header_count,
        .content_length = blob_size(exchange->request_body),
    };
    exchange->head.query =
        bytes_split(copy_text(&exchange->arena, call->target), '?', &exchange->head.path);
    journey->exchange = exchange;
    return exchange;
}

static void on_arrives(struct event *event)
{
    struct journey *journey = LIST_ITEM(event, struct journey, arrives);
    struct http_server *server = find_server(journey->call->client->port);
    if (server == NULL || virtual_chance(world, faults.request_lost_per_thousand)) {
        journey_break(journey, GALEN_UNAVAILABLE, "no connection");
        return;
    }
    struct http_exchange *exchange = exchange_create(journey, server);
    server->handler.headers(server->handler.context, exchange);
}

static void on_answer_arrives(struct event *event)
{
    struct journey *journey = LIST_ITEM(event, struct journey, answer_arrives);
    if (virtual_chance(world, faults.response_lost_per_thousand)) {
        journey_break(journey, GALEN_BAD_UPSTREAM, "the connection broke");
        return;
    }
    journey_end(journey, GALEN_OK, "");
}

static void on_expires(struct event *event)
{
    journey_break(LIST_ITEM(event, struct journey, expires), GALEN_TIMEOUT,
                  "the deadline has passed");
}

/* net/http_client.h */

enum galen_status http_client_create(struct loop *loop,
                                     const struct http_client_options *options,
                                     struct http_client **out_client)
{
    (void)loop;
    struct http_client *client = calloc(1, sizeof(*client));
    INVARIANT(client != NULL);
    client->port = options->port;
    *out_client = client;
    return GALEN_OK;
}

void http_client_close(struct http_client *client, struct task *closed)
{
    INVARIANT(client->pending_count == 0);
    free(client);
    if (closed != NULL) {
        mailbox_post(&world->mailbox, closed);
    }
}

static struct blob *join_parts(const struct http_part *parts, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += parts[i].bytes.size;
    }
    struct blob *joined = blob_create(size, 0);
    INVARIANT(joined != NULL);
    size = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].bytes.size > 0) {
            memcpy(blob_data(joined) + size, parts[i].bytes.data, parts[i].bytes.size);
        }
        size += parts[i].bytes.size;
        blob_unref(parts[i].blob);
    }
    return joined;
}

void http_client_send(struct http_client *client, struct http_call *call)
{
    struct journey *journey = calloc(1, sizeof(*journey));
    INVARIANT(journey != NULL);
    client->pending_count++;
    call->client = client;
    call->storage = journey;
    call->response_body = NULL;
    error_clear(&call->error);
    journey->call = call;
    journey->request_body = join_parts(call->parts, call->part_count);
    journey->arrives.run = on_arrives;
    journey->answer_arrives.run = on_answer_arrives;
    journey->expires.run = on_expires;
    virtual_schedule(world, &journey->arrives, delay_ns());
    if (call->deadline_ns != CLOCK_NEVER) {
        virtual_schedule(
            world, &journey->expires,
            call->deadline_ns > world->now_ns ? call->deadline_ns - world->now_ns : 0);
    }
}

void http_client_cancel(struct http_call *call)
{
    struct journey *journey = call->storage;
    if (call->client != NULL && !journey->is_over) {
        journey_break(journey, GALEN_CANCELLED, "cancelled");
    }
}

void http_call_clear(struct http_call *call)
{
    blob_unref(call->response_body);
    call->response_body = NULL;
    free((void *)(uintptr_t)call->response_headers);
    call->response_headers = NULL;
}

/* net/http_server.h */

enum galen_status http_server_open(struct loop *loop,
                                   const struct http_server_options *options,
                                   const struct http_handler *handler,
                                   struct http_server **out_server, struct error *out_error)
{
    (void)loop;
    (void)out_error;
    struct http_server *server = calloc(1, sizeof(*server));
    INVARIANT(server != NULL && find_server(options->port) == NULL);
    server->port = options->port;
    server->handler = *handler;
    for (size_t i = 0; i < SERVER_COUNT_MAX; i++) {
        if (servers[i] == NULL) {
            servers[i] = server;
            *out_server = server;
            return GALEN_OK;
        }
    }
    return GALEN_UNAVAILABLE;
}

void http_server_close(struct http_server *server, struct task *closed)
{
    for (size_t i = 0; i < SERVER_COUNT_MAX; i++) {
        if (servers[i] == server) {
            servers[i] = NULL;
        }
    }
    free(server);
    if (closed != NULL) {
        mailbox_post(&world->mailbox, closed);
    }
}

const struct http_request_head *http_exchange_head(const struct http_exchange *exchange)
{
    return &exchange->head;
}

const struct tls_peer *http_exchange_peer(const struct http_exchange *exchange)
{
    (void)exchange;
    return NULL;
}

struct bytes http_exchange_address(const struct http_exchange *exchange)
{
    (void)exchange; /* they are all one caller */
    return BYTES("wire");
}

bool http_exchange_header(const struct http_exchange *exchange, const char *name,
                          struct bytes *out_value)
{
    return http_header_get(exchange->head.headers, exchange->head.header_count, name,
                           out_value);
}

static void on_body_arrives(struct event *event)
{
    struct http_exchange *exchange = LIST_ITEM(event, struct http_exchange, body_arrives);
    if (virtual_chance(world, faults.broken_body_per_thousand)) {
        journey_break(exchange->journey, GALEN_BAD_UPSTREAM, "the connection broke");
        return;
    }
    exchange->body = exchange->request_body;
    exchange->request_body = NULL;
    exchange->server->handler.body(exchange->server->handler.context, exchange);
}

void http_exchange_read_body(struct http_exchange *exchange,
                             const struct http_body_options *options)
{
    INVARIANT(blob_size(exchange->request_body) <= options->size_bytes_max);
    exchange->body_arrives.run = on_body_arrives;
    virtual_schedule(world, &exchange->body_arrives, delay_ns());
}

/* The wire's server refuses nothing by itself. */
int http_exchange_refusal(const struct http_exchange *exchange)
{
    (void)exchange;
    return 0;
}

struct blob *http_exchange_body(const struct http_exchange *exchange)
{
    return exchange->body;
}

/* Headers outlive the exchange: one block with the structs and their texts. */
static const struct http_header *copy_headers(const struct http_response *response)
{
    size_t size = 0;
    for (size_t i = 0; i < response->header_count; i++) {
        size += response->headers[i].name.size + response->headers[i].value.size;
    }
    struct http_header *copies =
        malloc(response->header_count * sizeof(*copies) + size + 1);
    INVARIANT(copies != NULL);
    uint8_t *text = (uint8_t *)(copies + response->header_count);
    for (size_t i = 0; i < response->header_count; i++) {
        const struct http_header *header = &response->headers[i];
        memcpy(text, header->name.data, header->name.size);
        copies[i].name = bytes_of(text, header->name.size);
        text += header->name.size;
        if (header->value.size > 0) {
            memcpy(text, header->value.data, header->value.size);
        }
        copies[i].value = bytes_of(text, header->value.size);
        text += header->value.size;
    }
    return copies;
}

void http_exchange_respond(struct http_exchange *exchange,
                           const struct http_response *response)
{
    struct blob *body = join_parts(response->parts, response->part_count);
    INVARIANT(!exchange->is_responded);
    if (exchange->is_gone) {
        blob_unref(body);
        return;
    }
    exchange->is_responded = true;
    struct journey *journey = exchange->journey;
    struct http_call *call = journey->call;
    exchange->journey = NULL;
    journey->exchange = NULL;
    virtual_cancel(world, &exchange->body_arrives);
    call->http_status = response->status;
    call->response_headers = copy_headers(response);
    call->response_header_count = response->header_count;
    call->response_body = body;
    virtual_schedule(world, &journey->answer_arrives, delay_ns());
    http_exchange_unref(exchange); /* the connection's own */
}

struct http_exchange *http_exchange_ref(struct http_exchange *exchange)
{
    exchange->reference_count++;
    return exchange;
}

void http_exchange_unref(struct http_exchange *exchange)
{
    INVARIANT(exchange->reference_count > 0);
    if (--exchange->reference_count > 0) {
        return;
    }
    INVARIANT(exchange->is_gone || exchange->is_responded);
    blob_unref(exchange->request_body);
    blob_unref(exchange->body);
    arena_deinit(&exchange->arena);
    exchange_count--;
    free(exchange);
}

void http_exchange_set_context(struct http_exchange *exchange, void *context)
{
    exchange->context = context;
}

void *http_exchange_context(const struct http_exchange *exchange)
{
    return exchange->context;
}
