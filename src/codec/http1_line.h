/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request line (RFC 9112 section 3), byte by byte: what llhttp lets through and we do
 * not. METHOD SP TARGET SP "HTTP/1.0" or "HTTP/1.1" CRLF, after at most two empty lines.
 * The method is left to llhttp.
 *
 * Threads: one owner. Allocation: none. A zeroed line is at its start.
 */
#pragma once

#include "base/bytes.h"

struct http1_refusal {
    int status;       /* what a server answers */
    const char *text; /* static, nothing of the message in it */
};

struct http1_line {
    uint8_t state;
    uint8_t count;        /* bytes or lines, of what the state looks at */
    uint16_t target_size; /* so far */
};

/* How many bytes are good. Where that is not all of them, *out_refusal says why; it is
 * static. */
size_t http1_line_check(struct http1_line *line, struct bytes bytes,
                        const struct http1_refusal **out_refusal);

/* A whole request target, by the same rules: its bytes and its size. Status 0: it is good.
 */
struct http1_refusal http1_target_check(struct bytes target);
