/* SPDX-License-Identifier: Apache-2.0 */
#include "v2/remote.h"

#include <stdlib.h>

#include "base/limits.h"
#include "codec/url.h"
#include "service/request_id.h"
#include "v2/transaction.h"

enum {
    TARGET_SIZE_MAX = 2048,
    HEADER_COUNT = 5,
    DECIMAL_SIZE = 24,
    RETRY_AFTER_S_MAX = 86400
};

struct remote {
    struct infer_service base; /* first: callers hold a pointer to it */
    struct http_client *client;
    struct task client_closed;
    struct task *closed; /* the owner's, or NULL */
};

/* One call on its way, in the call's arena. */
struct journey {
    struct http_call http;
    struct http_header headers[HEADER_COUNT];
    struct infer_call *call;
};

static const char *target_tail(enum infer_operation operation)
{
    static const char *const tails[] = {
        [INFER_RUN] = "/infer", [INFER_DESCRIBE] = "", [INFER_READY] = "/ready"};
    return tails[operation];
}

static void write_target(const struct infer_call *call, struct writer *out)
{
    if (call->request.model[0] == '\0') {
        writer_put_string(out, "/v2/health/ready");
        return;
    }
    writer_put_string(out, "/v2/models/");
    url_encode(bytes_from_string(call->request.model), out);
    if (call->request.version[0] != '\0') {
        writer_put_string(out, "/versions/");
        url_encode(bytes_from_string(call->request.version), out);
    }
    writer_put_string(out, target_tail(call->operation));
}

/* What the writer holds, copied into the arena. */
static enum galen_status keep_text(struct writer *writer, struct arena *arena,
                                   struct bytes *out_text)
{
    const struct bytes text = writer_bytes(writer);
    const char *copy = arena_copy_string(arena, text);
    const enum galen_status status = writer->status;
    writer_deinit(writer);
    if (status != GALEN_OK || copy == NULL) {
        return status != GALEN_OK ? status : GALEN_NO_MEMORY;
    }
    *out_text = bytes_of(copy, text.size);
    return GALEN_OK;
}

static struct v2_output *outputs_of(const struct infer_call *call)
{
    const size_t count = call->request.output_count;
    struct v2_output *outputs = arena_alloc_array(call->arena, count, sizeof(*outputs));
    for (size_t i = 0; outputs != NULL && i < count; i++) {
        outputs[i] = (struct v2_output){.name = call->request.outputs[i],
                                        .binary = true,
                                        .class_count = call->request.class_counts == NULL
                                                           ? 0
                                                           : call->request.class_counts[i]};
    }
    return outputs;
}

static struct galen_tensor *inputs_of(const struct infer_call *call)
{
    const size_t count = call->request.input_count;
    struct galen_tensor *inputs = arena_alloc_array(call->arena, count, sizeof(*inputs));
    for (size_t i = 0; inputs != NULL && i < count; i++) {
        inputs[i] = call->request.inputs[i];
    }
    return inputs;
}

static enum galen_status encode_body(const struct infer_call *call, struct blob **out_body,
                                     size_t *out_json_size)
{
    struct writer body;
    const struct v2_request request = {
        .id = call->request.id[0] == '\0' ? NULL : call->request.id,
        .inputs = inputs_of(call),
        .input_count = call->request.input_count,
        .outputs = outputs_of(call),
        .output_count = call->request.output_count,
        .binary_outputs = true,
        .priority = call->request.priority,
        .is_raw = call->request.is_raw,
    };
    if (request.inputs == NULL || request.outputs == NULL) {
        return GALEN_NO_MEMORY;
    }
    writer_init(&body, SIZE_MAX / 2);
    v2_request_encode(&request, &body, out_json_size);
    const enum galen_status status = writer_finish(&body, out_body);
    writer_deinit(&body);
    return status;
}

static void add_header(struct journey *journey, struct bytes name, struct bytes value)
{
    journey->headers[journey->http.header_count++] = (struct http_header){name, value};
}

/* A raw request has no place for it but a header. */
static void add_id(struct journey *journey)
{
    const struct infer_request *request = &journey->call->request;
    const struct bytes id = bytes_from_string(request->id);
    if (request->is_raw && request_id_is_plain(id)) {
        add_header(journey, BYTES("X-Request-Id"), id);
    }
}

