/* SPDX-License-Identifier: Apache-2.0 */
#include "app/worker.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/background.h"
#include "app/identity.h"
#include "app/metrics.h"
#include "base/clock.h"
#include "base/invariant.h"
#include "engine/engine.h"
#include "service/settings_engines.h"

static uint64_t read_clock(void *context)
{
    (void)context;
    return clock_monotonic_ns(); /* the loop's own is as old as its turn */
}

static uint64_t read_lag(void *context)
{
    const struct worker *worker = context;
    return loop_lag_ns(worker->loop);
}

static void read_random(void *context, uint8_t *out_bytes, size_t size)
{
    struct worker *worker = context;
    INVARIANT(random_pool_take(&worker->random, out_bytes, size) == GALEN_OK);
}

/* The last of the server and the remote services is closed: nothing is left on the loop. */
static void close_one(struct worker *worker)
{
    worker->open_count--;
    if (worker->open_count == 0) {
        loop_stop(worker->loop);
    }
}

static void on_engines_closed(struct task *task)
{
    close_one(LIST_ITEM(task, struct engine_end, closed)->worker);
}

static void on_preprocessors_closed(struct task *task)
{
    close_one(LIST_ITEM(task, struct worker, preprocessors_closed));
}

static void on_image_preprocessors_closed(struct task *task)
{
    close_one(LIST_ITEM(task, struct worker, image_preprocessors_closed));
}

static void close_endpoints(struct endpoints *endpoints, struct task *closed)
{
    if (endpoints != NULL) {
        endpoints_close(endpoints, closed);
    }
}

static void on_metrics_closed(struct task *task)
{
    close_one(LIST_ITEM(task, struct worker, metrics_closed));
}

static void on_identity_closed(struct task *task)
{
    close_one(LIST_ITEM(task, struct worker, identity_closed));
}

static void on_trace_closed(struct task *task)
{
    close_one(LIST_ITEM(task, struct worker, trace_closed));
}

/* It is the first worker's. */
static void close_trace(struct worker *worker)
{
    struct role *role = worker->role;
    if (role->trace_export != NULL && worker == role->workers) {
        trace_export_close(role->trace_export, &worker->trace_closed);
        role->trace_export = NULL;
    }
}

static void close_rest(struct worker *worker)
{
    close_trace(worker);
    if (worker->owns_identity) {
        identity_close(worker->role->identity, &worker->identity_closed);
    }
    if (worker->metrics != NULL) {
        http_server_close(worker->metrics, &worker->metrics_closed);
        worker->metrics = NULL;
    }
    for (size_t i = 0; i < LIMIT_ENGINE_SET_COUNT_MAX; i++) {
        close_endpoints(worker->engines[i], &worker->engine_ends[i].closed);
    }
    close_endpoints(worker->preprocessors, &worker->preprocessors_closed);
    close_endpoints(worker->image_preprocessors, &worker->image_preprocessors_closed);
    close_one(worker);
}

static void on_followed(struct task *task)
{
    close_rest(LIST_ITEM(task, struct worker, followed));
}

static void on_idle(struct task *task)
{
    struct worker *worker = LIST_ITEM(task, struct worker, idle);
    shadow_lane_finish(&worker->shadows, &worker->unshadowed);
}

static void on_unshadowed(struct task *task)
{
    struct worker *worker = LIST_ITEM(task, struct worker, unshadowed);
    if (worker->follower != NULL) {
        follower_finish(worker->follower, &worker->followed);
    } else {
        close_rest(worker);
    }
}

static void on_admin_closed(struct task *task)
{
    close_one(LIST_ITEM(task, struct worker, admin_closed));
}

/* Requests under way keep what they began with. */
static void on_show(struct task *task)
{
    struct worker *worker = LIST_ITEM(task, struct worker, show);
    struct view *view = atomic_exchange(&worker->next_view, NULL);
    if (view != NULL) {
        view_unref(worker->gateway.view);
        worker->gateway.view = view;
    }
}

void worker_show(struct worker *worker, struct view *view)
{
    struct view *missed = atomic_exchange(&worker->next_view, view_ref(view));
    if (missed == NULL) {
        mailbox_post(loop_mailbox(worker->loop), &worker->show);
    }
    view_unref(missed);
}

