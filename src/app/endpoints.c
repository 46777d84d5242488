/* SPDX-License-Identifier: Apache-2.0 */
#include "app/endpoints.h"

#include <stdio.h>
#include <stdlib.h>

#include <uv.h>

#include "app/worker.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/address.h"
#include "net/http_client.h"
#include "net/resolver.h"
#include "v2/remote.h"
#include "v2/remote_management.h"

enum {
    BACKOFF_MS = 25,
    RETRY_COUNT_MIN = 3,
    PROBES_WAITING_MAX = 16,
};

/* One URL and the names that it stands for now. */
struct group {
    struct endpoints *endpoints;
    const struct settings_peer *peer;
    struct resolver *resolver; /* NULL: the host is numeric, or not looked up here */
    struct task resolver_closed;
    size_t name_count;
    char names[LIMIT_ENDPOINT_COUNT_MAX][BALANCE_NAME_SIZE];
};

/* What one endpoint of the upstream has here. */
struct way {
    struct endpoints *endpoints;
    struct remote_management management;
    struct task service_closed;
    struct task probe_closed;
    size_t open_count;
};

struct endpoints {
    struct worker *worker;
    struct upstream *upstream;
    struct upstream_counts counts;
    struct group *groups;
    size_t group_count;
    uv_timer_t timer;
    struct task upstream_closed;
    size_t open_count; /* the upstream, the timer, resolvers and ways */
    struct task *closed;
};

/* --- the end --- */

static void close_one(struct endpoints *endpoints)
{
    endpoints->open_count--;
    if (endpoints->open_count == 0) {
        mailbox_post(loop_mailbox(endpoints->worker->loop), endpoints->closed);
    }
}

static void on_upstream_closed(struct task *task)
{
    close_one(LIST_ITEM(task, struct endpoints, upstream_closed));
}

static void on_timer_closed(uv_handle_t *handle)
{
    close_one(handle->data);
}

static void on_resolver_closed(struct task *task)
{
    close_one(LIST_ITEM(task, struct group, resolver_closed)->endpoints);
}

static void close_way(struct way *way)
{
    way->open_count--;
    if (way->open_count == 0) {
        close_one(way->endpoints);
        free(way);
    }
}

static void on_service_closed(struct task *task)
{
    close_way(LIST_ITEM(task, struct way, service_closed));
}

static void on_probe_closed(struct task *task)
{
    close_way(LIST_ITEM(task, struct way, probe_closed));
}

void endpoints_close(struct endpoints *endpoints, struct task *closed)
{
    endpoints->closed = closed;
    for (size_t i = 0; i < endpoints->group_count; i++) {
        struct group *group = &endpoints->groups[i];
        if (group->resolver != NULL) {
            resolver_close(group->resolver, &group->resolver_closed);
            group->resolver = NULL;
        }
    }
    uv_close((uv_handle_t *)&endpoints->timer, on_timer_closed);
    upstream_close(endpoints->upstream);
    endpoints->upstream = NULL;
}

void endpoints_destroy(struct endpoints *endpoints)
{
    if (endpoints != NULL) {
        free(endpoints->groups);
        free(endpoints);
    }
}

/* --- one endpoint --- */

static const struct settings_peer *peer_of(const struct endpoints *endpoints,
                                           const char *name)
{
    for (size_t i = 0; i < endpoints->group_count; i++) {
        const struct group *group = &endpoints->groups[i];
        for (size_t k = 0; k < group->name_count; k++) {
            if (strcmp(group->names[k], name) == 0) {
                return group->peer;
            }
        }
    }
    return NULL;
}

/* "[::1]:8000" → "::1" */
static void cut_port(const char *name, char *out_host, size_t size)
{
    const char *colon = strrchr(name, ':');
    const bool has_brackets = name[0] == '[';
    const int host_size = colon == NULL ? (int)strlen(name) : (int)(colon - name);
    (void)snprintf(out_host, size, "%.*s", has_brackets ? host_size - 2 : host_size,
                   name + has_brackets);
}

static bool is_numeric(const char *host)
{
    struct sockaddr_storage address = {.ss_family = 0};
    return address_parse(host, 0, &address);
}

static struct http_client_options client_options(const struct endpoints *endpoints,
                                                 const struct settings_peer *peer)
{
    struct role *role = endpoints->worker->role;
    const struct settings *settings = &role->settings;
    return (struct http_client_options){
        .host = peer->host,
        .port = peer->port,
        .connection_count_max = settings->upstream_connections,
        .waiting_count_max = settings->upstream_waiting,
        .connect_timeout_ms = (uint32_t)settings->upstream_connect_timeout_ms,
        .idle_timeout_ms = (uint32_t)settings->upstream_idle_timeout_ms,
        .response_size_bytes_max = settings->limits_body_size_bytes,
        .tls = role_tls_of_client(&role->tls, peer),
    };
}

