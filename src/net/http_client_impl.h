/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the pool (http_client.c) and its connections (http_client_connection.c) share. The
 * pool gives a call to a connection; a connection gives it back with a result, or to be
 * sent once more, and asks for the next.
 */
#pragma once

#include "codec/http1.h"
#include "net/body.h"
#include "net/http_client.h"
#include "net/outgoing.h"
#include "net/stream.h"

enum client_deadline { DEADLINE_CONNECT, DEADLINE_KEPT, DEADLINE_CALL };

enum { HOST_SIZE_MAX = 256, AUTHORITY_SIZE_MAX = HOST_SIZE_MAX + 8 };

struct http_client {
    struct loop *loop;
    struct http_client_options options; /* host: the copy below */
    char host[HOST_SIZE_MAX];
    char authority[AUTHORITY_SIZE_MAX]; /* for Host: host:port */
    char endpoint[AUTHORITY_SIZE_MAX];  /* for errors: the same, or address:port */
    bool is_numeric;
    struct sockaddr_storage address; /* where that is known */
    struct timeouts timeouts;
    struct list connections; /* all */
    struct list idle;        /* longest idle first */
    struct list waiting;     /* calls without a connection */
    bool is_closing;
    bool timeouts_are_closed;
    struct task *closed;
};

/* What a call needs beside its public face; lives until http_call_clear. */
struct call_storage {
    struct http_call *call;
    struct timeout deadline;
    bool wants_new_connection;
    struct arena arena;
    struct body body;
    struct outgoing outgoing;
    struct http1_head head; /* large: last */
};

enum client_connection_state {
    CLIENT_RESOLVING,
    CLIENT_CONNECTING,
    CLIENT_SECURING, /* TLS: the handshake */
    CLIENT_RETRYING, /* the socket closes, the next address follows */
    CLIENT_BUSY,
    CLIENT_IDLE,
    CLIENT_CLOSING,
};

struct http_client_connection {
    struct stream stream;
    struct list_link link;
    struct list_link idle_link;
    struct http_client *client;
    struct http_call *call;
    enum client_connection_state state;
    bool is_kept; /* served a call before */
    bool request_is_written;
    bool answer_has_begun;
    bool is_resolving; /* libuv's, until it calls back */
    bool is_closed;
    uint64_t connect_due_ns;
    uv_getaddrinfo_t resolve;
    uv_connect_t connect;
    struct addrinfo *addresses;
    struct addrinfo *next_address;
    struct http1_parser parser;
};

static inline struct call_storage *storage_of(struct http_call *call)
{
    return (struct call_storage *)call->storage;
}

/* Pool */
void client_finish_call(struct http_call *call, enum galen_status status);
void client_send_again(struct http_client *client, struct http_call *call);
void client_dispatch(struct http_client *client); /* a connection became idle or left */
void client_connection_is_gone(struct http_client *client);

/* Connection. open: NULL when there is no memory. */
struct http_client_connection *client_connection_open(struct http_client *client,
                                                      struct http_call *call);
void client_connection_start(struct http_client_connection *connection,
                             struct http_call *call);
void client_connection_close(struct http_client_connection *connection);
void client_connection_expired(struct http_client_connection *connection,
                               enum client_deadline kind);
