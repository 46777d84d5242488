/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One JSON Web Key (RFC 7517, RFC 7518 section 6, RFC 8037): what verifies, and by which
 * one algorithm. That is the key's own `alg` where it is among those that are configured;
 * a key without `alg` has the one of those that fits it, and where several do, it has none
 * and is of no use (RFC 8725 section 3.1).
 *
 * Threads: any. Allocation: the arena, which the id is borrowed from, and the key.
 */
#pragma once

#include "codec/json.h"
#include "crypto/public_key.h"
#include "crypto/sha256.h"

enum jwk_passed {
    JWK_TAKEN,
#define JWK_PASSED(name, word, meaning) JWK_PASSED_##name,
#include "service/auth/jwk.def"
    JWK_PASSED_COUNT,
};

const char *jwk_passed_word(enum jwk_passed passed); /* "use"; of JWK_TAKEN "taken" */

/* Which algorithms are configured: a bit each. */
#define JWK_ALGORITHM(algorithm) (1u << (algorithm))
#define JWK_ALGORITHMS_ALL ((1u << SIGNATURE_ALGORITHM_COUNT) - 1)

struct jwk {
    struct bytes id; /* kid */
    bool has_id;
    enum signature_algorithm algorithm;
    struct public_key *key;
    uint8_t
        identity[SHA256_SIZE]; /* of all the above: the same key is the same elsewhere */
};

/* *out_passed says whether the key is taken; if so, out_jwk->key is the caller's. The id is
 * there in any case. GALEN_INVALID: the key has private members, which nobody should ever
 * have been shown, or an id that is no text or too long; GALEN_NO_MEMORY, GALEN_INTERNAL.
 */
MUST_USE enum galen_status jwk_read(const struct json *value, uint32_t algorithms,
                                    struct arena *arena, struct jwk *out_jwk,
                                    enum jwk_passed *out_passed, struct error *out_error);
