/* SPDX-License-Identifier: Apache-2.0 */
/* `data:` URIs (RFC 2397): data:[type/subtype][;parameter=value]...[;base64],data. Pure. */
#pragma once

#include "base/arena.h"
#include "codec/media_type.h"

struct data_uri {
    struct media_type type; /* text/plain;charset=US-ASCII where none is named */
    bool is_base64;
    struct bytes data; /* still encoded */
};

/* Whether the text is one: it begins with "data:" in any case, and what stands before the
 * first comma is a media type, without white space. A note may begin with "Data: ..." and
 * is none. Everything points into the text. */
bool data_uri_split(struct bytes text, struct data_uri *out_uri);

/* The bytes. GALEN_INVALID: the error has the byte offset in uri->data (of base64, once
 * percent-decoded): a character that no URI has, '%' without two hex digits, or base64 that
 * is not canonical. GALEN_NO_MEMORY. */
MUST_USE enum galen_status data_uri_decode(const struct data_uri *uri, struct arena *arena,
                                           struct bytes *out_bytes,
                                           struct error *out_error);
