/* SPDX-License-Identifier: Apache-2.0 */
#include "v2/transaction.h"

#include "base/clock.h"
#include "base/limits.h"
#include "codec/json_writer.h"

enum { DECIMAL_SIZE = 24 };

/* In Triton's order, and what each needs. */
static const struct {
    const char *name;
    bool is_told;
    bool is_managed;
} extensions[] = {
    {"classification", false, false},
    {"model_repository", true, true},
    {"model_repository(unload_dependents)", true, true},
    {"schedule_policy", false, false},
    {"model_configuration", true, false},
    {"binary_tensor_data", false, false},
    {"parameters", false, false},
    {"statistics", true, false},
    {"logging", false, true},
};

enum { EXTENSION_COUNT = sizeof(extensions) / sizeof(extensions[0]) };

static enum galen_status refuse_json_size(struct bytes header, size_t body_size,
                                          struct error *out_error)
{
    uint64_t size;
    const bool is_negative = bytes_starts_with(header, BYTES("-"));
    if (!bytes_parse_u64(bytes_from(header, is_negative), UINT64_MAX, &size)) {
        return error_set(out_error, GALEN_INVALID,
                         "Unable to parse Inference-Header-Content-Length: it is no number "
                         "of bytes");
    }
    return error_set(out_error, GALEN_INVALID,
                     "inference header size should be in range (0, %zu), got: %s%llu",
                     body_size, is_negative ? "-" : "", (unsigned long long)size);
}

enum galen_status v2_json_size(bool has_header, struct bytes header, size_t body_size,
                               size_t *out_json_size, struct error *out_error)
{
    uint64_t size = body_size;
    if (has_header && !bytes_parse_u64(header, body_size, &size)) {
        return refuse_json_size(header, body_size, out_error);
    }
    *out_json_size = (size_t)size;
    return GALEN_OK;
}

enum galen_status v2_message_read(bool has_header, struct bytes header, struct bytes body,
                                  struct v2_message *out_message, struct error *out_error)
{
    struct v2_message message = {.body = body};
    TRY(v2_json_size(has_header, header, body.size, &message.json_size, out_error));
    message.is_raw = has_header && message.json_size == 0;
    *out_message = message;
    return GALEN_OK;
}

static enum galen_status name_outputs(const struct v2_request *request, struct arena *arena,
                                      struct infer_request *out_request)
{
    const char **names = arena_alloc_array(arena, request->output_count, sizeof(*names));
    uint64_t *class_counts =
        arena_alloc_array(arena, request->output_count, sizeof(*class_counts));
    if (names == NULL || class_counts == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < request->output_count; i++) {
        names[i] = request->outputs[i].name;
        class_counts[i] = request->outputs[i].class_count;
    }
    out_request->outputs = names;
    out_request->class_counts = class_counts;
    out_request->output_count = request->output_count;
    return GALEN_OK;
}

/* The earlier of the caller's deadline and the timeout that the request itself carries. */
static void set_timeout(struct infer_request *request, uint64_t timeout_us, uint64_t now_ns)
{
    if (timeout_us == 0 || timeout_us > (UINT64_MAX - now_ns) / NS_PER_US) {
        return;
    }
    const uint64_t own_ns = now_ns + timeout_us * NS_PER_US;
    request->queue_timeout_ns = timeout_us * NS_PER_US;
    request->until_ns = request->deadline_ns;
    request->deadline_ns = own_ns < request->deadline_ns ? own_ns : request->deadline_ns;
}

static enum galen_status begin_run(struct v2_transaction *transaction,
                                   const struct v2_message *message,
                                   struct infer_call *call, struct error *out_error)
{
    struct v2_request *request = &transaction->request;
    TRY(v2_request_decode(message, call->arena, request, out_error));
    TRY(name_outputs(request, call->arena, &call->request));
    call->request.inputs = request->inputs;
    call->request.input_count = request->input_count;
    call->request.is_raw = request->is_raw;
    call->request.priority = request->priority;
    if (request->id != NULL) {
        call->request.id = request->id;
    }
    return GALEN_OK;
}

enum galen_status v2_transaction_begin(struct v2_transaction *transaction,
                                       const struct v2_message *message, uint64_t now_ns,
                                       struct infer_call *call, struct error *out_error)
{
    const enum v2_operation operation = transaction->route.operation;
    call->request.model = transaction->route.model;
    call->request.version = transaction->route.version;
    if (operation != V2_INFER) {
        call->operation = operation == V2_MODEL ? INFER_DESCRIBE : INFER_READY;
        return GALEN_OK;
    }
    call->operation = INFER_RUN;
    TRY(begin_run(transaction, message, call, out_error));
    set_timeout(&call->request, transaction->request.timeout_us, now_ns);
    return GALEN_OK;
}

bool v2_is_answered_here(enum v2_operation operation)
{
    return operation == V2_SERVER || operation == V2_LIVE;
}

static void put_server(const struct v2_powers *powers, struct writer *out)
{
    const char *names[EXTENSION_COUNT];
    struct v2_server server = {
        .name = "galen", .version = GALEN_VERSION, .extensions = names};
    for (size_t i = 0; i < EXTENSION_COUNT; i++) {
        if ((powers->tells || !extensions[i].is_told) &&
            (powers->manages || !extensions[i].is_managed)) {
            names[server.extension_count++] = extensions[i].name;
        }
    }
    v2_server_encode(&server, out);
}

