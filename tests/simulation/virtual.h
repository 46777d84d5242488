/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual time, randomness from a seed, and one thread's mailbox: nothing here waits, and
 * the same seed gives the same run.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mailbox.h"

struct event {
    void (*run)(struct event *event);
    uint64_t due_ns;
    uint64_t order; /* of two that are due together, the one that was scheduled first */
    bool is_scheduled;
};

struct virtual
{
    struct mailbox mailbox; /* first: a mailbox is what others see */
    uint64_t now_ns;
    uint64_t random_state;
    uint64_t scheduled_count;
    struct event **heap; /* by due_ns, then order */
    size_t heap_count;
    size_t heap_capacity;
    struct task *first_task;
    struct task **last_next;
};

void virtual_init(struct virtual *world, uint64_t seed);
void virtual_deinit(struct virtual *world);

void virtual_schedule(struct virtual *world, struct event *event, uint64_t delay_ns);
void virtual_cancel(struct virtual *world,
                    struct event *event); /* harmless when not scheduled */

/* Runs what is posted, else moves the clock to the next event and runs it. False: nothing
 * is left. */
bool virtual_step(struct virtual *world);

uint64_t virtual_random(struct virtual *world);
uint64_t virtual_between(struct virtual *world, uint64_t low,
                         uint64_t high); /* inclusive */
bool virtual_chance(struct virtual *world, uint32_t per_thousand);
