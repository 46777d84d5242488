/* SPDX-License-Identifier: Apache-2.0 */
#include "app/metrics.h"
#include "app/lifecycle.h"

#include "app/identity.h"
#include "app/metrics_engine.h"
#include "app/metrics_gateway.h"
#include "app/metrics_process.h"
#include "app/metrics_rollout.h"
#include "app/worker.h"
#include "base/limits.h"
#include "preprocess/preprocess.h"
#include "service/auth/jwks_metrics.h"
#include "service/metrics.h"
#include "service/reply_http.h"
#include "service/trace_export.h"

static void put_number(struct writer *out, enum metric metric, uint64_t value)
{
    metric_begin(out, metric);
    metric_put_u64(out, metric, NULL, value);
}

/* One sample of a metric with one label. */
static void put_of(struct writer *out, enum metric metric, const char *label,
                   uint64_t value)
{
    metric_put_u64(out, metric, &label, value);
}

static void put_sinks(struct writer *out, const struct role *role,
                      const struct audit_writer_statistics *statistics)
{
    metric_begin(out, METRIC_AUDIT_SINK_UP);
    for (size_t i = 0; i < statistics->sink_count; i++) {
        put_of(out, METRIC_AUDIT_SINK_UP, role_trail(role, i), statistics->sinks[i].works);
    }
    metric_begin(out, METRIC_AUDIT_SINK_FREE_BYTES);
    for (size_t i = 0; i < statistics->sink_count; i++) {
        put_of(out, METRIC_AUDIT_SINK_FREE_BYTES, role_trail(role, i),
               statistics->sinks[i].free_bytes);
    }
}

static void put_audit(struct writer *out, struct role *role)
{
    struct audit_writer_statistics statistics;
    if (role->audit == NULL) {
        return;
    }
    audit_writer_read(role->audit, &statistics);
    put_number(out, METRIC_AUDIT_AVAILABLE,
               audit_is_available(audit_writer_base(role->audit)));
    put_number(out, METRIC_AUDIT_RECORDS, statistics.record_count);
    put_number(out, METRIC_AUDIT_REFUSED, statistics.refused_count);
    put_number(out, METRIC_AUDIT_COMMITS, statistics.commit_count);
    metric_begin(out, METRIC_AUDIT_COMMIT_SECONDS);
    metric_put_ns(out, METRIC_AUDIT_COMMIT_SECONDS, NULL, statistics.commit_ns);
    put_number(out, METRIC_AUDIT_WAITING, statistics.waiting_count);
    put_sinks(out, role, &statistics);
    put_number(out, METRIC_AUDIT_UNWITNESSED, statistics.unwitnessed_count);
}

static void put_tls(struct writer *out, const struct role_tls *tls)
{
    const struct role_tls_side *sides = tls->sides;
    metric_begin(out, METRIC_TLS_EXPIRES);
    for (size_t i = 0; i < ROLE_TLS_SIDE_COUNT; i++) {
        if (atomic_load(&sides[i].expires_s) > 0) {
            put_of(out, METRIC_TLS_EXPIRES, sides[i].name,
                   (uint64_t)atomic_load(&sides[i].expires_s));
        }
    }
    metric_begin(out, METRIC_TLS_REFUSED);
    for (size_t i = 0; i < ROLE_TLS_SIDE_COUNT; i++) {
        if (sides[i].is_used) {
            put_of(out, METRIC_TLS_REFUSED, sides[i].name,
                   atomic_load(&sides[i].refused_count));
        }
    }
}

static uint64_t count_refused(const struct role *role, enum refusal refusal)
{
    uint64_t count = 0;
    for (size_t i = 0; i < role->worker_count; i++) {
        count += tally_read(&role->workers[i].gate.counts.refused[refusal]);
    }
    return count;
}

static void put_identity(struct writer *out, const struct role *role)
{
    struct jwks_counts counts;
    if (identity_count_keys(role->identity, &counts)) {
        jwks_metrics_put(out, &counts);
        jwks_metrics_put_passed(out, identity_keys(role->identity));
    }
    metric_begin(out, METRIC_AUTH_REFUSALS);
    for (enum refusal i = REFUSAL_NOT + 1; i < REFUSAL_COUNT; i++) {
        put_of(out, METRIC_AUTH_REFUSALS, refusal_word(i), count_refused(role, i));
    }
}

static void put_trace(struct writer *out, const struct role *role)
{
    struct trace_export_statistics statistics;
    if (role->trace_export == NULL) {
        return;
    }
    trace_export_read(role->trace_export, &statistics);
    put_number(out, METRIC_TRACE_EXPORTED, statistics.exported_count);
    metric_begin(out, METRIC_TRACE_DROPPED);
    put_of(out, METRIC_TRACE_DROPPED, "full", statistics.full_count);
    put_of(out, METRIC_TRACE_DROPPED, "failed", statistics.failed_count);
}