void v2_reply_here(enum v2_operation operation, const struct v2_powers *powers,
                   struct reply *out_reply)
{
    struct writer body;
    writer_init(&body, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    if (operation == V2_SERVER) {
        put_server(powers, &body);
    } else {
        writer_put_string(&body, "{\"live\":true}");
    }
    reply_init(out_reply, 200, BYTES("application/json"));
    reply_take_body(out_reply, &body);
}

/* KServe's client reads `live` and `ready`, Triton's only the status, ours `error`. */
static void reply_to_ready(const struct infer_call *call, struct reply *out_reply)
{
    struct writer body;
    writer_init(&body, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(&body);
    json_begin_object(&json);
    json_put_name(&json, "live");
    json_put_bool(&json, true);
    json_put_name(&json, "ready");
    json_put_bool(&json, call->status == GALEN_OK);
    if (call->request.model[0] != '\0') {
        json_put_name(&json, "name");
        json_put_cstring(&json, call->request.model);
    }
    if (call->response.note != NULL) {
        json_put_name(&json, "note");
        json_put_cstring(&json, call->response.note);
    }
    if (call->status != GALEN_OK) {
        json_put_name(&json, "error");
        json_put_cstring(&json, call->error.text);
        json_put_name(&json, "code");
        json_put_cstring(&json, galen_status_slug(call->status));
    }
    json_end_object(&json);
    reply_init(out_reply, galen_status_http(call->status), BYTES("application/json"));
    reply_take_body(out_reply, &body);
}

static void reply_to_describe(const struct infer_call *call, struct reply *out_reply)
{
    struct writer body;
    writer_init(&body, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    v2_model_encode(&call->response.model, &body);
    reply_init(out_reply, 200, BYTES("application/json"));
    reply_take_body(out_reply, &body);
}

static struct galen_tensor *collect_tensors(const struct infer_call *call)
{
    const size_t count = call->response.output_count;
    struct galen_tensor *tensors = arena_alloc_array(call->arena, count, sizeof(*tensors));
    for (size_t i = 0; tensors != NULL && i < count; i++) {
        tensors[i] = call->response.outputs[i].tensor;
    }
    return tensors;
}

static enum galen_status encode_response(const struct v2_transaction *transaction,
                                         const struct infer_call *call, struct writer *out,
                                         size_t *out_json_size, struct error *out_error)
{
    struct galen_tensor *tensors = collect_tensors(call);
    if (tensors == NULL) {
        return GALEN_NO_MEMORY;
    }
    const struct v2_response response = {
        .id = transaction->request.id,
        .model_name = call->request.model,
        .model_version = call->response.version,
        .outputs = tensors,
        .output_count = call->response.output_count,
    };
    return v2_response_encode(&response, &transaction->request, out, out_json_size,
                              out_error);
}

/* Adds Inference-Header-Content-Length; its text lies in the arena. */
static enum galen_status add_json_size(struct arena *arena, size_t json_size,
                                       struct reply *reply)
{
    struct writer digits;
    writer_init(&digits, DECIMAL_SIZE);
    writer_put_u64(&digits, json_size);
    const struct bytes text = writer_bytes(&digits);
    const char *copy = arena_copy_string(arena, text);
    if (copy != NULL) {
        reply_add_header(reply, BYTES("Inference-Header-Content-Length"),
                         bytes_of(copy, text.size));
    }
    writer_deinit(&digits);
    return copy == NULL ? GALEN_NO_MEMORY : GALEN_OK;
}

static enum galen_status reply_to_run(const struct v2_transaction *transaction,
                                      const struct infer_call *call,
                                      struct reply *out_reply, struct error *out_error)
{
    struct writer body;
    size_t json_size = 0;
    writer_init(&body, SIZE_MAX / 2);
    enum galen_status status =
        encode_response(transaction, call, &body, &json_size, out_error);
    const bool is_binary = json_size < body.size;
    reply_init(out_reply, 200,
               is_binary ? BYTES("application/octet-stream") : BYTES("application/json"));
    if (status == GALEN_OK && is_binary) {
        status = add_json_size(call->arena, json_size, out_reply);
    }
    if (status == GALEN_OK) {
        status = writer_finish(&body, &out_reply->body);
    }
    writer_deinit(&body);
    return status;
}

void v2_reply_to_call(const struct v2_transaction *transaction,
                      const struct infer_call *call, struct reply *out_reply)
{
    struct error error = call->error;
    enum galen_status status = call->status;
    if (call->operation == INFER_READY && status != GALEN_NOT_FOUND) {
        reply_to_ready(call, out_reply);
        return;
    }
    if (status == GALEN_OK && call->operation == INFER_DESCRIBE) {
        reply_to_describe(call, out_reply);
        return;
    }
    if (status == GALEN_OK) {
        status = reply_to_run(transaction, call, out_reply, &error);
    }
    if (status != GALEN_OK) {
        v2_reply_to_failure(status, &error, BYTES_NONE, out_reply);
    }
}

void v2_reply_to_failure(enum galen_status status, const struct error *error,
                         struct bytes path, struct reply *out_reply)
{
    struct writer body;
    writer_init(&body, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    v2_error_encode(status, error, &body);
    reply_init(out_reply, galen_status_http(status), BYTES("application/json"));
    if (status == GALEN_WRONG_METHOD) {
        reply_add_header(out_reply, BYTES("Allow"), v2_route_allow(path));
    }
    if (out_reply->status == 503) {
        reply_add_header(out_reply, BYTES("Retry-After"), BYTES("1"));
    }
    reply_take_body(out_reply, &body);
}
