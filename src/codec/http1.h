/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads HTTP/1.1 messages (RFC 9112) from bytes that arrive in any pieces: llhttp's strict
 * grammar, and on top of it our own refusals of what two readers could understand
 * differently. What comes out does not depend on where the pieces were cut.
 *
 * The caller asks for events; a pause is not asking. For each message: http1_parser_begin,
 * then http1_parser_next until HTTP1_END:
 *
 *     HTTP1_HEAD   once; the head given to begin is filled
 *     HTTP1_BODY   parser->body is a run of the body inside the caller's bytes, never empty
 *     HTTP1_END    the message is whole; the bytes left are the next one's
 *     HTTP1_MORE   all bytes are used up and the message goes on
 *     HTTP1_REFUSED  parser->refusal says why; nothing can be read from this peer any more
 *
 * Refused beyond llhttp: versions but 1.0 and 1.1 (505); methods of RTSP and ICE,
 * CONNECT; targets that are not a path, an http(s) URL or the `*` of OPTIONS, or hold a
 * fragment, control or non-ASCII byte; more than two empty lines ahead; Host missing (1.1),
 * twice or malformed; Transfer-Encoding in 1.0, twice, beside Content-Length, or (501)
 * other than `chunked`; Expect other than `100-continue` (417); limits (414, 431, 400 for
 * extensions of a chunk). Upgrade is ignored, as RFC 9110 section 7.8 allows: the answer is
 * HTTP/1.1. Trailers are checked and dropped. Responses: 1xx are passed over; 101 is
 * refused.
 *
 * Threads: one owner. Allocation: the text of the head, from the arena given to begin.
 */
#pragma once

#include <stdalign.h>

#include "base/arena.h"
#include "base/limits.h"
#include "codec/http.h"
#include "codec/http1_line.h"

enum http1_kind { HTTP1_REQUEST, HTTP1_RESPONSE };

enum http1_event { HTTP1_MORE, HTTP1_HEAD, HTTP1_BODY, HTTP1_END, HTTP1_REFUSED };

struct http1_head {
    enum http_method method; /* of requests */
    struct bytes path;       /* begins with '/', or is "*" (OPTIONS); as sent */
    struct bytes query;      /* after '?', or empty */
    int status;              /* of responses */
    bool keep_alive;         /* the peer means to go on after this message */
    bool expects_continue;
    uint8_t version_minor;
    uint64_t content_length; /* HTTP_LENGTH_UNKNOWN: chunked, or until the end of input */
    size_t header_count;
    struct http_header headers[LIMIT_HEADER_COUNT_MAX];
};

#define HTTP1_MACHINE_SIZE 128u

struct http1_parser {
    struct bytes body;            /* with HTTP1_BODY */
    struct http1_refusal refusal; /* with HTTP1_REFUSED */

    /* the parser's own */
    enum http1_kind kind;
    bool without_body; /* the answer to HEAD */
    uint8_t phase;
    struct http1_line line;
    bool reached_milestone; /* of a chunk, while llhttp ran */
    bool head_is_complete;  /* llhttp has seen the end of the head */
    size_t trailer_count;
    size_t overhead_left; /* bytes that are not body, until the next milestone */
    uint64_t body_left;
    struct http1_head *head;
    struct arena *arena;
    uint8_t *text; /* of the head, in the arena */
    size_t text_size;
    size_t text_capacity;
    struct bytes target;
    alignas(8) unsigned char machine[HTTP1_MACHINE_SIZE]; /* llhttp's */
};

void http1_parser_init(struct http1_parser *parser, enum http1_kind kind);

/* Starts a message. head and arena are borrowed until HTTP1_END; the head's bytes live in
 * the arena, of which 2 * LIMIT_HEADER_SIZE_BYTES_MAX are enough. */
void http1_parser_begin(struct http1_parser *parser, struct http1_head *head,
                        struct arena *arena);

/* Before the first byte of a response: it answers HEAD and has no body whatever it says. */
void http1_parser_expect_no_body(struct http1_parser *parser);

/* Takes from *bytes what it uses, up to the next event. */
enum http1_event http1_parser_next(struct http1_parser *parser, struct bytes *bytes);

/* The input has ended. HTTP1_MORE: between messages, nothing is missing. HTTP1_END: the end
 * of the input is the end of the body. HTTP1_REFUSED: the message is cut off. */
enum http1_event http1_parser_finish(struct http1_parser *parser);

/* Whether no byte of the message has come yet. */
bool http1_parser_is_fresh(const struct http1_parser *parser);

/* By the same table: false for what is no method of HTTP, or one of RTSP's. */
bool http1_method_read(struct bytes name, enum http_method *out_method);
