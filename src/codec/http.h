/* SPDX-License-Identifier: Apache-2.0 */
/* The words of HTTP that every version of it shares (RFC 9110). */
#pragma once

#include "base/bytes.h"

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_PATCH,
    HTTP_OTHER, /* a method of HTTP's that no resource here has */
};

const char *http_method_name(enum http_method method); /* "POST"; not for HTTP_OTHER */

struct http_header {
    struct bytes name;  /* as sent; compare without case */
    struct bytes value; /* without the white space around it */
};

#define HTTP_LENGTH_UNKNOWN UINT64_MAX

/* The first header of that name, false when there is none. */
bool http_header_get(const struct http_header *headers, size_t count, const char *name,
                     struct bytes *out_value);

const char *http_reason(int status); /* "Not Found"; "" for one that has no name here */
