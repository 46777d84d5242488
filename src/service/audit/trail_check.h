/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole trail: each of its chains, what they tell of one another, and what a witness has
 * of them.
 *
 * Threads: one owner. Blocking. Memory grows with the number of chains and of a witness's
 * copies, never with records. Nothing is written.
 */
#pragma once

#include "service/audit/chain_check.h"

/* All is borrowed. */
struct audit_trail_check {
    const char *trail;
    const char *witness; /* NULL: there is none */
    const struct checkpoint_key *keys;
    size_t key_count;
    /* One call a chain: those that are there by name, then those that are missing. */
    void (*on_chain)(void *context, const struct audit_chain_report *report);
    /* An entry that is neither a chain of the trail nor a copy in the witness. */
    void (*on_stranger)(void *context, const char *folder, const char *name);
    void *context;
};

/* Faults go to on_chain, and are no failure. GALEN_NOT_FOUND, GALEN_UNAVAILABLE: the trail
 * or the witness cannot be read; GALEN_TOO_LARGE, GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status audit_trail_check_run(const struct audit_trail_check *check,
                                                 struct error *out_error);
