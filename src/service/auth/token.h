/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifies an access token: a JWS in its compact form (RFC 7515) that holds a JWT (RFC
 * 7519) as RFC 9068 profiles it, by the practices of RFC 8725. The algorithm is the key's
 * and never the token's own choice: both have to agree. `jku`, `x5u`, `jwk`, `x5c` of the
 * header are not looked at; `crit` refuses it; `typ` has to be the one that is configured.
 *
 * Pure but for OpenSSL; threads: any, at once.
 */
#pragma once

#include "service/auth/claims.h"
#include "service/auth/key_set.h"

/* Borrowed. */
struct token_rules {
    struct bytes type; /* "at+jwt"; a media type without or with "application/" */
    struct claim_rules claims;
};

/* Borrowed from the arena and from the key set. */
struct token {
    struct bytes payload;  /* decoded */
    struct bytes key_id;   /* that it names; empty: none */
    const struct jwk *key; /* NULL: the set has no such key */
    struct claims claims;
};

/* Whether it is a JWS whose signature is right, whatever it holds: all but the claims is
 * filled in. type: as in token_rules; empty: any and none. */
enum refusal token_open(struct bytes text, struct bytes type, const struct key_set *keys,
                        struct arena *arena, struct token *out_token);

/* REFUSAL_UNKNOWN_KEY: newer keys may have out_token->key_id. */
enum refusal token_verify(struct bytes text, const struct token_rules *rules,
                          const struct key_set *keys, int64_t now_s, struct arena *arena,
                          struct token *out_token);
