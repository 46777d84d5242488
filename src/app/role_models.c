/* SPDX-License-Identifier: Apache-2.0 */
#include "app/role_models.h"

#include <string.h>

#include <uv.h>

#include "app/lifecycle.h"
#include "app/role_admission.h"
#include "app/route_schemas.h"
#include "backend/builtin.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/engine.h"
#include "preprocess/image_process/image_worker.h"
#include "preprocess/preprocess.h"

enum { LOAD_COUNT_MAX = SETTINGS_TEXT_SIZE / 2 };

/* `galen serve` may be told to ask another host for either. */
static bool runs_engine(const struct role *role)
{
    return role->kind->runs_engine &&
           (!role->kind->is_gateway || role->settings.engine.is_local);
}

static bool runs_preprocess(const struct role *role)
{
    return role->kind->runs_preprocess &&
           (!role->kind->is_gateway ||
            settings_preprocess_of_images(&role->settings)->is_local);
}

static bool is_by_request(const struct role *role)
{
    return role->settings.models_control == SETTINGS_CONTROL_EXPLICIT;
}

static enum galen_status read_repository(struct role *role, struct error *out_error)
{
    TRY(repository_read(role->settings.repository, runs_engine(role), &role->repository,
                        out_error));
    size_t usable_count = 0;
    for (size_t i = 0; i < role->repository->model_count; i++) {
        const struct repository_model *model = &role->repository->models[i];
        usable_count += model->usable;
        if (!model->usable) {
            log_event(LOG_ERROR, "model.unusable", LOG_STR("model", model->name),
                      LOG_STR("why", model->why_not.text));
        }
    }
    if (usable_count > 0 || is_by_request(role)) {
        return GALEN_OK;
    }
    return role->repository->model_count == 0
               ? error_set(out_error, GALEN_NOT_FOUND,
                           "%s: there is no model in this folder",
                           role->settings.repository)
               : error_set(out_error, GALEN_UNAVAILABLE, "no model is usable: %s",
                           role->repository->models[0].why_not.text);
}

static void log_failures(const struct engine_summary *summary)
{
    for (size_t i = 0; i < summary->failure_count; i++) {
        const struct engine_failure *failure = &summary->failures[i];
        log_event(LOG_ERROR, "model.failed", LOG_STR("model", failure->model),
                  LOG_INT("version", failure->version),
                  LOG_STR("serves", failure->serves ? "as before" : "no"),
                  LOG_STR("why", failure->why));
    }
}

static void on_changed(void *context, const struct engine_summary *summary)
{
    struct role *role = context;
    log_failures(summary);
    if (role->engine == NULL) { /* within its create */
        role->first_loaded_count = summary->loaded_count;
        (void)error_set(&role->first_failure, GALEN_UNAVAILABLE,
                        "no model can be served: %s",
                        summary->failure_count > 0 ? summary->failures[0].why
                                                   : "none has a tagged version");
        return;
    }
    log_event(LOG_INFO, "models.loaded", LOG_INT("versions", summary->loaded_count));
    lifecycle_engine_changed(role);
}

/* Cuts the list at its commas. */
static void split_load(char *list, const char **names)
{
    size_t count = 0;
    char *rest = list;
    for (char *name; (name = strsep(&rest, ",")) != NULL;) {
        if (name[0] != '\0' && count < LOAD_COUNT_MAX) {
            names[count++] = name;
        }
    }
    names[count] = NULL;
}

static enum galen_status open_engine(struct role *role, struct error *out_error)
{
    const struct settings *settings = &role->settings;
    char list[SETTINGS_TEXT_SIZE];
    const char *names[LOAD_COUNT_MAX + 1];
    memcpy(list, settings->models_load, sizeof(list));
    split_load(list, names);
    const struct engine_options options = {
        .repository = role->repository,
        .backends = builtin_backends,
        .instance_count = (uint32_t)settings->engine_instances,
        .thread_count = (uint32_t)settings->engine_threads,
        .queue_count_max = settings->engine_queue_size,
        .batch_rows_max = settings->engine_batch_rows_max,
        .wait_ns_max = settings->engine_wait_us * NS_PER_US,
        .quick_ns_max = settings->engine_inline_us * NS_PER_US,
        .linger_ns = settings->models_linger_ms * NS_PER_MS,
        .control = is_by_request(role) ? ENGINE_BY_REQUEST : ENGINE_BY_REPOSITORY,
        .load = names,
        .changed = on_changed,
        .context = role,
    };
    TRY(engine_create(&options, &role->engine, out_error));
    if (role->first_loaded_count > 0 || is_by_request(role)) {
        return GALEN_OK;
    }
    return error_set(out_error, GALEN_UNAVAILABLE, "%s", role->first_failure.text);
}

