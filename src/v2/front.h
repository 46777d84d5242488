/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The v2 protocol over HTTP in front of any infer_service: what `galen engine` and
 * `galen preprocess` listen with. One front a loop; the service may be shared.
 *
 * Threads: the loop's. Allocation: one object a request, kept for the next.
 */
#pragma once

#include <stdatomic.h>

#include "infer/infer.h"
#include "infer/management.h"
#include "net/http_server.h"
#include "service/audit/audit.h"
#include "service/auth/gate.h"
#include "service/trace.h"

struct v2_front;

struct v2_front_options {
    struct loop *loop;
    struct infer_service *service; /* borrowed */

    /* Who is asked for statistics and configuration; NULL: nobody, they are a 501.
     * Borrowed.
     */
    struct infer_management *management;

    /* The admin listener: index, load and unload, logging and trace settings, which are a
     * 403 elsewhere. Then answers wait for their records too, and there is a management. */
    bool manages;

    size_t body_size_bytes_max;
    bool special_numbers;        /* of v2_message: JSON may hold NaN and infinity */
    uint64_t timeout_ns;         /* of a request that names none */
    const atomic_bool *draining; /* once true, /v2/health/ready says no */

    /* Runs, and what changes what others see, leave records, and are refused while none can
     * be made; answers do not wait for them. NULL: none. Borrowed. */
    struct audit_lane *audit;

    /* Who its callers are, and so whether they may (access.h): of a listener that manages
     * models. Refusals leave records. NULL: nobody is asked. Borrowed. */
    struct auth_gate *gate;

    struct trace_lane *trace; /* borrowed; NULL: requests leave no spans */
};

MUST_USE enum galen_status v2_front_create(const struct v2_front_options *options,
                                           struct v2_front **out_front);

/* For requests that begin from now on. */
void v2_front_set_limits(struct v2_front *front, size_t body_size_bytes_max,
                         uint64_t timeout_ns);

/* For http_server_open; its context is the front. */
struct http_handler v2_front_handler(struct v2_front *front);

/* Once no request begins any more: posts `idle`, a task of the loop's, when none is under
 * way. A client that has gone leaves its request behind until the service that it waits for
 * has let go of it. */
void v2_front_finish(struct v2_front *front, struct task *idle);

/* No request may be under way. NULL is allowed. */
void v2_front_destroy(struct v2_front *front);
