/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps a running role in step with its repository: what changes there is prepared, loaded
 * and, on who answers clients, takes effect once the services are ready for it.
 *
 * Threads: start and stop on the main one, before and after the loops run.
 */
#pragma once

#include "app/role.h"

struct worker;

/* The workers have been opened; they and the role outlive it. With models.control other
 * than poll there is nothing to do. GALEN_NO_MEMORY. */
MUST_USE enum galen_status lifecycle_start(struct role *role, struct worker *workers,
                                           size_t worker_count);
void lifecycle_stop(struct role *role);

/* What serves, of who answers clients; borrowed. On the first worker's loop. */
struct repository *lifecycle_shown(const struct role *role);

/* For the engine: what is loaded has changed. Any thread, any time. */
void lifecycle_engine_changed(struct role *role);
