/* SPDX-License-Identifier: Apache-2.0 */
/* The public half of a key as a JWK (RFC 7517), for who issues tokens. */
#pragma once

#include "codec/json_writer.h"
#include "crypto/sha256.h"
#include "crypto/signing_key.h"

/* A key's thumbprint (RFC 7638): SHA-256 in base64url, and a NUL. The kid of issued tokens.
 */
#define JWK_ID_SIZE 44u

/* out_id: JWK_ID_SIZE. GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status jwk_id_of(const struct signing_key *key, char *out_id);

/* One object with kid, use, alg and the public numbers. GALEN_NO_MEMORY, GALEN_INTERNAL;
 * the writer's failure is its own. */
MUST_USE enum galen_status jwk_put(struct json_writer *json, const struct signing_key *key);
