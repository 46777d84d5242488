/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/invariant.h"
#include "net/http_server_impl.h"

enum { ARENA_SIZE_BYTES_MAX = 8 * LIMIT_HEADER_SIZE_BYTES_MAX };

/* Life */

static void reset(struct http_exchange *exchange)
{
    const struct arena arena = exchange->arena;
    memset(exchange, 0, offsetof(struct http_exchange, message));
    exchange->arena = arena;
}

struct http_exchange *exchange_create(struct http_connection *connection,
                                      struct carrier *carrier)
{
    struct http_server *server = connection->server;
    struct http_exchange *exchange = server->spare;
    if (exchange != NULL) {
        server->spare = exchange->next_spare;
        server->spare_count--;
        reset(exchange);
    } else {
        exchange = malloc(sizeof(*exchange));
        if (exchange == NULL) {
            return NULL;
        }
        memset(exchange, 0, offsetof(struct http_exchange, message));
        arena_init(&exchange->arena, ARENA_SIZE_BYTES_MAX);
    }
    exchange->reference_count = 1;
    exchange->connection = connection;
    exchange->carrier = carrier;
    exchange->server = server;
    server->reference_count++;
    return exchange;
}

/* GALEN_BUSY: with these there are too many, and others have some of them. */
static enum galen_status count_body(struct http_exchange *exchange, size_t size)
{
    const struct http_server_options *options = &exchange->server->options;
    if (options->bodies_size_bytes == NULL) {
        return GALEN_OK;
    }
    const uint64_t sum = size + atomic_fetch_add_explicit(options->bodies_size_bytes, size,
                                                          memory_order_relaxed);
    exchange->counted_size_bytes += size;
    const bool is_alone = sum == exchange->counted_size_bytes;
    return options->bodies_size_bytes_max == 0 || sum <= options->bodies_size_bytes_max ||
                   is_alone
               ? GALEN_OK
               : GALEN_BUSY;
}

enum galen_status exchange_add_body(struct http_exchange *exchange, struct bytes bytes)
{
    TRY(count_body(exchange, bytes.size));
    return body_put(&exchange->body, bytes);
}

struct http1_refusal exchange_body_refusal(enum galen_status status)
{
    if (status == GALEN_BUSY) {
        return (struct http1_refusal){503, "the bodies under way are too large together"};
    }
    return status == GALEN_TOO_LARGE
               ? (struct http1_refusal){413, "the body is larger than is accepted here"}
               : (struct http1_refusal){503, "no memory for the body"};
}

static void uncount_body(struct http_exchange *exchange)
{
    if (exchange->counted_size_bytes > 0) {
        atomic_fetch_sub_explicit(exchange->server->options.bodies_size_bytes,
                                  exchange->counted_size_bytes, memory_order_relaxed);
    }
}

static void destroy(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;
    uncount_body(exchange);
    outgoing_deinit(&exchange->outgoing);
    body_deinit(&exchange->body);
    blob_unref(exchange->body_blob);
    arena_clear(&exchange->arena);
    if (server->is_closing || server->spare_count == SPARE_EXCHANGE_COUNT_MAX) {
        arena_deinit(&exchange->arena);
        free(exchange);
    } else {
        exchange->next_spare = server->spare;
        server->spare = exchange;
        server->spare_count++;
    }
    server_unref(server);
}

struct http_exchange *http_exchange_ref(struct http_exchange *exchange)
{
    exchange->reference_count++;
    return exchange;
}

void http_exchange_unref(struct http_exchange *exchange)
{
    if (exchange != NULL && --exchange->reference_count == 0) {
        destroy(exchange);
    }
}

void exchange_announce(struct http_exchange *exchange)
{
    const struct http1_head *message = &exchange->message;
    const struct http_handler *handler = &exchange->server->handler;
    exchange->head = (struct http_request_head){
        .method = message->method,
        .path = message->path,
        .query = message->query,
        .headers = message->headers,
        .header_count = message->header_count,
        .content_length = message->content_length,
    };
    exchange->address = exchange->connection->address;
    exchange->was_announced = true;
    handler->headers(handler->context, exchange);
}

void exchange_give_up(struct http_exchange *exchange)
{
    const struct http_handler *handler = &exchange->server->handler;
    const bool handler_waits = exchange->was_announced && !exchange->is_answered;
    exchange->is_answered = true;
    if (handler_waits) {
        exchange->is_gone = true;
        if (handler->gone != NULL) {
            handler->gone(handler->context, exchange);
        }
    }
}

void exchange_detach(struct http_exchange *exchange)
{
    outgoing_deinit(&exchange->outgoing);
    exchange->connection = NULL;
    exchange->carrier = NULL;
    http_exchange_unref(exchange);
}

/* What the handler sees */

const struct http_request_head *http_exchange_head(const struct http_exchange *exchange)
{
    return &exchange->head;
}

struct bytes http_exchange_address(const struct http_exchange *exchange)
{
    return bytes_of(exchange->address.bytes, exchange->address.size);
}

bool http_exchange_header(const struct http_exchange *exchange, const char *name,
                          struct bytes *out_value)
{
    return http_header_get(exchange->head.headers, exchange->head.header_count, name,
                           out_value);
}

const struct tls_peer *http_exchange_peer(const struct http_exchange *exchange)
{
    return exchange->connection == NULL ? NULL : stream_peer(&exchange->connection->stream);
}

struct blob *http_exchange_body(const struct http_exchange *exchange)
{
    return exchange->body_blob;
}

void http_exchange_set_context(struct http_exchange *exchange, void *context)
{
    exchange->context = context;
}

void *http_exchange_context(const struct http_exchange *exchange)
{
    return exchange->context;
}

/* What the handler wants */

void http_exchange_read_body(struct http_exchange *exchange,
                             const struct http_body_options *options)
{
    if (exchange->is_gone || exchange->carrier == NULL) {
        return;
    }
    INVARIANT(!exchange->is_answered);
    exchange->carrier->ops->read_body(exchange->carrier, options);
}

void http_exchange_respond(struct http_exchange *exchange,
                           const struct http_response *response)
{
    if (exchange->is_gone || exchange->carrier == NULL) {
        struct outgoing unsent = {.part_count = 0};
        outgoing_take_parts(&unsent, response->parts, response->part_count);
        outgoing_deinit(&unsent);
        return;
    }
    INVARIANT(!exchange->is_answered);
    exchange->is_answered = true;
    outgoing_take_parts(&exchange->outgoing, response->parts, response->part_count);
    exchange->carrier->ops->respond(exchange->carrier, response);
}

int http_exchange_refusal(const struct http_exchange *exchange)
{
    return exchange->refusal_status;
}

void exchange_refuse(struct http_exchange *exchange, struct http1_refusal refusal)
{
    const struct http_handler *handler = &exchange->server->handler;
    const struct bytes path = exchange->was_announced ? exchange->head.path : BYTES_NONE;
    struct http_response response = {.status = refusal.status};
    struct error error = {.text = ""};
    exchange->refusal_status = refusal.status;
    exchange_give_up(exchange);
    (void)error_set(&error, GALEN_INVALID, "%s", refusal.text);
    handler->refuse(handler->context, refusal.status, path, &error, &response);
    response.status = refusal.status;
    outgoing_take_parts(&exchange->outgoing, response.parts, response.part_count);
    exchange->carrier->ops->respond(exchange->carrier, &response);
}
