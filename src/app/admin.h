/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The admin listener: releases of models (manage/front.h) and, where the engine is in this
 * process, v2 in front of it, with what manages models, so that an unmodified client of
 * Triton can do both there. On the first worker's loop, with its lane of the audit and its
 * gate: where callers are known at all, who manages is.
 *
 * Threads: open and deinit while the loop does not run; the rest on the loop.
 */
#pragma once

#include "app/role.h"
#include "app/role_limits.h"
#include "manage/front.h"
#include "net/http_server.h"
#include "v2/front.h"

struct admin {
    struct v2_front *front; /* NULL: there is no engine */
    struct manage_front *models;
    struct http_server *server; /* NULL: not open, or closed again */
    struct task drained;
    struct task server_closed;
    struct task v2_idle;
    struct task idle;
    struct task *closed; /* the owner's */
};

/* All borrowed until deinit. */
struct admin_options {
    struct role *role;
    struct loop *loop;
    struct auth_gate *gate;
    struct audit_lane *audit; /* NULL: nothing leaves records */
};

/* *out_port: the one taken; 0: the role has nothing to manage, and nothing to close.
 * Statuses of http_server_open. */
MUST_USE enum galen_status admin_open(struct admin *admin,
                                      const struct admin_options *given, uint16_t *out_port,
                                      struct error *out_error);

/* Ends what is open: after what is under way, or at once. `closed`, a task of the loop's,
 * runs when no request is left. */
/* From now on; how many connections there may be is its own. */
void admin_set_limits(struct admin *admin, const struct role_limits *limits);

void admin_drain(struct admin *admin, struct task *closed);
void admin_close(struct admin *admin, struct task *closed);

/* A zeroed admin is allowed. */
void admin_deinit(struct admin *admin);
