/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a proof is made of, as a trail has it: a checkpoint or two, the record, and the path
 * between them. Whether that proves anything is for audit_proof_check.
 *
 * Threads: one owner. Blocking. Memory: 32 bytes for each record that the checkpoint
 * covers.
 */
#pragma once

#include "base/limits.h"
#include "service/audit/proof.h"

/* All is borrowed. */
struct audit_evidence_wish {
    const char *trail;
    const char *chain;
    enum audit_proof_kind kind;
    uint64_t seq;      /* of an inclusion proof */
    bool has_size;     /* it is from the checkpoint over sizes[0] records; else from the
                        * first one that covers the record */
    uint64_t sizes[2]; /* of a consistency proof: the smaller and the larger checkpoint */
};

struct audit_evidence {
    const struct audit_evidence_wish *wish;
    struct audit_proof proof; /* points into this */
    char notes[2][CHECKPOINT_SIZE_BYTES_MAX];
    uint8_t record[LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX];
    uint8_t *hashes;
    uint64_t hash_count;
    uint64_t hash_capacity;
    uint64_t hashes_wanted;
};

/* In the caller's storage, which is deinited whatever the status. GALEN_NOT_FOUND: there is
 * no such chain, or no such checkpoint; GALEN_INVALID: the checkpoint covers records that
 * are missing; GALEN_UNAVAILABLE, GALEN_TOO_LARGE, GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status audit_evidence_find(const struct audit_evidence_wish *wish,
                                               struct audit_evidence *out_evidence,
                                               struct error *out_error);
void audit_evidence_deinit(struct audit_evidence *evidence);
