/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a role's callers are: what the settings say of tokens (`auth.…`), the issuer's keys,
 * kept at hand on the first worker's loop, and the deny-list, looked at each second. Each
 * change makes a new snapshot (service/auth/auth.h), which all workers take.
 *
 * Threads: create, begin and destroy on the main one while no loop runs; the rest on the
 * first worker's loop but for identity_auth and identity_want_keys.
 */
#pragma once

#include "app/role.h"
#include "service/auth/auth.h"
#include "service/auth/jwks_keeper.h"

struct identity;
struct worker;

/* Reads the deny-list, and keys that are in a file. GALEN_INVALID: the error names the
 * setting; GALEN_NO_MEMORY. */
MUST_USE enum galen_status identity_create(const struct settings *settings,
                                           struct identity **out_identity,
                                           struct error *out_error);

/* The workers have been opened and outlive it: keys are fetched from now on. */
MUST_USE enum galen_status identity_begin(struct identity *identity, struct worker *workers,
                                          size_t worker_count, struct error *out_error);

/* What holds as of the start; a reference. */
struct auth *identity_auth(const struct identity *identity);

/* As jwks_keeper_want; context: the identity. Any thread. */
bool identity_want_keys(void *context, struct jwks_waiter *waiter, uint64_t now_ns);

/* What settings that may change while the program runs come to; to be taken by
 * identity_reload or let go of. GALEN_INVALID as identity_create. */
MUST_USE enum galen_status identity_rules(const struct settings *settings,
                                          struct auth_rules **out_rules,
                                          struct error *out_error);
/* Takes the rules; reads deny-list and key file again. */
void identity_reload(struct identity *identity, struct auth_rules *rules);

/* False: there is no issuer, so no keys either. */
bool identity_count_keys(const struct identity *identity, struct jwks_counts *out_counts);

/* The issuer's keys, borrowed until the loop's next task; NULL: there are none. */
const struct key_set *identity_keys(const struct identity *identity);

/* Fetches no more; `closed` runs as a task of the first worker's loop. */
void identity_close(struct identity *identity, struct task *closed);

void identity_destroy(struct identity *identity); /* NULL is allowed */
DEFINE_SCOPED(identity, identity_destroy)
