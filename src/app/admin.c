/* SPDX-License-Identifier: Apache-2.0 */
#include "app/admin.h"

#include "base/clock.h"
#include "engine/engine.h"

enum { CONNECTION_COUNT_MAX = 64 };

static void on_idle(struct task *task)
{
    struct admin *admin = LIST_ITEM(task, struct admin, idle);
    admin->closed->run(admin->closed);
}

/* Requests whose client has gone may still wait for the engine. */
static void on_server_closed(struct task *task)
{
    struct admin *admin = LIST_ITEM(task, struct admin, server_closed);
    v2_front_finish(admin->front, &admin->idle);
}

static void on_drained(struct task *task)
{
    struct admin *admin = LIST_ITEM(task, struct admin, drained);
    http_server_close(admin->server, &admin->server_closed);
    admin->server = NULL;
}

static enum galen_status open_front(struct admin *admin, const struct admin_options *given)
{
    struct role *role = given->role;
    const struct settings *settings = &role->settings;
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
    if (role->engine == NULL) {
        return GALEN_OK;
    }
    admin->drained.run = on_drained;
    admin->server_closed.run = on_server_closed;
    admin->idle.run = on_idle;
    TRY(open_front(admin, given));
    const struct http_handler handler = v2_front_handler(admin->front);
    TRY(http_server_open(given->loop, &options, &handler, &admin->server, out_error));
    *out_port = http_server_port(admin->server);
    return GALEN_OK;
}

void admin_set_limits(struct admin *admin, const struct role_limits *limits)
{
    const struct http_server_options options = own(limits->server);
    if (admin->server != NULL) {
        http_server_set_limits(admin->server, &options);
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
}
