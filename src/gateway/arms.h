/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which version of a model answers a request that names none, while a canary is under way
 * (docs/rollout.md). A plan is part of a view: immutable, and the same for every loop and,
 * since nothing random is in its key, for every gateway.
 *
 * Who is asked about stays on one arm: requests of one subject, by its pseudonym, else of
 * one caller. Of those the canary has whoever's hash is below its share; so while the share
 * only grows nobody leaves it. Another canary draws anew.
 *
 * Pure. Threads: any.
 */
#pragma once

#include "base/siphash.h"
#include "gateway/arm_counts.h"
#include "model/repository.h"

/* Zeroed: the model has no canary. */
struct arms {
    const struct repository_version *canary; /* the repository's; NULL: there is none */
    uint32_t share;                          /* of RELEASE_WHOLE, as shadow */
    uint32_t shadow;
    struct siphash_key key;
    struct arm_counts *counts; /* a reference, the owner's */
};

/* What an arm follows from. */
enum arm_basis {
    ARM_BY_SUBJECT,
    ARM_BY_CALLER,
    ARM_BY_CHANCE,
    ARM_BY_FALLBACK, /* the canary's own engines could not answer */
};

const char *arm_basis_name(enum arm_basis basis); /* "subject" */

/* Who and what a request is about; what is empty is not known. */
struct arms_asker {
    struct bytes subject; /* a pseudonym */
    struct bytes caller;
    uint64_t chance; /* random, for whom nothing is known of */
};

/* The plan of a model whose rollout has a version; counts is borrowed. */
struct arms arms_of(const struct repository_model *model, struct arm_counts *counts);

enum arm arms_choose(const struct arms *arms, const struct arms_asker *asker,
                     enum arm_basis *out_basis);

/* Whether a request of the stable arm is asked of the canary too. */
bool arms_has_shadow(const struct arms *arms, uint64_t chance);
