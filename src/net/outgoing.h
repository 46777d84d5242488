/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message on its way out: a head of bounded size, written once, and up to four parts of
 * body, framed by a length or as chunks, as buffers for one writev.
 *
 * The caller opens it with the sum of what it is going to put, puts the first line and the
 * headers, and finishes it. Control bytes in a value become spaces: nothing can be
 * injected.
 *
 * Threads: one owner. Allocation: the head, from the arena.
 */
#pragma once

#include <uv.h>

#include "base/arena.h"
#include "net/http.h"

/* Head, and for each part its chunk line and itself, and the last chunk. */
#define OUTGOING_BUFFER_COUNT_MAX (2 + 2 * HTTP_PART_COUNT_MAX)

struct outgoing {
    uint8_t *head;
    size_t size;
    size_t capacity;
    struct http_part parts[HTTP_PART_COUNT_MAX]; /* owned */
    size_t part_count;
    uv_buf_t buffers[OUTGOING_BUFFER_COUNT_MAX];
    unsigned buffer_count;
};

/* Takes the parts, also on failure; a zeroed outgoing holds none. */
void outgoing_take_parts(struct outgoing *outgoing, const struct http_part *parts,
                         size_t count);

/* Room for line_size bytes beside the headers and the framing. GALEN_NO_MEMORY. */
MUST_USE enum galen_status outgoing_open(struct outgoing *outgoing, struct arena *arena,
                                         const struct http_header *headers,
                                         size_t header_count, size_t line_size);

void outgoing_put(struct outgoing *outgoing, struct bytes bytes);
void outgoing_put_string(struct outgoing *outgoing, const char *text);
void outgoing_put_number(struct outgoing *outgoing, uint64_t value);
void outgoing_put_headers(struct outgoing *outgoing, const struct http_header *headers,
                          size_t count);

size_t outgoing_body_size(const struct outgoing *outgoing);

enum outgoing_framing {
    OUTGOING_LENGTH,      /* Content-Length and the parts */
    OUTGOING_CHUNKED,     /* Transfer-Encoding and each part as a chunk */
    OUTGOING_LENGTH_ONLY, /* Content-Length and no body: the answer to HEAD */
    OUTGOING_NOTHING,     /* neither */
};

/* Writes the framing and the end of the head, and makes the buffers. */
void outgoing_finish(struct outgoing *outgoing, enum outgoing_framing framing);

/* Lets go of the parts. */
void outgoing_deinit(struct outgoing *outgoing);
