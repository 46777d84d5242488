/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>

#include "net/http1_connection.h"
#include "net/http2_connection.h"
#include "net/http2_session.h"

enum { PREFACE_SIZE = sizeof(HTTP2_PREFACE) - 1 };

static struct http_connection *connection_of(struct stream *stream)
{
    return LIST_ITEM(stream, struct http_connection, stream);
}

/* Which protocol is spoken. The preface is held by counting it: its bytes are known. */

static struct bytes preface_so_far(const struct http_connection *connection)
{
    return bytes_first(BYTES(HTTP2_PREFACE), connection->preface_size);
}

static void choose_http1(struct http_connection *connection, struct bytes bytes)
{
    connection->is_chosen = true;
    connection->stream.ops = &http1_stream_ops;
    if (connection->preface_size > 0) {
        http1_stream_ops.read(&connection->stream, preface_so_far(connection));
    }
    if (bytes.size > 0) {
        http1_stream_ops.read(&connection->stream, bytes);
    }
}

static void on_first_bytes(struct stream *stream, struct bytes bytes)
{
    static const char preface[] = HTTP2_PREFACE;
    struct http_connection *connection = connection_of(stream);
    size_t size = 0;
    while (connection->preface_size < PREFACE_SIZE && size < bytes.size &&
           bytes.data[size] == (uint8_t)preface[connection->preface_size]) {
        connection->preface_size++;
        size++;
    }
    bytes = bytes_from(bytes, size);
    if (connection->preface_size == PREFACE_SIZE) {
        connection->is_chosen = true;
        http2_connection_begin(connection, bytes);
    } else if (bytes.size > 0 && connection->expects_http2) {
        connection_drop(connection); /* RFC 9113 section 3.4 */
    } else if (bytes.size > 0) {
        choose_http1(connection, bytes);
    } else if (!timeout_is(&stream->deadline, DEADLINE_HEADER)) {
        stream_arm(stream, DEADLINE_HEADER, connection->server->options.header_timeout_ms);
    }
}

static void on_secured(struct stream *stream)
{
    if (bytes_equal(stream_protocol(stream), BYTES("h2"))) {
        connection_of(stream)->expects_http2 = true;
    }
    http1_stream_ops.secured(stream);
}

static void on_ended(struct stream *stream, int status)
{
    http1_stream_ops.ended(stream, status);
}

static void on_closed(struct stream *stream)
{
    http1_stream_ops.closed(stream);
}

static const struct stream_ops choosing_ops = {
    .secured = on_secured, .read = on_first_bytes, .ended = on_ended, .closed = on_closed};

struct http_connection *connection_create(struct http_server *server)
{
    struct http_connection *connection = http1_connection_create(server);
    if (connection != NULL) {
        connection->is_chosen = server->options.http2_stream_count_max == 0;
        stream_init(&connection->stream, server->loop, &server->timeouts,
                    connection->is_chosen ? &http1_stream_ops : &choosing_ops);
        list_append(&server->connections, &connection->link);
        if (server->options.counts != NULL) {
            tally_add(&server->options.counts->accepted, 1);
        }
    }
    return connection;
}

void connection_free(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    list_remove(&server->connections, &connection->link);
    if (server->options.counts != NULL) {
        tally_add(&server->options.counts->closed, 1);
    }
    http1_connection_destroy(connection);
}

static void take_address(struct peer_address *address, const void *bytes, size_t size)
{
    memcpy(address->bytes, bytes, size);
    address->size = (uint8_t)size;
}

static void learn_address(struct http_connection *connection)
{
    struct sockaddr_storage found;
    int size = sizeof(found);
    if (uv_tcp_getpeername(&connection->stream.tcp, (struct sockaddr *)&found, &size) !=
        0) {
        return;
    }
    if (found.ss_family == AF_INET) {
        const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&found;
        take_address(&connection->address, &ipv4->sin_addr, 4);
    } else if (found.ss_family == AF_INET6) {
        const struct in6_addr *ipv6 = &((const struct sockaddr_in6 *)&found)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(ipv6)) {
            take_address(&connection->address, &ipv6->s6_addr[12], 4);
        } else {
            take_address(&connection->address, ipv6, 8);
        }
    }
}

void connection_start(struct http_connection *connection)
{
    learn_address(connection);
    connection->ops->start(connection);
}

void connection_drain(struct http_connection *connection)
{
    connection->ops->drain(connection);
}

void connection_drop(struct http_connection *connection)
{
    connection->ops->drop(connection);
}

void connection_expired(struct http_connection *connection, enum server_deadline kind)
{
    if (connection->expects_http2 && !connection->is_chosen) {
        connection_drop(connection); /* which has nothing that it could be told in */
        return;
    }
    if (!connection->is_chosen && kind == DEADLINE_HEADER) {
        choose_http1(connection, BYTES_NONE); /* whose refusals can be read */
    }
    connection->ops->expired(connection, kind);
}
