/* SPDX-License-Identifier: Apache-2.0 */
/* What an HTTP message is made of, for server and client alike (RFC 9110, RFC 9112). */
#pragma once

#include "base/blob.h"
#include "base/bytes.h"
#include "codec/http.h"

struct http_request_head {
    enum http_method method;
    struct bytes path; /* of the target, percent-encoded as sent; begins with '/', or is "*"
                          (OPTIONS) */
    struct bytes query; /* after '?', or empty */
    const struct http_header *headers;
    size_t header_count;
    uint64_t content_length; /* HTTP_LENGTH_UNKNOWN: chunked */
};

/* A piece of an outgoing body. */
struct http_part {
    struct bytes bytes;
    struct blob
        *blob; /* one reference that the message takes, or NULL: bytes live for ever */
};

#define HTTP_PART_COUNT_MAX 4u
