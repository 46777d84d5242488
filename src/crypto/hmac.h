/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HMAC-SHA-256 (RFC 2104, FIPS 198-1) by OpenSSL's EVP_MAC: pseudonyms that only who has
 * the key can make again.
 *
 * Threads: a struct hmac has one owner. The key is wiped by destroy.
 */
#pragma once

#include "crypto/sha256.h"

#define HMAC_KEY_SIZE 32u

struct hmac;

/* key: HMAC_KEY_SIZE bytes, copied. GALEN_NO_MEMORY; GALEN_INTERNAL: OpenSSL has no HMAC.
 */
MUST_USE enum galen_status hmac_create(const uint8_t *key, struct hmac **out_hmac);
void hmac_destroy(struct hmac *hmac); /* NULL is allowed */
DEFINE_SCOPED(hmac, hmac_destroy)

/* out_code: SHA256_SIZE bytes. GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status hmac_of(struct hmac *hmac, struct bytes bytes,
                                   uint8_t *out_code);
