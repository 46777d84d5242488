/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/batcher.h"

#include "base/clock.h"
#include "base/invariant.h"
#include "engine/batcher_impl.h"

static uint64_t saturating_difference(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* The rows of the batch that leaves without waiting, as preferred sizes have it. 0: there
 * is none. */
static size_t preferred_row_count(const struct batcher *batcher,
                                  const struct batcher_entry *first)
{
    const struct batcher_settings *settings = &batcher->settings_;
    const size_t largest = settings->preferred_sizes[settings->preferred_count - 1];
    size_t beyond = 0;
    for (size_t i = settings->preferred_count; i-- > 0;) {
        const size_t size = settings->preferred_sizes[i];
        bool exactly;
        if (batcher_has_rows(batcher, first, size, &exactly)) {
            if (exactly) {
                return size;
            }
            beyond = size == largest ? largest : beyond;
        }
    }
    return beyond;
}

/* When the oldest has waited for company as long as it may. */
static uint64_t waited_ns(const struct batcher *batcher)
{
    return saturating_sum(batcher_oldest(batcher)->arrived_ns,
                          batcher->settings_.wait_ns_max);
}

/* When no company is waited for any more. */
static uint64_t late_ns(const struct batcher *batcher)
{
    const uint64_t end_ns = deadlines_earliest_ns(&batcher->ends_);
    const uint64_t near_ns =
        end_ns == CLOCK_NEVER
            ? CLOCK_NEVER
            : saturating_difference(end_ns, batcher->settings_.wait_ns_max);
    return earlier_ns(waited_ns(batcher), near_ns);
}

static bool waits_for_nobody(const struct batcher *batcher)
{
    return batcher->flushing_ || batcher->settings_.runs_alone ||
           batcher->settings_.wait_ns_max == 0;
}

uint64_t batcher_due_ns(const struct batcher *batcher)
{
    const struct batcher_entry *first = batcher_first(batcher);
    if (first == NULL) {
        return CLOCK_NEVER;
    }
    if (waits_for_nobody(batcher) || preferred_row_count(batcher, first) > 0) {
        return first->arrived_ns;
    }
    return earlier_ns(late_ns(batcher), deadlines_earliest_ns(&batcher->delays_));
}

/* The rows that the batch may have that leaves now. */
static size_t row_count_max_now(const struct batcher *batcher,
                                const struct batcher_entry *first, uint64_t now_ns)
{
    const struct batcher_settings *settings = &batcher->settings_;
    if (settings->runs_alone) {
        return first->row_count;
    }
    const bool is_late = settings->wait_ns_max > 0 && late_ns(batcher) <= now_ns;
    const size_t preferred =
        batcher->flushing_ || is_late ? 0 : preferred_row_count(batcher, first);
    return preferred > 0 ? preferred : settings->row_count_max;
}

/* Moves the first and those alike into the batch, up to the one that would not fit.
 * Returns whether nobody else could have joined. */
static bool gather(struct batcher *batcher, struct batcher_entry *first,
                   size_t row_count_max, struct batch *batch)
{
    struct batcher_entry *entry = first;
    do {
        struct batcher_entry *next = batcher_next_alike(entry);
        batcher_remove(batcher, entry);
        list_append(&batch->entries, &entry->link);
        batch->row_count += entry->row_count;
        entry = next;
    } while (entry != NULL && batch->row_count + entry->row_count <= row_count_max);
    return entry != NULL || batch->row_count >= row_count_max;
}

static enum batch_reason reason_of(const struct batcher *batcher, bool is_full,
                                   bool is_preferred, bool has_waited)
{
    if (is_full) {
        return is_preferred ? BATCH_PREFERRED : BATCH_FULL;
    }
    if (batcher->flushing_) {
        return BATCH_FLUSHED;
    }
    return has_waited ? BATCH_WAITED : BATCH_DEADLINE;
}

bool batcher_pop(struct batcher *batcher, uint64_t now_ns, struct batch *out_batch)
{
    const struct batcher_settings *settings = &batcher->settings_;
    struct batcher_entry *first = batcher_first(batcher);
    if (first == NULL || batcher_due_ns(batcher) > now_ns) {
        return false;
    }
    INVARIANT(deadlines_earliest_ns(&batcher->ends_) > now_ns);
    INVARIANT(deadlines_earliest_ns(&batcher->delays_) > now_ns);
    const size_t row_count_max = row_count_max_now(batcher, first, now_ns);
    const bool has_waited = waited_ns(batcher) <= now_ns;
    *out_batch = (struct batch){.left_ns = now_ns};
    list_init(&out_batch->entries);
    const bool is_full = gather(batcher, first, row_count_max, out_batch);
    const bool is_preferred =
        !settings->runs_alone && row_count_max < settings->row_count_max;
    out_batch->reason = reason_of(batcher, is_full, is_preferred, has_waited);
    return true;
}

void batcher_flush(struct batcher *batcher)
{
    batcher->flushing_ = true;
}
