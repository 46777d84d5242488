/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/invariant.h"
#include "engine/batcher_impl.h"

uint64_t saturating_sum(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* FNV-1a. A crafted collision costs comparisons, never a wrong join. */
static uint64_t hash_of(struct bytes key)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < key.size; i++) {
        hash = (hash ^ key.data[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static struct batcher_entry *entry_of(struct list_link *link)
{
    return link == NULL ? NULL : LIST_ITEM(link, struct batcher_entry, link);
}

static struct batcher_entry *alike_entry_of(struct order_node *node)
{
    return LIST_ITEM(node, struct batcher_entry, alike);
}

static int compare_keys(struct bytes a, struct bytes b)
{
    if (a.size != b.size) {
        return a.size < b.size ? -1 : 1;
    }
    return a.size == 0 ? 0 : memcmp(a.data, b.data, a.size);
}

static int compare(struct order_node *a_node, struct order_node *b_node)
{
    const struct batcher_entry *a = alike_entry_of(a_node);
    const struct batcher_entry *b = alike_entry_of(b_node);
    if (a->join_hash != b->join_hash) {
        return a->join_hash < b->join_hash ? -1 : 1;
    }
    const int keys = compare_keys(a->join_key, b->join_key);
    if (keys != 0) {
        return keys;
    }
    if (a->section != b->section) {
        return a->section < b->section ? -1 : 1;
    }
    return a->place < b->place ? -1 : 1;
}

/* How many may wait; of these, whom a timeout may delay. */
static void count_places(const struct batcher_settings *settings, size_t *out_count,
                         size_t *out_delayed_count)
{
    *out_count = 0;
    *out_delayed_count = 0;
    for (size_t i = 0; i < settings->level_count; i++) {
        const struct batcher_level *level = &settings->levels[i];
        *out_count += level->queue_count_max;
        if (level->timeout_action == BATCHER_DELAY) {
            *out_delayed_count += level->queue_count_max;
        }
    }
}

static enum galen_status init_sections(struct batcher *batcher, struct arena *arena)
{
    const size_t count = 2 * batcher->settings_.level_count;
    batcher->sections_ = arena_alloc_array(arena, count, sizeof(*batcher->sections_));
    if (batcher->sections_ == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        list_init(&batcher->sections_[i]);
    }
    return GALEN_OK;
}

enum galen_status batcher_init(struct batcher *batcher,
                               const struct batcher_settings *settings, struct arena *arena)
{
    size_t count;
    size_t delayed_count;
    *batcher = (struct batcher){.settings_ = *settings};
    TRY(batcher_settings_complete(&batcher->settings_, arena));
    count_places(&batcher->settings_, &count, &delayed_count);
    TRY(deadlines_init(&batcher->ends_, count, arena));
    TRY(deadlines_init(&batcher->delays_, delayed_count, arena));
    list_init(&batcher->by_age_);
    order_init(&batcher->alike_, compare);
    return init_sections(batcher, arena);
}

static size_t level_of_priority(const struct batcher_settings *settings, uint64_t priority)
{
    const bool is_there = priority >= 1 && priority <= settings->level_count;
    return (size_t)(is_there ? priority : settings->default_priority) - 1;
}

static size_t level_waiting_count(const struct batcher *batcher, size_t level)
{
    return batcher->sections_[2 * level].count + batcher->sections_[2 * level + 1].count;
}

/* When the entry times out; CLOCK_NEVER: it does not. */
static uint64_t timeout_ns_of(const struct batcher_level *level,
                              const struct batcher_entry *entry)
{
    uint64_t timeout_ns = level->timeout_ns;
    if (level->timeout_override && entry->queue_timeout_ns != 0 &&
        (timeout_ns == 0 || entry->queue_timeout_ns < timeout_ns)) {
        timeout_ns = entry->queue_timeout_ns;
    }
    return timeout_ns == 0 ? CLOCK_NEVER : saturating_sum(entry->arrived_ns, timeout_ns);
}

static void set_times(const struct batcher_level *level, struct batcher_entry *entry)
{
    const uint64_t timeout_at_ns = timeout_ns_of(level, entry);
    const bool delays = level->timeout_action == BATCHER_DELAY;
    entry->end =
        (struct deadline){.at_ns = delays ? entry->deadline_ns
                                          : earlier_ns(entry->deadline_ns, timeout_at_ns),
                          .rank = entry->place};
    entry->delay = (struct deadline){.at_ns = delays ? timeout_at_ns : CLOCK_NEVER,
                                     .rank = entry->place};
}

/* Puts the entry at the end of its section. */
static void enter_section(struct batcher *batcher, struct batcher_entry *entry)
{
    entry->place = batcher->place_count_++;
    list_append(&batcher->sections_[entry->section], &entry->link);
    order_insert(&batcher->alike_, &entry->alike, entry->row_count);
    batcher->occupied_ |= UINT64_C(1) << batcher_level_of(entry);
}

static void leave_section(struct batcher *batcher, struct batcher_entry *entry)
{
    const size_t level = batcher_level_of(entry);
    list_remove(&batcher->sections_[entry->section], &entry->link);
    order_remove(&batcher->alike_, &entry->alike);
    if (level_waiting_count(batcher, level) == 0) {
        batcher->occupied_ &= ~(UINT64_C(1) << level);
    }
}

enum galen_status batcher_push(struct batcher *batcher, struct batcher_entry *entry,
                               uint64_t now_ns)
{
    const struct batcher_settings *settings = &batcher->settings_;
    const size_t level = level_of_priority(settings, entry->priority);
    INVARIANT(entry->row_count >= 1 && entry->row_count <= settings->row_count_max);
    entry->section = 2 * level;
    if (level_waiting_count(batcher, level) == settings->levels[level].queue_count_max) {
        return GALEN_BUSY;
    }
    entry->arrived_ns = now_ns;
    entry->join_hash = hash_of(entry->join_key);
    enter_section(batcher, entry);
    set_times(&settings->levels[level], entry);
    list_append(&batcher->by_age_, &entry->age_link);
    deadlines_add(&batcher->ends_, &entry->end);
    deadlines_add(&batcher->delays_, &entry->delay);
    return GALEN_OK;
}

void batcher_remove(struct batcher *batcher, struct batcher_entry *entry)
{
    leave_section(batcher, entry);
    list_remove(&batcher->by_age_, &entry->age_link);
    deadlines_remove(&batcher->ends_, &entry->end);
    deadlines_remove(&batcher->delays_, &entry->delay);
}

struct batcher_entry *batcher_delay(struct batcher *batcher, uint64_t now_ns)
{
    struct deadline *delay = deadlines_earliest(&batcher->delays_);
    if (delay == NULL || delay->at_ns > now_ns) {
        return NULL;
    }
    struct batcher_entry *entry = LIST_ITEM(delay, struct batcher_entry, delay);
    deadlines_remove(&batcher->delays_, &entry->delay);
    leave_section(batcher, entry);
    entry->section++;
    enter_section(batcher, entry);
    return entry;
}

struct batcher_entry *batcher_expire(struct batcher *batcher, uint64_t now_ns)
{
    struct deadline *end = deadlines_earliest(&batcher->ends_);
    if (end == NULL || end->at_ns > now_ns) {
        return NULL;
    }
    struct batcher_entry *entry = LIST_ITEM(end, struct batcher_entry, end);
    batcher_remove(batcher, entry);
    return entry;
}

struct batcher_entry *batcher_first(const struct batcher *batcher)
{
    if (batcher->occupied_ == 0) {
        return NULL;
    }
    const size_t level = (size_t)__builtin_ctzll(batcher->occupied_);
    const struct list *section = &batcher->sections_[2 * level];
    return entry_of(list_first(section->count > 0 ? section : section + 1));
}

static bool are_alike(const struct batcher_entry *a, const struct batcher_entry *b)
{
    return a->join_hash == b->join_hash && bytes_equal(a->join_key, b->join_key);
}

bool batcher_has_rows(const struct batcher *batcher, const struct batcher_entry *first,
                      size_t row_count, bool *out_exactly)
{
    const size_t before = order_weight_before(&first->alike);
    struct order_node *node =
        order_at(&batcher->alike_, before + row_count - 1, out_exactly);
    return node != NULL && are_alike(alike_entry_of(node), first);
}

struct batcher_entry *batcher_next_alike(const struct batcher_entry *entry)
{
    struct order_node *node = order_next(&entry->alike);
    struct batcher_entry *next = node == NULL ? NULL : alike_entry_of(node);
    return next != NULL && are_alike(next, entry) ? next : NULL;
}

size_t batcher_count(const struct batcher *batcher)
{
    return batcher->by_age_.count;
}

size_t batcher_queue_count_max(const struct batcher *batcher,
                               const struct batcher_entry *entry)
{
    return batcher->settings_.levels[batcher_level_of(entry)].queue_count_max;
}

size_t batcher_level_count(const struct batcher *batcher)
{
    return batcher->settings_.level_count;
}

struct batcher_entry *batcher_oldest(const struct batcher *batcher)
{
    struct list_link *link = list_first(&batcher->by_age_);
    return link == NULL ? NULL : LIST_ITEM(link, struct batcher_entry, age_link);
}
