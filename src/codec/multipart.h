/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multipart/form-data (RFC 7578, with the boundaries of RFC 2046 section 5.1.1), strict: no
 * preamble, no padding behind a boundary, nothing behind the last one but a line break, no
 * parts inside a part, no transfer encoding. What a file was called is not looked at.
 *
 * Pure; allocates nothing: everything points into the body. Errors have the byte offset.
 */
#pragma once

#include "base/limits.h"
#include "codec/media_type.h"

struct multipart_part {
    struct bytes name; /* as sent, without quotes where they were plain: a client's word */
    bool has_type;     /* a Content-Type of its own */
    struct media_type type;
    struct bytes content;
};

struct multipart {
    struct multipart_part parts[LIMIT_MULTIPART_PART_COUNT_MAX];
    size_t count;
};

/* type is the body's own, with its boundary. GALEN_INVALID: malformed; GALEN_TOO_LARGE: too
 * many parts or headers too long. */
MUST_USE enum galen_status multipart_parse(struct bytes body, struct media_type type,
                                           struct multipart *out_form,
                                           struct error *out_error);
