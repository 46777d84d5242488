/* SPDX-License-Identifier: Apache-2.0 */
/* The keys whose checkpoints count, as the command line names them. */
#pragma once

#include "app/arguments.h"
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

/* Of a struct audit_keys: a verifier key, as `galen key list` prints it, and the checkpoint
 * keys of a folder, whose secrets are not read. */
option_take_fn audit_keys_add;
option_take_fn audit_keys_add_folder;
#define AUDIT_KEYS_OPTIONS(type)                      \
    OPTION_READ("--key", type, keys, audit_keys_add), \
        OPTION_READ("--keys", type, keys, audit_keys_add_folder)

/* Those of keys_folder_default where none are named. False: stderr has why not. */
bool audit_keys_complete(struct audit_keys *keys);

void audit_keys_clear(struct audit_keys *keys);
