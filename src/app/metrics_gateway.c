/* SPDX-License-Identifier: Apache-2.0 */
#include "app/metrics_gateway.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/worker.h"
#include "base/clock.h"
#include "gateway/routes.h"
#include "service/metrics.h"

/* What one tally of all loops comes to. */
static uint64_t sum(const struct role *role,
                    const struct tally *(*of)(const struct worker *worker))
{
    uint64_t count = 0;
    for (size_t i = 0; i < role->worker_count; i++) {
        count += tally_read(of(&role->workers[i]));
    }
    return count;
}

static const struct tally *accepted_of(const struct worker *worker)
{
    return &worker->connections.accepted;
}

static const struct tally *closed_of(const struct worker *worker)
{
    return &worker->connections.closed;
}

static const struct tally *begun_of(const struct worker *worker)
{
    return &worker->counts.begun;
}

static const struct tally *ended_of(const struct worker *worker)
{
    return &worker->counts.ended;
}

/* What began is read last, so that nothing ends that has not begun. */
static void put_difference(struct writer *out, const struct role *role, enum metric metric,
                           const struct tally *(*end_of)(const struct worker *worker),
                           const struct tally *(*beginning_of)(const struct worker *worker))
{
    const uint64_t ended = sum(role, end_of);
    metric_begin(out, metric);
    metric_put_u64(out, metric, NULL, sum(role, beginning_of) - ended);
}

void metrics_put_connections(struct writer *out, const struct role *role)
{
    put_difference(out, role, METRIC_CONNECTIONS_OPEN, closed_of, accepted_of);
    metric_begin(out, METRIC_CONNECTIONS_ACCEPTED);
    metric_put_u64(out, METRIC_CONNECTIONS_ACCEPTED, NULL, sum(role, accepted_of));
}

static uint64_t count_of(const struct role *role, size_t route, size_t status)
{
    uint64_t count = 0;
    for (size_t i = 0; i < role->worker_count; i++) {
        count += tally_read(&role->workers[i].counts.ended_with[route][status]);
    }
    return count;
}

/* Successes and failures of a route are told before there are any: rates begin at 0, and an
 * alert sees the first failure. */
static bool is_told(size_t route, int status, uint64_t count)
{
    return count > 0 || (route != ROUTE_NUMBER_NONE && (status == 200 || status >= 500));
}

static void put_requests(struct writer *out, const struct role *role)
{
    metric_begin(out, METRIC_REQUESTS);
    for (size_t route = 0; route < route_number_count(); route++) {
        for (size_t i = 0; i < counted_status_count(); i++) {
            const int status = counted_status(i);
            const uint64_t count = count_of(role, route, i);
            char text[16];
            (void)snprintf(text, sizeof(text), "%d", status);
            if (is_told(route, status, count)) {
                const char *const labels[] = {route_id(route),
                                              status == 0 ? "other" : text};
                metric_put_u64(out, METRIC_REQUESTS, labels, count);
            }
        }
    }
}

/* That of each loop. */
static void put_sum(struct writer *out, const struct role *role, enum metric metric,
                    const char *label, size_t offset)
{
    struct histogram histogram;
    histogram_init(&histogram, &gateway_duration_bounds);
    for (size_t i = 0; i < role->worker_count; i++) {
        const char *counts = (const char *)&role->workers[i].counts;
        tally_histogram_collect(
            (const struct tally_histogram *)(const void *)(counts + offset), &histogram);
    }
    metric_put_histogram(out, metric, &label, &histogram, NS_PER_S);
}

static void put_durations(struct writer *out, const struct role *role)
{
    metric_begin(out, METRIC_ROUTE_DURATION);
    for (size_t i = 0; i < route_number_count(); i++) {
        put_sum(out, role, METRIC_ROUTE_DURATION, route_id(i),
                offsetof(struct gateway_counts, by_route) +
                    i * sizeof(struct tally_histogram));
    }
    metric_begin(out, METRIC_PHASE_DURATION);
    for (enum gateway_phase i = 0; i < GATEWAY_PHASE_COUNT; i++) {
        put_sum(out, role, METRIC_PHASE_DURATION, gateway_phase_name(i),
                offsetof(struct gateway_counts, by_phase) +
                    i * sizeof(struct tally_histogram));
    }
}

/* --- services that are elsewhere, and their endpoints by name --- */

/* All loops' together. */
struct service {
    const char *name;
    struct upstream_counts counts;
};

enum { SERVICE_COUNT_MAX = LIMIT_ENGINE_SET_COUNT_MAX + 2 };

struct services {
    size_t count;
    struct service all[SERVICE_COUNT_MAX];
};

/* offset: of its endpoints in a worker, NULL where it is in this process. */
static void collect(const struct role *role, const char *name, size_t offset,
                    struct services *services)
{
    struct service *service = &services->all[services->count];
    for (size_t i = 0; i < role->worker_count; i++) {
        const char *at = (const char *)&role->workers[i] + offset;
        const struct endpoints *endpoints = *(struct endpoints *const *)(const void *)at;
        if (endpoints != NULL) {
            service->name = name;
            upstream_counts_collect(endpoints_counts(endpoints), &service->counts);
        }
    }
    services->count += service->name != NULL;
}

