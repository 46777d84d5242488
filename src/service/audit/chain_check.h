/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One chain of a trail, read from its files and held to what its checkpoints, later chains
 * and the witness say of it.
 *
 * Threads: one owner. Blocking. Memory does not grow with the chain. Nothing is written.
 */
#pragma once

#include "service/audit/trail.h"
#include "service/audit/verifier.h"

enum audit_chain_state {
    AUDIT_CHAIN_OPEN,    /* no stop: its process runs, was killed, or its disk failed */
    AUDIT_CHAIN_STOPPED, /* a stop is its last record */
    AUDIT_CHAIN_EMPTY,   /* it never got a record */
    AUDIT_CHAIN_MISSING, /* it is told of elsewhere, and is not here */
};
const char *audit_chain_state_name(enum audit_chain_state state);

struct audit_chain_report {
    const char *chain;
    enum audit_chain_state state;
    struct audit_fault fault;
    char file[AUDIT_FILE_NAME_SIZE]; /* where the fault is; "": no file of the chain */
    uint64_t record_count;           /* good ones, from the first on */
    uint64_t signed_count;           /* of them, covered by a good checkpoint */
    uint64_t checkpoint_count;
    uint64_t witness_count;
    uint64_t torn_bytes; /* behind the last record, as a later chain tells */
};

/* All is borrowed. */
struct audit_chain_check {
    const struct audit_names *trail;
    const char *chain;
    const struct checkpoint_key *keys;
    size_t key_count;
    const struct audit_claim *claims; /* of later chains, by record_count */
    size_t claim_count;
    enum audit_fault_kind start_fault; /* of what its own first record claims */
    int witness;                       /* the folder's descriptor */
    const struct audit_name *copies;   /* of its checkpoints there, by size */
    size_t copy_count;
};

/* A fault is in the report, and no failure. GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status audit_chain_check_run(const struct audit_chain_check *check,
                                                 struct audit_chain_report *out_report);
