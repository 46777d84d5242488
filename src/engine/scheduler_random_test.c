/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scheduler and batcher against a model that is too simple to be wrong: an array of who
 * waits, scanned anew for each question. Thousands of seeds; a failing one is printed and
 * can be run alone: scheduler_random_test SEED.
 */
#include "engine/scheduler.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "expect.h"
#include "random.h"

enum { SEED_COUNT = 20000, STEP_COUNT = 150, ENTRY_COUNT = 64, BATCH_COUNT = 4 };

static uint64_t only_seed = UINT64_MAX;

struct world {
    struct arena arena;
    struct random random;
    struct batcher_settings settings;
    struct scheduler *scheduler;
    struct scheduler_entry entries[ENTRY_COUNT];
    size_t exit_counts[ENTRY_COUNT]; /* how often each was given back */
    bool submitted[ENTRY_COUNT];
    bool cancelled[ENTRY_COUNT];
    size_t waiting[ENTRY_COUNT]; /* indexes, oldest first */
    size_t waiting_count;
    struct batch running[BATCH_COUNT];
    bool is_running[BATCH_COUNT];
    uint64_t now_ns;
    bool draining;
    bool prompt; /* pulls happen exactly when they are due */
};

static const char *const keys[] = {"", "a", "b", "ab"};

static size_t index_of(const struct world *world, const struct scheduler_entry *entry)
{
    return (size_t)(entry - world->entries);
}

static void world_init(struct world *world, uint64_t seed)
{
    *world = (struct world){.random = {seed}};
    struct random *random = &world->random;
    world->settings = (struct batcher_settings){
        .row_count_max = 1 + random_below(random, 8),
        .queue_count_max = 1 + random_below(random, 20),
        .wait_ns_max = random_one_in(random, 3) ? 0 : random_below(random, 100)};
    world->prompt = random_one_in(random, 2);
    arena_init(&world->arena, 65536);
    EXPECT_OK(scheduler_create(&world->settings, &world->arena, &world->scheduler));
}

/* --- the model --- */

static void model_remove(struct world *world, size_t index)
{
    for (size_t i = 0; i < world->waiting_count; i++) {
        if (world->waiting[i] == index) {
            world->waiting_count--;
            memmove(&world->waiting[i], &world->waiting[i + 1],
                    (world->waiting_count - i) * sizeof(world->waiting[0]));
            return;
        }
    }
    fail_msg("an entry left that did not wait");
}

/* Who would leave now; *out_full: nobody who comes later could join them. */
static size_t model_batch(const struct world *world, size_t *out_indexes, bool *out_full)
{
    size_t count = 0;
    size_t row_count = 0;
    const struct batcher_entry *oldest = &world->entries[world->waiting[0]].waiting;
    *out_full = false;
    for (size_t i = 0; i < world->waiting_count && !*out_full; i++) {
        const struct batcher_entry *entry = &world->entries[world->waiting[i]].waiting;
        if (!bytes_equal(entry->join_key, oldest->join_key)) {
            continue;
        }
        if (row_count + entry->row_count > world->settings.row_count_max) {
            *out_full = true;
        } else {
            row_count += entry->row_count;
            out_indexes[count++] = world->waiting[i];
            *out_full = row_count == world->settings.row_count_max;
        }
    }
    return count;
}

static uint64_t model_due_ns(const struct world *world)
{
    size_t indexes[ENTRY_COUNT];
    bool full;
    if (world->waiting_count == 0) {
        return CLOCK_NEVER;
    }
    (void)model_batch(world, indexes, &full);
    const uint64_t wait_ns = world->settings.wait_ns_max;
    const uint64_t arrived_ns = world->entries[world->waiting[0]].waiting.arrived_ns;
    if (full || world->draining || wait_ns == 0) {
        return arrived_ns;
    }
    uint64_t due_ns = arrived_ns + wait_ns;
    for (size_t i = 0; i < world->waiting_count; i++) {
        const uint64_t deadline_ns = world->entries[world->waiting[i]].waiting.deadline_ns;
        const uint64_t near_ns = deadline_ns > wait_ns ? deadline_ns - wait_ns : 0;
        if (deadline_ns != CLOCK_NEVER && near_ns < due_ns) {
            due_ns = near_ns;
        }
    }
    return due_ns;
}

/* --- the steps --- */

static void leave(struct world *world, const struct scheduler_entry *entry)
{
    world->exit_counts[index_of(world, entry)]++;
    assert_int_equal(entry->state, SCHEDULER_ENTRY_DONE);
}