static void on_know(struct task *task)
{
    struct worker *worker = LIST_ITEM(task, struct worker, know);
    struct auth *auth = atomic_exchange(&worker->next_auth, NULL);
    if (auth != NULL) {
        auth_unref(worker->gate.auth);
        worker->gate.auth = auth;
    }
}

void worker_know(struct worker *worker, struct auth *auth)
{
    struct auth *missed = atomic_exchange(&worker->next_auth, auth_ref(auth));
    if (missed == NULL) {
        mailbox_post(loop_mailbox(worker->loop), &worker->know);
    }
    auth_unref(missed);
}

static void take_limits(struct worker *worker, const struct role_limits *limits)
{
    if (worker->server != NULL) {
        http_server_set_limits(worker->server, &limits->server);
    }
    if (worker->front != NULL) {
        v2_front_set_limits(worker->front, limits->body_size_bytes_max, limits->timeout_ns);
    }
    admin_set_limits(&worker->admin, limits);
}

static void on_limit(struct task *task)
{
    struct worker *worker = LIST_ITEM(task, struct worker, limit);
    struct role_limits *limits = atomic_exchange(&worker->next_limits, NULL);
    if (limits != NULL) {
        take_limits(worker, limits);
        free(limits);
    }
}

void worker_limit(struct worker *worker, struct role_limits *limits)
{
    struct role_limits *missed = atomic_exchange(&worker->next_limits, limits);
    if (missed == NULL) {
        mailbox_post(loop_mailbox(worker->loop), &worker->limit);
    }
    free(missed);
}

/* Requests whose client has gone may still wait for a service. */
static void on_server_closed(struct task *task)
{
    struct worker *worker = LIST_ITEM(task, struct worker, server_closed);
    worker->server = NULL;
    if (worker->http != NULL) {
        gateway_http_finish(worker->http, &worker->idle);
    } else if (worker->front != NULL) {
        v2_front_finish(worker->front, &worker->idle);
    } else {
        on_idle(&worker->idle);
    }
}

static void on_drained(struct task *task)
{
    struct worker *worker = LIST_ITEM(task, struct worker, drained);
    http_server_close(worker->server, &worker->server_closed);
}

static void on_drain(struct task *task)
{
    struct worker *worker = LIST_ITEM(task, struct worker, drain);
    if (worker == worker->role->workers) {
        background_end(worker->role->background);
    }
    http_server_drain(worker->server, &worker->drained);
    admin_drain(&worker->admin, &worker->admin_closed);
}

static enum galen_status open_endpoints(struct worker *worker, const char *name,
                                        const struct settings_peers *peers,
                                        struct endpoints **out_endpoints)
{
    TRY(endpoints_open(worker, name, peers, out_endpoints));
    worker->open_count++;
    return GALEN_OK;
}

/* What this loop asks: the service in this process, or its own clients of remote ones. */
static void take_own_engine(struct worker *worker)
{
    struct role *role = worker->role;
    worker->gateway.engines[0] = (struct gateway_engine){
        .name = SETTINGS_ENGINE_DEFAULT,
        .service = role->engine,
        .management = engine_management(role->engine),
    };
    worker->engines_of_tags[0] = role->engine;
}

static enum galen_status open_engines(struct worker *worker, size_t index, const char *name,
                                      const struct settings_peers *peers)
{
    worker->engine_ends[index] =
        (struct engine_end){.worker = worker, .closed = {.run = on_engines_closed}};
    TRY(open_endpoints(worker, worker_engine_label(worker, index), peers,
                       &worker->engines[index]));
    struct upstream *upstream = endpoints_upstream(worker->engines[index]);
    worker->gateway.engines[index] = (struct gateway_engine){
        .name = name,
        .service = upstream_any(upstream),
        .management = upstream_management(upstream),
        .is_remote = true,
    };
    worker->engines_of_tags[index] = upstream_all(upstream);
    return GALEN_OK;
}

const char *worker_engine_label(const struct worker *worker, size_t index)
{
    return worker->engine_labels[index];
}