size_t role_count_or_cores(uint64_t count)
{
    return count > 0 ? count : uv_available_parallelism();
}

static enum galen_status open_preprocess(struct role *role)
{
    static const char *const image_worker[] = {"/proc/self/exe", IMAGE_WORKER_COMMAND,
                                               NULL};
    const struct settings *settings = &role->settings;
    const struct preprocess_options options = {
        .repository = role->repository,
        .linger_ns = settings->models_linger_ms * NS_PER_MS,
        .now_ns = clock_monotonic_ns,
        .image_worker_command = image_worker,
        .image_worker_count = role_count_or_cores(settings->images_workers),
        .image_queue_count_max = settings->images_queue_size,
        .image_size_bytes_max = settings->limits_body_size_bytes,
    };
    return preprocess_create(&options, &role->preprocess);
}

static bool is_demonstration(const struct repository_version *version)
{
    return version->contract != NULL && version->contract->demonstration;
}

/* In demo mode nobody is asked who they are: nothing but demonstrations is at stake. */
enum galen_status role_check_repository(const struct role *role,
                                        const struct repository *repository,
                                        struct error *out_error)
{
    if (role->settings.mode != SETTINGS_MODE_DEMO) {
        return GALEN_OK;
    }
    for (size_t i = 0; i < repository->model_count; i++) {
        const struct repository_model *model = &repository->models[i];
        for (size_t k = 0; k < model->version_count; k++) {
            const struct repository_version *version = model->versions[k];
            if (version->usable && !is_demonstration(version)) {
                return error_set(out_error, GALEN_INVALID,
                                 "mode: demo serves demonstrations only, and %s/%llu is "
                                 "none (card.demonstration)",
                                 model->name, (unsigned long long)version->number);
            }
        }
    }
    return GALEN_OK;
}

enum galen_status role_check_routes(const struct role_kind *kind,
                                    const struct settings *settings,
                                    const struct repository *repository,
                                    struct error *out_error)
{
    const size_t count = kind->is_gateway ? settings->route_count : 0;
    for (size_t i = 0; i < count; i++) {
        const char *model = settings->routes[i].model;
        if (repository_find(repository, bytes_from_string(model)) == NULL) {
            return error_set(out_error, GALEN_INVALID,
                             "routes[%zu].model: there is no '%s' in %s", i, model,
                             settings->repository);
        }
    }
    return GALEN_OK;
}

/* The gateway follows tags, which explicit control knows nothing of. */
static enum galen_status check_control(const struct role *role, struct error *out_error)
{
    const bool fits = !role->kind->is_gateway && !role->kind->runs_preprocess;
    return !is_by_request(role) || fits
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID,
                           "models.control: explicit is for `galen engine`");
}

enum galen_status role_make_rules(const struct settings *settings, struct rules **out_rules,
                                  struct error *out_error)
{
    struct route_schemas schemas;
    TRY(route_schemas_load(&schemas, settings, out_error));
    const enum galen_status status = rules_create(settings, schemas.schemas, out_rules);
    route_schemas_unload(&schemas);
    return status;
}

enum galen_status role_make_view(const struct role *role, struct repository *repository,
                                 struct view **out_view)
{
    return view_create(repository, role->rules, &role->rollouts,
                       role->settings.mode == SETTINGS_MODE_DEMO, out_view);
}

static enum galen_status describe(struct role *role, struct error *out_error)
{
    TRY(role_open_admission(role));
    TRY(role_make_rules(&role->settings, &role->rules, out_error));
    const enum galen_status status = role_make_view(role, role->repository, &role->view);
    return status == GALEN_OK
               ? GALEN_OK
               : error_set(out_error, status, "/openapi.json cannot be made: %s",
                           galen_status_text(status));
}

enum galen_status role_read_models(struct role *role, struct error *out_error)
{
    TRY(check_control(role, out_error));
    TRY(read_repository(role, out_error));
    TRY(role_check_routes(role->kind, &role->settings, role->repository, out_error));
    TRY(role_check_repository(role, role->repository, out_error));
    return role->kind->is_gateway ? describe(role, out_error) : GALEN_OK;
}

enum galen_status role_open_models(struct role *role, struct error *out_error)
{
    TRY(role_read_models(role, out_error));
    if (runs_engine(role)) {
        TRY(open_engine(role, out_error));
    }
    if (runs_preprocess(role)) {
        TRY(open_preprocess(role));
    }
    return GALEN_OK;
}

void role_close_models(struct role *role)
{
    infer_service_close(role->engine);
    infer_service_close(role->preprocess);
    view_unref(role->view);
    rules_unref(role->rules);
    role_close_admission(role);
    rollouts_deinit(&role->rollouts);
    repository_unref(role->repository);
}
