/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/invariant.h"
#include "net/http_client_impl.h"
#include "net/tls_source.h"

static struct http_client_connection *connection_of(struct stream *stream)
{
    return LIST_ITEM(stream, struct http_client_connection, stream);
}

void client_connection_close(struct http_client_connection *connection)
{
    if (connection->state == CLIENT_CLOSING) {
        return;
    }
    if (connection->state == CLIENT_IDLE) {
        list_remove(&connection->client->idle, &connection->idle_link);
    }
    if (connection->is_resolving) {
        (void)uv_cancel((uv_req_t *)&connection->resolve); /* it calls back in any case */
    }
    connection->state = CLIENT_CLOSING;
    stream_close(&connection->stream);
}

/* The call ends with that, and the connection with it. */
static void fail(struct http_client_connection *connection, enum galen_status status,
                 const char *why)
{
    struct http_call *call = connection->call;
    connection->call = NULL;
    client_connection_close(connection);
    if (call != NULL) {
        (void)error_set(&call->error, status, "%s: %s", connection->client->endpoint, why);
        client_finish_call(call, status);
    }
}

/* The answer */

static void keep(struct http_client_connection *connection)
{
    struct http_client *client = connection->client;
    connection->state = CLIENT_IDLE;
    connection->is_kept = true;
    list_append(&client->idle, &connection->idle_link);
    stream_arm(&connection->stream, DEADLINE_KEPT, client->options.idle_timeout_ms);
}

static void complete(struct http_client_connection *connection, size_t left_size)
{
    struct http_client *client = connection->client;
    struct http_call *call = connection->call;
    struct call_storage *storage = storage_of(call);
    connection->call = NULL;
    call->http_status = storage->head.status;
    call->response_headers = storage->head.headers;
    call->response_header_count = storage->head.header_count;
    call->response_body = body_finish(&storage->body);
    client_finish_call(call, GALEN_OK);
    if (storage->head.keep_alive && connection->request_is_written && left_size == 0) {
        keep(connection);
        client_dispatch(client);
    } else {
        client_connection_close(connection);
    }
}

static void refuse_body(struct http_client_connection *connection, enum galen_status status)
{
    fail(connection, status,
         status == GALEN_TOO_LARGE ? "the answer is larger than is accepted here"
                                   : "no memory for the answer");
}

static void begin_body(struct http_client_connection *connection)
{
    struct call_storage *storage = storage_of(connection->call);
    const size_t size_max = connection->client->options.response_size_bytes_max;
    const enum galen_status status =
        body_begin(&storage->body, storage->head.content_length, size_max, 0);
    if (status != GALEN_OK) {
        refuse_body(connection, status);
    }
}

static void add_to_body(struct http_client_connection *connection)
{
    struct call_storage *storage = storage_of(connection->call);
    const enum galen_status status = body_put(&storage->body, connection->parser.body);
    if (status != GALEN_OK) {
        refuse_body(connection, status);
    }
}

static void on_event(struct http_client_connection *connection, enum http1_event event,
                     size_t left_size)
{
    switch (event) {
    case HTTP1_MORE:
        break;
    case HTTP1_HEAD:
        begin_body(connection);
        break;
    case HTTP1_BODY:
        add_to_body(connection);
        break;
    case HTTP1_END:
        complete(connection, left_size);
        break;
    case HTTP1_REFUSED:
        fail(connection, GALEN_BAD_UPSTREAM, connection->parser.refusal.text);
        break;
    }
}

static void on_read(struct stream *stream, struct bytes bytes)
{
    struct http_client_connection *connection = connection_of(stream);
    struct http_call *call = connection->call;
    if (call == NULL) { /* an answer that nobody asked for */
        client_connection_close(connection);
        return;
    }
    enum http1_event event = HTTP1_BODY;
    connection->answer_has_begun = true;
    while (event != HTTP1_MORE && event != HTTP1_END && connection->call == call) {
        event = http1_parser_next(&connection->parser, &bytes);
        on_event(connection, event, bytes.size);
    }
}

static uint8_t *on_place(struct stream *stream, size_t *out_size)
{
    struct http_client_connection *connection = connection_of(stream);
    return connection->call == NULL || storage_of(connection->call)->body.blob == NULL
               ? NULL
               : body_place(&storage_of(connection->call)->body, out_size);
}

