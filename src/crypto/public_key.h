/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A public key that verifies signatures and does nothing else, by OpenSSL's EVP: RSA with
 * PKCS #1 v1.5 and PSS (RFC 8017), ECDSA (FIPS 186-5) and Ed25519 (RFC 8032), in the forms
 * of JSON Web Algorithms (RFC 7518 section 3, RFC 8037).
 *
 * Threads: any, at once; a key is immutable. What is not a good key is refused when it is
 * made: an RSA modulus outside 2048 to 8192 bits or with a small divisor or of the kind
 * that CVE-2017-15361 (ROCA) finds the factors of; an exponent that is even, below 65537
 * or above 64 bits (SP 800-56B, so that a FIPS provider and its absence judge alike); a
 * point that is not on its curve.
 */
#pragma once

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"

enum signature_algorithm {
#define SIGNATURE_ALGORITHM(name, text, key, digest, curve) SIGNATURE_##name,
#include "crypto/signature.def"
    SIGNATURE_ALGORITHM_COUNT, /* and none of them */
};

enum public_key_curve { CURVE_NONE, CURVE_P256, CURVE_P384, CURVE_P521 };

const char *signature_algorithm_name(enum signature_algorithm algorithm); /* "RS256" */

/* Exactly: "rs256" and "none" are none. */
bool signature_algorithm_find(struct bytes name, enum signature_algorithm *out_algorithm);

struct public_key;

/* modulus and exponent: big-endian, without leading zeros. Each maker: GALEN_INVALID: the
 * error says what is wrong with it, and nothing of it; GALEN_NO_MEMORY; GALEN_INTERNAL:
 * OpenSSL has no such keys. */
MUST_USE enum galen_status public_key_from_rsa(struct bytes modulus, struct bytes exponent,
                                               struct public_key **out_key,
                                               struct error *out_error);

/* x and y: big-endian, each exactly as long as the curve's field. */
MUST_USE enum galen_status public_key_from_point(enum public_key_curve curve,
                                                 struct bytes x, struct bytes y,
                                                 struct public_key **out_key,
                                                 struct error *out_error);

/* bytes: 32 of them. */
MUST_USE enum galen_status public_key_from_ed25519(struct bytes bytes,
                                                   struct public_key **out_key,
                                                   struct error *out_error);
void public_key_destroy(struct public_key *key); /* NULL is allowed */
DEFINE_SCOPED(public_key, public_key_destroy)

/* Whether a key of this kind, and of this curve, can have made such a signature. */
bool public_key_fits(const struct public_key *key, enum signature_algorithm algorithm);

/* Whether signature is of data by the owner of key. False too for an algorithm that does
 * not fit, for a size that is not exactly what it must be, and for an r or s of ECDSA that
 * is zero or not below the curve's order. PSS has a salt as long as its digest. */
bool public_key_verify(const struct public_key *key, enum signature_algorithm algorithm,
                       struct bytes data, struct bytes signature);
