/* SPDX-License-Identifier: Apache-2.0 */
#include "app/rollout_control.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/background.h"
#include "app/model_release.h"
#include "app/triton_later.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/log.h"

#define ACTOR "galen"

static const uint64_t retry_ns = 60 * NS_PER_S;

/* A release that is to be made: loop to thread and back. */
struct order {
    struct background_job job;
    struct rollout_control *control;
    struct model_wish wish;
    char model[LIMIT_MODEL_NAME_SIZE_BYTES_MAX + 1];
    char reason[VERDICT_TEXT_SIZE];
    enum release_action action;
    enum galen_status status;
    struct model_made made;
    struct error error;
};

struct rollout_control {
    struct rollout_control_options options;
    struct verdict_limits limits;
};

static struct rollout *find(const struct rollout_control *control,
                            const struct order *order)
{
    struct rollout *rollout = rollouts_find(&control->options.role->rollouts, order->model);
    return rollout != NULL && rollout->wanted.started == order->wish.started ? rollout
                                                                             : NULL;
}

static bool is_refused(const struct order *order)
{
    return order->status != GALEN_OK && order->status != GALEN_NOT_FOUND &&
           !order->made.is_overtaken;
}

static void on_done(struct background_job *job)
{
    struct order *order = LIST_ITEM(job, struct order, job);
    struct rollout_control *control = order->control;
    struct rollout *rollout = find(control, order);
    triton_later(control->options.role->background, &order->wish.settings, order->model,
                 &order->made);
    if (is_refused(order)) {
        log_event(LOG_ERROR, "rollout.unrecorded", LOG_STR("model", order->model),
                  LOG_STR("action", release_action_name(order->action)),
                  LOG_STR("why", order->error.text));
    }
    if (rollout != NULL && rollout->is_refused != is_refused(order)) {
        rollout->is_refused = is_refused(order);
        control->options.changed(control->options.context);
    }
    free(order);
}

static struct verdict_limits limits_of(const struct settings *settings)
{
    return (struct verdict_limits){
        .alpha = settings->rollout_alpha,
        .error_margin = settings->rollout_error_margin,
        .latency_ratio = (double)settings->rollout_latency_percent / 100,
        .latency_ns = settings->rollout_latency_ms * NS_PER_MS,
        .disagreement_max = settings->rollout_disagreement,
        .request_count_min = settings->rollout_requests,
        .bake_ns = settings->rollout_bake_s * NS_PER_S,
    };
}

enum galen_status rollout_control_create(const struct rollout_control_options *options,
                                         struct rollout_control **out_control)
{
    struct rollout_control *control = calloc(1, sizeof(*control));
    if (control == NULL) {
        return GALEN_NO_MEMORY;
    }
    control->options = *options;
    control->limits = limits_of(&options->role->settings);
    *out_control = control;
    return GALEN_OK;
}

void rollout_control_destroy(struct rollout_control *control)
{
    free(control);
}

/* The loop's. */

static void tell(const struct rollout *rollout)
{
    log_event(verdict_is_bad(rollout->found) ? LOG_ERROR : LOG_INFO, "rollout.verdict",
              LOG_STR("model", rollout->model), LOG_INT("version", rollout->wanted.version),
              LOG_INT("stable", rollout->stable),
              LOG_STR("verdict", verdict_name(rollout->found)),
              LOG_STR("why", rollout->why));
}

static bool judge_all(struct rollout_control *control, uint64_t now_ns)
{
    struct role *role = control->options.role;
    bool is_changed = false;
    for (struct rollout *at = role->rollouts.first; at != NULL; at = at->next) {
        if (rollout_judge(at, &control->limits, now_ns)) {
            tell(at);
            role->rollouts.verdict_counts[at->found]++;
            is_changed |= verdict_is_bad(at->found);
        }
    }
    return is_changed;
}

static bool is_due(const struct rollout *rollout, uint64_t now_ns)
{
    return rollout->found != VERDICT_WAIT &&
           (rollout->told_ns == 0 || now_ns - rollout->told_ns >= retry_ns);
}

static void run(struct background_job *job)
{
    struct order *order = LIST_ITEM(job, struct order, job);
    order->status =
        model_release_make(&order->wish, order->action, NULL, &order->made, &order->error);
}

static struct order *order_of(struct rollout_control *control,
                              const struct rollout *rollout)
{
    struct order *order = calloc(1, sizeof(*order));
    if (order == NULL) {
        return NULL;
    }
    (void)snprintf(order->model, sizeof(order->model), "%s", rollout->model);
    (void)snprintf(order->reason, sizeof(order->reason), "%s", rollout->why);
    order->action = rollout->found == VERDICT_GOOD ? RELEASE_PROMOTE : RELEASE_ROLLBACK;
    order->control = control;
    order->job = (struct background_job){.key = order->model, .run = run, .done = on_done};
    settings_copy(&order->wish.settings, &control->options.role->settings);
    order->wish.words[0] = order->model;
    order->wish.actor = ACTOR;
    order->wish.reason = order->reason;
    order->wish.tag = RELEASE_CURRENT;
    order->wish.stops = order->action == RELEASE_ROLLBACK;
    order->wish.started = rollout->wanted.started;
    return order;
}

/* Where it cannot begin now, since somebody else has one of the model under way, it is
 * tried at the next look. */
static void ask_for(struct rollout_control *control, struct rollout *rollout,
                    uint64_t now_ns)
{
    struct error ignored;
    struct order *order = order_of(control, rollout);
    if (order != NULL && background_start(control->options.role->background, &order->job,
                                          &ignored) == GALEN_OK) {
        rollout->told_ns = now_ns;
    } else {
        free(order);
    }
}

void rollout_control_look(struct rollout_control *control)
{
    const uint64_t now_ns = clock_monotonic_ns();
    if (judge_all(control, now_ns)) {
        control->options.changed(control->options.context);
    }
    struct rollout *rollout = control->options.role->rollouts.first;
    for (; rollout != NULL; rollout = rollout->next) {
        if (is_due(rollout, now_ns)) {
            ask_for(control, rollout, now_ns);
        }
    }
}