static enum galen_status open_remote(struct endpoints *endpoints,
                                     const struct http_client_options *options,
                                     struct task *closed, struct http_client **out_client,
                                     struct infer_service **out_service)
{
    TRY(http_client_create(endpoints->worker->loop, options, out_client));
    const enum galen_status status = remote_create(*out_client, closed, out_service);
    if (status != GALEN_OK) {
        http_client_close(*out_client, NULL);
    }
    return status;
}

/* Probes have a connection of their own. */
static enum galen_status open_ways(struct way *way, struct http_client_options *options,
                                   struct upstream_endpoint *out_endpoint)
{
    struct http_client *client = NULL;
    struct http_client *probe_client = NULL;
    TRY(open_remote(way->endpoints, options, &way->service_closed, &client,
                    &out_endpoint->service));
    way->open_count++;
    remote_management_init(&way->management, client);
    out_endpoint->management = &way->management.base;
    options->connection_count_max = 1;
    options->waiting_count_max = PROBES_WAITING_MAX;
    const enum galen_status status = open_remote(
        way->endpoints, options, &way->probe_closed, &probe_client, &out_endpoint->probe);
    way->open_count += status == GALEN_OK;
    return status;
}

static enum galen_status open_endpoint(void *context, const char *name,
                                       struct upstream_endpoint *out_endpoint)
{
    struct endpoints *endpoints = context;
    const struct settings_peer *peer = peer_of(endpoints, name);
    char address[BALANCE_NAME_SIZE];
    struct way *way = peer == NULL ? NULL : calloc(1, sizeof(*way));
    if (way == NULL) {
        return peer == NULL ? GALEN_UNAVAILABLE : GALEN_NO_MEMORY;
    }
    *way = (struct way){.endpoints = endpoints,
                        .service_closed = {.run = on_service_closed},
                        .probe_closed = {.run = on_probe_closed}};
    struct http_client_options options = client_options(endpoints, peer);
    cut_port(name, address, sizeof(address));
    options.address = is_numeric(address) ? address : NULL;
    endpoints->open_count++;
    const enum galen_status status = open_ways(way, &options, out_endpoint);
    if (status != GALEN_OK && way->open_count > 0) {
        infer_service_close(out_endpoint->service);
    } else if (status != GALEN_OK) {
        endpoints->open_count--;
        free(way);
    }
    return status;
}

/* --- the set --- */

static void set_all(struct endpoints *endpoints)
{
    const char *names[LIMIT_ENDPOINT_COUNT_MAX];
    size_t count = 0;
    for (size_t i = 0; i < endpoints->group_count; i++) {
        const struct group *group = &endpoints->groups[i];
        for (size_t k = 0; k < group->name_count && count < LIMIT_ENDPOINT_COUNT_MAX; k++) {
            names[count++] = group->names[k];
        }
    }
    upstream_set_endpoints(endpoints->upstream, names, count);
}

static bool is_same(const struct group *group, const char *const *names, size_t count)
{
    bool is_same = group->name_count == count;
    for (size_t i = 0; is_same && i < count; i++) {
        is_same = strcmp(group->names[i], names[i]) == 0;
    }
    return is_same;
}

static void on_found(void *context, const char *const *names, size_t count)
{
    struct group *group = context;
    if (is_same(group, names, count)) {
        return;
    }
    group->name_count = count;
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(group->names[i], sizeof(group->names[i]), "%s", names[i]);
    }
    log_event(LOG_INFO, "upstream.resolved", LOG_STR("host", group->peer->host),
              LOG_INT("addresses", (int64_t)count));
    set_all(group->endpoints);
}

/* Itself until it is looked up, and for good where that cannot be. */
static void begin_group(struct group *group)
{
    struct worker *worker = group->endpoints->worker;
    const struct resolver_options options = {
        .host = group->peer->host,
        .port = group->peer->port,
        .interval_ms = worker->role->settings.upstream_resolve_interval_ms,
        .found = on_found,
        .context = group,
    };
    const bool has_colon = strchr(group->peer->host, ':') != NULL;
    (void)snprintf(group->names[0], sizeof(group->names[0]),
                   has_colon ? "[%s]:%u" : "%s:%u", group->peer->host, group->peer->port);
    group->name_count = 1;
    group->resolver_closed.run = on_resolver_closed;
    if (options.interval_ms > 0 && !is_numeric(group->peer->host) &&
        resolver_create(worker->loop, &options, &group->resolver) == GALEN_OK) {
        group->endpoints->open_count++;
    }
}

