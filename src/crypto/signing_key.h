/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A private key that signs tokens by one algorithm of JSON Web Algorithms (RFC 7518 section
 * 3, RFC 8037), by OpenSSL's EVP. For who issues them: galen's servers only verify.
 *
 * Threads: any, at once; a key is immutable. As text it is PKCS #8 in PEM (RFC 5958, RFC
 * 7468), unencrypted: its file's mode guards it. PKCS #8 does not say which of RS256 to
 * PS512 an RSA key is for: whoever keeps the text keeps that too.
 */
#pragma once

#include "base/writer.h"
#include "crypto/public_key.h"

struct signing_key;

/* RSA has LIMIT_RSA_BITS_MIN bits. GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status signing_key_generate(enum signature_algorithm algorithm,
                                                struct signing_key **out_key);

/* GALEN_INVALID: it is no private key in PEM, or none that this algorithm signs with. */
MUST_USE enum galen_status signing_key_from_pem(struct bytes pem,
                                                enum signature_algorithm algorithm,
                                                struct signing_key **out_key);
void signing_key_destroy(struct signing_key *key); /* NULL is allowed */
DEFINE_SCOPED(signing_key, signing_key_destroy)

MUST_USE enum galen_status signing_key_to_pem(const struct signing_key *key,
                                              struct writer *out);

enum signature_algorithm signing_key_algorithm(const struct signing_key *key);

/* Adds the signature of data in the form that tokens have it: ECDSA's as r and s. The
 * writer's failure, GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status signing_key_sign(const struct signing_key *key,
                                            struct bytes data, struct writer *out);

/* What a JWK has of the public half: big-endian and as long as RFC 7518 section 6 wants. */
#define SIGNING_KEY_NUMBER_SIZE 1024u
struct signing_key_public {
    size_t first_size;  /* of RSA's modulus n; of an EC point's, or Ed25519's, x */
    size_t second_size; /* of RSA's exponent e, of an EC point's y; 0: there is none */
    uint8_t first[SIGNING_KEY_NUMBER_SIZE];
    uint8_t second[SIGNING_KEY_NUMBER_SIZE];
};
MUST_USE enum galen_status signing_key_public(const struct signing_key *key,
                                              struct signing_key_public *out_public);
