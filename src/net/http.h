/* SPDX-License-Identifier: Apache-2.0 */
/* What an HTTP message is made of, for server and client alike (RFC 9110, RFC 9112). */
#pragma once

#include "base/blob.h"
#include "base/bytes.h"

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_PATCH,
    HTTP_OTHER,
};

struct http_header {
    struct bytes name;  /* as sent; compare without case */
    struct bytes value; /* without the white space around it */
};

struct http_request_head {
    enum http_method method;
    struct bytes path;  /* of the target, percent-encoded as sent; begins with '/' */
    struct bytes query; /* after '?', or empty */
    const struct http_header *headers;
    size_t header_count;
    uint64_t content_length; /* HTTP_LENGTH_UNKNOWN: chunked */
};

#define HTTP_LENGTH_UNKNOWN UINT64_MAX

/* A piece of an outgoing body. */
struct http_part {
    struct bytes bytes;
    struct blob
        *blob; /* one reference that the message takes, or NULL: bytes live for ever */
};

#define HTTP_PART_COUNT_MAX 4u

/* The first header of that name, false when there is none. */
bool http_header_get(const struct http_header *headers, size_t count, const char *name,
                     struct bytes *out_value);

const char *http_reason(int status); /* "Not Found" */