static void submit_one(struct world *world)
{
    struct random *random = &world->random;
    const size_t index = random_below(random, ENTRY_COUNT);
    struct scheduler_entry *entry = &world->entries[index];
    if (world->submitted[index]) {
        return;
    }
    entry->waiting.row_count = 1 + random_below(random, world->settings.row_count_max);
    entry->waiting.join_key = bytes_from_string(keys[random_below(random, 4)]);
    entry->waiting.deadline_ns =
        random_one_in(random, 3) ? world->now_ns + random_below(random, 200) : CLOCK_NEVER;
    const bool late = entry->waiting.deadline_ns <= world->now_ns;
    const bool full = world->waiting_count == world->settings.queue_count_max;
    const enum galen_status wanted = world->draining ? GALEN_UNAVAILABLE
                                     : late          ? GALEN_TIMEOUT
                                     : full          ? GALEN_BUSY
                                                     : GALEN_OK;
    world->submitted[index] = true;
    EXPECT_STATUS(wanted, scheduler_submit(world->scheduler, entry, world->now_ns));
    if (wanted == GALEN_OK) {
        world->waiting[world->waiting_count++] = index;
    } else {
        leave(world, entry);
    }
}

static void cancel_one(struct world *world)
{
    const size_t index = random_below(&world->random, ENTRY_COUNT);
    struct scheduler_entry *entry = &world->entries[index];
    if (!world->submitted[index]) {
        return;
    }
    const bool waits = entry->state == SCHEDULER_ENTRY_WAITING;
    world->cancelled[index] |= entry->state != SCHEDULER_ENTRY_DONE;
    assert_int_equal(scheduler_cancel(world->scheduler, entry), waits);
    if (waits) {
        model_remove(world, index);
        leave(world, entry);
    }
}

static void expire_all(struct world *world)
{
    struct scheduler_entry *entry;
    while ((entry = scheduler_expire(world->scheduler, world->now_ns)) != NULL) {
        assert_true(entry->waiting.deadline_ns <= world->now_ns);
        model_remove(world, index_of(world, entry));
        leave(world, entry);
    }
    for (size_t i = 0; i < world->waiting_count; i++) {
        assert_true(world->entries[world->waiting[i]].waiting.deadline_ns > world->now_ns);
    }
}

static void expect_model_batch(struct world *world, const struct batch *batch)
{
    size_t indexes[ENTRY_COUNT];
    bool full;
    size_t row_count = 0;
    const size_t count = model_batch(world, indexes, &full);
    assert_int_equal(batch->entries.count, count);
    assert_int_equal(batch->reason == BATCH_FULL, full);
    size_t i = 0;
    for (struct list_link *link = list_first(&batch->entries); link != NULL;
         link = list_next(&batch->entries, link)) {
        const struct scheduler_entry *entry = scheduler_entry_of(link);
        assert_int_equal(index_of(world, entry), indexes[i]);
        assert_false(world->cancelled[indexes[i]]);
        if (world->prompt) {
            assert_true(world->now_ns - entry->waiting.arrived_ns <=
                        world->settings.wait_ns_max);
        }
        row_count += entry->waiting.row_count;
        model_remove(world, indexes[i]);
        i++;
    }
    assert_int_equal(batch->row_count, row_count);
    assert_true(row_count <= world->settings.row_count_max);
}

static void finish_batch(struct world *world, size_t at)
{
    struct list_link *link = list_first(&world->running[at].entries);
    while (link != NULL) {
        struct scheduler_entry *entry = scheduler_entry_of(link);
        link = list_next(&world->running[at].entries, link);
        const bool cancelled = world->cancelled[index_of(world, entry)];
        EXPECT_STATUS(cancelled ? GALEN_CANCELLED : GALEN_OK,
                      scheduler_finish(world->scheduler, entry, GALEN_OK, world->now_ns));
        leave(world, entry);
    }
    world->is_running[at] = false;
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
    assert_int_equal(scheduler_pull(world->scheduler, world->now_ns, batch), due);
    if (due) {
        expect_model_batch(world, batch);
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
    assert_int_equal(scheduler_waiting_count(world->scheduler), world->waiting_count);
}

static void drain(struct world *world)
{
    scheduler_drain(world->scheduler);
    world->draining = true;
    submit_one(world);
    while (world->waiting_count > 0 && !random_one_in(&world->random, 4)) {
        pull_one(world);
    }
    struct scheduler_entry *entry;
    while ((entry = scheduler_evict(world->scheduler)) != NULL) {
        assert_int_equal(index_of(world, entry), world->waiting[0]);
        model_remove(world, world->waiting[0]);
        leave(world, entry);
    }
    for (size_t i = 0; i < BATCH_COUNT; i++) {
        if (world->is_running[i]) {
            finish_batch(world, i);
        }
    }
}

static void expect_all_left_once(const struct world *world)
{
    const struct scheduler_statistics *counts = scheduler_statistics(world->scheduler);
    size_t submit_count = 0;
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        submit_count += world->submitted[i];
        assert_int_equal(world->exit_counts[i], world->submitted[i]);
    }
    assert_true(scheduler_is_idle(world->scheduler));
    assert_int_equal(counts->success_count + counts->rejected_count +
                         counts->timeout_count + counts->cancelled_count +
                         counts->failed_count,
                     submit_count);
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
