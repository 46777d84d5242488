/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a canary is as good as the version that it is to follow, by what both answered
 * (docs/rollout.md). Three one-sided tests, of which each may be wrong about a canary that
 * is no worse with a probability of a third of `alpha` at most, over the whole rollout and
 * however often it is looked at:
 *
 *   errs       Fisher's exact test: given all errors of both, so many of them fell upon the
 *              canary. The canary's rate has to be above by error_margin besides.
 *   slows      a binomial test: more than 5 % of the canary's answers took longer than what
 *              95 % of the stable version's stay below, times latency_ratio, and plus
 *              latency_ns. 5 % is the most that a canary which keeps to that has.
 *   disagrees  a binomial test: more than disagreement_max of what was asked of both was
 *              answered differently.
 *
 * Looks: look k spends alpha/3 divided by k(k + 1), which adds up to alpha/3 over all k (a
 * union bound: no assumption on how looks depend on each other). A look is due when a
 * quarter more has been counted than at the one before it, so that what is wrong by much is
 * found early and a rollout of a year has some seventy looks. When it comes depends on how
 * much was counted and not on what, without which a test would not hold.
 *
 * Pure. Threads: one owner. Allocation: none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Durations by quarters of a power of two, from 16 microseconds to 68 seconds. */
enum { VERDICT_BUCKET_COUNT = 88 };

/* What the requests of one arm came to. */
struct verdict_arm {
    uint64_t answer_count;
    uint64_t failure_count; /* we or the model could not: 5xx, too slow, too busy */
    uint64_t refusal_count; /* the input is none that this version takes */
    uint64_t durations[VERDICT_BUCKET_COUNT]; /* of answers and of what was too slow */
};

struct verdict_counts {
    struct verdict_arm stable;
    struct verdict_arm canary;
    uint64_t compared_count; /* asked of both */
    uint64_t differing_count;
};

struct verdict_limits {
    double alpha;
    double error_margin;
    double latency_ratio;
    uint64_t latency_ns;
    double disagreement_max;
    uint64_t request_count_min; /* of each arm, and compared, before it is good */
    uint64_t bake_ns;           /* since it began, likewise */
};

/* Zeroed: nothing was looked at yet. */
struct verdict_looks {
    uint64_t count;
    uint64_t next; /* due when so many were counted */
};

struct verdict {
    struct verdict_looks answers;
    struct verdict_looks comparisons;
};

enum verdict_kind {
    VERDICT_WAIT, /* nothing speaks against it, and it is too early to say that it is good
                   */
    VERDICT_GOOD,
    VERDICT_ERRS,
    VERDICT_SLOWS,
    VERDICT_DISAGREES,
    VERDICT_KIND_COUNT,
};

/* What is tried, and for how long it has been. */
struct verdict_trial {
    bool has_traffic; /* requests are answered by the canary */
    bool is_compared; /* they are asked of it besides */
    uint64_t elapsed_ns;
};

static inline bool verdict_is_bad(enum verdict_kind kind)
{
    return kind >= VERDICT_ERRS && kind < VERDICT_KIND_COUNT;
}

/* One look. */
enum verdict_kind verdict_take(struct verdict *verdict, const struct verdict_counts *counts,
                               const struct verdict_limits *limits,
                               const struct verdict_trial *trial);

const char *verdict_name(enum verdict_kind kind); /* "errs" */

/* Why, with its numbers, for records and logs: "errs: 12 of 230 requests failed, of the
 * stable version 1 of 910". */
enum { VERDICT_TEXT_SIZE = 192 };
void verdict_tell(enum verdict_kind kind, const struct verdict_counts *counts,
                  const struct verdict_limits *limits, char *out_text);

/* Which of durations this belongs to, and the longest that belongs there. */
size_t verdict_bucket(uint64_t duration_ns);
uint64_t verdict_bucket_end_ns(size_t bucket);

/* P(X >= count) of a binomial distribution; 1 at once where that is no more than expected.
 */
double verdict_binomial_tail(uint64_t trial_count, double share, uint64_t count);

/* P(X >= a) where a of b and c of d are errors and the margins are given. */
double verdict_fisher_tail(uint64_t a, uint64_t b, uint64_t c, uint64_t d);
