/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several endpoints as one infer_service: which one an attempt goes to, whether another
 * follows, and whether endpoints are ready are its affair; `balance` decides, this does.
 *
 * A call is one or more attempts, one at a time, each a call to an endpoint's own service
 * in the same arena. A retry that the budget does not allow yet waits, and so does one that
 * has to ask the same endpoint again, for a while that is random; all within the call's
 * deadline. Calls fail as attempts do, and with UNAVAILABLE, BUSY (nobody is left to be
 * asked: the call's route says when to ask again) and TIMEOUT. The route also says who was
 * asked last, and how often anybody was.
 *
 * Endpoints are probed: INFER_READY of each service, and of each (model, version) that has
 * been answered for. Attempts at one that is silent are taken back and made elsewhere.
 *
 * I/O-free: it asks for time and to be woken. Threads: the loop's of the mailbox.
 * Allocation: a block an endpoint; calls in their arenas.
 */
#pragma once

#include "gateway/balance.h"
#include "gateway/upstream_counts.h"
#include "infer/infer.h"
#include "infer/management.h"

struct upstream;

/* One endpoint's ways in; given to the upstream, which closes services when nothing is
 * pending there any more. */
struct upstream_endpoint {
    struct infer_service *service;
    struct infer_service *probe; /* another way to the same, so that probes do not wait
                                  * behind requests; NULL: there is none */
    struct infer_management *management; /* borrowed until service is closed; NULL: none */
};

struct upstream_options {
    const char *name; /* "engine", for errors; borrowed for ever */
    struct balance_options balance;
    uint32_t retry_count_max; /* of one call; one that only could not reach an endpoint
                               * costs none while others are left */
    uint64_t try_timeout_ns;  /* of an attempt, while somebody else could be asked; 0: half
                               * the time that is left */
    uint64_t backoff_ns;      /* before the same endpoint is asked again; doubles */
    uint64_t probe_interval_ns; /* 0: nobody is probed */
    uint64_t probe_timeout_ns;
    struct mailbox *mailbox;
    struct upstream_counts *counts; /* borrowed; NULL: nothing is counted */
    uint64_t (*now_ns)(void *context);
    uint64_t (*random)(void *context);

    /* Have upstream_wake called then, or later, in place of when it was before. May be
     * called from inside any call here. */
    void (*wake_at)(void *context, uint64_t due_ns);

    /* UNAVAILABLE, NO_MEMORY: it is tried again when endpoints are set the next time. */
    enum galen_status (*open_endpoint)(void *context, const char *name,
                                       struct upstream_endpoint *out_endpoint);
    void *context;       /* of the functions above */
    struct task *closed; /* posted when it is freed; NULL: nobody is told */
};

/* Without endpoints. Posts nothing and starts nothing. GALEN_NO_MEMORY. */
MUST_USE enum galen_status upstream_create(const struct upstream_options *options,
                                           struct upstream **out_upstream);

/* No call may be pending at either service. Ends probes, closes endpoints, frees itself
 * later and then posts `closed`. NULL is allowed. */
void upstream_close(struct upstream *upstream);

/* These are the endpoints from now on, "host:port"; names are copied. Who is gone takes
 * nothing new, and is closed after its last attempt. */
void upstream_set_endpoints(struct upstream *upstream, const char *const *names,
                            size_t count);

/* At the time that wake_at was told, or later. */
void upstream_wake(struct upstream *upstream);

/* What requests go to. INFER_READY: whether one endpoint in rotation is. Closing it closes
 * the upstream. */
struct infer_service *upstream_any(struct upstream *upstream);

/* INFER_READY: whether all endpoints in rotation are, for whoever moves a tag; no other
 * operation. Closing it does nothing. */
struct infer_service *upstream_all(struct upstream *upstream);

/* Of an endpoint in rotation, at each call. UNAVAILABLE: there is none. */
struct infer_management *upstream_management(struct upstream *upstream);