/* --- time --- */

static void on_timer(uv_timer_t *timer)
{
    struct endpoints *endpoints = timer->data;
    upstream_wake(endpoints->upstream);
}

static void wake_at(void *context, uint64_t due_ns)
{
    struct endpoints *endpoints = context;
    const uint64_t now_ns = clock_monotonic_ns();
    const uint64_t wait_ns = due_ns > now_ns ? due_ns - now_ns : 0;
    uv_update_time(endpoints->timer.loop); /* else it counts from the turn's beginning */
    (void)uv_timer_start(&endpoints->timer, on_timer, (wait_ns + NS_PER_MS - 1) / NS_PER_MS,
                         0);
}

static uint64_t read_clock(void *context)
{
    (void)context;
    return clock_monotonic_ns();
}

static uint64_t read_random(void *context)
{
    const struct endpoints *endpoints = context;
    const struct gateway *gateway = &endpoints->worker->gateway;
    uint64_t number = 0;
    gateway->random(gateway->context, (uint8_t *)&number, sizeof(number));
    return number;
}

/* --- the beginning --- */

static struct upstream_options options_of(struct endpoints *endpoints, const char *name)
{
    const struct settings *settings = &endpoints->worker->role->settings;
    return (struct upstream_options){
        .name = name,
        .balance = {.eject_failures = (uint32_t)settings->upstream_eject_failures,
                    .eject_base_ns = settings->upstream_eject_base_ms * NS_PER_MS,
                    .eject_ns_max = settings->upstream_eject_max_ms * NS_PER_MS,
                    .eject_percent_max = (uint32_t)settings->upstream_eject_percent,
                    .pending_count_max = (uint32_t)(settings->upstream_connections +
                                                    settings->upstream_waiting),
                    .retry_percent = (uint32_t)settings->upstream_retry_percent,
                    .retry_count_min = RETRY_COUNT_MIN},
        .retry_count_max = (uint32_t)settings->upstream_retries,
        .try_timeout_ns = settings->upstream_try_timeout_ms * NS_PER_MS,
        .backoff_ns = BACKOFF_MS * NS_PER_MS,
        .probe_interval_ns = settings->upstream_probe_interval_ms * NS_PER_MS,
        .probe_timeout_ns = settings->upstream_probe_timeout_ms * NS_PER_MS,
        .mailbox = loop_mailbox(endpoints->worker->loop),
        .counts = &endpoints->counts,
        .now_ns = read_clock,
        .random = read_random,
        .wake_at = wake_at,
        .open_endpoint = open_endpoint,
        .context = endpoints,
        .closed = &endpoints->upstream_closed,
    };
}

static struct endpoints *create(struct worker *worker, const struct settings_peers *peers)
{
    struct endpoints *endpoints = calloc(1, sizeof(*endpoints));
    struct group *groups = calloc(peers->count, sizeof(*groups));
    if (endpoints == NULL || groups == NULL) {
        free(endpoints);
        free(groups);
        return NULL;
    }
    endpoints->worker = worker;
    endpoints->upstream_closed.run = on_upstream_closed;
    endpoints->groups = groups;
    endpoints->group_count = peers->count;
    for (size_t i = 0; i < peers->count; i++) {
        groups[i] = (struct group){.endpoints = endpoints, .peer = &peers->peers[i]};
    }
    return endpoints;
}

enum galen_status endpoints_open(struct worker *worker, const char *name,
                                 const struct settings_peers *peers,
                                 struct endpoints **out_endpoints)
{
    struct endpoints *endpoints = create(worker, peers);
    if (endpoints == NULL) {
        return GALEN_NO_MEMORY;
    }
    const struct upstream_options options = options_of(endpoints, name);
    if (upstream_create(&options, &endpoints->upstream) != GALEN_OK) {
        endpoints_destroy(endpoints);
        return GALEN_NO_MEMORY;
    }
    (void)uv_timer_init(loop_uv(worker->loop), &endpoints->timer);
    endpoints->timer.data = endpoints;
    endpoints->open_count = 2;
    for (size_t i = 0; i < endpoints->group_count; i++) {
        begin_group(&endpoints->groups[i]);
    }
    set_all(endpoints);
    *out_endpoints = endpoints;
    return GALEN_OK;
}

struct upstream *endpoints_upstream(struct endpoints *endpoints)
{
    return endpoints->upstream;
}

const struct upstream_counts *endpoints_counts(const struct endpoints *endpoints)
{
    return &endpoints->counts;
}
