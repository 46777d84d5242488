/* SPDX-License-Identifier: Apache-2.0 */
#include "app/role.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <uv.h>

#include "app/background.h"
#include "app/configure.h"
#include "app/identity.h"
#include "app/lifecycle.h"
#include "app/reload.h"
#include "app/role_audit.h"
#include "app/role_models.h"
#include "app/role_policies.h"
#include "app/worker.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/address.h"

/* A role that runs: its workers, and the signals that end it, on the first one's loop. */
struct crew {
    struct role role;
    struct worker *workers;
    pthread_t *threads;
    size_t count;
    uv_signal_t signals[2];
    uv_signal_t again; /* the configuration is to be read again */
    struct reload *reload;
    uv_timer_t delay; /* between unready and drain, then until the drain has to be over */
};

static enum exit_code complain(const struct error *error)
{
    (void)fprintf(stderr, "galen: %s\n", error->text);
    return EXIT_USAGE;
}

static void hold(void *worker)
{
    worker_hold(worker);
}

static void let_go(void *worker)
{
    worker_let_go(worker);
}

static enum galen_status open_background(struct crew *crew, struct error *out_error)
{
    const struct background_options options = {
        .mailbox = loop_mailbox(crew->workers[0].loop),
        .hold = hold,
        .let_go = let_go,
        .context = &crew->workers[0],
    };
    return background_create(&options, &crew->role.background) == GALEN_OK
               ? GALEN_OK
               : error_set(out_error, GALEN_NO_MEMORY, "out of memory");
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
    crew->role.workers = crew->workers;
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
    crew->role.worker_count = crew->count;
    TRY(open_background(crew, out_error));
    TRY(worker_open_admin(&crew->workers[0], &crew->role.settings.listen_admin.port,
                          out_error));
    if (worker_open_trace(&crew->workers[0]) != GALEN_OK) {
        return error_set(out_error, GALEN_NO_MEMORY, "out of memory");
    }
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

static void on_hangup(uv_signal_t *signal, int number)
{
    struct crew *crew = signal->data;
    (void)number;
    role_tls_reload(&crew->role.tls);
    if (!atomic_load(&crew->role.draining)) {
        reload_begin(crew->reload);
    }
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
    crew->again.data = crew;
    (void)uv_signal_init(uv, &crew->again);
    (void)uv_signal_start(&crew->again, on_hangup, SIGHUP);
    crew->delay.data = crew;
    (void)uv_timer_init(uv, &crew->delay);
}

static void unwatch_signals(struct crew *crew)
{
    role_tls_unwatch(&crew->role.tls);
    uv_close((uv_handle_t *)&crew->signals[0], NULL);
    uv_close((uv_handle_t *)&crew->signals[1], NULL);
    uv_close((uv_handle_t *)&crew->again, NULL);
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
              LOG_INT("admin_port", settings->listen_admin.port),
              LOG_INT("loops", crew->count),
              LOG_INT("models", crew->role.repository->model_count));
    (void)printf("galen %s answers on %s://%s:%u\n", crew->role.kind->name,
                 crew->role.tls.sides[ROLE_TLS_LISTEN].is_used ? "https" : "http",
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
    role_tls_watch(&crew->role.tls, loop_uv(crew->workers[0].loop));
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

/* An arena of the heap for each core, not eight: what is loaded and unloaded over and over
 * would leave holes in all of them. */
static void limit_arenas(void)
{
    (void)mallopt(M_ARENA_MAX, (int)uv_available_parallelism());
}

static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static enum galen_status follow(struct crew *crew, struct error *out_error)
{
    const enum galen_status status =
        lifecycle_start(&crew->role, crew->workers, crew->count);
    return status == GALEN_OK ? GALEN_OK
                              : error_set(out_error, status,
                                          "the repository cannot be "
                                          "followed: out of memory");
}

static enum galen_status prepare_reload(struct crew *crew, struct error *out_error)
{
    const enum galen_status status =
        reload_create(&crew->role, crew->workers, crew->count, &crew->reload);
    return status == GALEN_OK ? GALEN_OK : error_set(out_error, status, "out of memory");
}

/* Clients are asked who they are, and so is who manages models. */
static enum galen_status know_callers(struct crew *crew, struct error *out_error)
{
    const struct role_kind *kind = crew->role.kind;
    return kind->is_gateway || kind->runs_engine
               ? identity_create(&crew->role.settings, &crew->role.identity, out_error)
               : GALEN_OK;
}

static enum galen_status fetch_keys(struct crew *crew, struct error *out_error)
{
    return crew->role.identity == NULL
               ? GALEN_OK
               : identity_begin(crew->role.identity, crew->workers, crew->count, out_error);
}

static enum exit_code open_and_run(struct crew *crew)
{
    struct error error;
    error_clear(&error);
    if (role_tls_open(&crew->role.tls, &crew->role.settings, &error) != GALEN_OK ||
        role_open_models(&crew->role, &error) != GALEN_OK ||
        role_open_audit(&crew->role, &error) != GALEN_OK ||
        role_open_policies(&crew->role, &error) != GALEN_OK ||
        know_callers(crew, &error) != GALEN_OK || open_workers(crew, &error) != GALEN_OK ||
        follow(crew, &error) != GALEN_OK || fetch_keys(crew, &error) != GALEN_OK ||
        prepare_reload(crew, &error) != GALEN_OK) {
        return complain(&error);
    }
    return run_crew(crew);
}

enum exit_code role_run(const struct role_kind *kind, int argument_count, char **arguments)
{
    static struct crew crew; /* too large for a stack */
    enum exit_code code;
    crew.role.kind = kind;
    crew.role.begun_s = clock_wall_ns() / NS_PER_S;
    (void)pthread_mutex_init(&crew.role.lifecycle_lock, NULL);
    if (!configure(&crew.role, argument_count, arguments, &code)) {
        return code;
    }
    limit_arenas();
    raise_file_limit();
    crew.count = role_count_or_cores(crew.role.settings.threads);
    crew.role.rollouts.loop_count = crew.count;
    code = open_and_run(&crew);
    lifecycle_stop(&crew.role);
    for (size_t i = 0; crew.workers != NULL && i < crew.count; i++) {
        worker_deinit(&crew.workers[i]);
    }
    free(crew.workers);
    free(crew.threads);
    background_destroy(crew.role.background);
    reload_destroy(crew.reload);
    identity_destroy(crew.role.identity);
    role_close_policies(&crew.role);
    role_close_audit(&crew.role);
    role_close_models(&crew.role);
    role_tls_close(&crew.role.tls);
    return code;
}