static void add_trace(struct journey *journey)
{
    const struct infer_trace *trace = journey->call->request.trace;
    if (trace == NULL) {
        return;
    }
    add_header(journey, BYTES("traceparent"), bytes_from_string(trace->parent));
    if (trace->state.size > 0) {
        add_header(journey, BYTES("tracestate"), trace->state);
    }
}

static enum galen_status pack_run(struct journey *journey)
{
    struct infer_call *call = journey->call;
    struct writer digits;
    struct blob *body;
    struct bytes json_size_text;
    size_t json_size = 0;
    TRY(encode_body(call, &body, &json_size));
    journey->http.method = HTTP_POST;
    journey->http.parts[0] =
        (struct http_part){bytes_of(blob_data(body), blob_size(body)), body};
    journey->http.part_count = 1;

    writer_init(&digits, DECIMAL_SIZE);
    writer_put_u64(&digits, json_size);
    const enum galen_status status = keep_text(&digits, call->arena, &json_size_text);
    if (status != GALEN_OK) {
        blob_unref(body);
        return status;
    }
    add_header(journey, BYTES("Content-Type"), BYTES("application/octet-stream"));
    add_header(journey, BYTES("Inference-Header-Content-Length"), json_size_text);
    add_id(journey);
    return GALEN_OK;
}

/* Who is asked raw answers with all outputs. */
static bool is_wanted(const struct infer_request *request, const char *name)
{
    for (size_t i = 0; i < request->output_count; i++) {
        if (strcmp(request->outputs[i], name) == 0) {
            return true;
        }
    }
    return request->output_count == 0;
}

/* A server that mixes answers up gives somebody else's. The id of what is raw may not have
 * been sent. */
static enum galen_status check_answered(const struct infer_call *call,
                                        const struct v2_response *response,
                                        struct error *out_error)
{
    const struct infer_request *request = &call->request;
    return v2_response_check(response, request->is_raw ? "" : request->id, request->model,
                             request->version, out_error);
}

static enum galen_status check_wanted(const struct infer_call *call,
                                      struct error *out_error)
{
    const size_t wanted_count = call->request.output_count;
    return wanted_count == 0 || call->response.output_count == wanted_count
               ? GALEN_OK
               : error_set(out_error, GALEN_BAD_UPSTREAM,
                           "the answer has %zu of %zu outputs that were asked for",
                           call->response.output_count, wanted_count);
}

static enum galen_status keep_outputs(struct infer_call *call,
                                      const struct v2_response *from, struct blob *body)
{
    struct infer_output *outputs =
        arena_alloc_array(call->arena, from->output_count, sizeof(*outputs));
    if (outputs == NULL) {
        return GALEN_NO_MEMORY;
    }
    call->response.outputs = outputs;
    for (size_t i = 0; i < from->output_count; i++) {
        if (is_wanted(&call->request, from->outputs[i].name)) {
            outputs[call->response.output_count++] =
                (struct infer_output){from->outputs[i], blob_ref(body)};
        }
    }
    call->response.version = from->model_version;
    return GALEN_OK;
}

static enum galen_status response_json_size(const struct http_call *http, size_t *out_size,
                                            struct error *out_error)
{
    struct bytes header = BYTES_NONE;
    const bool has_header =
        http_header_get(http->response_headers, http->response_header_count,
                        "Inference-Header-Content-Length", &header);
    return v2_json_size(has_header, header, blob_size(http->response_body), out_size,
                        out_error);
}

static enum galen_status decode_run(struct infer_call *call, const struct http_call *http,
                                    struct bytes body)
{
    struct v2_response response;
    size_t json_size = 0;
    TRY(response_json_size(http, &json_size, &call->error));
    const struct v2_message message = {.body = body, .json_size = json_size};
    TRY(v2_response_decode(&message, call->arena, &response, &call->error));
    TRY(check_answered(call, &response, &call->error));
    TRY(keep_outputs(call, &response, http->response_body));
    return check_wanted(call, &call->error);
}

/* Seconds: HTTP dates are not used for it by any server of this protocol. */
static void note_retry_after(struct infer_call *call, const struct http_call *http)
{
    struct bytes value = BYTES_NONE;
    uint64_t seconds = 0;
    if (http_header_get(http->response_headers, http->response_header_count, "Retry-After",
                        &value) &&
        bytes_parse_u64(value, RETRY_AFTER_S_MAX, &seconds)) {
        call->route.retry_after_s = seconds;
    }
}