/* The connection is of no use any more. A kept one may have been closed by the server just
 * when the request was sent: nothing of it was heard, so it goes out once more. */
static void lose(struct http_client_connection *connection, const char *why)
{
    struct http_call *call = connection->call;
    if (call == NULL || !connection->is_kept || connection->answer_has_begun ||
        call->attempt_count > 1 || call->is_once) {
        fail(connection, GALEN_BAD_UPSTREAM, why);
        return;
    }
    connection->call = NULL;
    client_send_again(connection->client, call);
    client_connection_close(connection); /* dispatches when it is closed */
}

static void tell_refused(const struct http_client_connection *connection,
                         const struct error *why)
{
    const struct http_client *client = connection->client;
    if (client->options.tls.refused != NULL) {
        client->options.tls.refused(client->options.tls.context, client->endpoint, why);
    }
}

static void on_ended(struct stream *stream, int status)
{
    struct http_client_connection *connection = connection_of(stream);
    struct error why;
    stream_explain(stream, status, &why);
    if (connection->state == CLIENT_SECURING || status == UV_EPROTO) {
        tell_refused(connection, &why);
    }
    /* By TLS 1.3 a server refuses our certificate when we have been talking already. */
    if (connection->state == CLIENT_SECURING ||
        (status == UV_EPROTO && !connection->answer_has_begun)) {
        fail(connection, GALEN_UNAVAILABLE, why.text);
        return;
    }
    if (connection->call == NULL || status != 0 || !connection->answer_has_begun) {
        lose(connection, status == 0 ? "closed before it answered" : why.text);
        return;
    }
    on_event(connection, http1_parser_finish(&connection->parser), 0);
}

/* The request */

static void on_written(struct stream *stream, int status)
{
    struct http_client_connection *connection = connection_of(stream);
    connection->request_is_written = status == 0;
    if (status != 0 && !connection->answer_has_begun) {
        lose(connection, uv_strerror(status));
    }
}

void client_connection_start(struct http_client_connection *connection,
                             struct http_call *call)
{
    struct call_storage *storage = storage_of(call);
    uv_buf_t
        buffers[OUTGOING_BUFFER_COUNT_MAX]; /* the call's are kept for another attempt */
    memcpy(buffers, storage->outgoing.buffers, sizeof(buffers));
    connection->state = CLIENT_BUSY;
    connection->call = call;
    connection->answer_has_begun = false;
    call->connection = connection;
    call->attempt_count++;
    stream_disarm(&connection->stream);
    http1_parser_begin(&connection->parser, &storage->head, &storage->arena);
    if (call->method == HTTP_HEAD) {
        http1_parser_expect_no_body(&connection->parser);
    }
    stream_start_reading(&connection->stream);
    const enum stream_result result =
        stream_write(&connection->stream, buffers, storage->outgoing.buffer_count);
    connection->request_is_written = result == STREAM_DONE;
    if (result == STREAM_FAILED) {
        lose(connection, "the connection broke");
    }
}

/* Connecting */

static void try_next_address(struct http_client_connection *connection);

static void on_secured(struct stream *stream)
{
    struct http_client_connection *connection = connection_of(stream);
    client_connection_start(connection, connection->call);
}

static enum galen_status secure(struct http_client_connection *connection)
{
    const struct http_client *client = connection->client;
    struct tls_session *session;
    scoped(tls_context) context = tls_source_ref(client->options.tls.source);
    if (context == NULL) {
        return GALEN_UNAVAILABLE;
    }
    TRY(tls_session_create(context, client->host, &session));
    return stream_secure(&connection->stream, session);
}

static void begin_to_talk(struct http_client_connection *connection)
{
    (void)uv_tcp_nodelay(&connection->stream.tcp, 1);
    if (connection->client->options.tls.source == NULL) {
        client_connection_start(connection, connection->call);
        return;
    }
    connection->state = CLIENT_SECURING;
    if (secure(connection) != GALEN_OK) {
        fail(connection, GALEN_UNAVAILABLE, "TLS cannot begin");
    }
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct http_client_connection *connection = connect->data;
    if (connection->state != CLIENT_CONNECTING) {
        return;
    }
    if (status == 0) {
        begin_to_talk(connection);
    } else if (connection->next_address != NULL) {
        connection->state = CLIENT_RETRYING;
        stream_close(&connection->stream);
    } else {
        fail(connection, GALEN_UNAVAILABLE, uv_strerror(status));
    }
}

