/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The canaries that are under way, from the first view that has one to the last: what they
 * came to, and what is made of it. A canary that was found to be bad takes no traffic any
 * more, whatever the repository says, until that says of another.
 *
 * I/O-free. Threads: the first loop's, and before it runs the main one. Allocation: on the
 * heap, one block a canary.
 */
#pragma once

#include "gateway/arms.h"

struct rollout {
    char *model;
    struct release_rollout wanted;           /* as the repository has it */
    uint64_t stable;                         /* the version that it is held against */
    char stable_engine[RELEASE_ENGINE_SIZE]; /* and where that runs */
    uint64_t began_ns;                       /* when it was first seen here */
    struct arm_counts *counts;
    struct verdict verdict;
    enum verdict_kind found; /* WAIT until it is good or bad, and then for ever that */
    char why[VERDICT_TEXT_SIZE];
    uint64_t told_ns; /* when a release was last asked for; 0: never */
    bool is_refused;  /* it could not be made; what was found holds here alone */
    bool is_seen;     /* by the follow that is under way */
    struct rollout *next;
};

struct rollouts {
    size_t loop_count;     /* of the process; set before any follows */
    struct rollout *first; /* by no order */
    uint64_t verdict_counts[VERDICT_KIND_COUNT]; /* that were taken, since the start */
};

void rollouts_deinit(struct rollouts *rollouts); /* zeroed is allowed */

/* What serves from now on. Those that go on keep what they came to; a share may change. Of
 * one that is new all begins anew. GALEN_NO_MEMORY: one that is new takes no traffic. */
enum galen_status rollouts_follow(struct rollouts *rollouts,
                                  const struct repository *effective, uint64_t now_ns);

/* NULL: the model has none. */
struct rollout *rollouts_find(const struct rollouts *rollouts, const char *model);

/* A plan for each model that has a canary that is not bad; each gives a reference to its
 * counts. *out_arms: malloc'd, one a model of the repository; NULL: none has any.
 * GALEN_NO_MEMORY. */
MUST_USE enum galen_status rollouts_plan(const struct rollouts *rollouts,
                                         const struct repository *effective,
                                         struct arms **out_arms);

/* What is to be known of them and is on no record; empty: nothing. */
void rollouts_tell(const struct rollouts *rollouts, struct error *out_note);

/* One look at this one. True: it was found to be good or bad just now. */
bool rollout_judge(struct rollout *rollout, const struct verdict_limits *limits,
                   uint64_t now_ns);
