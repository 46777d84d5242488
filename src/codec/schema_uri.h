/* SPDX-License-Identifier: Apache-2.0 */
/* URI references of schemas (RFC 3986 section 5.2), resolved as text. Nothing is fetched.
 */
#pragma once

#include "base/arena.h"

/* The reference as seen from base, without its fragment, which *out_fragment gets as it
 * stands ("" when there is none). Both may be relative: then so is what comes out.
 * GALEN_NO_MEMORY. */
MUST_USE enum galen_status schema_uri_resolve(struct bytes base, struct bytes reference,
                                              struct arena *arena, struct bytes *out_uri,
                                              struct bytes *out_fragment);

/* Without its percent encoding. GALEN_INVALID: a % without two hexadecimal digits, or what
 * comes out is no UTF-8; GALEN_NO_MEMORY. */
MUST_USE enum galen_status schema_uri_decode(struct bytes text, struct arena *arena,
                                             struct bytes *out_text);
