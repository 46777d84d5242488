/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at the canaries that are under way, and does what follows: one that is bad takes no
 * traffic from that moment on, and its rollback is put on record; one that is good and is
 * to be promoted is.
 *
 * Threads: create and destroy on the main one while nothing runs; look on the first
 * worker's loop; work on another thread, where it may block on the disk.
 */
#pragma once

#include "app/role.h"
#include "base/mailbox.h"

struct rollout_control;

struct rollout_control_options {
    struct role *role;       /* borrowed, as is the rest */
    struct mailbox *mailbox; /* of look's loop */

    /* What takes traffic has changed: the view is to be made anew. On look's loop. */
    void (*changed)(void *context);
    void *context;
};

/* GALEN_NO_MEMORY. */
MUST_USE enum galen_status
rollout_control_create(const struct rollout_control_options *options,
                       struct rollout_control **out_control);
void rollout_control_destroy(struct rollout_control *control); /* NULL is allowed */

/* Now and then: takes verdicts, and asks for one release at a time. */
void rollout_control_look(struct rollout_control *control);

/* Now and then: makes the release that was asked for. */
void rollout_control_work(struct rollout_control *control);