static void connect_to(struct http_client_connection *connection,
                       const struct sockaddr *address)
{
    connection->state = CLIENT_CONNECTING;
    connection->connect.data = connection;
    timeout_arm(connection->stream.timeouts, &connection->stream.deadline, DEADLINE_CONNECT,
                connection->connect_due_ns);
    const int status = uv_tcp_connect(&connection->connect, &connection->stream.tcp,
                                      address, on_connected);
    if (status != 0) {
        on_connected(&connection->connect, status);
    }
}

static void try_next_address(struct http_client_connection *connection)
{
    struct addrinfo *address = connection->next_address;
    connection->next_address = address->ai_next;
    connect_to(connection, address->ai_addr);
}

static void finish_close(struct http_client_connection *connection)
{
    struct http_client *client = connection->client;
    if (!connection->is_closed || connection->is_resolving) {
        return;
    }
    list_remove(&client->connections, &connection->link);
    uv_freeaddrinfo(connection->addresses);
    free(connection);
    client_connection_is_gone(client);
}

static void on_resolved(uv_getaddrinfo_t *resolve, int status, struct addrinfo *addresses)
{
    struct http_client_connection *connection = resolve->data;
    connection->is_resolving = false;
    connection->addresses = addresses;
    connection->next_address = addresses;
    if (connection->state == CLIENT_CLOSING) {
        finish_close(connection);
    } else if (status != 0 || addresses == NULL) {
        fail(connection, GALEN_UNAVAILABLE,
             status == 0 ? "the name has no address" : uv_strerror(status));
    } else {
        try_next_address(connection);
    }
}

static void resolve(struct http_client_connection *connection)
{
    struct http_client *client = connection->client;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char service[8];
    (void)snprintf(service, sizeof(service), "%u", (unsigned)client->options.port);
    connection->resolve.data = connection;
    const int status = uv_getaddrinfo(loop_uv(client->loop), &connection->resolve,
                                      on_resolved, client->host, service, &hints);
    connection->is_resolving = status == 0;
    if (status != 0) {
        fail(connection, GALEN_UNAVAILABLE, uv_strerror(status));
    }
}

static void on_closed(struct stream *stream)
{
    struct http_client_connection *connection = connection_of(stream);
    if (connection->state == CLIENT_RETRYING) {
        stream_init(stream, stream->loop, stream->timeouts, stream->ops);
        try_next_address(connection);
        return;
    }
    connection->is_closed = true;
    finish_close(connection);
}

static const struct stream_ops stream_ops = {
    .secured = on_secured,
    .read = on_read,
    .ended = on_ended,
    .written = on_written,
    .place = on_place,
    .closed = on_closed,
};

struct http_client_connection *client_connection_open(struct http_client *client,
                                                      struct http_call *call)
{
    struct http_client_connection *connection = malloc(sizeof(*connection));
    if (connection == NULL) {
        return NULL;
    }
    *connection = (struct http_client_connection){.client = client, .call = call};
    call->connection = connection;
    http1_parser_init(&connection->parser, HTTP1_RESPONSE);
    stream_init(&connection->stream, client->loop, &client->timeouts, &stream_ops);
    list_append(&client->connections, &connection->link);
    connection->connect_due_ns =
        loop_now_ns(client->loop) + client->options.connect_timeout_ms * NS_PER_MS;
    if (client->is_numeric) {
        connect_to(connection, (const struct sockaddr *)&client->address);
    } else {
        connection->state = CLIENT_RESOLVING;
        timeout_arm(&client->timeouts, &connection->stream.deadline, DEADLINE_CONNECT,
                    connection->connect_due_ns);
        resolve(connection);
    }
    return connection;
}

void client_connection_expired(struct http_client_connection *connection,
                               enum client_deadline kind)
{
    if (kind == DEADLINE_CONNECT) {
        fail(connection, GALEN_UNAVAILABLE,
             connection->state == CLIENT_SECURING ? "the TLS handshake took too long"
                                                  : "connecting took too long");
    } else {
        client_connection_close(connection);
    }
}
