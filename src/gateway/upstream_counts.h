/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one loop's attempts at the endpoints of one upstream came to: a shard, which the
 * page of metrics adds up over loops, by the names of endpoints.
 *
 * Threads: the loop counts, any reads. An endpoint has its place for good, so that its name
 * never changes under who reads; beyond UPSTREAM_COUNTED_MAX they share the last,
 * "other". Allocation: none.
 */
#pragma once

#include "base/bytes.h"
#include "base/tally.h"
#include "gateway/balance.h"

enum { UPSTREAM_COUNTED_MAX = 128 };

enum upstream_attempt {
    UPSTREAM_OK,
    UPSTREAM_UNREACHED,
    UPSTREAM_BROKEN,
    UPSTREAM_LATE,
    UPSTREAM_FAILED,
    UPSTREAM_UNAVAILABLE,
    UPSTREAM_UNUSABLE,
    UPSTREAM_CANCELLED,
    UPSTREAM_ATTEMPT_COUNT,
};

/* "ok", "unreached" …, as metrics have it. */
const char *upstream_attempt_name(enum upstream_attempt attempt);

struct upstream_counted {
    char name[BALANCE_NAME_SIZE];
    struct tally attempts[UPSTREAM_ATTEMPT_COUNT];
    struct tally begun;
    struct tally ejections;
    struct tally in_rotation; /* 1 or 0, as of the last change */
    struct tally ejected;     /* likewise */
};

struct upstream_counts {
    _Atomic size_t count; /* names that may be read */
    struct upstream_counted endpoints[UPSTREAM_COUNTED_MAX];
    struct tally retries;
    struct tally retries_waited; /* for the budget */
    struct tally unavailable;    /* calls that found nobody to ask */
};

/* Finds its place, or gives it one. */
struct upstream_counted *upstream_counts_of(struct upstream_counts *counts,
                                            const char *name);

/* Adds what was counted until now, name by name. Of an endpoint what ended is read before
 * what began, so that nothing ends that has not begun. */
void upstream_counts_collect(const struct upstream_counts *counts,
                             struct upstream_counts *total);
