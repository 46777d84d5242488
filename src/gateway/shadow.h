/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the canary what the stable version has answered already, and compares: a call of its
 * own, with its own memory, after the reply has left, of which nobody hears but the counts
 * and an audit event. It neither delays nor changes an answer. What cannot be had at once
 * is dropped: too much under way, too large, no memory, a queue that is full.
 *
 * A lane is one loop's. Threads: the loop's. Allocation: a block and an arena for each,
 * which holds a copy of what was sent (patient data) and is wiped at its end.
 */
#pragma once

#include "gateway/request.h"

struct shadow_lane {
    size_t count_; /* under way */
    double tolerance;
    struct mailbox *mailbox_;
    struct task *idle_;
};

/* Caller's storage. tolerance: of tensors_disagree. */
void shadow_lane_init(struct shadow_lane *lane, struct mailbox *mailbox, double tolerance);

/* Posts `idle` once nothing is under way any more. Nothing is to begin from now on. */
void shadow_lane_finish(struct shadow_lane *lane, struct task *idle);

/* The request has an arm, its reply has left, and its calls are not cleared yet. Begins
 * what its arm wants, or nothing. */
void shadow_begin(const struct request *request);
