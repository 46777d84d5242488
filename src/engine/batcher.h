/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups the requests that wait for one model into batches, as Triton's dynamic batcher
 * does (docs/user_guide/model_configuration.md, "Dynamic Batcher"; model_config.proto,
 * ModelDynamicBatching and ModelQueuePolicy).
 *
 * A pure state machine: no clock, lock, thread or I/O. The caller passes the time in and
 * acts on what comes out. Threads: one owner. Allocation: in init only, from the arena.
 * Each call takes O(log n) in those that wait, pop O(log n) for each that leaves.
 *
 * The order. Who waits stands by level of priority (1 before 2), in a level first those
 * that have not timed out, by age, then those that were delayed for it, in the order of
 * their timeouts. Levels are strict, as Triton's: while higher ones always have somebody
 * waiting, a lower one never leaves.
 *
 * Who leaves. A batch is made around the first in the order. Those that can be joined with
 * it (an equal join_key), whatever their level, follow in the order until the next does not
 * fit; the others keep their places. So the first always leaves next, and nobody is
 * overtaken by a request of the same shape that stands behind it.
 *
 * When it leaves. At once, when the requests that could be in it make one of the preferred
 * sizes exactly: it has the largest such size, and who is beyond waits for the next batch.
 * At once too, when they are at the largest preferred size or beyond without making any:
 * it then has those that are within the largest, or the first alone when that is larger.
 * Else it has all that fit in row_count_max, and leaves when anybody in the queue has
 * waited wait_ns_max, or an end (deadline, timeout that rejects) in the queue is nearer
 * than that: waiting for company never costs an answer. What is late in this way leaves
 * with all that fit even if these make a preferred size. With wait_ns_max 0 nobody waits,
 * and preferred sizes still say how much one batch has.
 *
 * Differences from Triton: a request of another shape does not end a batch; the age that
 * counts is that of all who wait, not of the batch; queues are bounded.
 */
#pragma once

#include "base/list.h"
#include "engine/deadlines.h"
#include "engine/order.h"

enum batcher_timeout_action {
    BATCHER_REJECT, /* it ends */
    BATCHER_DELAY,  /* it stands behind all of its level that have not timed out */
};

/* What holds for one level of priority. */
struct batcher_level {
    size_t queue_count_max; /* of this level; 0: as the settings say */
    uint64_t timeout_ns;    /* in the queue; 0: none */
    bool timeout_override;  /* a request's own timeout counts where it is shorter */
    enum batcher_timeout_action timeout_action;
};

struct batcher_settings {
    size_t row_count_max;   /* of a batch; 1 to LIMIT_BATCH_COUNT_LIMIT */
    size_t queue_count_max; /* requests of a level; at least 1; LIMIT_QUEUE_COUNT_LIMIT for
                             * all levels together */
    uint64_t
        wait_ns_max; /* for company; 0: a batch is what is there when it is asked for */

    bool preserve_ordering; /* of answers: scheduler.h */
    bool runs_alone; /* no request is joined with another, as without dynamic_batching */
    const size_t *preferred_sizes; /* rows, 1 to row_count_max, in any order */
    size_t preferred_count;        /* 0: row_count_max is preferred */

    const struct batcher_level *levels; /* the first is that of priority 1 */
    size_t level_count;        /* 0: one level, without timeouts, as queue_count_max says */
    uint64_t default_priority; /* of who asks for none, or for one that is not there; from
                                * 1; 0 where there are not several levels */
};

/* Lies inside what is queued. */
struct batcher_entry {
    /* the owner's, set before push */
    size_t row_count;          /* 1 to row_count_max */
    uint64_t deadline_ns;      /* at which it ends, come what may; CLOCK_NEVER: none */
    uint64_t priority;         /* 1: the highest; 0: the default */
    uint64_t queue_timeout_ns; /* from push on, if its level lets it say so; 0: none */
    struct bytes join_key;     /* borrowed; requests with equal keys can share a batch */

