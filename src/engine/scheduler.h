/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All decisions about one model version's requests: who waits, who runs, who is refused,
 * and the counts of it. The instances around it have the lock, the clock and the threads;
 * the simulation has virtual ones.
 *
 * An entry is WAITING from submit, RUNNING from pull, DONE after finish, expire or cancel.
 * It leaves exactly once: by one of these three, after which the scheduler never touches
 * it.
 *
 * Pure. Threads: one owner at a time (the instances' lock). Allocation: in create only,
 * from the arena.
 */
#pragma once

#include "engine/batcher.h"

enum scheduler_entry_state {
    SCHEDULER_ENTRY_WAITING,
    SCHEDULER_ENTRY_RUNNING,
    SCHEDULER_ENTRY_DONE,
};

struct scheduler_entry {
    struct batcher_entry waiting; /* what of it is the owner's: before submit */
    enum scheduler_entry_state state;
    bool cancelled; /* while it ran */
    uint64_t started_ns;
};

/* Totals since create. Times are of requests that were answered. */
struct scheduler_statistics {
    uint64_t success_count;
    uint64_t rejected_count; /* queue full, draining */
    uint64_t timeout_count;
    uint64_t cancelled_count;
    uint64_t failed_count; /* by the backend */
    uint64_t request_ns;   /* from submit to finish */
    uint64_t queue_ns;
    uint64_t compute_ns;
    uint64_t row_count;                        /* of executions */
    uint64_t execution_count;                  /* batches */
    uint64_t batch_counts[BATCH_REASON_COUNT]; /* why they left */
};

struct scheduler;

/* Lives as long as the arena. GALEN_INVALID, GALEN_NO_MEMORY: as batcher_init. */
MUST_USE enum galen_status scheduler_create(const struct batcher_settings *settings,
                                            struct arena *arena,
                                            struct scheduler **out_scheduler);

/* Borrows entry until it leaves. Otherwise it is not taken: GALEN_BUSY (queue full),
 * GALEN_UNAVAILABLE (draining), GALEN_TIMEOUT (its deadline is not after now_ns). */
MUST_USE enum galen_status scheduler_submit(struct scheduler *scheduler,
                                            struct scheduler_entry *entry, uint64_t now_ns);

/* Gives back one whose deadline has passed while it waited; NULL: no more. Call until NULL
 * before pull with the same time. */
struct scheduler_entry *scheduler_expire(struct scheduler *scheduler, uint64_t now_ns);

/* Fills out_batch with what to run now; false: nothing is due. The chain of its entries
 * stays as it is until the caller ends them. */
bool scheduler_pull(struct scheduler *scheduler, uint64_t now_ns, struct batch *out_batch);

/* Gives back one that ran, with how its run ended. Returns what its owner is to be told:
 * GALEN_CANCELLED when it was cancelled meanwhile, else status. */
enum galen_status scheduler_finish(struct scheduler *scheduler,
                                   struct scheduler_entry *entry, enum galen_status status,
                                   uint64_t now_ns);

/* True: it waited, and is given back, cancelled. False: it runs, and finish will say
 * GALEN_CANCELLED; or it is done. */
bool scheduler_cancel(struct scheduler *scheduler, struct scheduler_entry *entry);

/* Refuses all submits from now on; what waits is due at once. */
void scheduler_drain(struct scheduler *scheduler);

/* While draining: gives back one that waits, oldest first, as refused; NULL: no more. For
 * owners whose patience is over. */
struct scheduler_entry *scheduler_evict(struct scheduler *scheduler);

/* When expire and pull are next worth calling; CLOCK_NEVER: not before the next submit. */
uint64_t scheduler_due_ns(const struct scheduler *scheduler);

bool scheduler_is_idle(const struct scheduler *scheduler); /* nobody waits, nobody runs */
size_t scheduler_waiting_count(const struct scheduler *scheduler);
const struct scheduler_statistics *scheduler_statistics(const struct scheduler *scheduler);

static inline struct scheduler_entry *scheduler_entry_of(struct list_link *link)
{
    return link == NULL ? NULL : LIST_ITEM(link, struct scheduler_entry, waiting.link);
}
