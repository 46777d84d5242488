/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scheduler and batcher against a model that is too simple to be wrong: an array of all
 * entries, scanned and sorted anew for each question. Thousands of seeds; a failing one is
 * printed and can be run alone: scheduler_random_test SEED.
 */
#include "engine/scheduler.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "expect.h"
#include "random.h"

enum {
    SEED_COUNT = 20000,
    STEP_COUNT = 150,
    ENTRY_COUNT = 64,
    BATCH_COUNT = 4,
    LEVEL_COUNT_MAX = 3,
    PREFERRED_COUNT_MAX = 3,
};

static uint64_t only_seed = UINT64_MAX;

/* What the model knows of an entry, beside what its owner said. */
struct known {
    bool submitted;
    bool waits;
    bool answered;  /* its run is over */
    bool told;      /* given back */
    bool cancelled; /* while it ran */
    bool delayed;
    uint64_t arrival;    /* 1 for the first that was taken */
    uint64_t delay_rank; /* likewise of those that were delayed */
    uint64_t late_start; /* of those that ran after a delay: when it left the queue */
};

struct world {
    struct arena arena;
    struct random random;
    struct batcher_settings settings;
    struct batcher_level levels[LEVEL_COUNT_MAX];
    size_t preferred[PREFERRED_COUNT_MAX];
    struct scheduler *scheduler;
    struct scheduler_entry entries[ENTRY_COUNT];
    struct known known[ENTRY_COUNT];
    uint64_t event_count; /* arrivals, delays, late starts */
    struct batch running[BATCH_COUNT];
    bool is_running[BATCH_COUNT];
    uint64_t now_ns;
    uint64_t success_count;
    uint64_t fail_count;
    bool draining;
    bool prompt; /* pulls happen exactly when they are due */
};

static const char *const keys[] = {"", "a", "b", "ab"};

static size_t index_of(const struct world *world, const struct scheduler_entry *entry)
{
    return (size_t)(entry - world->entries);
}

static const struct batcher_entry *waiting_of(const struct world *world, size_t index)
{
    return &world->entries[index].waiting;
}

static void make_levels(struct world *world)
{
    struct random *random = &world->random;
    const size_t count = random_below(random, LEVEL_COUNT_MAX + 1);
    for (size_t i = 0; i < count; i++) {
        world->levels[i] = (struct batcher_level){
            .queue_count_max = random_one_in(random, 2) ? 0 : 1 + random_below(random, 9),
            .timeout_ns = random_one_in(random, 2) ? 0 : 1 + random_below(random, 150),
            .timeout_override = random_one_in(random, 2),
            .timeout_action = random_one_in(random, 2) ? BATCHER_DELAY : BATCHER_REJECT};
    }
    world->settings.levels = world->levels;
    world->settings.level_count = count;
    world->settings.default_priority = count == 0 ? 0 : 1 + random_below(random, count);
}

static void make_preferred(struct world *world)
{
    struct random *random = &world->random;
    const size_t count = random_below(random, PREFERRED_COUNT_MAX + 1);
    for (size_t i = 0; i < count; i++) {
        world->preferred[i] = 1 + random_below(random, world->settings.row_count_max);
    }
    world->settings.preferred_sizes = world->preferred;
    world->settings.preferred_count = count;
}

static void world_init(struct world *world, uint64_t seed)
{
    *world = (struct world){.random = {seed}};
    struct random *random = &world->random;
    world->settings = (struct batcher_settings){
        .row_count_max = 1 + random_below(random, 8),
        .queue_count_max = 1 + random_below(random, 20),
        .wait_ns_max = random_one_in(random, 3) ? 0 : random_below(random, 100),
        .runs_alone = random_one_in(random, 8),
        .preserve_ordering = random_one_in(random, 3)};
    make_levels(world);
    make_preferred(world);
    world->prompt = random_one_in(random, 2);
    arena_init(&world->arena, 65536);
    EXPECT_OK(scheduler_create(&world->settings, &world->arena, &world->scheduler));
}

/* --- the model --- */