    /* the batcher's from push until it is given back; then link chains a batch */
    struct list_link link;     /* in its section */
    struct list_link age_link; /* by age */
    struct order_node alike;   /* among those with its join_key */
    struct deadline end;       /* the earlier of deadline and timeout that rejects */
    struct deadline delay;     /* the timeout that delays */
    uint64_t arrived_ns;
    uint64_t join_hash;
    uint64_t place; /* in its section: higher is behind */
    size_t section; /* 2 (level - 1), then those of it that were delayed */
};

/* Why a batch left. */
enum batch_reason {
    BATCH_FULL,      /* nobody who came later could have joined */
    BATCH_PREFERRED, /* it made a preferred size below row_count_max, or could not any more
                      */
    BATCH_WAITED,    /* somebody has waited long enough */
    BATCH_DEADLINE,  /* one was near */
    BATCH_FLUSHED,   /* the batcher does not wait any more */
    BATCH_REASON_COUNT,
};

struct batch {
    struct list entries; /* struct batcher_entry, by their link; in their order */
    size_t row_count;
    uint64_t left_ns; /* when it did */
    enum batch_reason reason;
};

struct batcher {
    struct batcher_settings settings_; /* with arrays of its own, nothing left out */
    struct list by_age_;
    struct list *sections_; /* two a level */
    uint64_t occupied_;     /* bit i: somebody waits in level i + 1 */
    struct order alike_;    /* by join_key, then by section and place */
    struct deadlines ends_;
    struct deadlines delays_;
    uint64_t place_count_;
    bool flushing_;
};

/* Caller's storage, which must not move; lives as long as the arena. Copies the settings'
 * arrays. GALEN_INVALID: a setting is out of its range; GALEN_NO_MEMORY. */
MUST_USE enum galen_status batcher_init(struct batcher *batcher,
                                        const struct batcher_settings *settings,
                                        struct arena *arena);

/* Borrows entry until pop, expire or remove gives it back. GALEN_BUSY: the queue of its
 * level is full. */
MUST_USE enum galen_status batcher_push(struct batcher *batcher,
                                        struct batcher_entry *entry, uint64_t now_ns);

/* Fills out_batch with the batch that is due; false when none is. Whoever has timed out by
 * now_ns must be delayed, or out, before. */
bool batcher_pop(struct batcher *batcher, uint64_t now_ns, struct batch *out_batch);

/* Delays one entry whose timeout says so by now_ns, in the order of these times, the oldest
 * of several at the same; it goes on waiting. NULL: no more. */
struct batcher_entry *batcher_delay(struct batcher *batcher, uint64_t now_ns);

/* Gives back one entry whose end is not after now_ns, in the same order; NULL: no more. */
struct batcher_entry *batcher_expire(struct batcher *batcher, uint64_t now_ns);

/* Gives back an entry that is queued. */
void batcher_remove(struct batcher *batcher, struct batcher_entry *entry);

/* When pop or expire is next worth calling: a time that may have passed already,
 * CLOCK_NEVER while the queue is empty. */
uint64_t batcher_due_ns(const struct batcher *batcher);

/* From now on nobody waits for company. */
void batcher_flush(struct batcher *batcher);

size_t batcher_count(const struct batcher *batcher);

/* Of the level that an entry was pushed to, or was refused by. */
size_t batcher_queue_count_max(const struct batcher *batcher,
                               const struct batcher_entry *entry);

size_t batcher_level_count(const struct batcher *batcher); /* at least 1 */

/* NULL: nobody waits. */
struct batcher_entry *batcher_oldest(const struct batcher *batcher);

/* Of an entry that was pushed: from 0, the highest. */
static inline size_t batcher_level_of(const struct batcher_entry *entry)
{
    return entry->section / 2;
}

static inline bool batcher_is_delayed(const struct batcher_entry *entry)
{
    return entry->section % 2 != 0;
}
