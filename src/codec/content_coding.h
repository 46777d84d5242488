/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content codings of HTTP (RFC 9110 section 8.4): gzip (RFC 1952) and deflate, which is the
 * zlib format (RFC 1950), over zlib. Bytes in, bytes out, bounded both ways.
 *
 * zlib's own state, which holds what passes through, lies in the arena and is wiped with
 * it. Threads: as the arena.
 */
#pragma once

#include "base/arena.h"
#include "base/blob.h"
#include "base/error.h"

enum content_coding { CONTENT_IDENTITY, CONTENT_GZIP, CONTENT_DEFLATE };

/* What is understood, for Accept-Encoding in a refusal. */
#define CONTENT_CODINGS "gzip, deflate"

const char *content_coding_name(enum content_coding coding); /* "gzip" */

/* The value of Content-Encoding; x-gzip is gzip. GALEN_NOT_IMPLEMENTED: another coding, or
 * several. */
MUST_USE enum galen_status content_coding_parse(struct bytes value,
                                                enum content_coding *out_coding,
                                                struct error *out_error);

/* What the value of Accept-Encoding likes best of these three, the first where it likes two
 * as well. Members that say nothing about them, "*" too, or that are malformed count for
 * nothing: then it is CONTENT_IDENTITY. */
enum content_coding content_coding_choose(struct bytes accept_encoding);

struct content_source {
    enum content_coding coding; /* not CONTENT_IDENTITY */
    struct bytes coded;
    size_t size_bytes_max; /* decoded */
    size_t lead;           /* see blob_create; at most size_bytes_max */
};

/* A gzip body may have several members. GALEN_INVALID: corrupt, cut short, or followed by
 * something else; GALEN_TOO_LARGE: size_bytes_max; GALEN_NO_MEMORY. The error names the
 * coding. Costs no more than a body of size_bytes_max, whatever the ratio. */
MUST_USE enum galen_status content_decode(const struct content_source *source,
                                          struct arena *arena, struct blob **out_body,
                                          struct error *out_error);

/* false: the coding would not make the body smaller, or there is no memory for it. */
bool content_encode(enum content_coding coding, struct bytes body, struct arena *arena,
                    struct blob **out_coded);
