/* SPDX-License-Identifier: Apache-2.0 */
#include "app/metrics_gateway.h"

#include <stdio.h>

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

/* A route that was never asked for has its 200 all the same: rates begin at 0. */
static void put_requests(struct writer *out, const struct role *role)
{
    metric_begin(out, METRIC_REQUESTS);
    for (size_t route = 0; route < route_number_count(); route++) {
        for (size_t i = 0; i < counted_status_count(); i++) {
            const int status = counted_status(i);
            const uint64_t count = count_of(role, route, i);
            char text[16];
            (void)snprintf(text, sizeof(text), "%d", status);
            if (count > 0 || (status == 200 && route != ROUTE_NUMBER_NONE)) {
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

void metrics_put_gateway(struct writer *out, const struct role *role)
{
    put_requests(out, role);
    put_durations(out, role);
    put_difference(out, role, METRIC_REQUESTS_IN_FLIGHT, ended_of, begun_of);
}
