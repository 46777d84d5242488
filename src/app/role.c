/* SPDX-License-Identifier: Apache-2.0 */
#include "app/role.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <uv.h>

#include "app/configure.h"
#include "app/role_audit.h"
#include "app/worker.h"
#include "backend/builtin.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/engine.h"
#include "net/address.h"
#include "preprocess/image_process/image_worker.h"
#include "preprocess/preprocess.h"

/* A role that runs: its workers, and the signals that end it, on the first one's loop. */
struct crew {
    struct role role;
    struct worker *workers;
    pthread_t *threads;
    size_t count;
    uv_signal_t signals[2];
    uv_timer_t delay; /* between unready and drain, then until the drain has to be over */
};

static enum exit_code complain(const struct error *error)
{
    (void)fprintf(stderr, "galen: %s\n", error->text);
    return EXIT_USAGE;
}

/* `galen serve` may be told to ask another host for either. */
static bool runs_engine(const struct role *role)
{
    return role->kind->runs_engine &&
           (!role->kind->is_gateway || role->settings.engine.is_local);
}

static bool runs_preprocess(const struct role *role)
{
    return role->kind->runs_preprocess &&
           (!role->kind->is_gateway || role->settings.preprocess.is_local);
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
    if (usable_count > 0) {
        return GALEN_OK;
    }
    return role->repository->model_count == 0
               ? error_set(out_error, GALEN_NOT_FOUND,
                           "%s: there is no model in this folder",
                           role->settings.repository)
               : error_set(out_error, GALEN_UNAVAILABLE, "no model is usable: %s",
                           role->repository->models[0].why_not.text);
}

static enum galen_status open_engine(struct role *role, struct error *out_error)
{
    const struct settings *settings = &role->settings;
    const struct engine_options options = {
        .repository = role->repository,
        .backends = builtin_backends,
        .instance_count = (uint32_t)settings->engine_instances,
        .thread_count = (uint32_t)settings->engine_threads,
        .queue_count_max = settings->engine_queue_size,
        .batch_rows_max = settings->engine_batch_rows_max,
        .wait_ns_max = settings->engine_wait_us * NS_PER_US,
        .quick_ns_max = settings->engine_inline_us * NS_PER_US,
    };
    TRY(engine_create(&options, &role->engine, out_error));
    const struct engine_summary *summary = engine_summary(role->engine);
    for (size_t i = 0; i < summary->failure_count; i++) {
        const struct engine_failure *failure = &summary->failures[i];
        log_event(LOG_ERROR, "model.failed", LOG_STR("model", failure->model),
                  LOG_INT("version", failure->version), LOG_STR("why", failure->why));
    }
    return summary->loaded_count > 0
               ? GALEN_OK
               : error_set(out_error, GALEN_UNAVAILABLE, "no model can be served: %s",
                           summary->failure_count > 0 ? summary->failures[0].why
                                                      : "none has a tagged version");
}

