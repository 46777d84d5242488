/* SPDX-License-Identifier: Apache-2.0 */
/* What a role answers, before it is known by which transport. */
#pragma once

#include "base/writer.h"
#include "codec/content_coding.h"
#include "net/http.h"

#define REPLY_HEADER_COUNT_MAX 12u

struct reply {
    int status;                                         /* HTTP */
    struct http_header headers[REPLY_HEADER_COUNT_MAX]; /* borrowed until it is sent */
    size_t header_count;
    struct blob *body; /* one reference; NULL: none */
};

void reply_init(struct reply *reply, int status, struct bytes content_type);

/* name and value must live until the reply is sent. */
void reply_add_header(struct reply *reply, struct bytes name, struct bytes value);

/* The same, in the place of one of that name. */
void reply_set_header(struct reply *reply, struct bytes name, struct bytes value);

/* Takes what the writer holds as the body and leaves the writer empty. Where writing
 * failed, the status becomes that failure's and the body stays empty. */
void reply_take_body(struct reply *reply, struct writer *writer);

/* Compresses the body as Accept-Encoding, empty where there is none, likes best: where it
 * has CODED_SIZE_BYTES_MIN to _MAX bytes and becomes smaller. Adds the headers that say so.
 */
void reply_compress(struct reply *reply, struct bytes accept_encoding, struct arena *arena);

/* Releases the body, when nobody took it. */
void reply_clear(struct reply *reply);
