/* SPDX-License-Identifier: Apache-2.0 */
/* The keys whose checkpoints count, as the command line names them. */
#pragma once

#include "service/audit/checkpoint.h"
#include "service/keys.h"

#define AUDIT_KEY_COUNT_MAX 256u

/* Zeroed: none. */
struct audit_keys {
    struct checkpoint_key all[AUDIT_KEY_COUNT_MAX];
    size_t count;
    struct ed25519 *own[AUDIT_KEY_COUNT_MAX]; /* those of --key */
    size_t own_count;
    struct keys *folders[AUDIT_KEY_COUNT_MAX]; /* those of --keys */
    size_t folder_count;
};

/* --key: a verifier key, as `galen key list` prints it. False: it is none, or one too many,
 * which stderr has. */
bool audit_keys_add(struct audit_keys *keys, const char *text);

/* --keys: the checkpoint keys of a folder; secrets are not read. */
bool audit_keys_add_folder(struct audit_keys *keys, const char *folder);

void audit_keys_clear(struct audit_keys *keys);
