/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All decisions about one model version's requests: who waits, who runs, who is refused,
 * in which order answers leave, and the counts of it. The instances around it have the
 * lock, the clock and the threads; the simulation has virtual ones.
 *
 * An entry is WAITING from submit, RUNNING from pull, ANSWERED from finish, DONE when it is
 * given back: by take, expire, cancel or evict. That happens exactly once, after which the
 * scheduler never touches it.
 *
 * With preserve_ordering the answers of one level of priority leave in the order in which
 * its requests came, whichever instance was quicker and whichever shape went first; who
 * was delayed for a timeout stands where it left the queue. Who gets no answer (refused,
 * timed out, cancelled while it waited) is told at once and waited for by nobody.
 *
 * A timeout of the queue (batcher_level) is GALEN_UNAVAILABLE, which is what clients of
 * Triton expect of it; a deadline is GALEN_TIMEOUT.
 *
 * Pure. Threads: one owner at a time (the instances' lock). Allocation: in create only,
 * from the arena.
 */
#pragma once

#include "engine/batcher.h"
#include "engine/lineup.h"
#include "engine/scheduler_statistics.h"

enum scheduler_entry_state {
    SCHEDULER_ENTRY_WAITING,
    SCHEDULER_ENTRY_RUNNING,
    SCHEDULER_ENTRY_ANSWERED,
    SCHEDULER_ENTRY_DONE,
};

struct scheduler_entry {
    struct batcher_entry waiting; /* what of it is the owner's: before submit */
    struct lineup_member answer;
    enum scheduler_entry_state state;
    bool cancelled;           /* while it ran */
    enum galen_status status; /* before finish, the owner's: how its run ended; when it is
                               * given back: what its owner is to be told */
};

struct scheduler;

/* Lives as long as the arena. GALEN_INVALID, GALEN_NO_MEMORY: as batcher_init. */
MUST_USE enum galen_status scheduler_create(const struct batcher_settings *settings,
                                            struct arena *arena,
                                            struct scheduler **out_scheduler);

/* Borrows entry until it is given back. Otherwise it is not taken: GALEN_BUSY (queue full),
 * GALEN_UNAVAILABLE (draining), GALEN_TIMEOUT (its deadline is not after now_ns). */
MUST_USE enum galen_status scheduler_submit(struct scheduler *scheduler,
                                            struct scheduler_entry *entry, uint64_t now_ns);

/* Gives back one whose deadline or timeout has passed while it waited; NULL: no more. Call
 * until NULL before pull with the same time. */
struct scheduler_entry *scheduler_expire(struct scheduler *scheduler, uint64_t now_ns);

/* Fills out_batch with what to run now; false: nothing is due. The chain of its entries
 * stays as it is until finish. */
bool scheduler_pull(struct scheduler *scheduler, uint64_t now_ns, struct batch *out_batch);

/* The run of a batch is over: its entries' status says how it ended for each, which
 * becomes GALEN_CANCELLED where one was cancelled meanwhile. times: what the parts of the
 * run took, since pull. */
void scheduler_finish(struct scheduler *scheduler, const struct batch *batch,
                      const struct compute_times *times, uint64_t now_ns);

/* Gives back one that was answered, in the order in which they are to be told; NULL: no
 * more. Call until NULL after finish, and after whatever gave back one that waited. */
struct scheduler_entry *scheduler_take(struct scheduler *scheduler);

/* True: it waited, and is given back, cancelled. False: it runs, and its answer will be
 * GALEN_CANCELLED; or it has its answer. */
bool scheduler_cancel(struct scheduler *scheduler, struct scheduler_entry *entry,
                      uint64_t now_ns);

/* Refuses all submits from now on; what waits is due at once. */
void scheduler_drain(struct scheduler *scheduler);

/* While draining: gives back one that waits, oldest first, as refused (UNAVAILABLE); NULL:
 * no more. For owners whose patience is over. */
struct scheduler_entry *scheduler_evict(struct scheduler *scheduler, uint64_t now_ns);

/* When expire and pull are next worth calling; CLOCK_NEVER: not before the next submit. */
uint64_t scheduler_due_ns(const struct scheduler *scheduler);

bool scheduler_is_idle(const struct scheduler *scheduler); /* it has nobody's entry */
size_t scheduler_waiting_count(const struct scheduler *scheduler);

/* Of the entry's level; it was submitted. Never changes: any thread. */
size_t scheduler_queue_count_max(const struct scheduler *scheduler,
                                 const struct scheduler_entry *entry);

/* Borrowed, and true until the next call that changes something. */
const struct scheduler_statistics *scheduler_statistics(const struct scheduler *scheduler);

/* Writes what is known of the sizes that batches had, ascending, at most count_max of them.
 * Returns how many there are: never more than the settings' row_count_max. */
size_t scheduler_batch_sizes(const struct scheduler *scheduler,
                             struct scheduler_batch_size *out_sizes, size_t count_max);

static inline struct scheduler_entry *scheduler_entry_of(struct list_link *link)
{
    return link == NULL ? NULL : LIST_ITEM(link, struct scheduler_entry, waiting.link);
}
