/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/admission_rate.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/invariant.h"

_Static_assert((RATE_SET_COUNT & (RATE_SET_COUNT - 1)) == 0, "a set is chosen by bits");
_Static_assert(sizeof(struct rate_set) == RATE_SET_SIZE, "no set shares a line");

struct rate_limit rate_limit_of(double requests_per_s, uint64_t burst)
{
    if (!(requests_per_s > 0)) {
        return (struct rate_limit){.interval_ns = 0};
    }
    const uint64_t interval_ns = (uint64_t)ceil((double)NS_PER_S / requests_per_s);
    const uint64_t of_a_second =
        requests_per_s < 1 ? 1 : (uint64_t)requests_per_s; /* rounded down */
    return (struct rate_limit){
        .interval_ns = interval_ns,
        .burst = burst == 0 ? of_a_second : burst,
    };
}

void rate_table_init(struct rate_table *table)
{
    memset(table, 0, sizeof(*table));
    for (size_t i = 0; i < RATE_SET_COUNT; i++) {
        atomic_flag_clear(&table->sets[i].is_held);
    }
}

static void hold(struct rate_set *set)
{
    while (atomic_flag_test_and_set_explicit(&set->is_held, memory_order_acquire)) {
    }
}

static void let_go(struct rate_set *set)
{
    atomic_flag_clear_explicit(&set->is_held, memory_order_release);
}

/* The key's own bucket; else one that tells nothing, which is the key's from now on; else
 * the one that newcomers share. */
static uint64_t *find(struct rate_set *set, uint64_t key, uint64_t now_ns)
{
    struct rate_bucket *idle = NULL;
    for (size_t i = 0; i < RATE_WAY_COUNT; i++) {
        struct rate_bucket *bucket = &set->buckets[i];
        if (bucket->key == key) {
            return &bucket->full_ns;
        }
        if (bucket->full_ns <= now_ns &&
            (idle == NULL || bucket->full_ns < idle->full_ns)) {
            idle = bucket;
        }
    }
    if (idle == NULL) {
        return &set->shared_full_ns;
    }
    *idle = (struct rate_bucket){key, set->shared_full_ns};
    return &idle->full_ns;
}

/* Moves *full_ns by one token, where the bucket has it. */
static uint64_t take_token(uint64_t *full_ns, const struct rate_limit *limit,
                           uint64_t now_ns)
{
    const uint64_t start_ns = *full_ns > now_ns ? *full_ns : now_ns;
    const uint64_t next_ns = start_ns + limit->interval_ns;
    const uint64_t latest_ns = now_ns + limit->burst * limit->interval_ns;
    if (next_ns > latest_ns) {
        return next_ns - latest_ns;
    }
    *full_ns = next_ns;
    return 0;
}

uint64_t rate_table_take(struct rate_table *table, uint64_t key,
                         const struct rate_limit *limit, uint64_t now_ns)
{
    if (limit->interval_ns == 0) {
        return 0;
    }
    INVARIANT(limit->burst > 0);
    struct rate_set *set = &table->sets[key % RATE_SET_COUNT];
    hold(set);
    const uint64_t wait_ns = take_token(find(set, key, now_ns), limit, now_ns);
    let_go(set);
    return wait_ns;
}
