/* SPDX-License-Identifier: Apache-2.0 */
#include "app/tracing.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/worker.h"
#include "base/clock.h"

enum { ANSWER_SIZE_BYTES_MAX = 1024 * 1024, RETRY_MS = 1000, LINGER_MS = 2000 };

enum galen_status
tracing_open(struct tracing *tracing, const struct settings *settings,
             void (*random)(void *context, uint8_t *out_bytes, size_t size), void *context)
{
    if (!settings->trace_otlp.is_set) {
        return GALEN_OK;
    }
    tracing->spans = calloc(settings->trace_queue_spans, sizeof(*tracing->spans));
    if (tracing->spans == NULL) {
        return GALEN_NO_MEMORY;
    }
    const struct trace_lane_options options = {
        .spans = tracing->spans,
        .span_count_max = settings->trace_queue_spans,
        .sample_ratio = settings->trace_sample_ratio,
        .follows_parents = settings->trace_follow_parent,
        .random = random,
        .context = context,
    };
    trace_lane_init(&tracing->lane, &options);
    return GALEN_OK;
}

void tracing_close(struct tracing *tracing)
{
    free(tracing->spans);
    tracing->spans = NULL;
}

struct trace_lane *tracing_lane(struct tracing *tracing)
{
    return tracing->spans == NULL ? NULL : &tracing->lane;
}

static enum galen_status open_client(const struct role *role, struct loop *loop,
                                     struct http_client **out_client)
{
    const struct settings *settings = &role->settings;
    const struct http_client_options options = {
        .host = settings->trace_otlp.peer.host,
        .port = settings->trace_otlp.peer.port,
        .connection_count_max = 1,
        .waiting_count_max = 1,
        .connect_timeout_ms = (uint32_t)settings->upstream_connect_timeout_ms,
        .idle_timeout_ms = (uint32_t)settings->upstream_idle_timeout_ms,
        .response_size_bytes_max = ANSWER_SIZE_BYTES_MAX,
    };
    return http_client_create(loop, &options, out_client);
}

/* "host:8000" */
static void name_instance(struct role *role)
{
    char host[SETTINGS_HOST_SIZE];
    const struct settings *settings = &role->settings;
    memcpy(host, settings->audit_instance, sizeof(host) - 1);
    host[sizeof(host) - 1] = '\0';
    if (host[0] == '\0') {
        (void)gethostname(host, sizeof(host) - 1);
    }
    (void)snprintf(role->trace_instance, sizeof(role->trace_instance), "%s:%u", host,
                   settings->listen_http.port);
    (void)snprintf(role->trace_service, sizeof(role->trace_service), "galen-%s",
                   role->kind->name);
}

static enum galen_status open_on(struct role *role, struct loop *loop,
                                 struct http_client *client, struct trace_lane **lanes)
{
    const struct settings *settings = &role->settings;
    for (size_t i = 0; i < role->worker_count; i++) {
        lanes[i] = &role->workers[i].tracing.lane;
    }
    name_instance(role);
    const struct trace_export_options options = {
        .loop = loop,
        .client = client,
        .target = settings->trace_otlp.path,
        .resource = {.service = role->trace_service,
                     .version = GALEN_VERSION,
                     .instance = role->trace_instance},
        .lanes = lanes,
        .lane_count = role->worker_count,
        .span_count_max = settings->trace_batch_spans,
        .interval_ns = settings->trace_interval_ms * NS_PER_MS,
        .timeout_ns = settings->trace_timeout_ms * NS_PER_MS,
        .retry_ns = RETRY_MS * NS_PER_MS,
        .linger_ns = LINGER_MS * NS_PER_MS,
    };
    return trace_export_create(&options, &role->trace_export);
}

enum galen_status tracing_open_export(struct role *role, struct loop *loop)
{
    struct http_client *client;
    if (!role->settings.trace_otlp.is_set) {
        return GALEN_OK;
    }
    struct trace_lane **lanes = calloc(role->worker_count, sizeof(*lanes));
    if (lanes == NULL) {
        return GALEN_NO_MEMORY;
    }
    enum galen_status status = open_client(role, loop, &client);
    if (status == GALEN_OK) {
        status = open_on(role, loop, client, lanes);
        if (status != GALEN_OK) {
            http_client_close(client, NULL);
        }
    }
    free(lanes);
    return status;
}
