/* SPDX-License-Identifier: Apache-2.0 */
#include "base/invariant.h"
#include "net/http2_connection_impl.h"

enum { FIRST_WINDOW = 65535 }; /* RFC 9113 section 6.9.2 */

static struct http2_request *request_of(struct http2_stream *stream)
{
    return LIST_ITEM(stream, struct http2_request, stream);
}

static struct http2_request *request_of_carrier(struct carrier *carrier)
{
    return LIST_ITEM(carrier, struct http2_request, carrier);
}

static struct http_server *server_of(const struct http2_request *request)
{
    return request->connection->base->server;
}

/* Deadlines */

static void disarm(struct http2_request *request)
{
    timeout_disarm(&server_of(request)->timeouts, &request->deadline);
}

static void arm(struct http2_request *request, enum server_deadline kind,
                uint32_t timeout_ms)
{
    struct http_server *server = server_of(request);
    timeout_arm(&server->timeouts, &request->deadline, kind,
                loop_now_ns(server->loop) + timeout_ms * NS_PER_MS);
}

/* Only while it is the client that is waited for. */
static void set_body_deadline(struct http2_request *request)
{
    if (request->state != REQUEST_BODY || !request->body_has_begun || request->owed > 0) {
        disarm(request);
    } else if (!timeout_is(&request->deadline, DEADLINE_STREAM_BODY)) {
        request->size_before = request->received;
        arm(request, DEADLINE_STREAM_BODY, server_of(request)->options.body_timeout_ms);
    }
}

static void set_write_deadline(struct http2_request *request)
{
    request->size_before = request->stream.sent_size;
    arm(request, DEADLINE_STREAM_WRITE, server_of(request)->options.write_timeout_ms);
}

static bool made_progress(const struct http2_request *request)
{
    const struct http_server_options *options = &server_of(request)->options;
    return request->state == REQUEST_BODY
               ? request->received - request->size_before >=
                     server_size_min_within(options->body_timeout_ms)
               : request->stream.sent_size - request->size_before >=
                     server_size_min_within(options->write_timeout_ms);
}

/* Room for bodies: what a connection's requests bring together is bounded, and the oldest
 * of them may always go on, so that one of them always does. */

static bool is_oldest_body(const struct http2_request *request)
{
    struct list *requests = &request->connection->requests;
    struct list_link *link = list_first(requests);
    while (link != &request->link) {
        const struct http2_request *older = LIST_ITEM(link, struct http2_request, link);
        if (older->charge > 0 || older->state == REQUEST_BODY) {
            return false;
        }
        link = list_next(requests, link);
    }
    return true;
}

static bool has_room(const struct http2_request *request, uint64_t size)
{
    const size_t taken = request->connection->bodies_size;
    return is_oldest_body(request) || (taken <= LIMIT_HTTP2_BODIES_SIZE_BYTES_MAX &&
                                       size <= LIMIT_HTTP2_BODIES_SIZE_BYTES_MAX - taken);
}

static void charge(struct http2_request *request, size_t size)
{
    request->charge += size;
    request->connection->bodies_size += size;
}

static void release_body(struct http2_request *request)
{
    struct http2_connection *connection = request->connection;
    connection->bodies_size -= request->charge;
    connection->has_work = connection->has_work || request->charge > 0; /* there is room */
    request->charge = 0;
    body_deinit(&request->held);
}

/* Bodies */

static void fail(struct http2_request *request, enum galen_status status)
{
    request->refusal = exchange_body_refusal(status);
    request->connection->has_work = true;
}

static void give_window_back(struct http2_request *request)
{
    if (request->owed > 0 && has_room(request, 0)) {
        http2_session_consume_stream(request->connection->session, &request->stream,
                                     request->owed);
        request->owed = 0;
    }
}

/* Where it is worth it: what is left may be more than the window. */
static void widen(struct http2_request *request)
{
    if (!request->is_wide && !request->has_ended) {
        request->is_wide = true;
        http2_session_widen(request->connection->session, &request->stream);
    }
}

static void add_to_body(struct http2_request *request, struct bytes bytes)
{
    struct http_exchange *exchange = request->exchange;
    const enum galen_status status = exchange_add_body(exchange, bytes);
    if (status != GALEN_OK) {
        fail(request, status);
        return;
    }
    if (!exchange->body.length_is_known) {
        charge(request, bytes.size);
    }
    if (exchange->body.size > FIRST_WINDOW / 2) {
        widen(request);
    }
    request->owed += bytes.size;
    give_window_back(request);
}

static enum galen_status hold(struct http2_request *request, struct bytes bytes)
{
    if (request->held.blob == NULL) {
        TRY(body_begin(&request->held, HTTP_LENGTH_UNKNOWN, LIMIT_HTTP2_WINDOW_SIZE_BYTES,
                       0));
    }
    return body_put(&request->held, bytes);
}

