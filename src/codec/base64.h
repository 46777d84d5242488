/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648 section 4), canonical only: padded, no line breaks, last bits zero. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/writer.h"

/* GALEN_INVALID: the error names the byte offset; GALEN_NO_MEMORY. */
MUST_USE enum galen_status base64_decode(struct bytes text, struct arena *arena,
                                         struct bytes *out_bytes, struct error *out_error);
void base64_encode(struct bytes bytes, struct writer *out);
