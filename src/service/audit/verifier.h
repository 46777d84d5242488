/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the records of one chain are those that were written, in their order, and those
 * that its checkpoints were signed over. Records come a line at a time, and checkpoints as
 * they are wanted: so memory does not grow with the chain.
 *
 *     for each line:
 *         while a source wants a note, and has one: audit_verifier_note
 *         audit_verifier_record
 *     audit_verifier_end
 *
 * I/O-free. Threads: one owner. A call gives GALEN_INVALID where the chain has a fault,
 * which `fault` then names, and the verifier is done; GALEN_INTERNAL: SHA-256 failed.
 */
#pragma once

#include "service/audit/checkpoint.h"
#include "service/audit/claim.h"
#include "service/audit/merkle.h"

enum audit_fault_kind {
#define AUDIT_FAULT(name, slug, text) AUDIT_FAULT_##name,
#include "service/audit/fault.def"
};

const char *audit_fault_slug(enum audit_fault_kind kind);
const char *audit_fault_text(enum audit_fault_kind kind);

struct audit_fault {
    enum audit_fault_kind kind;
    uint64_t seq; /* the first place that is not as it was written, or may not be */
};

/* Whose checkpoints: the chain's own, or copies that a witness keeps. */
enum audit_source { AUDIT_SOURCE_CHAIN, AUDIT_SOURCE_WITNESS, AUDIT_SOURCE_COUNT };

struct audit_signed {
    bool is_waiting; /* for the record that completes it */
    uint64_t size;   /* of the newest note; it covers the records before */
    uint8_t root[SHA256_SIZE];
    uint64_t covered; /* records that are known to be those that were signed */
    uint64_t count;   /* notes that are right */
};

/* All pointers are borrowed. */
struct audit_verifier_options {
    struct bytes chain; /* its name */
    const struct checkpoint_key *keys;
    size_t key_count;
    const struct audit_claim *claims; /* what later chains tell of it, by record_count */
    size_t claim_count;
    struct sha256 *sha256;
};

struct audit_verifier {
    struct audit_verifier_options options;
    struct merkle merkle;      /* its size is the number of good records */
    uint8_t hash[SHA256_SIZE]; /* of the last of them */
    bool is_stopped;
    size_t claim_index; /* the first one that is not compared yet */
    struct audit_signed sources[AUDIT_SOURCE_COUNT];
    struct audit_fault fault;
};

void audit_verifier_init(struct audit_verifier *verifier,
                         const struct audit_verifier_options *options);

/* The line is without its line feed. */
MUST_USE enum galen_status audit_verifier_record(struct audit_verifier *verifier,
                                                 struct bytes line);

/* Whether the next note of the source, if it has one, has to come before the next record.
 */
bool audit_verifier_wants_note(const struct audit_verifier *verifier,
                               enum audit_source source);

/* One note and nothing else, its last line feed included. */
MUST_USE enum galen_status audit_verifier_note(struct audit_verifier *verifier,
                                               enum audit_source source, struct bytes note);

/* There is neither a record nor a note any more. */
MUST_USE enum galen_status audit_verifier_end(struct audit_verifier *verifier);

/* For what is wrong beyond lines and notes: sets the fault, at the next record. Returns
 * GALEN_INVALID. */
enum galen_status audit_verifier_fail(struct audit_verifier *verifier,
                                      enum audit_fault_kind kind);
