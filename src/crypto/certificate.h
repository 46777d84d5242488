/* SPDX-License-Identifier: Apache-2.0 */
/* What a token says of a certificate that it is bound to (RFC 8705 section 3.1). */
#pragma once

#include "crypto/sha256.h"

/* SHA-256 of the first certificate of a PEM text, as DER: x5t#S256 before base64url.
 * out_digest: SHA256_SIZE. GALEN_INVALID: there is no certificate in it; GALEN_INTERNAL. */
MUST_USE enum galen_status certificate_sha256(struct bytes pem, uint8_t *out_digest);
