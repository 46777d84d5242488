/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the newest chain of a service in a trail ends: what a new chain commits to. The
 * newest is the one with the greatest name that has a record.
 */
#pragma once

#include "crypto/sha256.h"
#include "service/audit/disk.h"

#define AUDIT_CHAIN_NAME_SIZE 64u

struct audit_predecessor {
    char chain[AUDIT_CHAIN_NAME_SIZE]; /* "": there is none, and the rest is zero */
    uint64_t record_count;             /* whole ones */
    uint8_t hash[SHA256_SIZE];         /* of the last of them; zeros: none */
    uint64_t torn_bytes;
    uint8_t torn_sha256[SHA256_SIZE];
    uint64_t checkpoint_bytes;
    uint64_t torn_checkpoint_bytes;
    uint8_t torn_checkpoint_sha256[SHA256_SIZE];
    bool is_unsure; /* what is behind the records is not known: its disk failed */
};

/* What it tells is on the disk when it returns. Blocks. GALEN_UNAVAILABLE; GALEN_TOO_LARGE:
 * a segment is larger than any that we write; GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status audit_predecessor_find(struct audit_disk *disk,
                                                  const char *trail, const char *service,
                                                  struct audit_predecessor *out_predecessor,
                                                  struct error *out_error);
