/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server of HTTP/1.1 and HTTP/2 on one loop. In HTTP/1.1 one request at a time on a
 * connection: the parser pauses from the end of a request's body to the end of its
 * response, so pipelined requests wait. In HTTP/2 requests of one connection are dealt with
 * side by side; what is said of the connection below holds for their stream, but `close`,
 * which lets the others finish.
 *
 * The life of an exchange: `headers` is called when the head is complete, before a body
 * byte is read and before 100 Continue is sent. The handler answers at once or later with
 * either http_exchange_respond or http_exchange_read_body; after the latter `body` is
 * called with the whole body (also when it is empty), and then the handler responds.
 * Responding without having read the body closes the connection, unless all of the body has
 * come already and the client did not ask first whether to send it.
 *
 * `gone` is called once where an exchange ends without the handler's answer: the client
 * went away (an end of its sending counts), or the server itself refused the body (too
 * large, too slow, malformed). From then on reading and responding do nothing. No callback
 * runs inside a call of the handler's, but `gone` inside http_server_close.
 *
 * Storage is counted: the connection holds one reference; a handler that answers later
 * takes its own. What the server refuses itself it answers with what `refuse` renders, and
 * closes. Threads: all on the loop's.
 */
#pragma once

#include <stdatomic.h>

#include "base/error.h"
#include "base/tally.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/tls_peer.h"

struct http_exchange;
struct http_server;

struct http_response {
    int status;
    const struct http_header *headers; /* without Content-Length, Connection, Date */
    size_t header_count;
    struct http_part parts[HTTP_PART_COUNT_MAX]; /* taken */
    size_t part_count;
    bool chunked; /* send each part as a chunk instead of a Content-Length */
    bool close;   /* Connection: close */
};

struct http_handler {
    void *context;
    void (*headers)(void *context, struct http_exchange *exchange);
    void (*body)(void *context, struct http_exchange *exchange);
    void (*gone)(void *context, struct http_exchange *exchange); /* NULL is allowed */

    /* Renders a refusal of the server's own: fills headers and parts (all of static storage
     * or blobs) for this status. path is empty where none was understood. */
    void (*refuse)(void *context, int status, struct bytes path, const struct error *error,
                   struct http_response *out_response);
};

/* Of one listener, for any thread to read while it lives. Zeroed at first. */
struct http_server_counts {
    struct tally accepted; /* connections */
    struct tally closed;   /* of these */
};

struct tls_source;

struct http_server_tls {
    struct tls_source *source; /* borrowed for the server's life; NULL: plaintext */
    uint32_t handshake_timeout_ms;
    void *context;

    /* A handshake came to nothing; borrowed for the call, of which nothing is to be done to
     * the server. NULL is allowed. */
    void (*refused)(void *context, const struct error *why);
};

struct http_server_options {
    const char *address; /* numeric, "127.0.0.1" or "::1" */
    uint16_t port;       /* 0: any, ask http_server_port */
    bool share_port;     /* SO_REUSEPORT: one listener a loop */
    size_t
        connection_count_max; /* beyond it the longest idle makes room, or new ones wait */
    uint32_t
        header_timeout_ms;     /* from the first byte of a request to the end of its head */
    uint32_t body_timeout_ms;  /* in which TRANSFER_RATE_BYTES_MIN a second of it arrive */
    uint32_t idle_timeout_ms;  /* between requests */
    uint32_t write_timeout_ms; /* in which as much of the response leaves */
    _Atomic uint64_t *bodies_size_bytes; /* what has come of bodies and is not let go of, of
                                            all servers that share it; NULL: not counted */
    uint64_t bodies_size_bytes_max; /* of it: then 503, but for one alone; 0: no limit */
    struct http_server_tls tls;
    struct http_server_counts *counts; /* borrowed; NULL: nothing is counted */

    /* Borrowed; once true, each response of HTTP/1.1 is the last of its connection, so that
     * before a drain clients have found another server: who sends on a connection while a
     * drain closes it gets no answer (RFC 9112 section 9.5). NULL: never. */
    const atomic_bool *leaves;

    /* Requests at a time on one connection of HTTP/2; 0: it is not spoken. */
    uint32_t http2_stream_count_max;
};

/* Listens. handler is copied, its context borrowed. GALEN_UNAVAILABLE: the address is taken
 * or not ours; the error says which. */
MUST_USE enum galen_status http_server_open(struct loop *loop,
                                            const struct http_server_options *options,
                                            const struct http_handler *handler,
                                            struct http_server **out_server,
                                            struct error *out_error);
/* Of these options what is limits, from now on: a timeout that runs keeps its length. */
void http_server_set_limits(struct http_server *server,
                            const struct http_server_options *options);
uint16_t http_server_port(const struct http_server *server);
size_t http_server_connection_count(const struct http_server *server);

/* Drain (design: accept until EAGAIN, close the listener, `Connection: close` on what is
 * under way, idle connections close, finish). `drained` runs as a task when no connection
 * is left. */
void http_server_drain(struct http_server *server, struct task *drained);

/* Closes at once what is left and frees the server when libuv has let go; `closed` runs
 * then. The server is not to be used any more. */
void http_server_close(struct http_server *server, struct task *closed);

const struct http_request_head *http_exchange_head(const struct http_exchange *exchange);

/* Who asks, as far as the network knows: the 4 bytes of an IPv4 address, or of an IPv6
 * address the 8 that name its network, since a host has as many of the others as it likes.
 * Borrowed while the exchange lives. */
struct bytes http_exchange_address(const struct http_exchange *exchange);

bool http_exchange_header(const struct http_exchange *exchange, const char *name,
                          struct bytes *out_value);

struct http_body_options {
    size_t size_bytes_max; /* beyond it the server answers 413 and closes */
    size_t lead;           /* see blob_create */
};
void http_exchange_read_body(struct http_exchange *exchange,
                             const struct http_body_options *options);

/* Who asks, by TLS; borrowed until `gone` or the answer. NULL: plaintext, or gone. */
const struct tls_peer *http_exchange_peer(const struct http_exchange *exchange);

/* From `body` on; borrowed while the exchange lives. */
struct blob *http_exchange_body(const struct http_exchange *exchange);

/* From `gone` on: the status of the server's own refusal; 0: the client went away. */
int http_exchange_refusal(const struct http_exchange *exchange);

/* Once for an exchange. Headers are copied, parts taken, also when the client is gone. */
void http_exchange_respond(struct http_exchange *exchange,
                           const struct http_response *response);

struct http_exchange *http_exchange_ref(struct http_exchange *exchange);
void http_exchange_unref(struct http_exchange *exchange);

/* A pointer of the handler's; NULL at first. */
void http_exchange_set_context(struct http_exchange *exchange, void *context);
void *http_exchange_context(const struct http_exchange *exchange);
