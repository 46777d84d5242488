/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection of HTTP/2 and its streams share. */
#pragma once

#include "net/http2_connection.h"
#include "net/http2_session.h"

struct http2_connection {
    struct http_connection *base;
    struct http2_session *session;
    struct list requests; /* in the order in which they came */
    struct task resume;   /* the storage stays until it has run */
    bool resume_is_posted;
    bool is_running;     /* events are being dealt with further up the stack */
    bool has_work;       /* for http2_request_advance */
    bool peer_has_ended; /* no more bytes come */
    bool is_lingering;   /* closed for writing; the client may still be sending */
    bool is_closing;
    bool is_closed;     /* libuv has let go */
    size_t linger_left; /* bytes */
    size_t bodies_size; /* what bodies take, or are going to */
    uint8_t *output;    /* NULL when nothing is being written */
    size_t output_size;
};

enum request_state {
    REQUEST_HEAD,      /* the head is being read */
    REQUEST_DECIDING,  /* the handler has it */
    REQUEST_BODY,      /* the body is being read, or waits for room */
    REQUEST_ANSWERING, /* the handler has the body */
    REQUEST_WRITING,   /* answered */
    REQUEST_LINGERING, /* the answer has left, and the body is still coming */
};

/* One stream. Its storage is its exchange's arena. */
struct http2_request {
    struct http2_stream stream;
    struct carrier carrier;
    struct list_link link;
    struct http2_connection *connection;
    struct http_exchange *exchange;
    struct timeout deadline;
    enum request_state state;
    bool has_ended;      /* all of its body has come */
    bool body_has_begun; /* in the exchange's body; before that it is held */
    bool is_wide;        /* its window */
    struct http_body_options options;
    struct http1_refusal refusal; /* to be answered by the run; status 0: none */
    struct body held;             /* what came too early: a window at most */
    size_t owed;                  /* of its window: bytes taken while there was no room */
    size_t received;              /* of its body */
    size_t charge;                /* its part of the connection's bodies_size */
    size_t size_before;           /* received or sent, when the deadline was armed */
};

extern const struct http2_session_ops http2_request_ops;

/* What the request can do now without waiting. */
void http2_request_advance(struct http2_request *request);
void http2_request_give_up(struct http2_request *request);
void http2_request_destroy(struct http2_request *request);

/* Asks for a run, unless one is under way. */
void http2_connection_wake(struct http2_connection *connection);

/* Around what is done with the connection from outside of its stream's events. */
void http2_connection_enter(struct http2_connection *connection);
void http2_connection_leave(struct http2_connection *connection);
