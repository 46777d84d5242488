/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scheduler.h"

#include "base/invariant.h"

struct scheduler {
    struct batcher batcher;
    struct lineup lineup;
    struct scheduler_statistics statistics;
    struct scheduler_batch_size *sizes; /* by rows, from 1 */
    size_t size_count;
    size_t entry_count; /* that were taken and not given back */
    bool draining;
};

static struct scheduler_entry *entry_of(struct batcher_entry *waiting)
{
    return LIST_ITEM(waiting, struct scheduler_entry, waiting);
}

enum galen_status scheduler_create(const struct batcher_settings *settings,
                                   struct arena *arena, struct scheduler **out_scheduler)
{
    struct scheduler *scheduler = arena_alloc(arena, sizeof(*scheduler));
    if (scheduler == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(batcher_init(&scheduler->batcher, settings, arena));
    TRY(lineup_init(&scheduler->lineup, settings->preserve_ordering,
                    batcher_level_count(&scheduler->batcher), arena));
    scheduler->size_count = settings->row_count_max;
    scheduler->sizes =
        arena_alloc_array(arena, scheduler->size_count, sizeof(*scheduler->sizes));
    if (scheduler->sizes == NULL) {
        return GALEN_NO_MEMORY;
    }
    scheduler_statistics_init(&scheduler->statistics);
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
    entry->status = admit(scheduler, entry, now_ns);
    entry->cancelled = false;
    if (entry->status != GALEN_OK) {
        entry->state = SCHEDULER_ENTRY_DONE;
        scheduler_count_failure(&scheduler->statistics, SCHEDULER_REJECTED, 0);
        return entry->status;
    }
    entry->state = SCHEDULER_ENTRY_WAITING;
    scheduler->entry_count++;
    lineup_join(&scheduler->lineup, batcher_level_of(&entry->waiting), &entry->answer);
    return GALEN_OK;
}

/* One that waited and will not run. */
static struct scheduler_entry *give_back(struct scheduler *scheduler,
                                         struct scheduler_entry *entry,
                                         enum galen_status status, uint64_t now_ns)
{
    const struct batcher_entry *waiting = &entry->waiting;
    entry->state = SCHEDULER_ENTRY_DONE;
    entry->status = status;
    scheduler->entry_count--;
    lineup_leave(&scheduler->lineup, batcher_level_of(waiting), &entry->answer);
    scheduler_count_failure(&scheduler->statistics,
                            status == GALEN_CANCELLED ? SCHEDULER_CANCELED
                                                      : SCHEDULER_REJECTED,
                            now_ns - waiting->arrived_ns);
    return entry;
}

static void delay_late(struct scheduler *scheduler, uint64_t now_ns)
{
    struct batcher_entry *delayed;
    while ((delayed = batcher_delay(&scheduler->batcher, now_ns)) != NULL) {
        lineup_leave(&scheduler->lineup, batcher_level_of(delayed),
                     &entry_of(delayed)->answer);
    }
}

struct scheduler_entry *scheduler_expire(struct scheduler *scheduler, uint64_t now_ns)
{
    delay_late(scheduler, now_ns);
    struct batcher_entry *expired = batcher_expire(&scheduler->batcher, now_ns);
    if (expired == NULL) {
        return NULL;
    }
    const bool is_deadline = expired->end.at_ns == expired->deadline_ns;
    return give_back(scheduler, entry_of(expired),
                     is_deadline ? GALEN_TIMEOUT : GALEN_UNAVAILABLE, now_ns);
}

bool scheduler_pull(struct scheduler *scheduler, uint64_t now_ns, struct batch *out_batch)
{
    if (!batcher_pop(&scheduler->batcher, now_ns, out_batch)) {
        return false;
    }
    for (struct list_link *link = list_first(&out_batch->entries); link != NULL;
         link = list_next(&out_batch->entries, link)) {
        struct scheduler_entry *entry = scheduler_entry_of(link);
        entry->state = SCHEDULER_ENTRY_RUNNING;
        if (batcher_is_delayed(&entry->waiting)) {
            lineup_join(&scheduler->lineup, batcher_level_of(&entry->waiting),
                        &entry->answer);
        }
    }
    return true;
}

static enum scheduler_failure failure_of(enum galen_status status)
{
    if (status == GALEN_CANCELLED) {
        return SCHEDULER_CANCELED;
    }
    return status == GALEN_NO_MEMORY ? SCHEDULER_OTHER : SCHEDULER_BACKEND;
}

/* Returns whether it was answered. */
static bool finish_one(struct scheduler *scheduler, struct scheduler_entry *entry,
                       const struct batch *batch, uint64_t now_ns)
{
    struct scheduler_statistics *statistics = &scheduler->statistics;
    INVARIANT(entry->state == SCHEDULER_ENTRY_RUNNING);
    entry->state = SCHEDULER_ENTRY_ANSWERED;
    if (entry->cancelled) {
        entry->status = GALEN_CANCELLED;
    }
    if (entry->status == GALEN_OK) {
        scheduler_count_success(statistics, &entry->waiting, batch, now_ns);
    } else {
        scheduler_count_failure(statistics, failure_of(entry->status),
                                now_ns - entry->waiting.arrived_ns);
    }
    lineup_finish(&scheduler->lineup, batcher_level_of(&entry->waiting), &entry->answer);
    return entry->status == GALEN_OK;
}

static void count_size(struct scheduler *scheduler, size_t row_count,
                       const struct compute_times *times)
{
    struct scheduler_batch_size *size = &scheduler->sizes[row_count - 1];
    size->row_count = row_count;
    size->count++;
    size->input_ns += times->input_ns;
    size->infer_ns += times->infer_ns;
    size->output_ns += times->output_ns;
}

void scheduler_finish(struct scheduler *scheduler, const struct batch *batch,
                      const struct compute_times *times, uint64_t now_ns)
{
    uint64_t success_count = 0;
    for (struct list_link *link = list_first(&batch->entries); link != NULL;
         link = list_next(&batch->entries, link)) {
        success_count += finish_one(scheduler, scheduler_entry_of(link), batch, now_ns);
    }
    if (success_count > 0) {
        scheduler_count_execution(&scheduler->statistics, batch, times, success_count,
                                  now_ns);
        count_size(scheduler, batch->row_count, times);
    }
}

struct scheduler_entry *scheduler_take(struct scheduler *scheduler)
{
    struct lineup_member *answer = lineup_take(&scheduler->lineup);
    if (answer == NULL) {
        return NULL;
    }
    struct scheduler_entry *entry = LIST_ITEM(answer, struct scheduler_entry, answer);
    entry->state = SCHEDULER_ENTRY_DONE;
    scheduler->entry_count--;
    return entry;
}

bool scheduler_cancel(struct scheduler *scheduler, struct scheduler_entry *entry,
                      uint64_t now_ns)
{
    switch (entry->state) {
    case SCHEDULER_ENTRY_WAITING:
        batcher_remove(&scheduler->batcher, &entry->waiting);
        (void)give_back(scheduler, entry, GALEN_CANCELLED, now_ns);
        return true;
    case SCHEDULER_ENTRY_RUNNING:
        entry->cancelled = true;
        return false;
    case SCHEDULER_ENTRY_ANSWERED:
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

struct scheduler_entry *scheduler_evict(struct scheduler *scheduler, uint64_t now_ns)
{
    INVARIANT(scheduler->draining);
    struct batcher_entry *oldest = batcher_oldest(&scheduler->batcher);
    if (oldest == NULL) {
        return NULL;
    }
    batcher_remove(&scheduler->batcher, oldest);
    return give_back(scheduler, entry_of(oldest), GALEN_UNAVAILABLE, now_ns);
}

uint64_t scheduler_due_ns(const struct scheduler *scheduler)
{
    return batcher_due_ns(&scheduler->batcher);
}

bool scheduler_is_idle(const struct scheduler *scheduler)
{
    return scheduler->entry_count == 0;
}

size_t scheduler_waiting_count(const struct scheduler *scheduler)
{
    return batcher_count(&scheduler->batcher);
}

size_t scheduler_queue_count_max(const struct scheduler *scheduler,
                                 const struct scheduler_entry *entry)
{
    return batcher_queue_count_max(&scheduler->batcher, &entry->waiting);
}

const struct scheduler_statistics *scheduler_statistics(const struct scheduler *scheduler)
{
    return &scheduler->statistics;
}

size_t scheduler_batch_sizes(const struct scheduler *scheduler,
                             struct scheduler_batch_size *out_sizes, size_t count_max)
{
    size_t count = 0;
    for (size_t i = 0; i < scheduler->size_count; i++) {
        if (scheduler->sizes[i].count > 0) {
            if (count < count_max) {
                out_sizes[count] = scheduler->sizes[i];
            }
            count++;
        }
    }
    return count;
}
