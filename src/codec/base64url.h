/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 for URLs (RFC 4648 section 5) as JOSE has it (RFC 7515 section 2), canonical only:
 * no padding, no line breaks, last bits zero. So bytes have exactly one text. */
#pragma once

#include "base/arena.h"
#include "base/writer.h"

/* GALEN_INVALID: it is not that; GALEN_NO_MEMORY. */
MUST_USE enum galen_status base64url_decode(struct bytes text, struct arena *arena,
                                            struct bytes *out_bytes);
void base64url_encode(struct bytes bytes, struct writer *out);
