/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/request_trace.h"

#include "gateway/routes.h"

void request_trace_begin(struct request *request)
{
    const struct trace_source source = {
        .headers = request->head->headers,
        .header_count = request->head->header_count,
        .arena = &request->arena,
        .may_begin = request->leaves_record,
    };
    trace_begin(request->gateway->trace, &source, &request->trace);
    if (request->trace.is_sampled) {
        trace_make_ids(request->gateway->trace, request->phase_ids, GATEWAY_PHASE_COUNT);
    }
}

static bool is_remote(const struct request *request, enum gateway_phase phase)
{
    return (phase == GATEWAY_PREPROCESS && request->gateway->preprocess_is_remote) ||
           (phase == GATEWAY_INFER && request->engine->is_remote);
}

const struct infer_trace *request_trace_for(struct request *request,
                                            enum gateway_phase phase)
{
    struct trace_context context = request->trace.context;
    struct request_told *told = &request->told[phase];
    if (!request->trace.is_known ||
        (!request->trace.is_sampled && !is_remote(request, phase))) {
        return NULL;
    }
    if (request->trace.is_sampled) {
        memcpy(context.span_id, request->phase_ids[phase], TRACE_SPAN_ID_SIZE);
    }
    trace_context_write(&context, told->parent);
    told->trace =
        (struct infer_trace){.parent = told->parent, .state = request->trace.state};
    return &told->trace;
}

static struct trace_span span_of(const struct request *request)
{
    struct trace_span span = {.kind = TRACE_INTERNAL};
    memcpy(span.trace_id, request->trace.context.trace_id, TRACE_ID_SIZE);
    if (request->version != NULL) {
        const struct bytes name = bytes_from_string(request->model->name);
        memcpy(span.model, name.data, bytes_first(name, sizeof(span.model) - 1).size);
        span.model_version = request->version->number;
    }
    return span;
}

static void push(const struct request *request, const struct trace_span *span)
{
    trace_lane_push(request->gateway->trace, span);
}

static void push_request(const struct request *request, int http_status, uint64_t ended_ns)
{
    struct trace_span span = span_of(request);
    const enum http_method method = request->head->method;
    memcpy(span.id, request->trace.context.span_id, TRACE_SPAN_ID_SIZE);
    memcpy(span.parent_id, request->trace.parent_id, TRACE_SPAN_ID_SIZE);
    span.kind = TRACE_SERVER;
    span.method = method == HTTP_OTHER ? "_OTHER" : http_method_name(method);
    span.route = route_form(request->route_number);
    span.status = request->status;
    span.http_status = http_status;
    span.began_ns = request->started_ns;
    span.ended_ns = ended_ns;
    push(request, &span);
}

static void push_part(const struct request *request, enum gateway_phase phase,
                      const char *name, const struct infer_timing *timing)
{
    struct trace_span span = span_of(request);
    trace_make_ids(request->gateway->trace, &span.id, 1);
    memcpy(span.parent_id, request->phase_ids[phase], TRACE_SPAN_ID_SIZE);
    span.name = name;
    span.row_count = timing->row_count;
    span.began_ns = timing->began_ns;
    span.ended_ns = timing->ended_ns;
    push(request, &span);
}

/* What a service in this process did meanwhile; others tell of it themselves. */
static void push_parts(const struct request *request, enum gateway_phase phase,
                       const struct infer_timing *timing)
{
    if (timing->began_ns == 0) {
        return;
    }
    if (timing->queued_ns != 0) {
        const struct infer_timing queue = {.began_ns = timing->queued_ns,
                                           .ended_ns = timing->began_ns};
        push_part(request, phase, TRACE_QUEUE, &queue);
    }
    push_part(request, phase, TRACE_COMPUTE, timing);
}

static const struct infer_call *call_of(const struct request *request,
                                        enum gateway_phase phase)
{
    return phase == GATEWAY_PREPROCESS ? &request->preprocess_call : &request->infer_call;
}

static void push_phase(const struct request *request, enum gateway_phase phase)
{
    const struct phase_time *time = &request->times[phase];
    struct trace_span span = span_of(request);
    memcpy(span.id, request->phase_ids[phase], TRACE_SPAN_ID_SIZE);
    memcpy(span.parent_id, request->trace.context.span_id, TRACE_SPAN_ID_SIZE);
    span.kind = is_remote(request, phase) ? TRACE_CLIENT : TRACE_INTERNAL;
    span.name = gateway_phase_name(phase);
    span.status = phase == GATEWAY_AUDIT ? request->audit_entry.status
                                         : call_of(request, phase)->status;
    span.began_ns = time->began_ns;
    span.ended_ns = time->began_ns + time->ns;
    push(request, &span);
    if (phase != GATEWAY_AUDIT) {
        push_parts(request, phase, &call_of(request, phase)->response.timing);
    }
}

void request_trace_end(const struct request *request, int http_status, uint64_t ended_ns)
{
    if (!request->trace.is_sampled) {
        return;
    }
    for (enum gateway_phase phase = 0; phase < GATEWAY_PHASE_COUNT; phase++) {
        if (request->times[phase].began_ns != 0) {
            push_phase(request, phase);
        }
    }
    push_request(request, http_status, ended_ns);
}
