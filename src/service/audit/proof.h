/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proofs that need no trail: that a record is one of those that a checkpoint was signed
 * over (RFC 9162 section 2.1.3), or that one checkpoint of a chain continues another
 * (2.1.4). One JSON object:
 *
 *     {"proof":"inclusion","chain":…,"seq":…,"size":…,"record":"<the line>",
 *      "path":["<64 digits>",…],"checkpoint":"<the note>"}
 *     {"proof":"consistency","chain":…,"from":…,"to":…,"path":[…],
 *      "from_checkpoint":"<note>","to_checkpoint":"<note>"}
 *
 * I/O-free.
 */
#pragma once

#include "base/arena.h"
#include "service/audit/checkpoint.h"
#include "service/audit/merkle.h"

enum audit_proof_kind { AUDIT_PROOF_INCLUSION, AUDIT_PROOF_CONSISTENCY };

/* All is borrowed; of a proof that was read, from the arena. */
struct audit_proof {
    enum audit_proof_kind kind;
    struct bytes chain;
    uint64_t seq;          /* of an inclusion proof */
    struct bytes record;   /* its line, without the line feed */
    struct bytes notes[2]; /* the checkpoint; or the smaller and the larger one */
    uint64_t sizes[2];     /* of records that they cover */
    struct merkle_path path;
};

/* Puts the object and a line feed; the writer's status. */
MUST_USE enum galen_status audit_proof_write(const struct audit_proof *proof,
                                             struct writer *out);

/* GALEN_INVALID: it is no proof, and the error says why; GALEN_NO_MEMORY. */
MUST_USE enum galen_status audit_proof_read(struct bytes text, struct arena *arena,
                                            struct audit_proof *out_proof,
                                            struct error *out_error);

/* GALEN_INVALID: it proves nothing, and the error says why; GALEN_NO_MEMORY,
 * GALEN_INTERNAL. */
MUST_USE enum galen_status audit_proof_check(const struct audit_proof *proof,
                                             const struct checkpoint_key *keys,
                                             size_t key_count, struct error *out_error);
