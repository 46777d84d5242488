/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of a process: a folder, a file a key, one purpose each (keys.def).
 *
 *     keys/checkpoint-000001.key   mode 0600; PKCS #8 in PEM
 *     keys/checkpoint-000001.pub   its verifier key (checkpoint.h), which is no secret
 *     keys/audit-hmac-000001.key   mode 0600; 64 hexadecimal digits
 *
 * Of each purpose the highest number that has a secret is the one in use; the others only
 * verify. A key's id is its file's name without the end. Nothing here makes a key unasked.
 * What ends with neither .key nor .pub, or begins with a dot, is not looked at.
 *
 * A secret is its owner's alone, or root's with mode 0440 and one of our groups, as volumes
 * of secrets in Kubernetes have it. Nobody else may write to the folder, unless it is
 * mounted read-only.
 *
 * Threads: reading blocks on the disk; a key ring is immutable.
 */
#pragma once

#include "base/cleanup.h"
#include "base/error.h"
#include "crypto/hmac.h"
#include "service/audit/checkpoint.h"

#define KEY_ID_SIZE CHECKPOINT_KEY_NAME_SIZE

enum key_purpose {
#define KEY_PURPOSE(name, member, kind, help) KEY_##member,
#include "service/keys.def"
    KEY_PURPOSE_COUNT,
};

const char *key_purpose_name(enum key_purpose purpose);
const char *key_purpose_help(enum key_purpose purpose); /* what it does, without a dot */
bool key_purpose_find(struct bytes name, enum key_purpose *out_purpose);

/* One key of the folder. */
struct key {
    enum key_purpose purpose;
    uint64_t number;
    char id[KEY_ID_SIZE];
    bool is_in_use;
    bool is_public_only;              /* there is the .pub alone: it verifies */
    uint8_t hmac_key[HMAC_KEY_SIZE];  /* of a purpose of that kind */
    struct checkpoint_key checkpoint; /* of KEY_CHECKPOINT; its ed25519 is the ring's */
};

struct keys;

/* GALEN_NOT_FOUND: no such folder; GALEN_FORBIDDEN: others may read a secret of
 * it, or write to it or to the folder; GALEN_INVALID: a file is not what its name says,
 * or a .pub is not of the .key beside it; GALEN_TOO_LARGE: too many files;
 * GALEN_UNAVAILABLE: it cannot be read; GALEN_NO_MEMORY; GALEN_INTERNAL. The error names
 * the file. Secrets are wiped by destroy. */
MUST_USE enum galen_status keys_read(const char *folder, struct keys **out_keys,
                                     struct error *out_error);

/* The same of the .pub files alone: for who verifies and has no secret. No key is in use.
 */
MUST_USE enum galen_status keys_read_public(const char *folder, struct keys **out_keys,
                                            struct error *out_error);
void keys_destroy(struct keys *keys); /* NULL is allowed */
DEFINE_SCOPED(keys, keys_destroy)

size_t keys_count(const struct keys *keys);
const struct key *keys_at(const struct keys *keys,
                          size_t index); /* by purpose and number */
const struct key *keys_in_use(const struct keys *keys, enum key_purpose purpose); /* NULL */

/* The checkpoint keys, for checkpoint_read. */
const struct checkpoint_key *keys_checkpoint(const struct keys *keys, size_t *out_count);

/* Makes the next key of a purpose, on disk before it returns, and the folder (mode 0700)
 * where there is none. Two that race: both get one, and nobody sees a part of one. out_id:
 * KEY_ID_SIZE. GALEN_FORBIDDEN, GALEN_INVALID: of the folder, as in keys_read;
 * GALEN_UNAVAILABLE: it cannot be written; GALEN_TOO_LARGE: there is no number left;
 * GALEN_NO_MEMORY; GALEN_INTERNAL. */
MUST_USE enum galen_status keys_add(const char *folder, enum key_purpose purpose,
                                    char *out_id, struct error *out_error);
