/* SPDX-License-Identifier: Apache-2.0 */
/* Media types (RFC 9110 section 8.3.1) and what bytes look like. */
#pragma once

#include "base/error.h"

struct media_type {
    struct bytes type;       /* "application", as sent: compare without case */
    struct bytes subtype;    /* "json" */
    struct bytes parameters; /* what stands after the first ';', untouched */
};

/* GALEN_INVALID: not a media type. */
MUST_USE enum galen_status media_type_parse(struct bytes text, struct media_type *out_type);
bool media_type_is(struct media_type type, const char *full); /* "application/json" */

/* The value of a parameter, unquoted where it was a plain quoted string; false: absent. */
bool media_type_parameter(struct media_type type, const char *name,
                          struct bytes *out_value);

/* What the first bytes say, by signature only: "image/jpeg", "image/png",
 * "application/dicom", "application/pdf", "application/gzip", "text/rtf",
 * "application/json" (an object or array follows white space), "text/plain" (UTF-8 without
 * control characters but tab, CR, LF, FF), else "application/octet-stream". Looks at 512
 * bytes at most. */
const char *media_type_sniff(struct bytes body);
