/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at the canaries that are under way, and does what follows: one that is bad takes no
 * traffic from that moment on, and its rollback is put on record; one that is good and is
 * to be promoted is.
 *
 * Threads: create and destroy on the main one while nothing runs; look on the first
 * worker's loop.
 */
#pragma once

#include "app/role.h"

struct rollout_control;

struct rollout_control_options {
    struct role *role; /* borrowed */

    /* What takes traffic has changed: the view is to be made anew. On look's loop. */
    void (*changed)(void *context);
    void *context;
};

/* GALEN_NO_MEMORY. */
MUST_USE enum galen_status
rollout_control_create(const struct rollout_control_options *options,
                       struct rollout_control **out_control);
void rollout_control_destroy(struct rollout_control *control); /* NULL is allowed */

/* Now and then: takes verdicts, and has the releases made that follow, in the background of
 * the role. */
void rollout_control_look(struct rollout_control *control);
