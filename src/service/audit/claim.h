/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the first record of a chain tells of the chain before it: `previous` of a start
 * (docs/audit.md), so that what is missing there later shows.
 *
 * I/O-free.
 */
#pragma once

#include "base/arena.h"
#include "service/audit/event.h"
#include "service/audit/record.h"

struct audit_claim {
    char chain[AUDIT_CHAIN_NAME_SIZE]; /* that it tells of; "": there is none */
    uint64_t record_count;             /* at least 1 */
    uint8_t hash[SHA256_SIZE];         /* of the last of them: the start's prev */
    bool is_unsure; /* what is behind them is not told: the disk failed */
    uint64_t torn_bytes;
    uint8_t torn_sha256[SHA256_SIZE];
    uint64_t checkpoint_bytes;
    uint64_t torn_checkpoint_bytes;
    uint8_t torn_checkpoint_sha256[SHA256_SIZE];
};

/* Sets `previous` of a start; it borrows from the claim. A claim of no chain sets nothing.
 */
void audit_claim_put(const struct audit_claim *claim, struct audit_event *start);

/* Of a line that is a start. The arena is for the reading only. GALEN_INVALID: `previous`
 * is not what docs/audit.md says; GALEN_NO_MEMORY. */
MUST_USE enum galen_status audit_claim_read(struct bytes line,
                                            const struct audit_record *start,
                                            struct arena *arena,
                                            struct audit_claim *out_claim);

/* By chain, then by record_count: for qsort. */
int audit_claim_compare(const void *a, const void *b);
