/* SPDX-License-Identifier: Apache-2.0 */
#include "app/rollout_control.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/model_release.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/log.h"

#define ACTOR "galen"

static const uint64_t retry_ns = 60 * NS_PER_S;

/* A release that is to be made: loop to thread and back. */
struct order {
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
    struct order *_Atomic wanted; /* for the thread; NULL: nothing */
    struct order *made;           /* for the loop, once told runs */
    struct task told;
    bool is_busy; /* an order is on its way */
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

static void on_told(struct task *task)
{
    struct rollout_control *control = LIST_ITEM(task, struct rollout_control, told);
    struct order *order = control->made;
    struct rollout *rollout = find(control, order);
    control->made = NULL;
    control->is_busy = false;
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
    control->told.run = on_told;
    *out_control = control;
    return GALEN_OK;
}

void rollout_control_destroy(struct rollout_control *control)
{
    if (control != NULL) {
        free(control->wanted);
        free(control->made);
        free(control);
    }
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

static struct order *order_of(const struct rollout_control *control,
                              const struct rollout *rollout)
{
    struct order *order = calloc(1, sizeof(*order));
    if (order == NULL) {
        return NULL;
    }
    (void)snprintf(order->model, sizeof(order->model), "%s", rollout->model);
    (void)snprintf(order->reason, sizeof(order->reason), "%s", rollout->why);
    order->action = rollout->found == VERDICT_GOOD ? RELEASE_PROMOTE : RELEASE_ROLLBACK;
    order->wish.settings = control->options.role->settings;
    order->wish.words[0] = order->model;
    order->wish.actor = ACTOR;
    order->wish.reason = order->reason;
    order->wish.tag = RELEASE_CURRENT;
    order->wish.stops = order->action == RELEASE_ROLLBACK;
    order->wish.started = rollout->wanted.started;
    return order;
}

static void ask_for_one(struct rollout_control *control, uint64_t now_ns)
{
    struct rollout *rollout = control->options.role->rollouts.first;
    while (rollout != NULL && !is_due(rollout, now_ns)) {
        rollout = rollout->next;
    }
    struct order *order = rollout == NULL ? NULL : order_of(control, rollout);
    if (order != NULL) {
        rollout->told_ns = now_ns;
        control->is_busy = true;
        atomic_store(&control->wanted, order);
    }
}

void rollout_control_look(struct rollout_control *control)
{
    const uint64_t now_ns = clock_monotonic_ns();
    if (judge_all(control, now_ns)) {
        control->options.changed(control->options.context);
    }
    if (!control->is_busy) {
        ask_for_one(control, now_ns);
    }
}

/* The thread's. */

void rollout_control_work(struct rollout_control *control)
{
    struct order *order = atomic_exchange(&control->wanted, NULL);
    if (order != NULL) {
        order->status = model_release_make(&order->wish, order->action, NULL, &order->made,
                                           &order->error);
        control->made = order;
        mailbox_post(control->options.mailbox, &control->told);
    }
}
