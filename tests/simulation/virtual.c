/* SPDX-License-Identifier: Apache-2.0 */
#include "virtual.h"

#include <stdlib.h>

#include "base/invariant.h"

static void post(struct mailbox *mailbox, struct task *task)
{
    struct virtual *world = (struct virtual *)(void *)mailbox;
    task->next = NULL;
    *world->last_next = task;
    world->last_next = &task->next;
}

static const struct mailbox_ops mailbox_ops = {.post = post};

void virtual_init(struct virtual *world, uint64_t seed)
{
    *world = (struct virtual){
        .mailbox = {.ops = &mailbox_ops},
        .now_ns = 1,
        .random_state = seed,
    };
    world->last_next = &world->first_task;
}

void virtual_deinit(struct virtual *world)
{
    INVARIANT(world->heap_count == 0 && world->first_task == NULL);
    free(world->heap);
}

static bool is_before(const struct event *a, const struct event *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void swap(struct virtual *world, size_t a, size_t b)
{
    struct event *event = world->heap[a];
    world->heap[a] = world->heap[b];
    world->heap[b] = event;
}

static void sift_up(struct virtual *world, size_t index)
{
    while (index > 0 && is_before(world->heap[index], world->heap[(index - 1) / 2])) {
        swap(world, index, (index - 1) / 2);
        index = (index - 1) / 2;
    }
}

static void sift_down(struct virtual *world, size_t index)
{
    for (;;) {
        size_t least = index;
        for (size_t child = 2 * index + 1; child <= 2 * index + 2; child++) {
            if (child < world->heap_count &&
                is_before(world->heap[child], world->heap[least])) {
                least = child;
            }
        }
        if (least == index) {
            return;
        }
        swap(world, index, least);
        index = least;
    }
}

static void grow(struct virtual *world)
{
    world->heap_capacity = world->heap_capacity == 0 ? 64 : 2 * world->heap_capacity;
    world->heap = realloc(world->heap, world->heap_capacity * sizeof(struct event *));
    INVARIANT(world->heap != NULL);
}

void virtual_schedule(struct virtual *world, struct event *event, uint64_t delay_ns)
{
    INVARIANT(!event->is_scheduled);
    if (world->heap_count == world->heap_capacity) {
        grow(world);
    }
    event->due_ns = world->now_ns + delay_ns;
    event->order = world->scheduled_count++;
    event->is_scheduled = true;
    world->heap[world->heap_count] = event;
    sift_up(world, world->heap_count++);
}

static void remove_at(struct virtual *world, size_t index)
{
    world->heap[index]->is_scheduled = false;
    world->heap_count--;
    if (index < world->heap_count) {
        world->heap[index] = world->heap[world->heap_count];
        sift_down(world, index);
        sift_up(world, index);
    }
}

void virtual_cancel(struct virtual *world, struct event *event)
{
    for (size_t i = 0; event->is_scheduled && i < world->heap_count; i++) {
        if (world->heap[i] == event) {
            remove_at(world, i);
        }
    }
}

static bool run_tasks(struct virtual *world)
{
    struct task *task = world->first_task;
    world->first_task = NULL;
    world->last_next = &world->first_task;
    if (task == NULL) {
        return false;
    }
    while (task != NULL) {
        struct task *next = task->next; /* run may post this very task again */
        task->run(task);
        task = next;
    }
    return true;
}

bool virtual_step(struct virtual *world)
{
    if (run_tasks(world)) {
        return true;
    }
    if (world->heap_count == 0) {
        return false;
    }
    struct event *event = world->heap[0];
    remove_at(world, 0);
    world->now_ns = event->due_ns;
    event->run(event);
    return true;
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
uint64_t virtual_random(struct virtual *world)
{
    uint64_t z = world->random_state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint64_t virtual_between(struct virtual *world, uint64_t low, uint64_t high)
{
    return low + virtual_random(world) % (high - low + 1);
}

bool virtual_chance(struct virtual *world, uint32_t per_thousand)
{
    return virtual_random(world) % 1000 < per_thousand;
}
