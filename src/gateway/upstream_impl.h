/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of upstream share: `upstream` has the endpoints and the time, `_call` the
 * attempts of one call, `_probe` what is asked of endpoints now and then, `_ready` what
 * callers ask of their readiness.
 */
#pragma once

#include "base/clock.h"
#include "base/list.h"
#include "gateway/upstream.h"

/* What is asked of one endpoint now and then. */
struct prober {
    struct arena arena;
    struct infer_call call;
    bool is_asking;
    bool is_hurried; /* another round follows at once */
    uint64_t due_ns;
    uint64_t asked_ns;
    size_t topic;          /* that is asked for; BALANCE_NO_TOPIC: the service itself */
    size_t topic_next;     /* the first that was not looked at in this round */
    size_t topic_again;    /* whose turn it is of those that were ready */
    uint32_t silent_count; /* in a row */
};

struct slot {
    struct upstream *upstream;
    size_t index;
    struct upstream_endpoint ways;
    struct upstream_counted *counted; /* NULL: nothing is counted */
    struct prober prober;
};

struct upstream {
    struct infer_service any; /* first: upstream_any gives a pointer to it */
    struct infer_service all;
    struct infer_management management;
    struct upstream_options options;
    struct balance balance;
    struct slot *slots[LIMIT_ENDPOINT_COUNT_MAX]; /* NULL: not open */
    struct list running; /* jobs, by their link: an attempt is under way */
    struct list waiting; /* jobs: for their time, or for the budget */
    uint64_t wake_ns;    /* that was asked for; CLOCK_NEVER: none */
    size_t asking_count; /* probers */
    bool is_closing;
};

/* upstream.c */
uint64_t upstream_now_ns(const struct upstream *upstream);
void upstream_wake_by(struct upstream *upstream, uint64_t due_ns);

/* After anything that changes what is known of it: counts, and closes who has left. */
void upstream_settle(struct upstream *upstream, size_t endpoint);
const char *upstream_endpoint_name(const struct upstream *upstream, size_t endpoint);

/* Whether another is in rotation that is not in this bit set. */
bool upstream_has_other(const struct upstream *upstream, uint64_t endpoints);
void upstream_finish_close(struct upstream *upstream); /* once no prober asks */

/* upstream_call.c */
void upstream_submit(struct upstream *upstream, struct infer_call *call);
void upstream_cancel(struct infer_call *call);
void upstream_abandon(struct upstream *upstream, size_t endpoint);

/* Goes on with those whose time has come; gives when the next one's will. */
uint64_t upstream_resume(struct upstream *upstream, uint64_t now_ns);

/* upstream_probe.c */
void prober_begin(struct slot *slot, uint64_t now_ns);

/* Asks all endpoints now: else a model that is new would be asked of those only that have
 * answered for it. */
void prober_hurry(struct upstream *upstream, uint64_t now_ns);
uint64_t prober_wake(struct slot *slot, uint64_t now_ns); /* gives when it is due next */

/* upstream_ready.c */
void upstream_ask_ready(struct upstream *upstream, struct infer_call *call, bool wants_all);
void upstream_cancel_ready(struct infer_call *call);