static void name_engines(struct worker *worker)
{
    const struct settings *settings = &worker->role->settings;
    (void)snprintf(worker->engine_labels[0], ENGINE_LABEL_SIZE, "engine");
    for (size_t i = 0; i < settings->engine_set_count; i++) {
        (void)snprintf(worker->engine_labels[i + 1], ENGINE_LABEL_SIZE, "engines.%s",
                       settings->engine_sets[i].name);
    }
}

static enum galen_status choose_engines(struct worker *worker)
{
    const struct settings *settings = &worker->role->settings;
    struct gateway *gateway = &worker->gateway;
    name_engines(worker);
    gateway->engine_count = 1;
    if (worker->role->engine != NULL) {
        take_own_engine(worker);
    } else {
        TRY(open_engines(worker, 0, SETTINGS_ENGINE_DEFAULT, &settings->engine));
    }
    for (size_t i = 0; i < settings->engine_set_count; i++) {
        const struct settings_engine_set *set = &settings->engine_sets[i];
        TRY(open_engines(worker, gateway->engine_count, set->name, &set->peers));
        gateway->engine_count++;
    }
    return GALEN_OK;
}

/* Where images have preprocessors of their own. */
static enum galen_status split_off_images(struct worker *worker)
{
    const struct settings *settings = &worker->role->settings;
    struct gateway *gateway = &worker->gateway;
    const struct settings_peers *peers = settings_preprocess_of_images(settings);
    if (peers == settings_preprocess_of_others(settings)) {
        return GALEN_OK;
    }
    TRY(open_endpoints(worker, "preprocess-image", peers, &worker->image_preprocessors));
    struct upstream *upstream = endpoints_upstream(worker->image_preprocessors);
    preprocess_pair_init(&worker->preprocess_pair, upstream_any(upstream),
                         gateway->preprocess);
    preprocess_pair_init(&worker->preprocess_pair_of_tags, upstream_all(upstream),
                         worker->preprocess_of_tags);
    gateway->preprocess = &worker->preprocess_pair.base;
    worker->preprocess_of_tags = &worker->preprocess_pair_of_tags.base;
    return GALEN_OK;
}

static enum galen_status choose_preprocess(struct worker *worker)
{
    struct role *role = worker->role;
    struct gateway *gateway = &worker->gateway;
    if (role->preprocess != NULL) {
        gateway->preprocess = role->preprocess;
        worker->preprocess_of_tags = role->preprocess;
        return GALEN_OK;
    }
    TRY(open_endpoints(worker, "preprocess", settings_preprocess_of_others(&role->settings),
                       &worker->preprocessors));
    struct upstream *upstream = endpoints_upstream(worker->preprocessors);
    gateway->preprocess = upstream_any(upstream);
    worker->preprocess_of_tags = upstream_all(upstream);
    return split_off_images(worker);
}

/* Our own engine has a limit of its own. */
static size_t rows_of_a_part(const struct role *role, const struct gateway_engine *engine)
{
    const struct settings *settings = &role->settings;
    return !engine->is_remote && settings->engine_batch_rows_max < settings->upstream_rows
               ? settings->engine_batch_rows_max
               : settings->upstream_rows;
}

static enum galen_status open_lane(struct worker *worker)
{
    const struct role *role = worker->role;
    if (role->audit == NULL) {
        return GALEN_OK;
    }
    TRY(hmac_create(role->audit_key, &worker->audit_hmac));
    audit_lane_init(&worker->audit_lane, audit_writer_base(role->audit), worker->audit_hmac,
                    loop_mailbox(worker->loop));
    return GALEN_OK;
}

struct audit_lane *worker_audit_lane(struct worker *worker)
{
    return worker->role->audit == NULL ? NULL : &worker->audit_lane;
}

static int64_t read_wall_clock(void *context)
{
    (void)context;
    return (int64_t)(clock_wall_ns() / NS_PER_S);
}

static bool want_keys(void *context, struct jwks_waiter *waiter, uint64_t now_ns)
{
    const struct worker *worker = context;
    return identity_want_keys(worker->role->identity, waiter, now_ns);
}

