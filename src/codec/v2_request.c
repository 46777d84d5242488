/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/v2_impl.h"

/* -- read --------------------------------------------------------------------------------
 */

static enum galen_status output_decode(const struct json *element, bool binary_default,
                                       struct arena *arena, struct v2_output *out_output,
                                       struct error *out_error)
{
    struct v2_parameters parameters;
    if (json_type(element) != JSON_OBJECT) {
        return error_set(out_error, GALEN_INVALID, "an output is an object");
    }
    TRY(v2_required_string(element, "name", LIMIT_TENSOR_NAME_SIZE_BYTES_MAX, arena,
                           &out_output->name, out_error));
    TRY(v2_parameters_decode(element, V2_OF_OUTPUT, &parameters, out_error));
    out_output->binary =
        parameters.has_binary_data ? parameters.binary_data : binary_default;
    out_output->class_count = parameters.classification;
    return GALEN_OK;
}

static enum galen_status check_output_is_new(const struct v2_output *outputs, size_t index,
                                             struct error *out_error)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(outputs[i].name, outputs[index].name) == 0) {
            const enum galen_status status = error_set(
                out_error, GALEN_INVALID,
                "output %zu already exists in request: it has the name of output %zu",
                index, i);
            error_prefix_name(out_error, BYTES("name"));
            return status;
        }
    }
    return GALEN_OK;
}

static enum galen_status output_list_decode(const struct json *list, struct arena *arena,
                                            struct v2_request *request,
                                            struct error *out_error)
{
    struct json_cursor at = json_walk(list);
    while (json_next(&at)) {
        enum galen_status status = output_decode(at.value, request->binary_outputs, arena,
                                                 &request->outputs[at.index], out_error);
        if (status == GALEN_OK) {
            status = check_output_is_new(request->outputs, at.index, out_error);
        }
        if (status != GALEN_OK) {
            return v2_at_element(status, "outputs", at.index, out_error);
        }
    }
    return GALEN_OK;
}

static enum galen_status outputs_decode(const struct json *root, struct arena *arena,
                                        struct v2_request *request, struct error *out_error)
{
    const struct json *list;
    TRY(v2_member(root, "outputs", JSON_ARRAY, &list, out_error));
    if (list == NULL) {
        return GALEN_OK;
    }
    request->output_count = json_count(list);
    if (request->output_count > LIMIT_TENSOR_COUNT_MAX) {
        const enum galen_status status =
            error_set(out_error, GALEN_INVALID, "there are at most %d outputs",
                      (int)LIMIT_TENSOR_COUNT_MAX);
        error_prefix_name(out_error, BYTES("outputs"));
        return status;
    }
    request->outputs =
        arena_alloc_array(arena, request->output_count, sizeof(*request->outputs));
    if (request->outputs == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "no memory for the outputs' names");
    }
    return output_list_decode(list, arena, request, out_error);
}

static enum galen_status raw_decode(struct bytes body, struct arena *arena,
                                    struct v2_request *out_request, struct error *out_error)
{
    if (body.size > LIMIT_TENSOR_SIZE_BYTES_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE, "a tensor has at most %d bytes",
                         (int)LIMIT_TENSOR_SIZE_BYTES_MAX);
    }
    struct galen_tensor *input = arena_alloc(arena, sizeof(*input));
    if (input == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "no memory for a tensor");
    }
    *input = (struct galen_tensor){.name = "", .bytes = body.data, .size_bytes = body.size};
    *out_request = (struct v2_request){
        .inputs = input, .input_count = 1, .binary_outputs = true, .is_raw = true};
    return GALEN_OK;
}

enum galen_status v2_request_decode(const struct v2_message *message, struct arena *arena,
                                    struct v2_request *out_request, struct error *out_error)
{
    struct v2_request request = {0};
    struct v2_parameters parameters;
    struct v2_body parsed;
    if (message->is_raw) {
        return raw_decode(message->body, arena, out_request, out_error);
    }
    TRY(v2_body_parse(message, "inputs", arena, &parsed, out_error));
    TRY(v2_member_string(parsed.root, "id", LIMIT_REQUEST_ID_SIZE_BYTES_MAX, arena,
                         &request.id, out_error));
    TRY(v2_parameters_decode(parsed.root, V2_OF_MESSAGE, &parameters, out_error));
    request.special_numbers = message->special_numbers;
    request.binary_outputs = parameters.binary_data_output;
    request.timeout_us = parameters.timeout;
    request.priority = parameters.priority;
    TRY(outputs_decode(parsed.root, arena, &request, out_error));
    TRY(v2_tensors_decode(&parsed, arena, &request.inputs, &request.input_count,
                          out_error));
    *out_request = request;
    return GALEN_OK;
}

/* -- write -------------------------------------------------------------------------------
 */

static void put_parameters(struct json_writer *json, const struct v2_request *request)
{
    json_put_name(json, "parameters");
    json_begin_object(json);
    json_put_name(json, "binary_data_output");
    json_put_bool(json, true);
    if (request->timeout_us != 0) {
        json_put_name(json, "timeout");
        json_put_u64(json, request->timeout_us);
    }
    if (request->priority != 0) {
        json_put_name(json, "priority");
        json_put_u64(json, request->priority);
    }
    json_end_object(json);
}

static void put_output(struct json_writer *json, const struct v2_output *output)
{
    json_begin_object(json);
    json_put_name(json, "name");
    json_put_cstring(json, output->name);
    json_put_name(json, "parameters");
    json_begin_object(json);
    json_put_name(json, "binary_data");
    json_put_bool(json, true);
    if (output->class_count > 0) {
        json_put_name(json, "classification");
        json_put_u64(json, output->class_count);
    }
    json_end_object(json);
    json_end_object(json);
}

static void put_tensors(struct json_writer *json, const struct v2_request *request)
{
    json_put_name(json, "inputs");
    json_begin_array(json);
    for (size_t i = 0; i < request->input_count; i++) {
        v2_put_binary_tensor(json, &request->inputs[i]);
    }
    json_end_array(json);
    if (request->output_count > 0) {
        json_put_name(json, "outputs");
        json_begin_array(json);
        for (size_t i = 0; i < request->output_count; i++) {
            put_output(json, &request->outputs[i]);
        }
        json_end_array(json);
    }
}

static void put_json(const struct v2_request *request, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    if (request->id != NULL) {
        json_put_name(&json, "id");
        json_put_cstring(&json, request->id);
    }
    put_parameters(&json, request);
    put_tensors(&json, request);
    json_end_object(&json);
}

void v2_request_encode(const struct v2_request *request, struct writer *out,
                       size_t *out_json_size)
{
    const size_t before = out->size;
    if (!request->is_raw) {
        put_json(request, out);
    }
    *out_json_size = out->size - before;
    for (size_t i = 0; i < request->input_count; i++) {
        writer_put(out, bytes_of(request->inputs[i].bytes, request->inputs[i].size_bytes));
    }
}
