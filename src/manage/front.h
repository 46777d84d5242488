/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models managed over HTTP, on a listener that is not the public one. One front a loop.
 *
 * Refusals are problem documents (RFC 9457), and leave records: of who was not let in
 * `authn` or `authz`, of a change whose body is wrong its event. What is asked of the owner
 * leaves the records of the release, which are the owner's.
 *
 * A change needs `Content-Type: application/json`: no page of a browser can send that to
 * another origin without being asked first (Fetch, "CORS-preflight"), which is refused.
 *
 * Threads: the loop's. Allocation: one object a request.
 */
#pragma once

#include <stdatomic.h>

#include "manage/order.h"
#include "net/http_server.h"
#include "service/audit/audit.h"
#include "service/auth/gate.h"

/* One thing that is asked for. */
struct manage_call {
    /* the front's, until done */
    enum manage_operation operation;
    const char *model; /* "": all */
    struct manage_order order;
    bool wants_text;                   /* for people; else JSON */
    const struct principal *principal; /* NULL: nobody was asked who they are */
    const uint8_t *token_hmac;         /* of its token's id, as records have it; NULL */
    void (*done)(struct manage_call *call); /* later, on the loop, once */
    void *context;

    /* the answer */
    enum galen_status status;
    struct error error;
    bool is_recorded;   /* of a change: the trail has what became of it */
    struct writer text; /* with GALEN_OK; empty at first */
};

struct manage_front;

/* All borrowed. */
struct manage_front_options {
    struct loop *loop;

    /* Takes the call, and is done with it at any later time: nobody can cancel it. Where it
     * fails `done` does not run. */
    enum galen_status (*submit)(void *context, struct manage_call *call,
                                struct error *out_error);
    void *context;

    struct audit_lane *audit; /* NULL: refusals leave no records */
    struct auth_gate *gate;   /* NULL: nobody is asked who they are */
};

MUST_USE enum galen_status manage_front_create(const struct manage_front_options *options,
                                               struct manage_front **out_front);

/* For http_server_open; its context is the front. */
struct http_handler manage_front_handler(struct manage_front *front);

/* Once no request begins any more: posts `idle`, a task of the loop's, when none is under
 * way. */
void manage_front_finish(struct manage_front *front, struct task *idle);

/* No request may be under way. NULL is allowed. */
void manage_front_destroy(struct manage_front *front);