static size_t model_level(const struct world *world, size_t index)
{
    const uint64_t priority = waiting_of(world, index)->priority;
    if (world->settings.level_count == 0) {
        return 0;
    }
    return (priority == 0 || priority > world->settings.level_count
                ? world->settings.default_priority
                : priority) -
           1;
}

static struct batcher_level model_rules(const struct world *world, size_t level)
{
    struct batcher_level rules = world->levels[level];
    if (rules.queue_count_max == 0) {
        rules.queue_count_max = world->settings.queue_count_max;
    }
    return rules;
}

static uint64_t model_timeout_ns(const struct world *world, size_t index)
{
    const struct batcher_level rules = model_rules(world, model_level(world, index));
    const struct batcher_entry *entry = waiting_of(world, index);
    uint64_t timeout_ns = rules.timeout_ns == 0 ? CLOCK_NEVER : rules.timeout_ns;
    if (rules.timeout_override && entry->queue_timeout_ns != 0 &&
        entry->queue_timeout_ns < timeout_ns) {
        timeout_ns = entry->queue_timeout_ns;
    }
    return timeout_ns == CLOCK_NEVER ? CLOCK_NEVER : entry->arrived_ns + timeout_ns;
}

static bool model_delays(const struct world *world, size_t index)
{
    const size_t level = model_level(world, index);
    return model_rules(world, level).timeout_action == BATCHER_DELAY;
}

/* When it ends; CLOCK_NEVER: by itself it does not. */
static uint64_t model_end_ns(const struct world *world, size_t index)
{
    const uint64_t deadline_ns = waiting_of(world, index)->deadline_ns;
    const uint64_t timeout_ns =
        model_delays(world, index) ? CLOCK_NEVER : model_timeout_ns(world, index);
    return deadline_ns < timeout_ns ? deadline_ns : timeout_ns;
}

/* Whether a stands before b. */
static bool model_is_before(const struct world *world, size_t a, size_t b)
{
    const struct known *known_a = &world->known[a];
    const struct known *known_b = &world->known[b];
    if (model_level(world, a) != model_level(world, b)) {
        return model_level(world, a) < model_level(world, b);
    }
    if (known_a->delayed != known_b->delayed) {
        return known_b->delayed;
    }
    return known_a->delayed ? known_a->delay_rank < known_b->delay_rank
                            : known_a->arrival < known_b->arrival;
}

/* All who wait, in their order. */
static size_t model_order(const struct world *world, size_t *out_indexes)
{
    size_t count = 0;
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        if (!world->known[i].waits) {
            continue;
        }
        size_t at = count++;
        for (; at > 0 && model_is_before(world, i, out_indexes[at - 1]); at--) {
            out_indexes[at] = out_indexes[at - 1];
        }
        out_indexes[at] = i;
    }
    return count;
}

static size_t model_waiting_count(const struct world *world)
{
    size_t indexes[ENTRY_COUNT];
    return model_order(world, indexes);
}

/* Those that could be joined with the first, and it, in their order. */
static size_t model_alike(const struct world *world, size_t *out_indexes)
{
    size_t order[ENTRY_COUNT] = {0};
    size_t alike_count = 0;
    const size_t count = model_order(world, order);
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal(waiting_of(world, order[i])->join_key,
                        waiting_of(world, order[0])->join_key)) {
            out_indexes[alike_count++] = order[i];
        }
    }
    return alike_count;
}

/* How many of them there are up to row_count rows, but one at least. */
static size_t model_fit(const struct world *world, const size_t *alike, size_t count,
                        size_t row_count, size_t *out_row_count)
{
    size_t fit_count = 1;
    *out_row_count = waiting_of(world, alike[0])->row_count;
    while (fit_count < count &&
           *out_row_count + waiting_of(world, alike[fit_count])->row_count <= row_count) {
        *out_row_count += waiting_of(world, alike[fit_count++])->row_count;
    }
    return fit_count;
}

/* How many of those alike leave without waiting for company; 0: nobody. *out_size: the
 * preferred size that they make, or keep below. */