static enum galen_status open_gate(struct worker *worker)
{
    struct role *role = worker->role;
    if (role->identity == NULL) {
        return GALEN_OK;
    }
    worker->gate = (struct auth_gate){
        .auth = identity_auth(role->identity),
        .mailbox = loop_mailbox(worker->loop),
        .want_keys = want_keys,
        .now_s = read_wall_clock,
        .now_ns = read_clock,
        .context = worker,
    };
    return token_cache_create(role->settings.auth_cache_size, &worker->gate.cache);
}

static enum galen_status open_pseudonyms(struct worker *worker)
{
    const struct role *role = worker->role;
    TRY(hmac_create(role->subject_key, &worker->subject_hmac));
    return role->has_redact_key ? hmac_create(role->redact_key, &worker->redact_hmac)
                                : GALEN_OK;
}

static enum galen_status open_gateway(struct worker *worker,
                                      struct http_handler *out_handler)
{
    struct role *role = worker->role;
    const struct settings *settings = &role->settings;
    struct gateway *gateway = &worker->gateway;
    TRY(open_pseudonyms(worker));
    *gateway = (struct gateway){
        .mailbox = loop_mailbox(worker->loop),
        .gate = &worker->gate,
        .view = view_ref(role->view),
        .counts = &worker->counts,
        .trace = tracing_lane(&worker->tracing),
        .preprocess_is_remote = role->preprocess == NULL,
        .audit = worker_audit_lane(worker),
        .subject_hmac = worker->subject_hmac,
        .redact_hmac = worker->redact_hmac,
        .is_demo = settings->mode == SETTINGS_MODE_DEMO,
        .special_numbers = settings->engine_json_special_numbers,
        .draining = &role->draining,
        .loop_number = (size_t)(worker - role->workers),
        .context = worker,
        .now_ns = read_clock,
        .random = read_random,
        .admission = role->admission,
        .shadows = &worker->shadows,
        .shadow = shadow_begin,
        .lag_ns = read_lag,
    };
    TRY(open_gate(worker));
    TRY(choose_engines(worker));
    TRY(choose_preprocess(worker));
    for (size_t i = 0; i < gateway->engine_count; i++) {
        struct gateway_engine *engine = &gateway->engines[i];
        infer_parts_init(&worker->parts[i], engine->service, rows_of_a_part(role, engine));
        engine->in_parts = &worker->parts[i].base;
    }
    TRY(gateway_http_create(gateway, &worker->http));
    *out_handler = gateway_http_handler(worker->http);
    return GALEN_OK;
}

static enum galen_status open_front(struct worker *worker, struct http_handler *out_handler)
{
    struct role *role = worker->role;
    const struct v2_front_options options = {
        .loop = worker->loop,
        .service = role->engine != NULL ? role->engine : role->preprocess,
        .management = role->engine != NULL ? engine_management(role->engine) : NULL,
        .body_size_bytes_max = role->settings.limits_body_size_bytes,
        .special_numbers = role->settings.engine_json_special_numbers,
        .timeout_ns = role->settings.request_timeout_ms * NS_PER_MS,
        .draining = &role->draining,
        .trace = tracing_lane(&worker->tracing),
        .audit = worker_audit_lane(worker),
    };
    TRY(v2_front_create(&options, &worker->front));
    *out_handler = v2_front_handler(worker->front);
    return GALEN_OK;
}

static enum galen_status open_server(struct worker *worker, uint16_t port,
                                     const struct http_handler *handler,
                                     struct error *out_error)
{
    const struct settings *settings = &worker->role->settings;
    struct http_server_options options = role_limits_of(settings).server;
    options.address = settings->listen_http.host;
    options.port = port;
    options.share_port = true;
    options.tls = role_tls_of_server(&worker->role->tls);
    options.counts = &worker->connections;
    options.leaves = &worker->role->draining;
    if (worker->role->admission != NULL) {
        options.bodies_size_bytes = &worker->role->admission->bodies_size_bytes;
    }
    TRY(http_server_open(worker->loop, &options, handler, &worker->server, out_error));
    worker->open_count++;
    return GALEN_OK;
}

