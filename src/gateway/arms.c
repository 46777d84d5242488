/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/arms.h"

const char *arm_basis_name(enum arm_basis basis)
{
    static const char *const names[] = {
        [ARM_BY_SUBJECT] = "subject",
        [ARM_BY_CALLER] = "caller",
        [ARM_BY_CHANCE] = "chance",
        [ARM_BY_FALLBACK] = "fallback",
    };
    return names[basis];
}

struct arms arms_of(const struct repository_model *model, struct arm_counts *counts)
{
    static const struct siphash_key of_names = {
        {UINT64_C(0x67616c656e206172), UINT64_C(0x6d73206f66206120)}};
    const struct release_rollout *rollout = &model->rollout;
    return (struct arms){
        .canary = repository_model_version(model, rollout->version),
        .share = rollout->share,
        .shadow = rollout->shadow,
        .key = {{siphash(&of_names, bytes_from_string(model->name)), rollout->started}},
        .counts = counts,
    };
}

/* The same share of all values: the upper half, scaled. */
static bool is_below(uint64_t value, uint32_t share)
{
    return ((value >> 32) * RELEASE_WHOLE) >> 32 < share;
}

enum arm arms_choose(const struct arms *arms, const struct arms_asker *asker,
                     enum arm_basis *out_basis)
{
    uint64_t value = asker->chance;
    *out_basis = ARM_BY_CHANCE;
    if (asker->subject.size > 0) {
        *out_basis = ARM_BY_SUBJECT;
        value = siphash(&arms->key, asker->subject);
    } else if (asker->caller.size > 0) {
        *out_basis = ARM_BY_CALLER;
        value = siphash(&arms->key, asker->caller);
    }
    return is_below(value, arms->share) ? ARM_CANARY : ARM_STABLE;
}

bool arms_has_shadow(const struct arms *arms, uint64_t chance)
{
    return is_below(chance, arms->shadow);
}
