/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's head out of the field lines of HTTP/2 (RFC 9113 section 8.3), as HTTP/1.1
 * would have given it: the same struct, the same rules for target, Host, Expect and
 * method, the same limits. `:authority` becomes Host where there is none, and has to agree
 * with it where there is one.
 *
 * The caller has decoded HPACK and checked what every message of HTTP/2 must meet: the
 * grammar of names and values, pseudo-fields first and once, no field of a connection, one
 * Content-Length at most.
 *
 * Threads: one owner. Allocation: the text of the head, from the arena.
 */
#pragma once

#include "codec/http1.h"

struct http2_head {
    struct http1_head *head; /* borrowed, as the arena is */
    struct arena *arena;
    struct bytes method;
    struct bytes scheme;
    struct bytes authority;
    struct bytes target;
    size_t count; /* of fields, kept or not */
    size_t size; /* of all fields, 32 bytes for each added (RFC 9113 section 6.5.2), kept or
                    not */
    struct http1_refusal refusal; /* the first; status 0: none */
};

/* Starts a message: head and arena as http1_parser_begin has them. */
void http2_head_begin(struct http2_head *fields, struct http1_head *head,
                      struct arena *arena);

/* The bytes are borrowed for the call. After a refusal fields are counted only. */
void http2_head_add(struct http2_head *fields, struct bytes name, struct bytes value);

/* Fills the head. Status 0: the request is understood. is_whole: there is no body. */
struct http1_refusal http2_head_finish(struct http2_head *fields, bool is_whole);

/* Trailers are counted against the same limits and dropped. */
void http2_head_begin_trailers(struct http2_head *fields);