static void collect_all(const struct role *role, struct services *services)
{
    for (size_t i = 0; i < LIMIT_ENGINE_SET_COUNT_MAX && role->worker_count > 0; i++) {
        collect(role, worker_engine_label(&role->workers[0], i),
                offsetof(struct worker, engines) + i * sizeof(struct endpoints *),
                services);
    }
    collect(role, "preprocess", offsetof(struct worker, preprocessors), services);
    collect(role, "preprocess-image", offsetof(struct worker, image_preprocessors),
            services);
}

static void put_attempts(struct writer *out, const char *service,
                         const struct upstream_counted *endpoint)
{
    for (enum upstream_attempt i = 0; i < UPSTREAM_ATTEMPT_COUNT; i++) {
        const char *const labels[] = {service, endpoint->name, upstream_attempt_name(i)};
        const uint64_t count = tally_read(&endpoint->attempts[i]);
        if (count > 0 || i == UPSTREAM_OK) {
            metric_put_u64(out, METRIC_UPSTREAM_ATTEMPTS, labels, count);
        }
    }
}

static void put_pending(struct writer *out, const char *service,
                        const struct upstream_counted *endpoint)
{
    const char *const labels[] = {service, endpoint->name};
    uint64_t pending = tally_read(&endpoint->begun);
    for (size_t i = 0; i < UPSTREAM_ATTEMPT_COUNT; i++) {
        pending -= tally_read(&endpoint->attempts[i]);
    }
    metric_put_u64(out, METRIC_UPSTREAM_PENDING, labels, pending);
}

static const struct {
    enum metric metric;
    size_t offset;
} endpoint_metrics[] = {
    {METRIC_UPSTREAM_IN_ROTATION, offsetof(struct upstream_counted, in_rotation)},
    {METRIC_UPSTREAM_EJECTED, offsetof(struct upstream_counted, ejected)},
    {METRIC_UPSTREAM_EJECTIONS, offsetof(struct upstream_counted, ejections)},
};

static const struct {
    enum metric metric;
    size_t offset;
} service_metrics[] = {
    {METRIC_UPSTREAM_RETRIES, offsetof(struct upstream_counts, retries)},
    {METRIC_UPSTREAM_RETRIES_DELAYED, offsetof(struct upstream_counts, retries_waited)},
    {METRIC_UPSTREAM_NOBODY, offsetof(struct upstream_counts, unavailable)},
};

static uint64_t read_at(const void *counts, size_t offset)
{
    const char *at = (const char *)counts + offset;
    return tally_read((const struct tally *)(const void *)at);
}

static void put_each(struct writer *out, const struct services *services,
                     void (*put)(struct writer *out, const char *service,
                                 const struct upstream_counted *endpoint))
{
    for (size_t i = 0; i < services->count; i++) {
        const struct service *service = &services->all[i];
        for (size_t k = 0; k < service->counts.count; k++) {
            put(out, service->name, &service->counts.endpoints[k]);
        }
    }
}

static void put_endpoint_metric(struct writer *out, const struct services *services,
                                size_t which)
{
    const enum metric metric = endpoint_metrics[which].metric;
    metric_begin(out, metric);
    for (size_t i = 0; i < services->count; i++) {
        const struct service *service = &services->all[i];
        for (size_t k = 0; k < service->counts.count; k++) {
            const struct upstream_counted *endpoint = &service->counts.endpoints[k];
            const char *const labels[] = {service->name, endpoint->name};
            metric_put_u64(out, metric, labels,
                           read_at(endpoint, endpoint_metrics[which].offset));
        }
    }
}

static void put_service_metric(struct writer *out, const struct services *services,
                               size_t which)
{
    const enum metric metric = service_metrics[which].metric;
    metric_begin(out, metric);
    for (size_t i = 0; i < services->count; i++) {
        const struct service *service = &services->all[i];
        metric_put_u64(out, metric, &service->name,
                       read_at(&service->counts, service_metrics[which].offset));
    }
}

static void put_services(struct writer *out, const struct services *services)
{
    metric_begin(out, METRIC_UPSTREAM_ATTEMPTS);
    put_each(out, services, put_attempts);
    metric_begin(out, METRIC_UPSTREAM_PENDING);
    put_each(out, services, put_pending);
    for (size_t i = 0; i < sizeof(endpoint_metrics) / sizeof(endpoint_metrics[0]); i++) {
        put_endpoint_metric(out, services, i);
    }
    for (size_t i = 0; i < sizeof(service_metrics) / sizeof(service_metrics[0]); i++) {
        put_service_metric(out, services, i);
    }
}

static void put_upstreams(struct writer *out, const struct role *role)
{
    struct services *services = calloc(1, sizeof(*services));
    if (services == NULL) {
        out->status = GALEN_NO_MEMORY;
        return;
    }
    collect_all(role, services);
    if (services->count > 0) {
        put_services(out, services);
    }
    free(services);
}

void metrics_put_gateway(struct writer *out, const struct role *role)
{
    put_requests(out, role);
    put_durations(out, role);
    put_difference(out, role, METRIC_REQUESTS_IN_FLIGHT, ended_of, begun_of);
    put_upstreams(out, role);
}