static enum galen_status begin_body(struct http2_request *request)
{
    struct http_exchange *exchange = request->exchange;
    const uint64_t length = exchange->message.content_length;
    struct body held = request->held;
    TRY(body_begin(&exchange->body, length, request->options.size_bytes_max,
                   request->options.lead));
    charge(request, length == HTTP_LENGTH_UNKNOWN ? 0 : (size_t)length);
    request->body_has_begun = true;
    request->held = (struct body){.blob = NULL};
    if (held.blob != NULL) {
        add_to_body(request, bytes_of(blob_data(held.blob), held.size));
        body_deinit(&held);
    }
    if (length != HTTP_LENGTH_UNKNOWN && length > FIRST_WINDOW) {
        widen(request);
    }
    return GALEN_OK;
}

static void try_to_begin_body(struct http2_request *request)
{
    const uint64_t length = request->exchange->message.content_length;
    if (length != HTTP_LENGTH_UNKNOWN && length > request->options.size_bytes_max) {
        fail(request, GALEN_TOO_LARGE);
    } else if (has_room(request, length == HTTP_LENGTH_UNKNOWN ? 0 : length)) {
        const enum galen_status status = begin_body(request);
        if (status != GALEN_OK) {
            fail(request, status);
        }
    }
}

static void finish_body(struct http2_request *request)
{
    struct http_exchange *exchange = request->exchange;
    const struct http_handler *handler = &exchange->server->handler;
    exchange->body_is_whole = true;
    exchange->body_blob = body_finish(&exchange->body);
    request->state = REQUEST_ANSWERING;
    request->connection->has_work = true; /* another is the oldest now */
    disarm(request);
    handler->body(handler->context, exchange);
}

void http2_request_advance(struct http2_request *request)
{
    if (request->state == REQUEST_BODY && !request->body_has_begun &&
        request->refusal.status == 0) {
        try_to_begin_body(request);
    }
    if (request->refusal.status != 0) {
        exchange_refuse(request->exchange, request->refusal);
        return;
    }
    if (request->state != REQUEST_BODY || !request->body_has_begun) {
        return;
    }
    if (request->has_ended) {
        finish_body(request);
    } else {
        give_window_back(request);
        set_body_deadline(request);
    }
}

/* The rest of a body that nobody wants: what is small or under way may come, so that
 * clients which send before they read are not disturbed; the rest is not worth its bytes.
 */
static void linger(struct http2_request *request)
{
    const uint64_t length = request->exchange->message.content_length;
    const uint64_t expected = length == HTTP_LENGTH_UNKNOWN ? request->received : length;
    if (expected >= FIRST_WINDOW) {
        http2_session_reset(request->connection->session, &request->stream, HTTP2_NO_ERROR);
    } else if (request->state != REQUEST_LINGERING) {
        request->state = REQUEST_LINGERING;
        arm(request, DEADLINE_STREAM_BODY, LIMIT_LINGER_MS);
    }
}

/* Events of the session */

static const struct carrier_ops carrier_ops;

static struct http2_stream *on_open(void *context)
{
    struct http2_connection *connection = context;
    struct http_exchange *exchange =
        connection->is_closing ? NULL : exchange_create(connection->base, NULL);
    if (exchange == NULL) {
        return NULL;
    }
    struct http2_request *request = arena_alloc(&exchange->arena, sizeof(*request));
    if (request == NULL) {
        exchange_detach(exchange);
        return NULL;
    }
    request->carrier.ops = &carrier_ops;
    request->connection = connection;
    request->exchange = exchange;
    exchange->carrier = &request->carrier;
    list_append(&connection->requests, &request->link);
    http2_head_begin(&request->stream.fields, &exchange->message, &exchange->arena);
    arm(request, DEADLINE_STREAM_HEAD, server_of(request)->options.header_timeout_ms);
    return &request->stream;
}

static void on_request(void *context, struct http2_stream *stream)
{
    struct http2_request *request = request_of(stream);
    (void)context;
    if (!request->connection->is_closing) {
        disarm(request);
        request->state = REQUEST_DECIDING;
        exchange_announce(request->exchange);
    }
}

static void on_refused(void *context, struct http2_stream *stream,
                       struct http1_refusal refusal)
{
    struct http2_request *request = request_of(stream);
    (void)context;
    if (request->state < REQUEST_WRITING && !request->connection->is_closing) {
        exchange_refuse(request->exchange, refusal);
    }
}

