/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which requests are taken on, so that those that are can be answered in time. Nothing
 * waits here: what is not taken on is refused at once, with the time after which to ask
 * again, before its body is read where its head says enough (docs/limits.md).
 *
 *     admission_begin   before any work: the loop lags, or bodies under way are too large
 *     admission_enter   who asks and for what is known: as many at once as may be, in all
 *                       and of the route, and as often as this caller may
 *     admission_leave   the request is over
 *
 * Two classes: batch gets what clinic leaves. A part of the whole is kept for clinic, and
 * batch is refused at half the lag and half the bytes.
 *
 * The state outlives configurations: limits are arguments, and what is counted of a route
 * is found by its name. I/O-free: time and lag are arguments. Threads: any; all counts are
 * atomic and no limit is exceeded for a moment. A ticket has one owner. Allocation: none.
 */
#pragma once

#include "base/bytes.h"
#include "base/siphash.h"
#include "base/status.h"
#include "gateway/admission_rate.h"

enum admission_class { ADMISSION_CLINIC, ADMISSION_BATCH };

enum admission_reason {
    ADMISSION_LAG,         /* the loop is late */
    ADMISSION_BODIES,      /* of those under way there are too many bytes */
    ADMISSION_CAPACITY,    /* as many requests as may be at once, in all */
    ADMISSION_CONCURRENCY, /* the same of the route */
    ADMISSION_RATE,        /* the caller asks too often */
    ADMISSION_REASON_COUNT,
};

/* "lag", "bodies" …, as metrics have it. */
const char *admission_reason_name(enum admission_reason reason);

/* 0 is no limit. */
struct admission_limits {
    uint64_t concurrency;
    uint64_t reserve; /* of concurrency: what batch may not use */
    uint64_t bodies_size_bytes;
    uint64_t lag_ns;
};

struct admission_route {
    uint64_t name; /* admission_name; what is counted goes by it */
    struct rate_limit rate;
    uint64_t concurrency; /* 0: no limit */
    enum admission_class class;
};

/* Of the name of a route. Never 0. */
uint64_t admission_name(struct bytes name);

enum {
    ADMISSION_GATE_COUNT =
        2048, /* routes of all configurations; later ones share the last */
    ADMISSION_ROUTE_COUNT_MAX = 2, /* of one request */
};

_Static_assert((int)ADMISSION_GATE_COUNT > (int)LIMIT_ROUTE_COUNT_MAX + 1,
               "each route has a gate of its own");

struct admission_gate {
    _Atomic uint64_t name; /* 0: nobody's yet */
    _Atomic uint64_t in_flight;
    _Atomic uint64_t shed_counts[ADMISSION_REASON_COUNT];
};

/* One a process, shared by its loops. */
struct admission {
    struct siphash_key key;
    _Atomic uint64_t in_flight;
    _Atomic uint64_t bodies_size_bytes; /* that have come: who reads them counts them */
    struct admission_gate gates[ADMISSION_GATE_COUNT];
    struct rate_table rates;
};

/* key: random, so that nobody can choose whose bucket he shares. */
void admission_init(struct admission *admission, const struct siphash_key *key);

/* What a request has taken; zeroed at first. */
struct admission_ticket {
    bool is_counted; /* in the whole */
    struct admission_gate *gates[ADMISSION_ROUTE_COUNT_MAX];
    size_t gate_count;
};

struct admission_refusal {
    enum admission_reason reason;
    uint64_t retry_after_s; /* at least 1 */
};

struct admission_load {
    uint64_t lag_ns;          /* how late the loop is */
    uint64_t body_size_bytes; /* of the body that is to come; 0: none, or not known */
};

/* GALEN_BUSY: refused. Nothing is taken either way: bodies count when they come. A single
 * one may exceed the limit, where there is no other. */
MUST_USE enum galen_status admission_begin(struct admission *admission,
                                           const struct admission_limits *limits,
                                           const struct admission_route *route,
                                           const struct admission_load *load,
                                           struct admission_refusal *out_refusal);

/* caller: who asks, in bytes that nobody else has. A second route that shows only in the
 * body is entered too, as long as the ticket has none of that name. GALEN_BUSY;
 * GALEN_RATE_LIMITED. Refused: nothing is taken, and what the ticket has it keeps. */
MUST_USE enum galen_status
admission_enter(struct admission *admission, const struct admission_limits *limits,
                const struct admission_route *route, struct bytes caller, uint64_t now_ns,
                struct admission_ticket *ticket, struct admission_refusal *out_refusal);

/* Gives all back; again is harmless. */
void admission_leave(struct admission *admission, struct admission_ticket *ticket);

/* How many requests of the route were refused for that reason. */
uint64_t admission_shed_count(struct admission *admission, uint64_t route_name,
                              enum admission_reason reason);