static size_t count_or_cores(uint64_t count)
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
        .now_ns = clock_monotonic_ns,
        .image_worker_command = image_worker,
        .image_worker_count = count_or_cores(settings->images_workers),
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
static enum galen_status check_demonstrations(const struct role *role,
                                              struct error *out_error)
{
    const struct repository *repository = role->repository;
    if (role->settings.mode != SETTINGS_MODE_DEMO) {
        return GALEN_OK;
    }
    for (size_t i = 0; i < repository->model_count; i++) {
        const struct repository_model *model = &repository->models[i];
        for (size_t k = 0; k < model->version_count; k++) {
            const struct repository_version *version = &model->versions[k];
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

/* Only who answers clients has routes to follow. */
static enum galen_status check_routes(const struct role *role, struct error *out_error)
{
    const size_t count = role->kind->is_gateway ? role->settings.route_count : 0;
    for (size_t i = 0; i < count; i++) {
        const char *model = role->settings.routes[i].model;
        if (repository_find(role->repository, bytes_from_string(model)) == NULL) {
            return error_set(out_error, GALEN_INVALID,
                             "routes[%zu].model: there is no '%s' in %s", i, model,
                             role->settings.repository);
        }
    }
    return GALEN_OK;
}

static enum galen_status describe(struct role *role, struct error *out_error)
{
    const struct settings *settings = &role->settings;
    const struct openapi openapi = {
        .repository = role->repository,
        .routes = settings->routes,
        .route_count = settings->route_count,
        .body_size_bytes_max = settings->limits_body_size_bytes,
        .is_demo = settings->mode == SETTINGS_MODE_DEMO,
    };
    const enum galen_status status = openapi_document_make(&openapi, &role->openapi);
    return status == GALEN_OK
               ? GALEN_OK
               : error_set(out_error, status, "/openapi.json cannot be made: %s",
                           galen_status_text(status));
}

static enum galen_status open_services(struct role *role, struct error *out_error)
{
    TRY(read_repository(role, out_error));
    TRY(check_routes(role, out_error));
    TRY(check_demonstrations(role, out_error));
    if (role->kind->is_gateway) {
        TRY(describe(role, out_error));
    }
    if (runs_engine(role)) {
        TRY(open_engine(role, out_error));
    }
    if (runs_preprocess(role)) {
        TRY(open_preprocess(role));
    }
    return GALEN_OK;
}

static void close_services(struct role *role)
{
    infer_service_close(role->engine);
    infer_service_close(role->preprocess);
    openapi_document_deinit(&role->openapi);
    repository_unref(role->repository);
}

static enum galen_status open_workers(struct crew *crew, struct error *out_error)
{
    uint16_t port = crew->role.settings.listen_http.port;
    TRY(address_check_free(crew->role.settings.listen_http.host, port, out_error));
    crew->workers = calloc(crew->count, sizeof(*crew->workers));
    crew->threads = calloc(crew->count, sizeof(*crew->threads));
    if (crew->workers == NULL || crew->threads == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < crew->count; i++) {
        error_clear(out_error);
        const enum galen_status status =
            worker_open(&crew->workers[i], &crew->role, port, &port, out_error);
        if (status != GALEN_OK) {
            return out_error->text[0] != '\0'
                       ? status
                       : error_set(out_error, status, "%s", galen_status_text(status));
        }
    }
    crew->role.settings.listen_http.port = port;
    return worker_open_metrics(&crew->workers[0], &crew->role.settings.listen_metrics.port,
                               out_error);
}

/* A drain that does not end is cut off: whoever stops us would kill us anyway, later. */
static void on_drain_timeout(uv_timer_t *timer)
{
    (void)timer;
    log_event(LOG_ERROR, "drain.timeout");
    _exit(EXIT_FAILED);
}

static void on_delay_over(uv_timer_t *timer)
{
    struct crew *crew = timer->data;
    for (size_t i = 0; i < crew->count; i++) {
        worker_drain(&crew->workers[i]);
    }
    (void)uv_timer_start(timer, on_drain_timeout, crew->role.settings.drain_timeout_ms, 0);
    uv_unref((uv_handle_t *)timer);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct crew *crew = signal->data;
    if (atomic_exchange(&crew->role.draining, true)) {
        log_event(LOG_WARN, "drain.cut", LOG_INT("signal", number));
        _exit(EXIT_FAILED);
    }
    log_event(LOG_INFO, "drain.begin", LOG_INT("signal", number));
    (void)uv_timer_start(&crew->delay, on_delay_over, crew->role.settings.drain_delay_ms,
                         0);
}

static void watch_signals(struct crew *crew)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    uv_loop_t *uv = loop_uv(crew->workers[0].loop);
    for (size_t i = 0; i < 2; i++) {
        crew->signals[i].data = crew;
        (void)uv_signal_init(uv, &crew->signals[i]);
        (void)uv_signal_start(&crew->signals[i], on_signal, numbers[i]);
    }
    crew->delay.data = crew;
    (void)uv_timer_init(uv, &crew->delay);
}

static void unwatch_signals(struct crew *crew)
{
    uv_close((uv_handle_t *)&crew->signals[0], NULL);
    uv_close((uv_handle_t *)&crew->signals[1], NULL);
    uv_close((uv_handle_t *)&crew->delay, NULL);
}

static void *run_worker(void *worker)
{
    worker_run(worker);
    return NULL;
}

static void greet(const struct crew *crew)
{
    const struct settings *settings = &crew->role.settings;
    log_event(LOG_INFO, "listening", LOG_STR("role", crew->role.kind->name),
              LOG_STR("address", settings->listen_http.host),
              LOG_INT("port", settings->listen_http.port),
              LOG_INT("metrics_port", settings->listen_metrics.port),
              LOG_INT("loops", crew->count),
              LOG_INT("models", crew->role.repository->model_count));
    (void)printf("galen %s answers on http://%s:%u\n", crew->role.kind->name,
                 settings->listen_http.host, settings->listen_http.port);
    if (settings->mode == SETTINGS_MODE_DEMO) {
        (void)printf(
            "DEMO MODE: sample models, no clinical use; callers are not identified, "
            "and answers quote what was sent.\n");
    }
    (void)fflush(stdout);
}

static enum exit_code run_crew(struct crew *crew)
{
    size_t started = 1;
    watch_signals(crew);
    greet(crew);
    while (started < crew->count &&
           pthread_create(&crew->threads[started], NULL, run_worker,
                          &crew->workers[started]) == 0) {
        started++;
    }
    worker_run(&crew->workers[0]);
    for (size_t i = 1; i < started; i++) {
        (void)pthread_join(crew->threads[i], NULL);
    }
    unwatch_signals(crew);
    log_event(LOG_INFO, "drain.end");
    return EXIT_DONE;
}

static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static enum exit_code open_and_run(struct crew *crew)
{
    struct error error;
    error_clear(&error);
    if (open_services(&crew->role, &error) != GALEN_OK ||
        role_open_audit(&crew->role, &error) != GALEN_OK ||
        open_workers(crew, &error) != GALEN_OK) {
        return complain(&error);
    }
    return run_crew(crew);
}

enum exit_code role_run(const struct role_kind *kind, int argument_count, char **arguments)
{
    struct crew crew = {.role = {.kind = kind}};
    enum exit_code code;
    if (!configure(&crew.role, argument_count, arguments, &code)) {
        return code;
    }
    raise_file_limit();
    crew.count = count_or_cores(crew.role.settings.threads);
    code = open_and_run(&crew);
    for (size_t i = 0; crew.workers != NULL && i < crew.count; i++) {
        worker_deinit(&crew.workers[i]);
    }
    free(crew.workers);
    free(crew.threads);
    role_close_audit(&crew.role);
    close_services(&crew.role);
    return code;
}