static size_t model_preferred(const struct world *world, const size_t *alike, size_t count,
                              size_t *out_size)
{
    const struct batcher_settings *settings = &world->settings;
    size_t best_count = 0;
    size_t largest = settings->preferred_count == 0 ? settings->row_count_max : 0;
    size_t row_count = 0;
    for (size_t i = 0; i < settings->preferred_count; i++) {
        largest = world->preferred[i] > largest ? world->preferred[i] : largest;
    }
    for (size_t i = 0; i < count; i++) {
        row_count += waiting_of(world, alike[i])->row_count;
        bool is_preferred = settings->preferred_count == 0 && row_count == largest;
        for (size_t k = 0; k < settings->preferred_count; k++) {
            is_preferred |= row_count == world->preferred[k];
        }
        if (is_preferred) {
            *out_size = row_count;
            best_count = i + 1;
        }
    }
    if (best_count == 0 && row_count >= largest) {
        *out_size = largest;
        best_count = model_fit(world, alike, count, largest, &row_count);
    }
    return best_count;
}

/* When nobody waits for company any more. */
static uint64_t model_late_ns(const struct world *world)
{
    const uint64_t wait_ns = world->settings.wait_ns_max;
    uint64_t late_ns = CLOCK_NEVER;
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        if (!world->known[i].waits) {
            continue;
        }
        const uint64_t waited_ns = waiting_of(world, i)->arrived_ns + wait_ns;
        const uint64_t end_ns = model_end_ns(world, i);
        const uint64_t near_ns = end_ns == CLOCK_NEVER ? CLOCK_NEVER
                                 : end_ns > wait_ns    ? end_ns - wait_ns
                                                       : 0;
        late_ns = waited_ns < late_ns ? waited_ns : late_ns;
        late_ns = near_ns < late_ns ? near_ns : late_ns;
    }
    return late_ns;
}

static uint64_t model_first_delay_ns(const struct world *world)
{
    uint64_t first_ns = CLOCK_NEVER;
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        if (world->known[i].waits && !world->known[i].delayed && model_delays(world, i) &&
            model_timeout_ns(world, i) < first_ns) {
            first_ns = model_timeout_ns(world, i);
        }
    }
    return first_ns;
}

static bool model_never_waits(const struct world *world)
{
    return world->draining || world->settings.runs_alone ||
           world->settings.wait_ns_max == 0;
}

static uint64_t model_due_ns(const struct world *world)
{
    size_t alike[ENTRY_COUNT] = {0};
    size_t unread;
    if (model_waiting_count(world) == 0) {
        return CLOCK_NEVER;
    }
    const size_t count = model_alike(world, alike);
    if (model_never_waits(world) || model_preferred(world, alike, count, &unread) > 0) {
        return waiting_of(world, alike[0])->arrived_ns;
    }
    const uint64_t late_ns = model_late_ns(world);
    const uint64_t delay_ns = model_first_delay_ns(world);
    return late_ns < delay_ns ? late_ns : delay_ns;
}

/* How many of those alike leave now, and why. */
static size_t model_batch(const struct world *world, const size_t *alike, size_t count,
                          enum batch_reason *out_reason)
{
    const struct batcher_settings *settings = &world->settings;
    const bool is_late = settings->wait_ns_max > 0 && model_late_ns(world) <= world->now_ns;
    size_t row_count;
    size_t size = 0;
    *out_reason = BATCH_FULL;
    if (settings->runs_alone) {
        return 1;
    }
    const size_t fit_count =
        model_fit(world, alike, count, settings->row_count_max, &row_count);
    const bool is_full = fit_count < count || row_count == settings->row_count_max;
    const size_t preferred_count =
        world->draining || is_late ? 0 : model_preferred(world, alike, count, &size);
    if (preferred_count > 0) {
        *out_reason = size < settings->row_count_max ? BATCH_PREFERRED : BATCH_FULL;
        return preferred_count;
    }
    bool has_waited = false;
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        has_waited |=
            world->known[i].waits &&
            waiting_of(world, i)->arrived_ns + settings->wait_ns_max <= world->now_ns;
    }
    *out_reason = is_full           ? BATCH_FULL
                  : world->draining ? BATCH_FLUSHED
                  : has_waited      ? BATCH_WAITED
                                    : BATCH_DEADLINE;
    return fit_count;
}