enum galen_status worker_open(struct worker *worker, struct role *role, uint16_t port,
                              uint16_t *out_port, struct error *out_error)
{
    struct http_handler handler;
    *worker = (struct worker){
        .role = role,
        .drain = {.run = on_drain},
        .drained = {.run = on_drained},
        .server_closed = {.run = on_server_closed},
        .metrics_closed = {.run = on_metrics_closed},
        .admin_closed = {.run = on_admin_closed},
        .trace_closed = {.run = on_trace_closed},
        .preprocessors_closed = {.run = on_preprocessors_closed},
        .image_preprocessors_closed = {.run = on_image_preprocessors_closed},
        .idle = {.run = on_idle},
        .unshadowed = {.run = on_unshadowed},
        .followed = {.run = on_followed},
        .show = {.run = on_show},
        .limit = {.run = on_limit},
        .know = {.run = on_know},
        .identity_closed = {.run = on_identity_closed},
    };
    TRY(loop_create(&worker->loop));
    shadow_lane_init(&worker->shadows, loop_mailbox(worker->loop),
                     role->settings.rollout_tolerance);
    TRY(open_lane(worker));
    TRY(tracing_open(&worker->tracing, &role->settings, read_random, worker));
    TRY(role->kind->is_gateway ? open_gateway(worker, &handler)
                               : open_front(worker, &handler));
    TRY(open_server(worker, port, &handler, out_error));
    *out_port = http_server_port(worker->server);
    return GALEN_OK;
}

enum galen_status worker_open_metrics(struct worker *worker, uint16_t *out_port,
                                      struct error *out_error)
{
    TRY(metrics_open(worker->role, worker->loop, &worker->metrics, out_port, out_error));
    worker->open_count++;
    return GALEN_OK;
}

enum galen_status worker_open_trace(struct worker *worker)
{
    TRY(tracing_open_export(worker->role, worker->loop));
    worker->open_count += worker->role->trace_export != NULL;
    return GALEN_OK;
}

enum galen_status worker_open_admin(struct worker *worker, uint16_t *out_port,
                                    struct error *out_error)
{
    const struct admin_options options = {
        .role = worker->role,
        .loop = worker->loop,
        .gate = &worker->gate,
        .audit = worker_audit_lane(worker),
    };
    if (!worker->role->kind->is_gateway) {
        TRY(open_gate(worker));
    }
    TRY(admin_open(&worker->admin, &options, out_port, out_error));
    worker->open_count += *out_port != 0;
    return GALEN_OK;
}

void worker_hold(struct worker *worker)
{
    worker->open_count++;
}

void worker_let_go(struct worker *worker)
{
    close_one(worker);
}

void worker_run(struct worker *worker)
{
    loop_run(worker->loop);
}

void worker_drain(struct worker *worker)
{
    mailbox_post(loop_mailbox(worker->loop), &worker->drain);
}

/* A worker that never ran, because another could not be opened, closes here. */
static void close_unused(struct worker *worker)
{
    admin_close(&worker->admin, &worker->admin_closed);
    if (worker->server != NULL) {
        http_server_close(worker->server, &worker->server_closed);
    } else {
        worker->open_count++; /* on_server_closed takes it back */
        worker->server_closed.run = on_server_closed;
        mailbox_post(loop_mailbox(worker->loop), &worker->server_closed);
    }
    loop_run(worker->loop);
}

void worker_deinit(struct worker *worker)
{
    if (worker->loop != NULL && worker->open_count > 0) {
        close_unused(worker);
    }
    gateway_http_destroy(worker->http);
    v2_front_destroy(worker->front);
    admin_deinit(&worker->admin);
    free(worker->next_limits);
    auth_unref(worker->next_auth);
    auth_unref(worker->gate.auth);
    token_cache_destroy(worker->gate.cache);
    view_unref(worker->next_view);
    view_unref(worker->gateway.view);
    hmac_destroy(worker->audit_hmac);
    tracing_close(&worker->tracing);
    hmac_destroy(worker->subject_hmac);
    hmac_destroy(worker->redact_hmac);
    for (size_t i = 0; i < LIMIT_ENGINE_SET_COUNT_MAX; i++) {
        endpoints_destroy(worker->engines[i]);
    }
    endpoints_destroy(worker->preprocessors);
    endpoints_destroy(worker->image_preprocessors);
    loop_destroy(worker->loop);
}
