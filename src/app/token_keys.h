/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of a development issuer's keys:
 *
 *     FOLDER/000001-ES256.pem   mode 0600; PKCS #8 in PEM, unencrypted
 *     FOLDER/jwks.json          the public halves of all, for who verifies
 *
 * The highest number signs; the others stay in the set, so that what they signed counts
 * until it expires. Threads: one; blocks on the disk.
 */
#pragma once

#include "base/error.h"
#include "base/writer.h"
#include "crypto/signing_key.h"

#define TOKEN_KEYS_NUMBER_MAX 999999u

struct token_keys;

/* GALEN_NOT_FOUND: no such folder, or no key in it; GALEN_FORBIDDEN: others than its owner
 * may read a key; GALEN_INVALID: a file is not the key that its name says;
 * GALEN_TOO_LARGE; GALEN_UNAVAILABLE; GALEN_NO_MEMORY; GALEN_INTERNAL. The error names the
 * file. */
MUST_USE enum galen_status token_keys_read(const char *folder, struct token_keys **out_keys,
                                           struct error *out_error);
void token_keys_destroy(struct token_keys *keys); /* NULL is allowed */
DEFINE_SCOPED(token_keys, token_keys_destroy)

const struct signing_key *token_keys_newest(const struct token_keys *keys);

/* The JWK Set. GALEN_NO_MEMORY, GALEN_INTERNAL; the writer's failure. */
MUST_USE enum galen_status token_keys_put_set(const struct token_keys *keys,
                                              struct writer *out);

struct token_keys_wish {
    enum signature_algorithm algorithm; /* SIGNATURE_ALGORITHM_COUNT: as the newest key,
                                           ES256 where there is none */
    bool rotates;                       /* there may be keys already */
};

/* Makes the next key, the folder (mode 0700) where there is none, and jwks.json. out_id:
 * JWK_ID_SIZE. GALEN_INVALID: there are keys, and it is not to rotate; as token_keys_read.
 */
MUST_USE enum galen_status token_keys_add(const char *folder,
                                          const struct token_keys_wish *wish, char *out_id,
                                          struct error *out_error);
