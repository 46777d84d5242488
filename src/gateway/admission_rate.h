/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often each caller may ask: a token bucket for each key, by the Generic Cell Rate
 * Algorithm (ITU-T I.371): one number a key, the time at which its bucket is full again.
 * Within any window of w ns no key gets more than burst + w / interval requests.
 *
 * The table has a fixed size. Keys stand in sets of seven, each guarded by one atomic word
 * that is held for a few loads and stores. A bucket that is full says nothing, so the place
 * of one is taken by the next newcomer of its set and nothing is lost: only who has asked
 * within the last moments takes room. Where all seven are in use, newcomers share the set's
 * eighth bucket: however many callers are made up, they push nobody out, and get no more
 * than one caller together; who gets a place of its own then begins with what that bucket
 * owes. Keys are hashes under a secret, so nobody chooses a set.
 *
 * I/O-free: time is an argument, and may go back a little between threads. Threads: any.
 * Allocation: none; the table is about a megabyte.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"

struct rate_limit {
    uint64_t interval_ns; /* between requests, in the long run; 0: no limit */
    uint64_t burst;       /* of a full bucket, at least 1 */
};

/* requests_per_s: 0: no limit. burst: 0: as many as come in a second. */
struct rate_limit rate_limit_of(double requests_per_s, uint64_t burst);

enum {
    RATE_WAY_COUNT = 7,
    RATE_SET_COUNT = LIMIT_RATE_KEY_COUNT_MAX / RATE_WAY_COUNT,
    RATE_SET_SIZE = 128, /* two lines of cache */
};

struct rate_bucket {
    uint64_t key;
    uint64_t full_ns; /* when it is, if nobody asks; in the past it tells nothing */
};

struct rate_set {
    _Alignas(RATE_SET_SIZE) atomic_flag is_held;
    uint64_t shared_full_ns; /* of the newcomers' bucket */
    struct rate_bucket buckets[RATE_WAY_COUNT];
};

struct rate_table {
    struct rate_set sets[RATE_SET_COUNT];
};

void rate_table_init(struct rate_table *table);

/* Takes a token of this key. 0: taken; else nothing was, and there is one in so many ns,
 * where nobody else takes it. key: a hash that callers cannot foresee. */
uint64_t rate_table_take(struct rate_table *table, uint64_t key,
                         const struct rate_limit *limit, uint64_t now_ns);
