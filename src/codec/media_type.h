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

/* Whether type.parameters are parameters: those of a parsed type are. */
bool media_type_parameters_are_valid(struct media_type type);

/* Whether it is "application/json". A pattern whose subtype is "*" takes any of that type.
 */
bool media_type_is(struct media_type type, const char *pattern);

/* The same but for parameters. */
bool media_type_is_same(struct media_type a, struct media_type b);

/* The value of the first parameter of that name, unquoted where it was a plain quoted
 * string; one with a backslash stays as sent. false: absent. */
bool media_type_parameter(struct media_type type, const char *name,
                          struct bytes *out_value);

/* What the first bytes say, by signature only: "image/jpeg", "image/png", "image/gif",
 * "image/tiff", "application/dicom", "application/pdf", "application/zip" (office files
 * too), "application/gzip", "application/x-ole-storage" (older office files), "text/rtf",
 * "application/json" (an object or array begins after white space, and what comes next may
 * stand there), "text/plain" (UTF-8 without C0 controls but tab, CR, LF, FF; also nothing
 * at all), else "application/octet-stream". Looks at 512 bytes at most. "application/json"
 * is a guess about text: a note may begin so. */
const char *media_type_sniff(struct bytes body);

/* Whether bytes that look like `sniffed`, an answer of media_type_sniff, may be what was
 * declared. Those with a signature are nothing else, and what is always seen by its
 * signature (every image too) is not without it. */
bool media_type_agrees(struct media_type declared, const char *sniffed);