/* Where answers leave in order: whether this one has to wait for another. */
static bool model_is_held(const struct world *world, size_t index)
{
    const struct known *known = &world->known[index];
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        const struct known *other = &world->known[i];
        const bool counts = other->arrival > 0 && !other->told &&
                            (!other->delayed || other->late_start > 0) &&
                            model_level(world, i) == model_level(world, index);
        const uint64_t rank = other->delayed ? other->late_start : other->arrival;
        const uint64_t own = known->delayed ? known->late_start : known->arrival;
        if (counts && rank < own && !other->answered) {
            return true;
        }
    }
    return false;
}

/* --- the steps --- */

static void leave(struct world *world, const struct scheduler_entry *entry)
{
    struct known *known = &world->known[index_of(world, entry)];
    assert_int_equal(entry->state, SCHEDULER_ENTRY_DONE);
    assert_true(known->submitted);
    assert_false(known->told);
    known->waits = false;
    known->told = true;
    world->success_count += entry->status == GALEN_OK;
    world->fail_count += entry->status != GALEN_OK;
}

/* Who may be told now is, and nobody else. */
static void take_all(struct world *world)
{
    struct scheduler_entry *entry;
    uint64_t last_rank[LEVEL_COUNT_MAX] = {0};
    while ((entry = scheduler_take(world->scheduler)) != NULL) {
        const size_t index = index_of(world, entry);
        const struct known *known = &world->known[index];
        const size_t level = model_level(world, index);
        const uint64_t rank = known->delayed ? known->late_start : known->arrival;
        assert_true(known->answered);
        if (world->settings.preserve_ordering) {
            assert_false(model_is_held(world, index));
            assert_true(rank > last_rank[level]);
            last_rank[level] = rank;
        }
        EXPECT_STATUS(known->cancelled ? GALEN_CANCELLED : GALEN_OK, entry->status);
        leave(world, entry);
    }
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        const struct known *known = &world->known[i];
        if (known->answered && !known->told) {
            assert_true(world->settings.preserve_ordering && model_is_held(world, i));
        }
    }
}

static void make_entry(struct world *world, struct batcher_entry *entry)
{
    struct random *random = &world->random;
    entry->row_count = 1 + random_below(random, world->settings.row_count_max);
    entry->join_key = bytes_from_string(keys[random_below(random, 4)]);
    entry->deadline_ns =
        random_one_in(random, 3) ? world->now_ns + random_below(random, 200) : CLOCK_NEVER;
    entry->priority = random_below(random, LEVEL_COUNT_MAX + 2);
    entry->queue_timeout_ns = random_one_in(random, 2) ? 0 : 1 + random_below(random, 100);
}

static enum galen_status model_admit(const struct world *world, size_t index)
{
    const size_t level = model_level(world, index);
    size_t count = 0;
    if (world->draining) {
        return GALEN_UNAVAILABLE;
    }
    if (waiting_of(world, index)->deadline_ns <= world->now_ns) {
        return GALEN_TIMEOUT;
    }
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        count += world->known[i].waits && model_level(world, i) == level;
    }
    return count == model_rules(world, level).queue_count_max ? GALEN_BUSY : GALEN_OK;
}

static void submit_one(struct world *world)
{
    const size_t index = random_below(&world->random, ENTRY_COUNT);
    struct scheduler_entry *entry = &world->entries[index];
    struct known *known = &world->known[index];
    if (known->submitted) {
        return;
    }
    make_entry(world, &entry->waiting);
    const enum galen_status wanted = model_admit(world, index);
    known->submitted = true;
    EXPECT_STATUS(wanted, scheduler_submit(world->scheduler, entry, world->now_ns));
    if (wanted == GALEN_OK) {
        known->waits = true;
        known->arrival = ++world->event_count;
    } else {
        leave(world, entry);
    }
}

