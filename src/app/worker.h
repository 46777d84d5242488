/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event loop with its listener and what answers there. A role has one for each core;
 * they share nothing but immutable snapshots and thread-safe services.
 *
 * Threads: open and destroy on the main thread while the loop does not run; drain posts.
 */
#pragma once

#include "app/admin.h"
#include "app/endpoints.h"
#include "app/role.h"
#include "app/tracing.h"
#include "crypto/hmac.h"
#include "crypto/random_pool.h"
#include "gateway/counts.h"
#include "gateway/follower.h"
#include "gateway/http.h"
#include "gateway/shadow.h"
#include "infer/parts.h"
#include "infer/preprocess_pair.h"
#include "net/http_server.h"
#include "v2/front.h"

/* Of one set of engines on the loop. */
struct engine_end {
    struct worker *worker;
    struct task closed;
};

enum { ENGINE_LABEL_SIZE = 8 + LIMIT_ENGINE_NAME_SIZE_BYTES_MAX + 1 };

struct worker {
    struct role *role;
    struct loop *loop;
    struct http_server *server;
    struct http_server *metrics;  /* of the first worker; NULL: another's */
    struct admin admin;           /* of the first worker; not of preprocess */
    struct v2_front *front;       /* engine and preprocess roles */
    struct gateway gateway;       /* the rest */
    struct gateway_counts counts; /* of the gateway's requests */
    struct http_server_counts connections;
    struct tracing tracing;
    struct auth_gate gate;          /* of a gateway; of the first worker of an engine */
    bool owns_identity;             /* the first worker, once identity_begin has run */
    struct auth *_Atomic next_auth; /* a reference; NULL: nothing new */
    struct infer_parts parts[LIMIT_ENGINE_SET_COUNT_MAX];  /* in front of the gateway's
                                                            * engines, by their index, as
                                                            * the next two */
    struct endpoints *engines[LIMIT_ENGINE_SET_COUNT_MAX]; /* NULL: the engine is in this
                                                            * process */
    char engine_labels[LIMIT_ENGINE_SET_COUNT_MAX][ENGINE_LABEL_SIZE];
    struct endpoints *preprocessors;       /* likewise */
    struct endpoints *image_preprocessors; /* NULL: those of all else, or in this process */
    struct preprocess_pair preprocess_pair; /* where they are apart */
    struct preprocess_pair preprocess_pair_of_tags;
    struct infer_service
        *engines_of_tags[LIMIT_ENGINE_SET_COUNT_MAX]; /* say whether a
                                                       * version is ready everywhere */
    struct infer_service *preprocess_of_tags;
    struct gateway_http *http;
    struct shadow_lane shadows;
    struct follower *follower; /* of the first worker, where there is one; borrowed */
    struct view
        *_Atomic next_view; /* a reference, to serve from now on; NULL: nothing new */
    struct role_limits *_Atomic next_limits; /* owned; NULL: nothing new */
    struct audit_lane audit_lane;            /* where there is an audit */
    struct hmac *audit_hmac;
    struct hmac *subject_hmac; /* of the gateway's requests */
    struct hmac *redact_hmac;  /* where a policy makes pseudonyms */
    struct random_pool random; /* of request ids */
    size_t open_count;         /* the server and the remote services, and who holds it */
    struct task drain;
    struct task drained;
    struct task server_closed;
    struct task metrics_closed;
    struct task admin_closed;
    struct task trace_closed;
    struct task show;
    struct task limit;
    struct task know;
    struct task identity_closed;
    struct task idle;       /* no request is left */
    struct task unshadowed; /* nor what was asked of a canary after one */
    struct task followed;   /* nor a question of the follower's */
    struct engine_end engine_ends[LIMIT_ENGINE_SET_COUNT_MAX];
    struct task preprocessors_closed;
    struct task image_preprocessors_closed;
};

/* What this worker calls its sets of engines in errors and metrics: the default "engine",
 * others as their key in the configuration. */
const char *worker_engine_label(const struct worker *worker, size_t index);

/* GET /metrics on this worker's loop; after worker_open. out_port: the one taken. */
MUST_USE enum galen_status worker_open_metrics(struct worker *worker, uint16_t *out_port,
                                               struct error *out_error);

/* What sends all workers' spans, on this worker's loop; after all are open. */
MUST_USE enum galen_status worker_open_trace(struct worker *worker);

/* The admin listener on this worker's loop; after worker_open. As admin_open. */
MUST_USE enum galen_status worker_open_admin(struct worker *worker, uint16_t *out_port,
                                             struct error *out_error);

/* Where this worker's records go; NULL: nowhere. */
struct audit_lane *worker_audit_lane(struct worker *worker);

/* port 0 takes any; *out_port is the one taken. GALEN_UNAVAILABLE: the address is in use.
 */
MUST_USE enum galen_status worker_open(struct worker *worker, struct role *role,
                                       uint16_t port, uint16_t *out_port,
                                       struct error *out_error);

/* Has the gateway serve this; takes a reference. Any thread, while the loop is there. */
void worker_show(struct worker *worker, struct view *view);

/* Has it ask callers who they are by this; takes a reference. Any thread, while the loop is
 * there. */
void worker_know(struct worker *worker, struct auth *auth);

/* Has it hold requests to these from now on; takes them, which are of malloc. Any thread,
 * while the loop is there. */
void worker_limit(struct worker *worker, struct role_limits *limits);

/* Keeps the loop running for what somebody else has under way there, until it is let go.
 * The loop's thread. */
void worker_hold(struct worker *worker);
void worker_let_go(struct worker *worker);

/* Runs the loop until it has drained. */
void worker_run(struct worker *worker);

/* Any thread, once. */
void worker_drain(struct worker *worker);

/* What worker_open made; a zeroed worker is allowed. Not while the loop runs. */
void worker_deinit(struct worker *worker);
