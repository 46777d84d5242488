/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/rollouts.h"

#include <stdlib.h>
#include <string.h>

static void rollout_destroy(struct rollout *rollout)
{
    if (rollout != NULL) {
        arm_counts_unref(rollout->counts);
        free(rollout->model);
        free(rollout);
    }
}

void rollouts_deinit(struct rollouts *rollouts)
{
    while (rollouts->first != NULL) {
        struct rollout *rollout = rollouts->first;
        rollouts->first = rollout->next;
        rollout_destroy(rollout);
    }
}

struct rollout *rollouts_find(const struct rollouts *rollouts, const char *model)
{
    struct rollout *rollout = rollouts->first;
    while (rollout != NULL && strcmp(rollout->model, model) != 0) {
        rollout = rollout->next;
    }
    return rollout;
}

static enum galen_status rollout_create(const struct repository_model *model,
                                        size_t loop_count, uint64_t now_ns,
                                        struct rollout **out_rollout)
{
    struct rollout *rollout = calloc(1, sizeof(*rollout));
    if (rollout == NULL) {
        return GALEN_NO_MEMORY;
    }
    rollout->model = strdup(model->name);
    if (rollout->model == NULL ||
        arm_counts_create(loop_count, &rollout->counts) != GALEN_OK) {
        rollout_destroy(rollout);
        return GALEN_NO_MEMORY;
    }
    rollout->wanted = model->rollout;
    rollout->stable = model->choice == NULL ? 0 : model->choice->number;
    release_engine_set(rollout->stable_engine, model->engines.current);
    rollout->began_ns = now_ns;
    *out_rollout = rollout;
    return GALEN_OK;
}

/* The same trial, of whatever share. */
static bool goes_on(const struct rollout *rollout, const struct repository_model *model)
{
    return rollout != NULL && rollout->wanted.started == model->rollout.started &&
           rollout->wanted.version == model->rollout.version &&
           strcmp(rollout->wanted.engine, model->rollout.engine) == 0 &&
           strcmp(rollout->stable_engine, model->engines.current) == 0 &&
           model->choice != NULL && rollout->stable == model->choice->number;
}

static enum galen_status follow_model(struct rollouts *rollouts,
                                      const struct repository_model *model, uint64_t now_ns)
{
    struct rollout *rollout = rollouts_find(rollouts, model->name);
    if (!goes_on(rollout, model)) {
        TRY(rollout_create(model, rollouts->loop_count, now_ns, &rollout));
        rollout->next = rollouts->first;
        rollouts->first = rollout;
    }
    rollout->wanted = model->rollout;
    rollout->is_seen = true;
    return GALEN_OK;
}

/* The new one of a model stands before its old one, which goes here. */
static void forget_unseen(struct rollouts *rollouts)
{
    struct rollout **at = &rollouts->first;
    while (*at != NULL) {
        struct rollout *rollout = *at;
        if (rollout->is_seen) {
            rollout->is_seen = false;
            at = &rollout->next;
        } else {
            *at = rollout->next;
            rollout_destroy(rollout);
        }
    }
}

enum galen_status rollouts_follow(struct rollouts *rollouts,
                                  const struct repository *effective, uint64_t now_ns)
{
    enum galen_status status = GALEN_OK;
    for (size_t i = 0; i < effective->model_count && status == GALEN_OK; i++) {
        if (effective->models[i].rollout.version != 0) {
            status = follow_model(rollouts, &effective->models[i], now_ns);
        }
    }
    if (status == GALEN_OK) {
        forget_unseen(rollouts);
    }
    return status;
}

static bool takes_traffic(const struct rollout *rollout,
                          const struct repository_model *model)
{
    return model->rollout.version != 0 && goes_on(rollout, model) &&
           !verdict_is_bad(rollout->found);
}

enum galen_status rollouts_plan(const struct rollouts *rollouts,
                                const struct repository *effective, struct arms **out_arms)
{
    struct arms *all = NULL;
    *out_arms = NULL;
    for (size_t i = 0; i < effective->model_count; i++) {
        const struct repository_model *model = &effective->models[i];
        const struct rollout *rollout = rollouts_find(rollouts, model->name);
        if (!takes_traffic(rollout, model)) {
            continue;
        }
        if (all == NULL) {
            *out_arms = all = calloc(effective->model_count, sizeof(*all));
        }
        if (all == NULL) {
            return GALEN_NO_MEMORY;
        }
        all[i] = arms_of(model, arm_counts_ref(rollout->counts));
    }
    return GALEN_OK;
}

void rollouts_tell(const struct rollouts *rollouts, struct error *out_note)
{
    error_clear(out_note);
    for (const struct rollout *at = rollouts->first; at != NULL; at = at->next) {
        if (at->is_refused) {
            (void)error_set(out_note, GALEN_UNAVAILABLE,
                            "canary %llu of '%s': %s; this cannot be put on record, and "
                            "holds in this process",
                            (unsigned long long)at->wanted.version, at->model, at->why);
        }
    }
}

bool rollout_judge(struct rollout *rollout, const struct verdict_limits *limits,
                   uint64_t now_ns)
{
    struct verdict_counts counts;
    const struct verdict_trial trial = {
        .has_traffic = rollout->wanted.share > 0,
        .is_compared = rollout->wanted.shadow > 0,
        .elapsed_ns = now_ns - rollout->began_ns,
    };
    if (rollout->found != VERDICT_WAIT) {
        return false;
    }
    arm_counts_read(rollout->counts, &counts);
    const enum verdict_kind found =
        verdict_take(&rollout->verdict, &counts, limits, &trial);
    if (found == VERDICT_WAIT || (found == VERDICT_GOOD && !rollout->wanted.promotes)) {
        return false;
    }
    rollout->found = found;
    verdict_tell(found, &counts, limits, rollout->why);
    return true;
}
