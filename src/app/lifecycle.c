/* SPDX-License-Identifier: Apache-2.0 */
#include "app/lifecycle.h"

#include <pthread.h>
#include <stdlib.h>

#include "app/role_models.h"
#include "app/rollout_control.h"
#include "app/watch.h"
#include "app/worker.h"
#include "base/clock.h"
#include "base/invariant.h"
#include "base/log.h"
#include "engine/engine.h"
#include "gateway/engine_sets.h"
#include "gateway/follower.h"
#include "preprocess/preprocess.h"

struct lifecycle {
    struct role *role;
    struct worker *workers;
    size_t worker_count;
    struct watch *watch;

    /* of who answers clients; on the first worker's loop */
    struct follower *follower;
    struct rollout_control *control;
    struct repository *shown;        /* a reference: what serves */
    struct repository *_Atomic next; /* a reference, to be followed; NULL: nothing new */
    struct task follow;
    struct task retry;
    atomic_bool retry_is_posted;
};

static struct mailbox *mailbox_of(const struct lifecycle *lifecycle)
{
    return loop_mailbox(lifecycle->workers[0].loop);
}

/* --- on the loop --- */

static void on_follow(struct task *task)
{
    struct lifecycle *lifecycle = LIST_ITEM(task, struct lifecycle, follow);
    struct repository *next = atomic_exchange(&lifecycle->next, NULL);
    if (next != NULL) {
        follower_follow(lifecycle->follower, next);
        repository_unref(next);
    }
}

static void on_retry(struct task *task)
{
    struct lifecycle *lifecycle = LIST_ITEM(task, struct lifecycle, retry);
    atomic_store(&lifecycle->retry_is_posted, false);
    follower_retry(lifecycle->follower);
    rollout_control_look(lifecycle->control);
}

static bool is_news(const struct repository *before, const struct repository_model *model)
{
    const struct repository_model *same =
        repository_find(before, bytes_from_string(model->name));
    return same == NULL || same->choice != model->choice ||
           strcmp(same->engines.current, model->engines.current) != 0 ||
           strcmp(same->why_not.text, model->why_not.text) != 0;
}

static void log_news(const struct repository *before, const struct repository *effective)
{
    for (size_t i = 0; i < effective->model_count; i++) {
        const struct repository_model *model = &effective->models[i];
        if (is_news(before, model)) {
            log_event(LOG_INFO, "model.serves", LOG_STR("model", model->name),
                      LOG_INT("version", model->choice == NULL ? 0 : model->choice->number),
                      LOG_STR("engine", model->engines.current),
                      LOG_STR("why_not", model->why_not.text));
        }
    }
}

static void log_canaries(const struct repository *before,
                         const struct repository *effective)
{
    for (size_t i = 0; i < effective->model_count; i++) {
        const struct repository_model *model = &effective->models[i];
        const struct repository_model *same =
            repository_find(before, bytes_from_string(model->name));
        if (same != NULL && !release_rollout_equal(&same->rollout, &model->rollout)) {
            log_event(LOG_INFO, "rollout.serves", LOG_STR("model", model->name),
                      LOG_INT("version", model->rollout.version),
                      LOG_STR("engine", model->rollout.engine),
                      LOG_INT("share", model->rollout.share),
                      LOG_INT("shadow", model->rollout.shadow));
        }
    }
}

static void show(struct lifecycle *lifecycle, struct repository *effective)
{
    struct view *view = NULL;
    enum galen_status status =
        rollouts_follow(&lifecycle->role->rollouts, effective, clock_monotonic_ns());
    if (status == GALEN_OK) {
        status = role_make_view(lifecycle->role, effective, &view);
    }
    if (status != GALEN_OK) {
        log_event(LOG_ERROR, "models.view", LOG_STR("why", galen_status_text(status)));
        return;
    }
    for (size_t i = 0; i < lifecycle->worker_count; i++) {
        worker_show(&lifecycle->workers[i], view);
    }
    view_unref(view);
}

static void publish(void *context, struct repository *effective)
{
    struct lifecycle *lifecycle = context;
    log_news(lifecycle->shown, effective);
    log_canaries(lifecycle->shown, effective);
    repository_unref(lifecycle->shown);
    lifecycle->shown = repository_ref(effective);
    show(lifecycle, effective);
}

static void on_rollouts_changed(void *context)
{
    struct lifecycle *lifecycle = context;
    show(lifecycle, lifecycle->shown);
}

static uint64_t now_ns(void *context)
{
    (void)context;
    return clock_monotonic_ns();
}

/* --- on the watch's thread --- */

static void retry_later(struct lifecycle *lifecycle)
{
    if (lifecycle->follower != NULL &&
        !atomic_exchange(&lifecycle->retry_is_posted, true)) {
        mailbox_post(mailbox_of(lifecycle), &lifecycle->retry);
    }
}

static void hand_to_follower(struct lifecycle *lifecycle, struct repository *repository)
{
    struct repository *missed =
        atomic_exchange(&lifecycle->next, repository_ref(repository));
    if (missed == NULL) {
        mailbox_post(mailbox_of(lifecycle), &lifecycle->follow);
    }
    repository_unref(missed);
}

