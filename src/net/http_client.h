/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP/1.1 client for one origin with a pool of keep-alive connections, on one loop.
 *
 * A call is the caller's storage, zeroed before it is filled in for the first time and
 * cleared before it is sent again; `done` runs exactly once for each send, later, never
 * inside send or cancel. A request that a kept connection drops before the first byte of
 * the answer is sent once more on a new one. Threads: all on the loop's.
 */
#pragma once

#include "base/error.h"
#include "base/list.h"
#include "net/http.h"
#include "net/loop.h"

struct http_client;
struct http_client_connection;

struct tls_source;

struct http_client_tls {
    struct tls_source *source; /* borrowed for the client's life, for connections whose peer
                                  has to be certified as options.host; NULL: plaintext */
    void *context;

    /* TLS came to nothing; borrowed for the call, of which nothing is to be done to the
     * client. NULL is allowed. */
    void (*refused)(void *context, const char *peer, const struct error *why);
};

struct http_client_options {
    struct http_client_tls tls;
    const char *host;    /* a name or a numeric address */
    const char *address; /* numeric, to reach it at; NULL: host says it. Errors name it */
    uint16_t port;
    size_t connection_count_max; /* beyond it calls wait their turn */
    size_t waiting_count_max;    /* beyond it BUSY */
    uint32_t connect_timeout_ms;
    uint32_t idle_timeout_ms; /* shorter than the server's */
    size_t response_size_bytes_max;
};

struct http_call {
    /* the caller's, borrowed until done */
    enum http_method method;
    struct bytes target;               /* path and query */
    const struct http_header *headers; /* without Host, Content-Length */
    size_t header_count;
    struct http_part parts[HTTP_PART_COUNT_MAX]; /* taken by send */
    size_t part_count;
    bool chunked;         /* send each part as a chunk */
    bool is_once;         /* not sent again where a kept connection drops it */
    uint64_t deadline_ns; /* monotonic; CLOCK_NEVER: none */
    void (*done)(struct http_call *call);
    void *context;

    /* the answer. GALEN_OK whatever the HTTP status; UNAVAILABLE: no connection, or none
     * that is secure;
     * BAD_UPSTREAM: reset, truncated or malformed; TIMEOUT; CANCELLED; BUSY; TOO_LARGE */
    enum galen_status status;
    struct error error;
    int http_status;
    const struct http_header *response_headers; /* until http_call_clear */
    size_t response_header_count;
    struct blob *response_body; /* never NULL with GALEN_OK */

    /* the client's */
    struct http_client *client;
    struct http_client_connection *connection;
    struct list_link link;
    struct task task;
    uint32_t attempt_count;
    void *storage;
};

MUST_USE enum galen_status http_client_create(struct loop *loop,
                                              const struct http_client_options *options,
                                              struct http_client **out_client);

/* Calls under way end with CANCELLED; `closed` runs when the client is freed. */
void http_client_close(struct http_client *client, struct task *closed);

void http_client_send(struct http_client *client, struct http_call *call);
void http_client_cancel(struct http_call *call); /* harmless when done */

/* Releases what the answer holds. */
void http_call_clear(struct http_call *call);
