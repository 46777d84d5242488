/* SPDX-License-Identifier: Apache-2.0 */
#include "app/metrics_gateway.h"

#include <stdio.h>
#include <string.h>

#include "app/worker.h"
#include "base/clock.h"
#include "base/invariant.h"
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

/* --- endpoints of a service that is elsewhere, by name --- */

struct service {
    const struct role *role;
    const char *name;
    size_t offset; /* of its endpoints in a worker */
};

/* NULL: it is in this process. */
static const struct upstream_counts *counts_at(const struct service *service, size_t worker)
{
    const char *at = (const char *)&service->role->workers[worker] + service->offset;
    const struct endpoints *endpoints = *(struct endpoints *const *)(const void *)at;
    return endpoints == NULL ? NULL : endpoints_counts(endpoints);
}

static size_t name_count_of(const struct upstream_counts *counts)
{
    return atomic_load_explicit(&counts->count, memory_order_acquire);
}

static const struct upstream_counted *find_counted(const struct upstream_counts *counts,
                                                   const char *name)
{
    for (size_t i = 0; i < name_count_of(counts); i++) {
        if (strcmp(counts->endpoints[i].name, name) == 0) {
            return &counts->endpoints[i];
        }
    }
    return NULL;
}

/* That of each loop; offset: of the tally in what is counted of an endpoint. */
static uint64_t sum_of_endpoint(const struct service *service, const char *name,
                                size_t offset)
{
    uint64_t count = 0;
    for (size_t i = 0; i < service->role->worker_count; i++) {
        const struct upstream_counts *counts = counts_at(service, i);
        const struct upstream_counted *counted =
            counts == NULL ? NULL : find_counted(counts, name);
        if (counted != NULL) {
            const char *at = (const char *)counted + offset;
            count += tally_read((const struct tally *)(const void *)at);
        }
    }
    return count;
}

static uint64_t sum_of_service(const struct service *service, size_t offset)
{
    uint64_t count = 0;
    for (size_t i = 0; i < service->role->worker_count; i++) {
        const char *counts = (const char *)counts_at(service, i);
        count += counts == NULL
                     ? 0
                     : tally_read((const struct tally *)(const void *)(counts + offset));
    }
    return count;
}

static uint64_t sum_of_attempts(const struct service *service, const char *name)
{
    uint64_t count = 0;
    for (enum upstream_attempt i = 0; i < UPSTREAM_ATTEMPT_COUNT; i++) {
        count += sum_of_endpoint(service, name,
                                 offsetof(struct upstream_counted, attempts) +
                                     i * sizeof(struct tally));
    }
    return count;
}

static void put_attempts(struct writer *out, const struct service *service,
                         const char *name)
{
    for (enum upstream_attempt i = 0; i < UPSTREAM_ATTEMPT_COUNT; i++) {
        const char *const labels[] = {service->name, name, upstream_attempt_name(i)};
        const uint64_t count = sum_of_endpoint(service, name,
                                               offsetof(struct upstream_counted, attempts) +
                                                   i * sizeof(struct tally));
        if (count > 0 || i == UPSTREAM_OK) {
            metric_put_u64(out, METRIC_UPSTREAM_ATTEMPTS, labels, count);
        }
    }
}

/* What ends is read first, so that nothing ends that has not begun. */
static void put_pending(struct writer *out, const struct service *service, const char *name)
{
    const char *const labels[] = {service->name, name};
    const uint64_t ended = sum_of_attempts(service, name);
    metric_put_u64(
        out, METRIC_UPSTREAM_PENDING, labels,
        sum_of_endpoint(service, name, offsetof(struct upstream_counted, begun)) - ended);
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

/* By the names of the first loop: all have the same, a moment apart. */
static void put_each(struct writer *out, const struct service *services, size_t count,
                     void (*put)(struct writer *out, const struct service *service,
                                 const char *name))
{
    for (size_t i = 0; i < count; i++) {
        const struct upstream_counts *counts = counts_at(&services[i], 0);
        INVARIANT(counts != NULL); /* else it would not be listed */
        for (size_t k = 0; k < name_count_of(counts); k++) {
            put(out, &services[i], counts->endpoints[k].name);
        }
    }
}

static void put_endpoint_metric(struct writer *out, const struct service *services,
                                size_t count, size_t which)
{
    const enum metric metric = endpoint_metrics[which].metric;
    metric_begin(out, metric);
    for (size_t i = 0; i < count; i++) {
        const struct upstream_counts *counts = counts_at(&services[i], 0);
        for (size_t k = 0; k < name_count_of(counts); k++) {
            const char *const labels[] = {services[i].name, counts->endpoints[k].name};
            metric_put_u64(
                out, metric, labels,
                sum_of_endpoint(&services[i], labels[1], endpoint_metrics[which].offset));
        }
    }
}

static void put_service_metric(struct writer *out, const struct service *services,
                               size_t count, size_t which)
{
    const enum metric metric = service_metrics[which].metric;
    metric_begin(out, metric);
    for (size_t i = 0; i < count; i++) {
        metric_put_u64(out, metric, &services[i].name,
                       sum_of_service(&services[i], service_metrics[which].offset));
    }
}

/* One that is elsewhere is another in the list. */
static void list_service(const struct service *service, struct service *services,
                         size_t *count)
{
    if (counts_at(service, 0) != NULL) {
        services[(*count)++] = *service;
    }
}

enum { SERVICE_COUNT_MAX = LIMIT_ENGINE_SET_COUNT_MAX + 2 };

static size_t list_services(const struct role *role, struct service *out_services)
{
    const struct service preprocess[] = {
        {role, "preprocess", offsetof(struct worker, preprocessors)},
        {role, "preprocess-image", offsetof(struct worker, image_preprocessors)}};
    size_t count = 0;
    if (role->worker_count == 0) {
        return 0;
    }
    for (size_t i = 0; i < LIMIT_ENGINE_SET_COUNT_MAX; i++) {
        const struct service engines = {role, worker_engine_label(&role->workers[0], i),
                                        offsetof(struct worker, engines) +
                                            i * sizeof(struct endpoints *)};
        list_service(&engines, out_services, &count);
    }
    for (size_t i = 0; i < sizeof(preprocess) / sizeof(preprocess[0]); i++) {
        list_service(&preprocess[i], out_services, &count);
    }
    return count;
}

static void put_upstreams(struct writer *out, const struct role *role)
{
    struct service services[SERVICE_COUNT_MAX];
    const size_t count = list_services(role, services);
    if (count == 0) {
        return;
    }
    metric_begin(out, METRIC_UPSTREAM_ATTEMPTS);
    put_each(out, services, count, put_attempts);
    metric_begin(out, METRIC_UPSTREAM_PENDING);
    put_each(out, services, count, put_pending);
    for (size_t i = 0; i < sizeof(endpoint_metrics) / sizeof(endpoint_metrics[0]); i++) {
        put_endpoint_metric(out, services, count, i);
    }
    for (size_t i = 0; i < sizeof(service_metrics) / sizeof(service_metrics[0]); i++) {
        put_service_metric(out, services, count, i);
    }
}

void metrics_put_gateway(struct writer *out, const struct role *role)
{
    put_requests(out, role);
    put_durations(out, role);
    put_difference(out, role, METRIC_REQUESTS_IN_FLIGHT, ended_of, begun_of);
    put_upstreams(out, role);
}
