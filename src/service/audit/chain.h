/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One chain of records in one trail while it is written (docs/audit.md has the form). What
 * is appended is nowhere until commit: that writes it and has the disk keep it. A chain
 * that has failed once is over, since nobody knows what of the batch the disk has; what
 * comes after it is a new chain.
 *
 * I/O only by way of the disk it is given, time and randomness by way of its clock.
 * Threads: one owner. Blocking: open, commit and stop.
 */
#pragma once

#include "base/writer.h"
#include "service/audit/checkpoint.h"
#include "service/audit/disk.h"
#include "service/audit/event.h"
#include "service/audit/predecessor.h"

/* Where time and randomness come from. */
struct audit_clock {
    uint64_t (*wall_ns)(void *context); /* since 1970 */
    uint64_t (*now_ns)(void *context);  /* monotonic */
    void (*random)(void *context, uint8_t *out_bytes, size_t size);
    void *context;
};

struct audit_chain_options {
    struct audit_disk *disk; /* borrowed, as all that is pointed to */
    const struct audit_clock *clock;
    const char *service; /* "gateway" */
    const char *instance;
    const char *boot_id;
    const uint8_t *config_sha256; /* 32 bytes; NULL: the start record does not say */
    const char *key_id;           /* of the pseudonyms in the records */
    const struct checkpoint_key *checkpoint_key;
    const char *witness;             /* a folder for copies of checkpoints; NULL: none */
    uint64_t segment_size_bytes_max; /* a segment that has reached it is the last but one */
    uint64_t checkpoint_records;     /* a checkpoint after so many */
    uint64_t checkpoint_ns;          /* or after this time with a new one */
};

struct audit_chain;

/* Begins a chain in the trail, which is made where it is not there, with a durable `start`,
 * signed at once, that commits to known, or where that is NULL to the newest chain of the
 * service that is found. missed goes into it; 0 does not. On failure nothing of it stays.
 * GALEN_UNAVAILABLE: the disk; the rest of audit_predecessor_find. options are copied. */
MUST_USE enum galen_status audit_chain_open(const struct audit_chain_options *options,
                                            const char *trail,
                                            const struct audit_claim *known,
                                            uint64_t missed, struct audit_chain **out_chain,
                                            struct error *out_error);

/* Adds a record to the batch. fields: one JSON object of audit_event_write's. */
void audit_chain_append(struct audit_chain *chain, struct bytes fields);

/* Makes the batch durable; then, where one is due, a checkpoint. On failure the chain is to
 * be closed. */
MUST_USE enum galen_status audit_chain_commit(struct audit_chain *chain,
                                              struct error *out_error);

/* What is durable of a chain that has failed, for the next one to commit to. */
void audit_chain_tell_end(const struct audit_chain *chain, struct audit_claim *out_end);

/* When the next checkpoint is due (now_ns); CLOCK_NEVER: when there is a new record. */
uint64_t audit_chain_checkpoint_due_ns(const struct audit_chain *chain);

/* Ends the chain with a durable `stop` and a checkpoint over all of it. */
MUST_USE enum galen_status audit_chain_stop(struct audit_chain *chain,
                                            struct error *out_error);

/* Of storage alone: a chain that was not stopped stays open. NULL is allowed. */
void audit_chain_close(struct audit_chain *chain);
DEFINE_SCOPED(audit_chain, audit_chain_close)

const char *audit_chain_name(const struct audit_chain *chain);

/* Copies of checkpoints that did not get to the witness. */
uint64_t audit_chain_unwitnessed(const struct audit_chain *chain);