static void cancel_one(struct world *world)
{
    const size_t index = random_below(&world->random, ENTRY_COUNT);
    struct scheduler_entry *entry = &world->entries[index];
    struct known *known = &world->known[index];
    if (!known->submitted) {
        return;
    }
    const bool waits = known->waits;
    known->cancelled |= !known->told && !known->answered;
    assert_int_equal(scheduler_cancel(world->scheduler, entry, world->now_ns), waits);
    if (waits) {
        EXPECT_STATUS(GALEN_CANCELLED, entry->status);
        leave(world, entry);
        take_all(world);
    }
}

/* Those whose timeout delays them by now: in the order of their timeouts, then by age. */
static void model_delay_late(struct world *world)
{
    while (model_first_delay_ns(world) <= world->now_ns) {
        const uint64_t at_ns = model_first_delay_ns(world);
        struct known *first = NULL;
        for (size_t i = 0; i < ENTRY_COUNT; i++) {
            struct known *known = &world->known[i];
            if (known->waits && !known->delayed && model_delays(world, i) &&
                model_timeout_ns(world, i) == at_ns &&
                (first == NULL || known->arrival < first->arrival)) {
                first = known;
            }
        }
        first->delayed = true;
        first->delay_rank = ++world->event_count;
    }
}

static void expire_all(struct world *world)
{
    struct scheduler_entry *entry;
    uint64_t last_end_ns = 0;
    model_delay_late(world);
    while ((entry = scheduler_expire(world->scheduler, world->now_ns)) != NULL) {
        const uint64_t end_ns = model_end_ns(world, index_of(world, entry));
        assert_true(end_ns <= world->now_ns && end_ns >= last_end_ns);
        last_end_ns = end_ns;
        EXPECT_STATUS(end_ns == entry->waiting.deadline_ns ? GALEN_TIMEOUT
                                                           : GALEN_UNAVAILABLE,
                      entry->status);
        leave(world, entry);
    }
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        assert_true(!world->known[i].waits || model_end_ns(world, i) > world->now_ns);
    }
    take_all(world);
}

static void expect_model_batch(struct world *world, const struct batch *batch,
                               const size_t *alike, size_t count, enum batch_reason reason)
{
    size_t row_count = 0;
    size_t i = 0;
    assert_int_equal(batch->entries.count, count);
    assert_int_equal(batch->reason, reason);
    for (struct list_link *link = list_first(&batch->entries); link != NULL;
         link = list_next(&batch->entries, link)) {
        const struct scheduler_entry *entry = scheduler_entry_of(link);
        struct known *known = &world->known[alike[i]];
        assert_int_equal(index_of(world, entry), alike[i]);
        assert_false(known->cancelled);
        if (world->prompt) {
            assert_true(world->now_ns - entry->waiting.arrived_ns <=
                        world->settings.wait_ns_max);
        }
        row_count += entry->waiting.row_count;
        known->waits = false;
        known->late_start = known->delayed ? ++world->event_count : 0;
        i++;
    }
    assert_int_equal(batch->row_count, row_count);
    assert_true(row_count <= world->settings.row_count_max);
}

static void finish_batch(struct world *world, size_t at)
{
    const struct compute_times times = {.infer_ns = 1};
    struct batch *batch = &world->running[at];
    for (struct list_link *link = list_first(&batch->entries); link != NULL;
         link = list_next(&batch->entries, link)) {
        struct scheduler_entry *entry = scheduler_entry_of(link);
        entry->status = GALEN_OK;
        world->known[index_of(world, entry)].answered = true;
    }
    scheduler_finish(world->scheduler, batch, &times, world->now_ns);
    world->is_running[at] = false;
    take_all(world);
}

