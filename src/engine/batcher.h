/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups the requests that wait for one model into batches.
 *
 * A pure state machine: no clock, lock, thread or I/O. The caller passes the time in and
 * acts on what comes out. Threads: one owner. Allocation: in init only, from the
 * arena.
 *
 * The rule: a batch is made around the oldest request of all. Those that can be joined with
 * it (an equal join_key) follow in the order of their arrival until the next does not fit;
 * the others keep their places and wait for a later batch. So nobody is overtaken by a
 * request like itself, and the oldest always leaves next, whatever its shape.
 *
 * A batch leaves at once when it is full, else when its oldest request waited wait_ns_max,
 * or when a deadline in the queue is nearer than that: waiting for company never costs an
 * answer.
 */
#pragma once

#include "base/list.h"
#include "engine/deadlines.h"

enum { BATCHER_BUCKET_COUNT = 64 };

struct batcher_settings {
    size_t row_count_max;   /* of a batch; 1 to LIMIT_BATCH_COUNT_LIMIT */
    size_t queue_count_max; /* requests; 1 to LIMIT_QUEUE_COUNT_LIMIT */
    uint64_t
        wait_ns_max; /* for company; 0: a batch is what is there when it is asked for */
};

/* Lies inside what is queued. */
struct batcher_entry {
    /* the owner's, set before push */
    size_t row_count;      /* 1 to row_count_max */
    uint64_t deadline_ns;  /* CLOCK_NEVER: none */
    struct bytes join_key; /* borrowed; requests with equal keys can share a batch */

    /* the batcher's from push until it is given back; then link chains a batch */
    struct list_link link;       /* by age */
    struct list_link alike_link; /* by age, in the bucket of its join_key */
    size_t bucket_index;
    uint64_t arrived_ns;
    struct deadline deadline;
};

/* Why a batch left. */
enum batch_reason {
    BATCH_FULL,
    BATCH_WAITED,   /* the oldest request waited long enough */
    BATCH_DEADLINE, /* one was near */
    BATCH_FLUSHED,  /* the batcher does not wait any more */
    BATCH_REASON_COUNT,
};

struct batch {
    struct list entries; /* struct batcher_entry, by their link; oldest first */
    size_t row_count;
    enum batch_reason reason;
};

struct batcher_bucket {
    struct list entries; /* by alike_link */
    size_t row_count;
};

struct batcher {
    struct batcher_settings settings_;
    struct list queue_;
    struct batcher_bucket buckets_[BATCHER_BUCKET_COUNT]; /* by hash of join_key */
    struct deadlines deadlines_;
    bool flushing_;
};

/* Caller's storage, which must not move; lives as long as the arena. GALEN_INVALID: a
 * setting is out of its range; GALEN_NO_MEMORY. */
MUST_USE enum galen_status batcher_init(struct batcher *batcher,
                                        const struct batcher_settings *settings,
                                        struct arena *arena);

/* Borrows entry until pop, expire or remove gives it back. GALEN_BUSY: the queue is full.
 */
MUST_USE enum galen_status batcher_push(struct batcher *batcher,
                                        struct batcher_entry *entry, uint64_t now_ns);

/* Fills out_batch with the batch that is due; false when none is. Whoever has expired by
 * now_ns must be out before (batcher_expire). */
bool batcher_pop(struct batcher *batcher, uint64_t now_ns, struct batch *out_batch);

/* One entry whose deadline is not after now_ns, earliest first; NULL: no more. */
struct batcher_entry *batcher_expire(struct batcher *batcher, uint64_t now_ns);

/* Gives back an entry that is queued. O(log n) in those with deadlines. */
void batcher_remove(struct batcher *batcher, struct batcher_entry *entry);

/* When pop or expire is next worth calling: a time that may have passed already,
 * CLOCK_NEVER while the queue is empty. */
uint64_t batcher_due_ns(const struct batcher *batcher);

/* From now on nobody waits for company. */
void batcher_flush(struct batcher *batcher);

size_t batcher_count(const struct batcher *batcher);