static void on_data(void *context, struct http2_stream *stream, struct bytes bytes)
{
    struct http2_request *request = request_of(stream);
    struct http2_connection *connection = context;
    request->received += bytes.size;
    http2_session_consume_connection(connection->session, bytes.size);
    if (request->state == REQUEST_LINGERING) {
        linger(request);
    }
    if (connection->is_closing || request->refusal.status != 0) {
        return;
    }
    if (request->state == REQUEST_BODY) {
        http2_request_advance(request);
    }
    if (request->state == REQUEST_BODY && request->body_has_begun) {
        add_to_body(request, bytes);
        set_body_deadline(request);
    } else if (request->state == REQUEST_DECIDING || request->state == REQUEST_BODY) {
        const enum galen_status status = hold(request, bytes);
        request->owed += bytes.size;
        if (status != GALEN_OK) {
            fail(request, status);
        }
    }
}

static void on_end(void *context, struct http2_stream *stream)
{
    struct http2_request *request = request_of(stream);
    struct http2_connection *connection = context;
    request->has_ended = true;
    if (!connection->is_closing && request->state == REQUEST_BODY) {
        http2_request_advance(request);
    }
}

static void on_sent(void *context, struct http2_stream *stream)
{
    (void)context;
    linger(request_of(stream));
}

static void on_closed(void *context, struct http2_stream *stream)
{
    struct http2_request *request = request_of(stream);
    (void)context;
    http2_request_give_up(request);
    http2_request_destroy(request);
}

const struct http2_session_ops http2_request_ops = {
    .open = on_open,
    .request = on_request,
    .refused = on_refused,
    .data = on_data,
    .end = on_end,
    .sent = on_sent,
    .closed = on_closed,
};

void http2_request_give_up(struct http2_request *request)
{
    disarm(request);
    exchange_give_up(request->exchange);
}

void http2_request_destroy(struct http2_request *request)
{
    disarm(request);
    release_body(request);
    list_remove(&request->connection->requests, &request->link);
    exchange_detach(request->exchange); /* and with it, maybe, this storage */
}

void http2_request_expired(struct timeout *deadline)
{
    static const struct http1_refusal slow_body = {408, "the body took too long"};
    struct http2_request *request = LIST_ITEM(deadline, struct http2_request, deadline);
    struct http2_connection *connection = request->connection;
    http2_connection_enter(connection);
    if (request->state == REQUEST_HEAD) {
        http2_session_terminate(connection->session, HTTP2_ENHANCE_YOUR_CALM);
    } else if (request->state == REQUEST_LINGERING) {
        http2_session_reset(connection->session, &request->stream, HTTP2_NO_ERROR);
    } else if (request->state == REQUEST_BODY) {
        if (made_progress(request)) {
            set_body_deadline(request);
        } else {
            exchange_refuse(request->exchange, slow_body);
        }
    } else if (made_progress(request)) {
        set_write_deadline(request);
    } else {
        http2_session_reset(connection->session, &request->stream, HTTP2_CANCEL);
    }
    http2_connection_leave(connection);
}

/* The exchange's wishes */

static void read_body(struct carrier *carrier, const struct http_body_options *options)
{
    struct http2_request *request = request_of_carrier(carrier);
    const struct http1_head *message = &request->exchange->message;
    INVARIANT(request->state == REQUEST_DECIDING);
    request->state = REQUEST_BODY;
    request->options = *options;
    request->connection->has_work = true;
    if (message->expects_continue && !request->has_ended && request->held.blob == NULL) {
        http2_session_continue(request->connection->session, &request->stream);
    }
    http2_connection_wake(request->connection);
}

static void respond(struct carrier *carrier, const struct http_response *response)
{
    struct http2_request *request = request_of_carrier(carrier);
    struct http2_connection *connection = request->connection;
    struct http_exchange *exchange = request->exchange;
    const bool is_empty = response->status == 204 || response->status == 304;
    const bool is_head = exchange->message.method == HTTP_HEAD;
    INVARIANT(response->status >= 200 && response->status <= 599);
    request->state = REQUEST_WRITING;
    request->refusal.status = 0; /* the handler was quicker than our own refusal */
    body_deinit(&request->held);
    http2_session_respond(
        connection->session, &request->stream,
        &(struct http2_response){.status = response->status,
                                 .date = server_date(exchange->server),
                                 .headers = response->headers,
                                 .header_count = response->header_count,
                                 .parts = exchange->outgoing.parts,
                                 .part_count = exchange->outgoing.part_count,
                                 .has_length = !is_empty && (is_head || !response->chunked),
                                 .without_body = is_empty || is_head});
    set_write_deadline(request);
    if (response->close) {
        http2_session_shut_down(connection->session);
    }
    http2_connection_wake(connection);
}

static const struct carrier_ops carrier_ops = {.read_body = read_body, .respond = respond};
