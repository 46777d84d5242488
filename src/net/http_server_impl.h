/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What listener, connection and exchange of the server share. The listener (http_server.c)
 * makes connections; a connection (http_connection.c) makes one exchange after the other;
 * an exchange (http_exchange.c) outlives its connection while a handler holds it.
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
    struct task *drained;
    struct task *closed;
    uint64_t date_s;
    char date[DATE_SIZE];
};

enum connection_state {
    STATE_HEAD,      /* waits for a request, or reads its head */
    STATE_DECIDING,  /* the handler has the head */
    STATE_BODY,      /* reads the body */
    STATE_ANSWERING, /* the handler has the body */
    STATE_WRITING,   /* the response is on its way */
    STATE_SKIPPING,  /* answered; the rest of the body is at hand and dropped */
    STATE_LINGERING, /* answered and closed for writing; the client may still be sending */
    STATE_CLOSING,
    STATE_SECURING, /* TLS: the handshake */
};

struct http_connection {
    struct stream stream;
    struct list_link link;
    struct http_server *server;
    struct http_exchange *exchange; /* NULL between requests */
    enum connection_state state;
    bool is_running;       /* events are being dealt with further up the stack */
    bool has_served;       /* a request, so that the client has seen it work */
    bool peer_has_ended;   /* no more bytes come */
    bool resume_is_posted; /* the storage stays until it has run */
    bool is_closed;        /* libuv has let go */
    struct bytes input;    /* while running: bytes to deal with */
    struct body held;      /* bytes that came too early */
    size_t held_offset;    /* of the first that is still to be read */
    size_t linger_left;    /* bytes */
    struct peer_address address;
    size_t body_size_before;      /* of the body, when its deadline was armed */
    struct http1_refusal refusal; /* to be answered by the run; status 0: none */
    struct task resume;
    struct http1_parser parser;
};

struct http_exchange {
    size_t reference_count;
    struct http_server *server;
    struct http_connection *connection; /* NULL when it is closed */
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

/* Listener */
void server_connection_is_gone(struct http_server *server); /* one left the list */
const char *server_date(struct http_server *server);
void server_unref(struct http_server *server);

/* Connection. create: NULL when there is no memory; it is in the server's list and must be
 * started (its stream is open) or dropped. */
struct http_connection *connection_create(struct http_server *server);
void connection_start(struct http_connection *connection);
void connection_drain(struct http_connection *connection);
void connection_drop(struct http_connection *connection);
void connection_expired(struct http_connection *connection, enum server_deadline kind);

/* The exchange's wishes. */
void connection_read_body(struct http_connection *connection, enum galen_status status);
bool connection_may_stay(const struct http_connection *connection);
void connection_send(struct http_connection *connection);

/* Exchange. create: NULL when there is no memory. */
struct http_exchange *exchange_create(struct http_connection *connection);
void exchange_announce(struct http_exchange *exchange);
void exchange_give_up(struct http_exchange *exchange); /* tells the handler, if it waits */
void exchange_detach(struct http_exchange *exchange);  /* the connection's reference ends */
enum galen_status exchange_count_body(struct http_exchange *exchange, size_t size);
void exchange_refuse(struct http_exchange *exchange, struct http1_refusal refusal);
