/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What listener, connection and exchange of the server share. The listener (http_server.c)
 * makes connections (server_connection.c); one of HTTP/1.1 (http1_connection.c) makes one
 * exchange after the other, one of HTTP/2 (http2_connection.c) one for each stream; an
 * exchange (http_exchange.c) outlives its connection while a handler holds it.
 */
#pragma once

#include "codec/http1.h"
#include "net/body.h"
#include "net/http_server.h"
#include "net/outgoing.h"
#include "net/stream.h"

enum server_deadline {
    DEADLINE_IDLE,
    DEADLINE_HEADER,
    DEADLINE_BODY,
    DEADLINE_WRITE,
    DEADLINE_LINGER,
    DEADLINE_HANDSHAKE,
    DEADLINE_STREAM_HEAD, /* from here on: of a stream of HTTP/2 */
    DEADLINE_STREAM_BODY,
    DEADLINE_STREAM_WRITE,
};

/* Of a client (http_exchange_address). */
struct peer_address {
    uint8_t bytes[8];
    uint8_t size; /* 0: it is not known */
};

enum { DATE_SIZE = 32, SPARE_EXCHANGE_COUNT_MAX = 64 };

struct http_server {
    struct loop *loop;
    struct http_server_options options;
    struct http_handler handler;
    struct timeouts timeouts;
    uv_tcp_t listener;
    bool is_listening;
    bool accept_waits;           /* a connection is there, and no room for it */
    struct timeout accept_again; /* where it was memory that was missing */
    bool is_draining;
    bool is_closing;
    uint16_t port;
    size_t handle_count;    /* the listener and the timer, until libuv lets go */
    size_t reference_count; /* the owner's and one of each exchange */
    struct list connections;
    struct http_exchange *spare; /* exchanges to be used again */
    size_t spare_count;
    uint8_t *spare_output; /* of HTTP/2 */
    struct task *drained;
    struct task *closed;
    uint64_t date_s;
    char date[DATE_SIZE];
};

struct http_connection;

struct connection_ops {
    void (*start)(struct http_connection *connection);
    void (*drain)(struct http_connection *connection);
    void (*drop)(struct http_connection *connection);
    void (*expired)(struct http_connection *connection, enum server_deadline kind);
};

/* What is of any connection, whatever is spoken on it. */
struct http_connection {
    struct stream stream;
    struct list_link link;
    struct http_server *server;
    struct peer_address address;
    const struct connection_ops *ops;
    struct http2_connection *http2; /* NULL: HTTP/1.1 */
    uint8_t preface_size;           /* how much of HTTP/2's preface has come */
    bool is_chosen;                 /* which of them is spoken */
    bool expects_http2;             /* ALPN chose it: nothing else may come */
};

struct carrier;

struct carrier_ops {
    void (*read_body)(struct carrier *carrier, const struct http_body_options *options);
    void (*respond)(struct carrier *carrier, const struct http_response *response);
};

/* What carries one exchange: a connection of HTTP/1.1, or a stream of HTTP/2. */
struct carrier {
    const struct carrier_ops *ops;
};

struct http_exchange {
    size_t reference_count;
    struct http_server *server;
    struct http_connection *connection; /* NULL when it is closed, as the carrier is */
    struct carrier *carrier;
    struct http_exchange *next_spare;
    void *context;
    struct peer_address address;
    bool was_announced; /* to the handler */
    bool is_gone;
    int refusal_status; /* of the server's own; 0: it did not refuse */
    bool is_answered;
    bool body_is_whole;
    bool closes;                 /* the connection, after this response */
    uint64_t counted_size_bytes; /* in bodies_size_bytes */
    struct body body;
    struct blob *body_blob;
    struct outgoing outgoing;
    struct arena arena;
    struct http_request_head head;
    struct http1_head message; /* large: last */
};

/* What has to move within this time, so that one who drips holds a connection no longer
 * than one who is silent. */
static inline size_t server_size_min_within(uint32_t timeout_ms)
{
    const uint64_t size = (uint64_t)timeout_ms * LIMIT_TRANSFER_RATE_BYTES_MIN / 1000;
    return size == 0 ? 1 : (size_t)size;
}

/* Listener */
void server_connection_is_gone(struct http_server *server); /* one left the list */
const char *server_date(struct http_server *server);
void server_unref(struct http_server *server);

/* Connection. It speaks HTTP/1.1 unless its first bytes are the preface of HTTP/2, with
 * prior knowledge or after ALPN alike. create: NULL when there is no memory; it is in the
 * server's list and must be started (its stream is open) or dropped. */
struct http_connection *connection_create(struct http_server *server);
void connection_start(struct http_connection *connection);
void connection_drain(struct http_connection *connection);
void connection_drop(struct http_connection *connection);
void connection_expired(struct http_connection *connection, enum server_deadline kind);
void connection_free(struct http_connection *connection); /* libuv has let go */

/* Exchange. create: NULL when there is no memory. */
struct http_exchange *exchange_create(struct http_connection *connection,
                                      struct carrier *carrier);
void exchange_announce(struct http_exchange *exchange);
void exchange_give_up(struct http_exchange *exchange); /* tells the handler, if it waits */
void exchange_detach(struct http_exchange *exchange);  /* the connection's reference ends */

/* Counts and keeps bytes of the body, which has been begun. GALEN_BUSY: all bodies together
 * are too large; and as body_put. The refusal is what the client is told of it. */
enum galen_status exchange_add_body(struct http_exchange *exchange, struct bytes bytes);
struct http1_refusal exchange_body_refusal(enum galen_status status);
void exchange_refuse(struct http_exchange *exchange, struct http1_refusal refusal);
