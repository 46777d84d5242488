/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scheduler.h"

#include "base/invariant.h"

struct scheduler {
    struct batcher batcher;
    struct scheduler_statistics statistics;
    size_t running_count; /* entries */
    bool draining;
};

enum galen_status scheduler_create(const struct batcher_settings *settings,
                                   struct arena *arena, struct scheduler **out_scheduler)
{
    struct scheduler *scheduler = arena_alloc(arena, sizeof(*scheduler));
    if (scheduler == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(batcher_init(&scheduler->batcher, settings, arena));
    *out_scheduler = scheduler;
    return GALEN_OK;
}

static enum galen_status admit(struct scheduler *scheduler, struct scheduler_entry *entry,
                               uint64_t now_ns)
{
    if (scheduler->draining) {
        return GALEN_UNAVAILABLE;
    }
    if (entry->waiting.deadline_ns <= now_ns) {
        return GALEN_TIMEOUT;
    }
    return batcher_push(&scheduler->batcher, &entry->waiting, now_ns);
}

enum galen_status scheduler_submit(struct scheduler *scheduler,
                                   struct scheduler_entry *entry, uint64_t now_ns)
{
    const enum galen_status status = admit(scheduler, entry, now_ns);
    entry->cancelled = false;
    entry->state = status == GALEN_OK ? SCHEDULER_ENTRY_WAITING : SCHEDULER_ENTRY_DONE;
    if (status == GALEN_TIMEOUT) {
        scheduler->statistics.timeout_count++;
    } else if (status != GALEN_OK) {
        scheduler->statistics.rejected_count++;
    }
    return status;
}

struct scheduler_entry *scheduler_expire(struct scheduler *scheduler, uint64_t now_ns)
{
    struct batcher_entry *expired = batcher_expire(&scheduler->batcher, now_ns);
    if (expired == NULL) {
        return NULL;
    }
    struct scheduler_entry *entry = LIST_ITEM(expired, struct scheduler_entry, waiting);
    entry->state = SCHEDULER_ENTRY_DONE;
    scheduler->statistics.timeout_count++;
    return entry;
}

bool scheduler_pull(struct scheduler *scheduler, uint64_t now_ns, struct batch *out_batch)
{
    if (!batcher_pop(&scheduler->batcher, now_ns, out_batch)) {
        return false;
    }
    struct list *entries = &out_batch->entries;
    for (struct list_link *link = list_first(entries); link != NULL;
         link = list_next(entries, link)) {
        struct scheduler_entry *entry = scheduler_entry_of(link);
        entry->state = SCHEDULER_ENTRY_RUNNING;
        entry->started_ns = now_ns;
    }
    scheduler->running_count += entries->count;
    scheduler->statistics.execution_count++;
    scheduler->statistics.row_count += out_batch->row_count;
    scheduler->statistics.batch_counts[out_batch->reason]++;
    return true;
}

static void count_success(struct scheduler_statistics *statistics,
                          const struct scheduler_entry *entry, uint64_t now_ns)
{
    statistics->success_count++;
    statistics->request_ns += now_ns - entry->waiting.arrived_ns;
    statistics->queue_ns += entry->started_ns - entry->waiting.arrived_ns;
    statistics->compute_ns += now_ns - entry->started_ns;
}

enum galen_status scheduler_finish(struct scheduler *scheduler,
                                   struct scheduler_entry *entry, enum galen_status status,
                                   uint64_t now_ns)
{
    INVARIANT(entry->state == SCHEDULER_ENTRY_RUNNING);
    entry->state = SCHEDULER_ENTRY_DONE;
    scheduler->running_count--;
    if (entry->cancelled) {
        scheduler->statistics.cancelled_count++;
        return GALEN_CANCELLED;
    }
    if (status == GALEN_OK) {
        count_success(&scheduler->statistics, entry, now_ns);
    } else {
        scheduler->statistics.failed_count++;
    }
    return status;
}

bool scheduler_cancel(struct scheduler *scheduler, struct scheduler_entry *entry)
{
    switch (entry->state) {
    case SCHEDULER_ENTRY_WAITING:
        batcher_remove(&scheduler->batcher, &entry->waiting);
        entry->state = SCHEDULER_ENTRY_DONE;
        scheduler->statistics.cancelled_count++;
        return true;
    case SCHEDULER_ENTRY_RUNNING:
        entry->cancelled = true;
        return false;
    case SCHEDULER_ENTRY_DONE:
        break;
    }
    return false;
}

void scheduler_drain(struct scheduler *scheduler)
{
    scheduler->draining = true;
    batcher_flush(&scheduler->batcher);
}

struct scheduler_entry *scheduler_evict(struct scheduler *scheduler)
{
    INVARIANT(scheduler->draining);
    struct batcher_entry *oldest = batcher_oldest(&scheduler->batcher);
    if (oldest == NULL) {
        return NULL;
    }
    struct scheduler_entry *entry = LIST_ITEM(oldest, struct scheduler_entry, waiting);
    batcher_remove(&scheduler->batcher, oldest);
    entry->state = SCHEDULER_ENTRY_DONE;
    scheduler->statistics.rejected_count++;
    return entry;
}

uint64_t scheduler_due_ns(const struct scheduler *scheduler)
{
    return batcher_due_ns(&scheduler->batcher);
}

bool scheduler_is_idle(const struct scheduler *scheduler)
{
    return scheduler->running_count == 0 && batcher_count(&scheduler->batcher) == 0;
}

size_t scheduler_waiting_count(const struct scheduler *scheduler)
{
    return batcher_count(&scheduler->batcher);
}

const struct scheduler_statistics *scheduler_statistics(const struct scheduler *scheduler)
{
    return &scheduler->statistics;
}
