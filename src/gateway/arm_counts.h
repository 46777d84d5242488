/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the requests of a model came to while a canary of it is under way: of all loops, and
 * beyond a configuration. Shared and counted.
 *
 * Threads: any; of a shard the one that adds to it. Allocation: at create. A request costs
 * two or three locked additions, and only that of a model that has a canary.
 */
#pragma once

#include <stdatomic.h>

#include "base/status.h"
#include "base/tally.h"
#include "gateway/verdict.h"

/* Who answers: the version that is `current`, or the canary. */
enum arm { ARM_STABLE, ARM_CANARY, ARM_COUNT };

const char *arm_name(enum arm arm); /* "stable" */

enum arm_outcome {
    ARM_ANSWERED,
    ARM_FAILED,  /* we or the model could not */
    ARM_REFUSED, /* the input is none that this version takes */
    ARM_OUTCOME_COUNT,
};

const char *arm_outcome_name(enum arm_outcome outcome); /* "answered" */

/* What became of asking the canary too. */
enum shadow_outcome {
    SHADOW_AGREED,
    SHADOW_DIFFERED, /* or it could not answer what the stable version could */
    SHADOW_DROPPED, /* too much was under way, or it was too large, or nobody could be asked
                     */
    SHADOW_OUTCOME_COUNT,
};

const char *shadow_outcome_name(enum shadow_outcome outcome); /* "agreed" */

/* What one loop counts alone, which who reads adds up. Bounds: gateway_duration_bounds. */
struct arm_shard {
    struct tally_histogram durations[ARM_COUNT];
};

struct arm_counts {
    _Atomic uint64_t outcomes_[ARM_COUNT][ARM_OUTCOME_COUNT];
    _Atomic uint64_t durations_[ARM_COUNT][VERDICT_BUCKET_COUNT];
    _Atomic uint64_t shadows_[SHADOW_OUTCOME_COUNT];
    _Atomic size_t reference_count_;
    size_t shard_count_;
    struct arm_shard shards_[];
};

/* shard_count: one a loop. GALEN_NO_MEMORY. */
MUST_USE enum galen_status arm_counts_create(size_t shard_count,
                                             struct arm_counts **out_counts);
struct arm_counts *arm_counts_ref(struct arm_counts *counts);
void arm_counts_unref(struct arm_counts *counts); /* NULL is allowed */

void arm_counts_add(struct arm_counts *counts, enum arm arm, enum arm_outcome outcome);

/* Waiting for preprocess and engine, of a request that came to that. loop: which of the
 * shards is the caller's. */
void arm_counts_add_duration(struct arm_counts *counts, enum arm arm, size_t loop,
                             uint64_t duration_ns);
void arm_counts_add_shadow(struct arm_counts *counts, enum shadow_outcome outcome);

uint64_t arm_counts_outcome(const struct arm_counts *counts, enum arm arm,
                            enum arm_outcome outcome);
uint64_t arm_counts_shadow(const struct arm_counts *counts, enum shadow_outcome outcome);

/* Adds what was counted until now; with gateway_duration_bounds. */
void arm_counts_collect(const struct arm_counts *counts, enum arm arm,
                        struct histogram *histogram);

/* As the verdict has them; numbers may belong to moments a little apart. */
void arm_counts_read(const struct arm_counts *counts, struct verdict_counts *out_counts);
