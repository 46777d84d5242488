/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ed25519 signatures (RFC 8032) by OpenSSL's EVP. A key is immutable.
 *
 * Threads: any. A private key stands as PKCS #8 in PEM (RFC 5958, RFC 7468), unencrypted:
 * its file's mode guards it.
 */
#pragma once

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/status.h"
#include "base/writer.h"

#define ED25519_PUBLIC_KEY_SIZE 32u
#define ED25519_SIGNATURE_SIZE 64u

struct ed25519; /* a key pair, or the public half of one */

/* GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status ed25519_generate(struct ed25519 **out_key);

/* GALEN_INVALID: it is no private key of Ed25519 in PEM. */
MUST_USE enum galen_status ed25519_from_pem(struct bytes pem, struct ed25519 **out_key);

/* public_key: ED25519_PUBLIC_KEY_SIZE bytes. GALEN_INVALID. */
MUST_USE enum galen_status ed25519_from_public(const uint8_t *public_key,
                                               struct ed25519 **out_key);
void ed25519_destroy(struct ed25519 *key); /* NULL is allowed */
DEFINE_SCOPED(ed25519, ed25519_destroy)

/* The private key in PEM. GALEN_INVALID: the key has none. */
MUST_USE enum galen_status ed25519_to_pem(const struct ed25519 *key, struct writer *out);

/* out_public_key: ED25519_PUBLIC_KEY_SIZE bytes. */
void ed25519_public(const struct ed25519 *key, uint8_t *out_public_key);

/* out_signature: ED25519_SIGNATURE_SIZE bytes. GALEN_INVALID: the key has no private half;
 * GALEN_INTERNAL. */
MUST_USE enum galen_status ed25519_sign(const struct ed25519 *key, struct bytes message,
                                        uint8_t *out_signature);

/* signature: ED25519_SIGNATURE_SIZE bytes. */
bool ed25519_verify(const struct ed25519 *key, struct bytes message,
                    const uint8_t *signature);