static void on_changed(void *context, struct repository *repository)
{
    struct lifecycle *lifecycle = context;
    struct role *role = lifecycle->role;
    struct error error;
    log_event(LOG_INFO, "repository.changed", LOG_INT("models", repository->model_count));
    if (role_check_repository(role, repository, &error) != GALEN_OK) {
        log_event(LOG_ERROR, "repository.refused", LOG_STR("why", error.text));
        return;
    }
    if (role->preprocess != NULL &&
        preprocess_follow(role->preprocess, repository) != GALEN_OK) {
        log_event(LOG_ERROR, "repository.refused", LOG_STR("why", "out of memory"));
        return;
    }
    if (role->engine != NULL) {
        engine_follow(role->engine, repository);
    }
    if (lifecycle->follower != NULL) {
        hand_to_follower(lifecycle, repository);
    }
}

static void on_failed(void *context, const struct error *error)
{
    (void)context;
    log_event(LOG_ERROR, "repository.unreadable", LOG_STR("why", error->text));
}

static void on_looked(void *context)
{
    const struct lifecycle *lifecycle = context;
    if (lifecycle->role->preprocess != NULL) {
        preprocess_tidy(lifecycle->role->preprocess);
    }
    retry_later(context);
}

/* --- */

static struct infer_service *engine_of(void *context, const char *model, const char *engine)
{
    const struct lifecycle *lifecycle = context;
    const struct worker *worker = &lifecycle->workers[0];
    const struct gateway *gateway = &worker->gateway;
    if (engine[0] != '\0' && engine_set_find(gateway, engine) == NULL) {
        return NULL;
    }
    const struct gateway_engine *set =
        engine_set_of_model(gateway, lifecycle->role->rules, model, engine);
    return worker->engines_of_tags[set - gateway->engines];
}

static enum galen_status open_follower(struct lifecycle *lifecycle)
{
    struct worker *worker = &lifecycle->workers[0];
    const struct follower_options options = {
        .preprocess = worker->preprocess_of_tags,
        .engine_of = engine_of,
        .mailbox = loop_mailbox(worker->loop),
        .now_ns = now_ns,
        .timeout_ns = lifecycle->role->settings.request_timeout_ms * NS_PER_MS,
        .publish = publish,
        .context = lifecycle,
    };
    TRY(follower_create(&options, lifecycle->role->repository, &lifecycle->follower));
    worker->follower = lifecycle->follower;
    lifecycle->shown = repository_ref(lifecycle->role->repository);
    return GALEN_OK;
}

static enum galen_status open_control(struct lifecycle *lifecycle)
{
    const struct rollout_control_options options = {
        .role = lifecycle->role,
        .changed = on_rollouts_changed,
        .context = lifecycle,
    };
    return rollout_control_create(&options, &lifecycle->control);
}

/* What takes no traffic before it was asked for. */
static bool has_release(const struct repository *repository)
{
    for (size_t i = 0; i < repository->model_count; i++) {
        if (repository->models[i].rollout.version != 0 ||
            release_engines_are_named(&repository->models[i].engines)) {
            return true;
        }
    }
    return false;
}

static enum galen_status start(struct lifecycle *lifecycle)
{
    const struct role *role = lifecycle->role;
    const struct watch_options options = {
        .repository = role->repository,
        .interval_ms = role->settings.models_poll_ms,
        .changed = on_changed,
        .failed = on_failed,
        .looked = on_looked,
        .context = lifecycle,
    };
    if (role->kind->is_gateway) {
        TRY(open_follower(lifecycle));
        TRY(open_control(lifecycle));
    }
    if (role->kind->is_gateway && has_release(role->repository)) {
        hand_to_follower(lifecycle, role->repository);
    }
    return watch_start(&options, &lifecycle->watch);
}

enum galen_status lifecycle_start(struct role *role, struct worker *workers,
                                  size_t worker_count)
{
    if (role->settings.models_control != SETTINGS_CONTROL_POLL) {
        return GALEN_OK;
    }
    struct lifecycle *lifecycle = calloc(1, sizeof(*lifecycle));
    if (lifecycle == NULL) {
        return GALEN_NO_MEMORY;
    }
    lifecycle->role = role;
    lifecycle->workers = workers;
    lifecycle->worker_count = worker_count;
    lifecycle->follow.run = on_follow;
    lifecycle->retry.run = on_retry;
    const enum galen_status status = start(lifecycle);
    INVARIANT(pthread_mutex_lock(&role->lifecycle_lock) == 0);
    role->lifecycle = lifecycle;
    INVARIANT(pthread_mutex_unlock(&role->lifecycle_lock) == 0);
    return status;
}

/* The engine's thread may be about to tell of something: it sees either all or nothing. */
void lifecycle_stop(struct role *role)
{
    INVARIANT(pthread_mutex_lock(&role->lifecycle_lock) == 0);
    struct lifecycle *lifecycle = role->lifecycle;
    role->lifecycle = NULL;
    INVARIANT(pthread_mutex_unlock(&role->lifecycle_lock) == 0);
    if (lifecycle != NULL) {
        watch_stop(lifecycle->watch);
        repository_unref(lifecycle->next);
        repository_unref(lifecycle->shown);
        follower_destroy(lifecycle->follower);
        rollout_control_destroy(lifecycle->control);
        free(lifecycle);
    }
}

struct repository *lifecycle_shown(const struct role *role)
{
    return role->lifecycle == NULL ? role->repository : role->lifecycle->shown;
}

void lifecycle_engine_changed(struct role *role)
{
    INVARIANT(pthread_mutex_lock(&role->lifecycle_lock) == 0);
    if (role->lifecycle != NULL) {
        retry_later(role->lifecycle);
    }
    INVARIANT(pthread_mutex_unlock(&role->lifecycle_lock) == 0);
}
