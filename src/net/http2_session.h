/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's side of HTTP/2 (RFC 9113) on one connection, over nghttp2 and without I/O:
 * bytes in, events and bytes out; time is an argument.
 *
 * The life of a stream: `open` gives its storage when a request's head begins; then either
 * `request` (the head is understood) or `refused` (it is not, or its trailers are not: to
 * be answered); `data` for each piece of the body and `end` behind the last one; `closed`
 * is the last call in any case but http2_session_destroy. Malformed messages are reset
 * without a word, as section 8.1.1 has it: `closed` follows.
 *
 * A peer that floods, or whose heads unpack to many times their limit, ends the session
 * with ENHANCE_YOUR_CALM: http2_guard.h says what is counted.
 *
 * Threads: one owner. Allocation: nghttp2's, up to LIMIT_HTTP2_SESSION_SIZE_BYTES_MAX,
 * wiped when it is freed. Calls of the session may be made from within events, but destroy,
 * read and write.
 */
#pragma once

#include "codec/http2_head.h"
#include "net/http.h"
#include "net/http2_guard.h"

struct http2_session;

#define HTTP2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

/* The part of a stream that is the session's; the owner's storage, which begins with a call
 * of http2_head_begin. */
struct http2_stream {
    struct http2_head fields;
    size_t sent_size; /* bytes of the response's body that have left; to be read by all */

    /* the session's own */
    int32_t id;
    bool is_read; /* the head */
    const struct http_part *parts;
    size_t part_count;
    size_t part_index;
    size_t part_offset;
};

struct http2_session_ops {
    /* NULL: refused, to be tried again. */
    struct http2_stream *(*open)(void *context);
    void (*request)(void *context, struct http2_stream *stream);
    void (*refused)(void *context, struct http2_stream *stream,
                    struct http1_refusal refusal);

    /* The bytes are borrowed for the call. The window is the owner's to give back. */
    void (*data)(void *context, struct http2_stream *stream, struct bytes bytes);
    void (*end)(void *context, struct http2_stream *stream);

    /* The response has left, and the request goes on: it may come to its end, or be reset
     * with HTTP2_NO_ERROR (section 8.1). */
    void (*sent)(void *context, struct http2_stream *stream);
    void (*closed)(void *context, struct http2_stream *stream);
};

/* ops and context are borrowed. The peer's bytes begin with the preface. */
MUST_USE enum galen_status http2_session_create(const struct http2_session_ops *ops,
                                                void *context, uint32_t stream_count_max,
                                                struct http2_session **out_session);
void http2_session_destroy(struct http2_session *session); /* NULL is allowed */

/* After its end the session ignores what it is given. GALEN_NO_MEMORY: it is of no use any
 * more, not even for writing. */
MUST_USE enum galen_status http2_session_read(struct http2_session *session,
                                              struct bytes bytes, uint64_t now_ns);

/* How many bytes are to be sent; 0: none, until something happens. Room for
 * HTTP2_WRITE_SIZE_MIN is required. GALEN_NO_MEMORY as above. */
#define HTTP2_WRITE_SIZE_MIN (9u + 16384u)
MUST_USE enum galen_status http2_session_write(struct http2_session *session,
                                               uint8_t *buffer, size_t capacity,
                                               size_t *out_size);

/* Answers a stream once, interim responses apart. Names of any case; headers are copied,
 * parts borrowed until `closed`. date: of now, as HTTP writes it. Failure resets the
 * stream. */
struct http2_response {
    int status;
    const char *date;
    const struct http_header *headers;
    size_t header_count;
    const struct http_part *parts;
    size_t part_count;
    bool has_length;   /* tells the sum of the parts */
    bool without_body; /* sends none of them */
};
void http2_session_respond(struct http2_session *session, struct http2_stream *stream,
                           const struct http2_response *response);
void http2_session_continue(struct http2_session *session, struct http2_stream *stream);
void http2_session_reset(struct http2_session *session, struct http2_stream *stream,
                         enum http2_error error);

/* Gives back what `data` took: of the connection and, for a stream, of its own window. */
void http2_session_consume_connection(struct http2_session *session, size_t size);
void http2_session_consume_stream(struct http2_session *session,
                                  const struct http2_stream *stream, size_t size);

/* A body that is worth it may come in larger steps. */
void http2_session_widen(struct http2_session *session, const struct http2_stream *stream);

/* The end in two steps (section 6.8): says that no request should follow, and when the peer
 * has heard that, or http2_session_close_door is called, takes no more. What is under way
 * goes on. */
void http2_session_shut_down(struct http2_session *session);
void http2_session_close_door(struct http2_session *session);
bool http2_session_door_is_closed(const struct http2_session *session);

/* The end at once, with a last word. */
void http2_session_terminate(struct http2_session *session, enum http2_error error);

/* Neither side has anything more to say. */
bool http2_session_is_done(const struct http2_session *session);

/* So much waits for being written that no more should be read. */
bool http2_session_is_backed_up(const struct http2_session *session);

/* What nghttp2 holds now. */
size_t http2_session_memory(const struct http2_session *session);
