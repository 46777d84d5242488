/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/arm_counts.h"

#include "base/invariant.h"
#include "gateway/counts.h"

const char *arm_name(enum arm arm)
{
    return arm == ARM_CANARY ? "canary" : "stable";
}

const char *arm_outcome_name(enum arm_outcome outcome)
{
    static const char *const names[ARM_OUTCOME_COUNT] = {
        [ARM_ANSWERED] = "answered",
        [ARM_FAILED] = "failed",
        [ARM_REFUSED] = "refused",
    };
    return names[outcome];
}

const char *shadow_outcome_name(enum shadow_outcome outcome)
{
    static const char *const names[SHADOW_OUTCOME_COUNT] = {
        [SHADOW_AGREED] = "agreed",
        [SHADOW_DIFFERED] = "differed",
        [SHADOW_DROPPED] = "dropped",
    };
    return names[outcome];
}

static void add(_Atomic uint64_t *count)
{
    atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
}

static uint64_t value(const _Atomic uint64_t *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

void arm_counts_add(struct arm_counts *counts, enum arm arm, enum arm_outcome outcome)
{
    add(&counts->outcomes_[arm][outcome]);
}

void arm_counts_add_duration(struct arm_counts *counts, enum arm arm, size_t loop,
                             uint64_t duration_ns)
{
    INVARIANT(loop < counts->shard_count_);
    add(&counts->durations_[arm][verdict_bucket(duration_ns)]);
    tally_histogram_add(&counts->shards_[loop].durations[arm], &gateway_duration_bounds,
                        duration_ns);
}

void arm_counts_collect(const struct arm_counts *counts, enum arm arm,
                        struct histogram *histogram)
{
    for (size_t i = 0; i < counts->shard_count_; i++) {
        tally_histogram_collect(&counts->shards_[i].durations[arm], histogram);
    }
}

void arm_counts_add_shadow(struct arm_counts *counts, enum shadow_outcome outcome)
{
    add(&counts->shadows_[outcome]);
}

uint64_t arm_counts_outcome(const struct arm_counts *counts, enum arm arm,
                            enum arm_outcome outcome)
{
    return value(&counts->outcomes_[arm][outcome]);
}

uint64_t arm_counts_shadow(const struct arm_counts *counts, enum shadow_outcome outcome)
{
    return value(&counts->shadows_[outcome]);
}

static void read_arm(const struct arm_counts *counts, enum arm arm,
                     struct verdict_arm *out_arm)
{
    out_arm->answer_count = arm_counts_outcome(counts, arm, ARM_ANSWERED);
    out_arm->failure_count = arm_counts_outcome(counts, arm, ARM_FAILED);
    out_arm->refusal_count = arm_counts_outcome(counts, arm, ARM_REFUSED);
    for (size_t i = 0; i < VERDICT_BUCKET_COUNT; i++) {
        out_arm->durations[i] = value(&counts->durations_[arm][i]);
    }
}

void arm_counts_read(const struct arm_counts *counts, struct verdict_counts *out_counts)
{
    read_arm(counts, ARM_STABLE, &out_counts->stable);
    read_arm(counts, ARM_CANARY, &out_counts->canary);
    out_counts->differing_count = arm_counts_shadow(counts, SHADOW_DIFFERED);
    out_counts->compared_count =
        out_counts->differing_count + arm_counts_shadow(counts, SHADOW_AGREED);
}
