/* SPDX-License-Identifier: Apache-2.0 */
#include "app/metrics_rollout.h"

#include <stdio.h>

#include "base/clock.h"
#include "gateway/counts.h"
#include "service/metrics.h"

enum { NUMBER_SIZE = 24 };

static void put_each(struct writer *out, const struct rollouts *rollouts,
                     enum metric metric,
                     void (*put)(struct writer *out, const struct rollout *rollout))
{
    metric_begin(out, metric);
    for (const struct rollout *at = rollouts->first; at != NULL; at = at->next) {
        put(out, at);
    }
}

static void put_version(const struct rollout *rollout, enum arm arm,
                        char out_text[NUMBER_SIZE])
{
    (void)snprintf(out_text, NUMBER_SIZE, "%llu",
                   (unsigned long long)(arm == ARM_CANARY ? rollout->wanted.version
                                                          : rollout->stable));
}

static void put_arm(struct writer *out, const struct rollout *rollout, enum arm arm)
{
    char version[NUMBER_SIZE];
    put_version(rollout, arm, version);
    for (enum arm_outcome i = 0; i < ARM_OUTCOME_COUNT; i++) {
        const char *const labels[] = {rollout->model, arm_name(arm), version,
                                      arm_outcome_name(i)};
        metric_put_u64(out, METRIC_ARM_REQUESTS, labels,
                       arm_counts_outcome(rollout->counts, arm, i));
    }
}

static void put_arms(struct writer *out, const struct rollout *rollout)
{
    put_arm(out, rollout, ARM_STABLE);
    put_arm(out, rollout, ARM_CANARY);
}

static void put_duration(struct writer *out, const struct rollout *rollout, enum arm arm)
{
    char version[NUMBER_SIZE];
    struct histogram histogram;
    const char *const labels[] = {rollout->model, arm_name(arm), version};
    put_version(rollout, arm, version);
    histogram_init(&histogram, &gateway_duration_bounds);
    arm_counts_collect(rollout->counts, arm, &histogram);
    metric_put_histogram(out, METRIC_ARM_DURATION, labels, &histogram, NS_PER_S);
}

static void put_durations(struct writer *out, const struct rollout *rollout)
{
    put_duration(out, rollout, ARM_STABLE);
    put_duration(out, rollout, ARM_CANARY);
}

static void put_shadows(struct writer *out, const struct rollout *rollout)
{
    for (enum shadow_outcome i = 0; i < SHADOW_OUTCOME_COUNT; i++) {
        const char *const labels[] = {rollout->model, shadow_outcome_name(i)};
        metric_put_u64(out, METRIC_SHADOW_REQUESTS, labels,
                       arm_counts_shadow(rollout->counts, i));
    }
}

static void put_share(struct writer *out, const struct rollout *rollout)
{
    const uint32_t share = verdict_is_bad(rollout->found) ? 0 : rollout->wanted.share;
    const char *const labels[] = {rollout->model};
    metric_put_share(out, METRIC_ARM_SHARE, labels, (double)share / RELEASE_WHOLE);
}

static void put_unrecorded(struct writer *out, const struct rollout *rollout)
{
    const char *const labels[] = {rollout->model};
    metric_put_u64(out, METRIC_ROLLOUT_UNRECORDED, labels, rollout->is_refused);
}

void metrics_put_rollouts(struct writer *out, const struct rollouts *rollouts)
{
    put_each(out, rollouts, METRIC_ARM_REQUESTS, put_arms);
    put_each(out, rollouts, METRIC_ARM_DURATION, put_durations);
    put_each(out, rollouts, METRIC_ARM_SHARE, put_share);
    put_each(out, rollouts, METRIC_SHADOW_REQUESTS, put_shadows);
    put_each(out, rollouts, METRIC_ROLLOUT_UNRECORDED, put_unrecorded);
    metric_begin(out, METRIC_ROLLOUT_VERDICTS);
    for (enum verdict_kind i = VERDICT_GOOD; i < VERDICT_KIND_COUNT; i++) {
        const char *const labels[] = {verdict_name(i)};
        metric_put_u64(out, METRIC_ROLLOUT_VERDICTS, labels, rollouts->verdict_counts[i]);
    }
}

void metrics_put_releases(struct writer *out, const struct repository *effective)
{
    metric_begin(out, METRIC_RELEASE_AWAITS_ENGINES);
    for (size_t i = 0; i < effective->model_count; i++) {
        const struct repository_model *model = &effective->models[i];
        const char *const labels[] = {model->name};
        metric_put_u64(out, METRIC_RELEASE_AWAITS_ENGINES, labels, model->awaits_engines);
    }
}
