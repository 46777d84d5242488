/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/batcher.h"

#include "base/clock.h"
#include "base/invariant.h"
#include "base/limits.h"

static uint64_t add_saturating(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t subtract_saturating(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* FNV-1a. A crafted collision costs its bucket some comparisons, never a wrong join. */
static size_t bucket_index(struct bytes key)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < key.size; i++) {
        hash = (hash ^ key.data[i]) * UINT64_C(0x100000001b3);
    }
    return (size_t)(hash >> 32) % BATCHER_BUCKET_COUNT;
}

static struct batcher_entry *entry_of(struct list_link *link)
{
    return link == NULL ? NULL : LIST_ITEM(link, struct batcher_entry, link);
}

static struct batcher_entry *alike_entry_of(struct list_link *link)
{
    return link == NULL ? NULL : LIST_ITEM(link, struct batcher_entry, alike_link);
}

static struct batcher_entry *oldest(const struct batcher *batcher)
{
    return entry_of(list_first(&batcher->queue_));
}

static bool settings_are_valid(const struct batcher_settings *settings)
{
    return settings->row_count_max >= 1 &&
           settings->row_count_max <= LIMIT_BATCH_COUNT_LIMIT &&
           settings->queue_count_max >= 1 &&
           settings->queue_count_max <= LIMIT_QUEUE_COUNT_LIMIT;
}

enum galen_status batcher_init(struct batcher *batcher,
                               const struct batcher_settings *settings, struct arena *arena)
{
    struct deadlines deadlines;
    if (!settings_are_valid(settings)) {
        return GALEN_INVALID;
    }
    TRY(deadlines_init(&deadlines, settings->queue_count_max, arena));
    *batcher = (struct batcher){.settings_ = *settings, .deadlines_ = deadlines};
    list_init(&batcher->queue_);
    for (size_t i = 0; i < BATCHER_BUCKET_COUNT; i++) {
        list_init(&batcher->buckets_[i].entries);
    }
    return GALEN_OK;
}

enum galen_status batcher_push(struct batcher *batcher, struct batcher_entry *entry,
                               uint64_t now_ns)
{
    INVARIANT(entry->row_count >= 1 &&
              entry->row_count <= batcher->settings_.row_count_max);
    if (batcher->queue_.count == batcher->settings_.queue_count_max) {
        return GALEN_BUSY;
    }
    entry->arrived_ns = now_ns;
    entry->bucket_index = bucket_index(entry->join_key);
    entry->deadline = (struct deadline){.at_ns = entry->deadline_ns};
    struct batcher_bucket *bucket = &batcher->buckets_[entry->bucket_index];
    list_append(&batcher->queue_, &entry->link);
    list_append(&bucket->entries, &entry->alike_link);
    bucket->row_count += entry->row_count;
    deadlines_add(&batcher->deadlines_, &entry->deadline);
    return GALEN_OK;
}

void batcher_remove(struct batcher *batcher, struct batcher_entry *entry)
{
    struct batcher_bucket *bucket = &batcher->buckets_[entry->bucket_index];
    list_remove(&batcher->queue_, &entry->link);
    list_remove(&bucket->entries, &entry->alike_link);
    bucket->row_count -= entry->row_count;
    deadlines_remove(&batcher->deadlines_, &entry->deadline);
}

/* The next after entry that can be joined with it; NULL: none. */
static struct batcher_entry *next_alike(const struct batcher *batcher,
                                        const struct batcher_entry *entry)
{
    const struct list *entries = &batcher->buckets_[entry->bucket_index].entries;
    struct batcher_entry *next = alike_entry_of(list_next(entries, &entry->alike_link));
    while (next != NULL && !bytes_equal(next->join_key, entry->join_key)) {
        next = alike_entry_of(list_next(entries, &next->alike_link));
    }
    return next;
}

/* Whether no request that comes later could still join the batch around the oldest. */
static bool is_full(const struct batcher *batcher)
{
    const size_t row_count_max = batcher->settings_.row_count_max;
    const struct batcher_entry *entry = oldest(batcher);
    if (batcher->buckets_[entry->bucket_index].row_count < row_count_max) {
        return false;
    }
    size_t row_count = 0;
    while (entry != NULL && row_count < row_count_max) {
        row_count += entry->row_count;
        entry = next_alike(batcher, entry);
    }
    return row_count >= row_count_max;
}

static uint64_t earliest_deadline_ns(const struct batcher *batcher)
{
    const struct deadline *earliest = deadlines_earliest(&batcher->deadlines_);
    return earliest == NULL ? CLOCK_NEVER : earliest->at_ns;
}

uint64_t batcher_due_ns(const struct batcher *batcher)
{
    const struct batcher_entry *entry = oldest(batcher);
    const uint64_t wait_ns = batcher->settings_.wait_ns_max;
    if (entry == NULL) {
        return CLOCK_NEVER;
    }
    if (batcher->flushing_ || wait_ns == 0 || is_full(batcher)) {
        return entry->arrived_ns;
    }
    const uint64_t waited_ns = add_saturating(entry->arrived_ns, wait_ns);
    const uint64_t earliest_ns = earliest_deadline_ns(batcher);
    const uint64_t near_ns = earliest_ns == CLOCK_NEVER
                                 ? CLOCK_NEVER
                                 : subtract_saturating(earliest_ns, wait_ns);
    return waited_ns < near_ns ? waited_ns : near_ns;
}

/* Moves the oldest and those alike into the batch, up to the first that does not fit.
 * Returns whether nobody else could have joined. */
static bool gather(struct batcher *batcher, struct batch *batch)
{
    const size_t row_count_max = batcher->settings_.row_count_max;
    struct batcher_entry *entry = oldest(batcher);
    while (entry != NULL && entry->row_count <= row_count_max - batch->row_count) {
        struct batcher_entry *next = next_alike(batcher, entry);
        batcher_remove(batcher, entry);
        list_append(&batch->entries, &entry->link);
        batch->row_count += entry->row_count;
        entry = next;
    }
    return entry != NULL || batch->row_count == row_count_max;
}

bool batcher_pop(struct batcher *batcher, uint64_t now_ns, struct batch *out_batch)
{
    const struct batcher_entry *entry = oldest(batcher);
    if (entry == NULL || batcher_due_ns(batcher) > now_ns) {
        return false;
    }
    INVARIANT(earliest_deadline_ns(batcher) > now_ns);
    const uint64_t waited_ns =
        add_saturating(entry->arrived_ns, batcher->settings_.wait_ns_max);
    out_batch->row_count = 0;
    list_init(&out_batch->entries);
    if (gather(batcher, out_batch)) {
        out_batch->reason = BATCH_FULL;
    } else if (batcher->flushing_) {
        out_batch->reason = BATCH_FLUSHED;
    } else {
        out_batch->reason = waited_ns <= now_ns ? BATCH_WAITED : BATCH_DEADLINE;
    }
    return true;
}

struct batcher_entry *batcher_expire(struct batcher *batcher, uint64_t now_ns)
{
    struct deadline *deadline = deadlines_earliest(&batcher->deadlines_);
    if (deadline == NULL || deadline->at_ns > now_ns) {
        return NULL;
    }
    struct batcher_entry *entry = LIST_ITEM(deadline, struct batcher_entry, deadline);
    batcher_remove(batcher, entry);
    return entry;
}

void batcher_flush(struct batcher *batcher)
{
    batcher->flushing_ = true;
}

size_t batcher_count(const struct batcher *batcher)
{
    return batcher->queue_.count;
}
