/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 (FIPS 180-4) by OpenSSL's EVP, so that a site's FIPS provider covers it.
 *
 * Threads: any; a struct sha256 has one owner. GALEN_INTERNAL: OpenSSL has no SHA-256 here.
 */
#pragma once

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/status.h"

#define SHA256_SIZE 32u
#define SHA256_HEX_SIZE 64u

/* Of all bytes at once. out_digest: SHA256_SIZE bytes. */
MUST_USE enum galen_status sha256_of(struct bytes bytes, uint8_t *out_digest);

/* Of bytes as they come. */
struct sha256;

/* GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status sha256_create(struct sha256 **out_sha256);
void sha256_destroy(struct sha256 *sha256); /* NULL is allowed */
DEFINE_SCOPED(sha256, sha256_destroy)

MUST_USE enum galen_status sha256_update(struct sha256 *sha256, struct bytes bytes);

/* Gives the digest of what came since create or the last finish, and begins anew. */
MUST_USE enum galen_status sha256_finish(struct sha256 *sha256, uint8_t *out_digest);

/* Of an open file, from where it stands to its end. Blocks on the disk; the descriptor
 * stays the caller's. GALEN_TOO_LARGE: there are more than size_bytes_max bytes;
 * GALEN_UNAVAILABLE: reading failed, errno says why; GALEN_NO_MEMORY. */
MUST_USE enum galen_status sha256_of_file(int descriptor, uint64_t size_bytes_max,
                                          uint8_t *out_digest);

/* 64 hexadecimal digits, written in lower case without a NUL, read in either. */
void sha256_to_hex(const uint8_t *digest, char *out_hex);
bool sha256_from_hex(struct bytes hex, uint8_t *out_digest); /* false: they are not that */
