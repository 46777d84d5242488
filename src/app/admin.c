/* SPDX-License-Identifier: Apache-2.0 */
#include "app/admin.h"

#include "app/admin_models.h"
#include "base/clock.h"
#include "engine/engine.h"

enum { CONNECTION_COUNT_MAX = 64 };

static void on_idle(struct task *task)
{
    struct admin *admin = LIST_ITEM(task, struct admin, idle);
    admin->closed->run(admin->closed);
}

static void on_v2_idle(struct task *task)
{
    struct admin *admin = LIST_ITEM(task, struct admin, v2_idle);
    manage_front_finish(admin->models, &admin->idle);
}

/* Requests whose client has gone may still wait for the engine, or for a release. */
static void on_server_closed(struct task *task)
{
    struct admin *admin = LIST_ITEM(task, struct admin, server_closed);
    if (admin->front != NULL) {
        v2_front_finish(admin->front, &admin->v2_idle);
    } else {
        on_v2_idle(&admin->v2_idle);
    }
}

static void on_drained(struct task *task)
{
    struct admin *admin = LIST_ITEM(task, struct admin, drained);
    http_server_close(admin->server, &admin->server_closed);
    admin->server = NULL;
}

static enum galen_status open_v2(struct admin *admin, const struct admin_options *given)
{
    struct role *role = given->role;
    const struct settings *settings = &role->settings;
    if (role->engine == NULL) {
        return GALEN_OK;
    }
    const struct v2_front_options options = {
        .loop = given->loop,
        .service = role->engine,
        .management = engine_management(role->engine),
        .manages = true,
        .body_size_bytes_max = settings->limits_body_size_bytes,
        .special_numbers = settings->engine_json_special_numbers,
        .timeout_ns = settings->request_timeout_ms * NS_PER_MS,
        .draining = &role->draining,
        .audit = given->audit,
        .gate = given->gate,
    };
    return v2_front_create(&options, &admin->front);
}

static enum galen_status open_models(struct admin *admin, const struct admin_options *given)
{
    const struct manage_front_options options = {
        .loop = given->loop,
        .submit = admin_models_submit,
        .context = given->role,
        .audit = given->audit,
        .gate = given->gate,
    };
    return manage_front_create(&options, &admin->models);
}

/* --- which of the two is asked --- */

static struct http_handler handler_of(const struct admin *admin, struct bytes path)
{
    const bool is_v2 = admin->front != NULL && !manage_path_is_ours(path);
    return is_v2 ? v2_front_handler(admin->front) : manage_front_handler(admin->models);
}

static void on_headers(void *context, struct http_exchange *exchange)
{
    const struct http_handler handler =
        handler_of(context, http_exchange_head(exchange)->path);
    handler.headers(handler.context, exchange);
}

static void on_body(void *context, struct http_exchange *exchange)
{
    const struct http_handler handler =
        handler_of(context, http_exchange_head(exchange)->path);
    handler.body(handler.context, exchange);
}

static void on_gone(void *context, struct http_exchange *exchange)
{
    const struct http_handler handler =
        handler_of(context, http_exchange_head(exchange)->path);
    handler.gone(handler.context, exchange);
}

static void on_refuse(void *context, int status, struct bytes path,
                      const struct error *error, struct http_response *out_response)
{
    const struct http_handler handler = handler_of(context, path);
    handler.refuse(handler.context, status, path, error, out_response);
}

/* --- */

/* Who manages comes with few connections. */
static struct http_server_options own(struct http_server_options limits)
{
    limits.connection_count_max = CONNECTION_COUNT_MAX;
    return limits;
}

enum galen_status admin_open(struct admin *admin, const struct admin_options *given,
                             uint16_t *out_port, struct error *out_error)
{
    struct role *role = given->role;
    struct http_server_options options = own(role_limits_of(&role->settings).server);
    options.address = role->settings.listen_admin.host;
    options.port = role->settings.listen_admin.port;
    options.tls = role_tls_of_server(&role->tls);
    *out_port = 0;
    if (!role->kind->is_gateway && role->engine == NULL) {
        return GALEN_OK;
    }
    admin->drained.run = on_drained;
    admin->server_closed.run = on_server_closed;
    admin->v2_idle.run = on_v2_idle;
    admin->idle.run = on_idle;
    TRY(open_v2(admin, given));
    TRY(open_models(admin, given));
    const struct http_handler handler = {.context = admin,
                                         .headers = on_headers,
                                         .body = on_body,
                                         .gone = on_gone,
                                         .refuse = on_refuse};
    TRY(http_server_open(given->loop, &options, &handler, &admin->server, out_error));
    *out_port = http_server_port(admin->server);
    return GALEN_OK;
}

void admin_set_limits(struct admin *admin, const struct role_limits *limits)
{
    const struct http_server_options options = own(limits->server);
    if (admin->server != NULL) {
        http_server_set_limits(admin->server, &options);
    }
    if (admin->front != NULL) {
        v2_front_set_limits(admin->front, limits->body_size_bytes_max, limits->timeout_ns);
    }
}

void admin_drain(struct admin *admin, struct task *closed)
{
    admin->closed = closed;
    if (admin->server != NULL) {
        http_server_drain(admin->server, &admin->drained);
    }
}

void admin_close(struct admin *admin, struct task *closed)
{
    admin->closed = closed;
    if (admin->server != NULL) {
        on_drained(&admin->drained);
    }
}

void admin_deinit(struct admin *admin)
{
    v2_front_destroy(admin->front);
    manage_front_destroy(admin->models);
}
