/* SPDX-License-Identifier: Apache-2.0 */
/* The spans of a request to a role behind the gateway: itself, its wait and its run. */
#include "base/clock.h"
#include "v2/front_impl.h"
#include "v2/run_record.h"

void visit_trace_begin(struct visit *visit)
{
    const struct http_request_head *head = http_exchange_head(visit->exchange);
    const struct trace_source source = {
        .headers = head->headers,
        .header_count = head->header_count,
        .arena = &visit->arena,
        .may_begin = visit->transaction.route.operation == V2_INFER,
    };
    trace_begin(visit->front->options.trace, &source, &visit->trace);
    if (visit->trace.is_sampled) {
        visit->trace_began_ns = clock_monotonic_ns();
        trace_context_write(&visit->trace.context, visit->trace_parent);
        visit->told = (struct infer_trace){.parent = visit->trace_parent,
                                           .state = visit->trace.state};
        visit->call.request.trace = &visit->told;
    }
}

static void put_model(const struct visit *visit, enum galen_status status,
                      struct trace_span *span)
{
    const struct v2_route *route = &visit->transaction.route;
    if (!v2_names_a_model(route->operation, visit->is_submitted, status)) {
        return;
    }
    const struct bytes name = bytes_from_string(route->model);
    memcpy(span->model, name.data, bytes_first(name, sizeof(span->model) - 1).size);
    (void)bytes_parse_u64(bytes_from_string(visit->call.response.version), UINT64_MAX,
                          &span->model_version);
}

static const char *form_of(const struct visit *visit)
{
    for (size_t i = 0; visit->transaction.route.model != NULL && i < v2_form_count; i++) {
        if (v2_forms[i].operation == visit->transaction.route.operation) {
            return v2_forms[i].path;
        }
    }
    return NULL;
}

static void push_part(const struct visit *visit, const struct trace_span *whole,
                      const char *name, const struct infer_timing *timing)
{
    struct trace_lane *lane = visit->front->options.trace;
    struct trace_span span = *whole;
    trace_make_ids(lane, &span.id, 1);
    memcpy(span.parent_id, whole->id, TRACE_SPAN_ID_SIZE);
    span.kind = TRACE_INTERNAL;
    span.name = name;
    span.method = NULL;
    span.route = NULL;
    span.http_status = 0;
    span.status = GALEN_OK;
    span.row_count = timing->row_count;
    span.began_ns = timing->began_ns;
    span.ended_ns = timing->ended_ns;
    trace_lane_push(lane, &span);
}

static void push_parts(const struct visit *visit, const struct trace_span *whole)
{
    const struct infer_timing *timing = &visit->call.response.timing;
    if (timing->began_ns == 0) {
        return;
    }
    if (timing->queued_ns != 0) {
        const struct infer_timing queue = {.began_ns = timing->queued_ns,
                                           .ended_ns = timing->began_ns};
        push_part(visit, whole, TRACE_QUEUE, &queue);
    }
    push_part(visit, whole, TRACE_COMPUTE, timing);
}

void visit_trace_end(const struct visit *visit, enum galen_status status, int http_status)
{
    const enum http_method method = http_exchange_head(visit->exchange)->method;
    struct trace_span span = {
        .kind = TRACE_SERVER,
        .method = method == HTTP_OTHER ? "_OTHER" : http_method_name(method),
        .route = form_of(visit),
        .status = status,
        .http_status = http_status,
        .began_ns = visit->trace_began_ns,
    };
    if (!visit->trace.is_sampled) {
        return;
    }
    memcpy(span.trace_id, visit->trace.context.trace_id, TRACE_ID_SIZE);
    memcpy(span.id, visit->trace.context.span_id, TRACE_SPAN_ID_SIZE);
    memcpy(span.parent_id, visit->trace.parent_id, TRACE_SPAN_ID_SIZE);
    span.ended_ns = clock_monotonic_ns();
    put_model(visit, status, &span);
    push_parts(visit, &span);
    trace_lane_push(visit->front->options.trace, &span);
}
