/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration read again while a role runs (SIGHUP): whole or not at all. All that
 * can fail happens before anything changes, the record in the audit trail included; then
 * each loop takes what is new between two requests, and requests under way keep what they
 * began with. What cannot be taken over leaves all as it is, a record and `config.refused`
 * in the log.
 *
 * Threads: create and destroy on the main one while no loop runs, the rest on the first
 * worker's loop.
 */
#pragma once

#include "app/role.h"

struct reload;
struct worker;

/* Role and workers are borrowed and have been opened. GALEN_NO_MEMORY. */
MUST_USE enum galen_status reload_create(struct role *role, struct worker *workers,
                                         size_t worker_count, struct reload **out_reload);

/* One at a time: what comes while one is under way has it read once more. */
void reload_begin(struct reload *reload);

void reload_destroy(struct reload *reload); /* NULL is allowed */