static void put_shed(struct writer *out, struct admission *admission,
                     const struct rules *rules, size_t route)
{
    for (enum admission_reason reason = 0; reason < ADMISSION_REASON_COUNT; reason++) {
        const char *const labels[] = {rules_route_name(rules, route),
                                      admission_reason_name(reason)};
        metric_put_u64(
            out, METRIC_SHED, labels,
            admission_shed_count(admission, rules->admissions[route].name, reason));
    }
}

/* Rows of one pattern are one route. */
static bool is_repeated(const struct rules *rules, size_t route)
{
    for (size_t i = 0; i < route; i++) {
        if (rules->admissions[i].name == rules->admissions[route].name) {
            return true;
        }
    }
    return false;
}

static void put_admission(struct writer *out, const struct role *role)
{
    metric_begin(out, METRIC_SHED);
    for (size_t i = 0; i <= role->rules->route_count; i++) {
        if (!is_repeated(role->rules, i)) {
            put_shed(out, role->admission, role->rules, i);
        }
    }
    put_number(out, METRIC_REQUESTS_UNDER_WAY, atomic_load(&role->admission->in_flight));
    put_number(out, METRIC_BODIES_UNDER_WAY,
               atomic_load(&role->admission->bodies_size_bytes));
}

static void put_machine(struct writer *out, struct machine *machine)
{
    machine_read(machine);
    metric_begin(out, METRIC_CPU_UTILIZATION);
    metric_put_share(out, METRIC_CPU_UTILIZATION, NULL, machine->cpu_share);
    put_number(out, METRIC_CPU_MEMORY_TOTAL, machine->memory_total_bytes);
    put_number(out, METRIC_CPU_MEMORY_USED, machine->memory_used_bytes);
}

static enum galen_status put_all(struct writer *out, struct role *role)
{
    put_audit(out, role);
    if (role->identity != NULL) {
        put_identity(out, role);
    }
    put_trace(out, role);
    metrics_put_connections(out, role);
    if (role->kind->is_gateway) {
        metrics_put_gateway(out, role);
        metrics_put_rollouts(out, &role->rollouts);
        metrics_put_releases(out, lifecycle_shown(role));
    }
    if (role_tls_is_used(&role->tls)) {
        put_tls(out, &role->tls);
    }
    if (role->admission != NULL) {
        put_admission(out, role);
    }
    metrics_put_process(out, role);
    put_machine(out, &role->machine);
    if (role->preprocess != NULL) {
        put_number(out, METRIC_IMAGE_WORKERS_LOST,
                   preprocess_lost_worker_count(role->preprocess));
    }
    if (role->engine != NULL) {
        TRY(metrics_put_engine(out, role->engine));
    }
    return out->status;
}

static void answer(struct http_exchange *exchange, int status, struct bytes type,
                   struct writer *body)
{
    struct reply reply;
    reply_init(&reply, status, type);
    reply_take_body(&reply, body);
    reply_send(&reply, exchange);
}

static void on_headers(void *context, struct http_exchange *exchange)
{
    const struct http_request_head *head = http_exchange_head(exchange);
    struct writer body;
    writer_init(&body, LIMIT_METRICS_SIZE_BYTES_MAX);
    if (head->method != HTTP_GET || !bytes_equal_string(head->path, "/metrics")) {
        writer_put_string(&body, "there is GET /metrics only\n");
        answer(exchange, 404, BYTES("text/plain"), &body);
    } else if (put_all(&body, context) == GALEN_OK) {
        answer(exchange, 200, BYTES(METRICS_MEDIA_TYPE), &body);
    } else {
        writer_deinit(&body);
        writer_init(&body, LIMIT_METRICS_SIZE_BYTES_MAX);
        answer(exchange, 503, BYTES("text/plain"), &body);
    }
}

static void on_body(void *context, struct http_exchange *exchange)
{
    (void)context, (void)exchange; /* none is asked for */
}

static void on_refuse(void *context, int status, struct bytes path,
                      const struct error *error, struct http_response *out_response)
{
    (void)context, (void)path, (void)error;
    *out_response = (struct http_response){.status = status, .close = true};
}

enum galen_status metrics_open(struct role *role, struct loop *loop,
                               struct http_server **out_server, uint16_t *out_port,
                               struct error *out_error)
{
    const struct settings *settings = &role->settings;
    const struct http_handler handler = {
        .context = role, .headers = on_headers, .body = on_body, .refuse = on_refuse};
    const struct http_server_options options = {
        .address = settings->listen_metrics.host,
        .port = settings->listen_metrics.port,
        .connection_count_max = 16,
        .header_timeout_ms = (uint32_t)settings->limits_header_timeout_ms,
        .body_timeout_ms = (uint32_t)settings->limits_body_timeout_ms,
        .idle_timeout_ms = (uint32_t)settings->limits_idle_timeout_ms,
        .write_timeout_ms = (uint32_t)settings->limits_write_timeout_ms,
    };
    TRY(http_server_open(loop, &options, &handler, out_server, out_error));
    *out_port = http_server_port(*out_server);
    return GALEN_OK;
}
