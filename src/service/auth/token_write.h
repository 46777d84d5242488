/* SPDX-License-Identifier: Apache-2.0 */
/* Access tokens as RFC 9068 has them: JWT (RFC 7519) in compact JWS (RFC 7515). For who
 * issues them, which is `galen token` in development and an identity provider elsewhere. */
#pragma once

#include "base/error.h"
#include "crypto/sha256.h"
#include "crypto/signing_key.h"

/* A further claim. */
struct token_claim {
    struct bytes name;
    struct bytes value; /* text, or JSON where is_json */
    bool is_json;
};

struct token_order {
    struct bytes issuer;
    struct bytes audience;
    struct bytes subject;
    struct bytes client_id;
    struct bytes scope; /* empty: the token has none */
    struct bytes id;    /* jti */
    uint64_t now_s;
    uint64_t lifetime_s;
    const uint8_t *certificate; /* SHA256_SIZE bytes that the token is bound to (RFC 8705);
                                   NULL: to none */
    const struct token_claim *claims;
    size_t claim_count;
};

/* Whether a further claim may have that name: not one of the above, which would then be
 * there twice. */
bool token_claim_is_free(struct bytes name);

/* Adds the token. GALEN_INVALID: a claim's name is taken or there twice, or its JSON is
 * none: the error says which; the writer's failure; GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status token_write(const struct token_order *order,
                                       const struct signing_key *key, struct writer *out,
                                       struct error *out_error);