static enum infer_failure failure_of(enum galen_status status)
{
    switch ((int)status) {
    case GALEN_UNAVAILABLE:
        return INFER_UNREACHED;
    case GALEN_BAD_UPSTREAM:
        return INFER_BROKEN;
    case GALEN_TIMEOUT:
        return INFER_LATE;
    case GALEN_BUSY:
        return INFER_NOT_SENT;
    default:
        return INFER_NO_FAILURE;
    }
}

static enum galen_status decode_answer(struct infer_call *call,
                                       const struct http_call *http)
{
    const struct bytes body =
        bytes_of(blob_data(http->response_body), blob_size(http->response_body));
    if (http->http_status < 200 || http->http_status > 299) {
        call->route.failure = INFER_REFUSED;
        note_retry_after(call, http);
        return v2_error_decode(http->http_status, body, call->arena, &call->error);
    }
    if (call->operation == INFER_READY) {
        return GALEN_OK;
    }
    const enum galen_status status =
        call->operation == INFER_RUN
            ? decode_run(call, http, body)
            : v2_model_decode(body, call->arena, &call->response.model, &call->error);
    if (status == GALEN_OK || status == GALEN_NO_MEMORY) {
        return status;
    }
    call->route.failure = INFER_UNUSABLE;
    return GALEN_BAD_UPSTREAM;
}

static void on_http_done(struct http_call *http)
{
    struct journey *journey = http->context;
    struct infer_call *call = journey->call;
    enum galen_status status = http->status;
    if (status == GALEN_OK) {
        status = decode_answer(call, http);
    } else {
        call->error = http->error;
        call->route.failure = failure_of(status);
    }
    http_call_clear(http);
    infer_call_finish(call, status);
}

static enum galen_status journey_start(struct remote *remote, struct infer_call *call)
{
    struct writer target;
    struct bytes target_text;
    struct journey *journey = arena_alloc(call->arena, sizeof(*journey));
    if (journey == NULL) {
        return GALEN_NO_MEMORY;
    }
    *journey = (struct journey){.call = call};
    writer_init(&target, TARGET_SIZE_MAX);
    write_target(call, &target);
    TRY(keep_text(&target, call->arena, &target_text));
    journey->http = (struct http_call){
        .method = HTTP_GET,
        .target = target_text,
        .headers = journey->headers,
        .deadline_ns = call->request.deadline_ns,
        .is_once = call->request.is_once,
        .done = on_http_done,
        .context = journey,
    };
    add_trace(journey);
    if (call->operation == INFER_RUN) {
        TRY(pack_run(journey));
    }
    call->service_data = journey;
    http_client_send(remote->client, &journey->http);
    return GALEN_OK;
}

static void remote_submit(struct infer_service *service, struct infer_call *call)
{
    const enum galen_status status = journey_start((struct remote *)service, call);
    if (status != GALEN_OK) {
        error_set(&call->error, status, "%s", galen_status_text(status));
        infer_call_finish(call, status);
    }
}

static void remote_cancel(struct infer_service *service, struct infer_call *call)
{
    (void)service;
    struct journey *journey = call->service_data;
    if (journey != NULL) {
        http_client_cancel(&journey->http);
    }
}

static void on_client_closed(struct task *task)
{
    struct remote *remote = LIST_ITEM(task, struct remote, client_closed);
    struct task *closed = remote->closed;
    free(remote);
    if (closed != NULL) {
        closed->run(closed);
    }
}

static void remote_close(struct infer_service *service)
{
    struct remote *remote = (struct remote *)service;
    remote->client_closed.run = on_client_closed;
    http_client_close(remote->client, &remote->client_closed);
}

static const struct infer_service_ops remote_ops = {
    .name = "remote",
    .submit = remote_submit,
    .cancel = remote_cancel,
    .close = remote_close,
};

enum galen_status remote_create(struct http_client *client, struct task *closed,
                                struct infer_service **out_service)
{
    struct remote *remote = calloc(1, sizeof(*remote));
    if (remote == NULL) {
        return GALEN_NO_MEMORY;
    }
    remote->base.ops = &remote_ops;
    remote->client = client;
    remote->closed = closed;
    *out_service = &remote->base;
    return GALEN_OK;
}
