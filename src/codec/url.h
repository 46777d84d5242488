/* SPDX-License-Identifier: Apache-2.0 */
/* Percent-encoding (RFC 3986 section 2.1) and query strings as HTML forms write them. Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/writer.h"

/* Decodes "%41" to 'A'. GALEN_INVALID: a '%' without two hex digits, or a NUL;
 * GALEN_NO_MEMORY. The result ends with a NUL behind its size, in the arena. */
MUST_USE enum galen_status url_decode(struct bytes text, struct arena *arena,
                                      struct bytes *out_text);

/* The byte that "%XX" at index stands for, where text has a '%'; -1: it stands for none. */
int url_escaped_byte(struct bytes text, size_t index);

/* Everything but unreserved characters as "%XX". */
void url_encode(struct bytes text, struct writer *out);

/* The decoded value of the only parameter of that name; '+' is a space. GALEN_NOT_FOUND:
 * absent; GALEN_INVALID: there twice, or as url_decode; GALEN_NO_MEMORY. */
MUST_USE enum galen_status url_query_get(struct bytes query, const char *name,
                                         struct arena *arena, struct bytes *out_value);