/* Pulls what is due now into a free place, or one that is made free. */
static void pull_one(struct world *world)
{
    const size_t at = random_below(&world->random, BATCH_COUNT);
    if (world->is_running[at]) {
        finish_batch(world, at);
    }
    expire_all(world);
    const bool due = model_due_ns(world) <= world->now_ns;
    struct batch *batch = &world->running[at];
    size_t alike[ENTRY_COUNT] = {0};
    enum batch_reason reason = BATCH_FULL;
    size_t count = due ? model_alike(world, alike) : 0;
    count = due ? model_batch(world, alike, count, &reason) : 0;
    assert_int_equal(scheduler_pull(world->scheduler, world->now_ns, batch), due);
    if (due) {
        expect_model_batch(world, batch, alike, count, reason);
        world->is_running[at] = true;
    }
}

static void advance(struct world *world)
{
    uint64_t until_ns = world->now_ns + random_below(&world->random, 60);
    while (world->prompt && scheduler_due_ns(world->scheduler) <= until_ns) {
        const uint64_t due_ns = scheduler_due_ns(world->scheduler);
        world->now_ns = due_ns > world->now_ns ? due_ns : world->now_ns;
        pull_one(world);
    }
    world->now_ns = until_ns;
}

static void step(struct world *world)
{
    switch (random_below(&world->random, 8)) {
    case 0:
        cancel_one(world);
        break;
    case 1:
        pull_one(world);
        break;
    case 2:
        advance(world);
        break;
    default:
        submit_one(world);
        break;
    }
    assert_int_equal(scheduler_due_ns(world->scheduler), model_due_ns(world));
    assert_int_equal(scheduler_waiting_count(world->scheduler), model_waiting_count(world));
}

/* The index of who has waited longest. */
static size_t model_oldest(const struct world *world)
{
    size_t oldest = ENTRY_COUNT;
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        if (world->known[i].waits &&
            (oldest == ENTRY_COUNT ||
             world->known[i].arrival < world->known[oldest].arrival)) {
            oldest = i;
        }
    }
    return oldest;
}

static void drain(struct world *world)
{
    scheduler_drain(world->scheduler);
    world->draining = true;
    submit_one(world);
    while (model_waiting_count(world) > 0 && !random_one_in(&world->random, 4)) {
        pull_one(world);
    }
    struct scheduler_entry *entry;
    while ((entry = scheduler_evict(world->scheduler, world->now_ns)) != NULL) {
        assert_int_equal(index_of(world, entry), model_oldest(world));
        EXPECT_STATUS(GALEN_UNAVAILABLE, entry->status);
        leave(world, entry);
    }
    take_all(world);
    for (size_t i = 0; i < BATCH_COUNT; i++) {
        if (world->is_running[i]) {
            finish_batch(world, i);
        }
    }
}

static void expect_all_left_once(const struct world *world)
{
    const struct scheduler_statistics *counts = scheduler_statistics(world->scheduler);
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        assert_int_equal(world->known[i].told, world->known[i].submitted);
    }
    assert_true(scheduler_is_idle(world->scheduler));
    assert_int_equal(counts->success.count, world->success_count);
    assert_int_equal(counts->fail.count, world->fail_count);
}

static void run_seed(uint64_t seed)
{
    static struct world world;
    world_init(&world, seed);
    for (size_t i = 0; i < STEP_COUNT; i++) {
        step(&world);
    }
    drain(&world);
    expect_all_left_once(&world);
    arena_deinit(&world.arena);
}

static uint64_t seed_now;

static void every_entry_leaves_once_and_as_the_model_says(void **state)
{
    (void)state;
    if (only_seed != UINT64_MAX) {
        run_seed(only_seed);
        return;
    }
    for (seed_now = 0; seed_now < SEED_COUNT; seed_now++) {
        run_seed(seed_now);
    }
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_leaves_once_and_as_the_model_says),
    };
    if (argument_count > 1) {
        only_seed = strtoull(arguments[1], NULL, 10);
    }
    const int failed_count =
        cmocka_run_group_tests_name("scheduler_random", tests, NULL, NULL);
    if (failed_count > 0) {
        (void)fprintf(stderr, "seed %llu\n",
                      (unsigned long long)(argument_count > 1 ? only_seed : seed_now));
    }
    return failed_count;
}
