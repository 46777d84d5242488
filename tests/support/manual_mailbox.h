/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mailbox that a test empties by hand: what was posted runs when the test says so, on the
 * test's thread.
 *
 * Threads: post from any, the rest on one. Allocation: none.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mailbox.h"

struct manual_mailbox {
    struct mailbox base;
    pthread_mutex_t lock_;
    pthread_cond_t posted_;
    struct task *first_;
    struct task **end_;
};

void manual_mailbox_init(struct manual_mailbox *mailbox);
void manual_mailbox_deinit(struct manual_mailbox *mailbox); /* must be empty */

/* Runs what is posted by now; not what these tasks post. Returns how many ran. */
size_t manual_mailbox_run(struct manual_mailbox *mailbox);

/* The same after waiting for the first post; 0 when none came within timeout_ms. */
size_t manual_mailbox_wait(struct manual_mailbox *mailbox, uint64_t timeout_ms);
