/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/tensor_json.h"
#include "codec/v2_impl.h"

/* -- write -------------------------------------------------------------------------------
 */

static bool is_wanted_binary(const struct v2_request *request, const char *name)
{
    for (size_t i = 0; i < request->output_count; i++) {
        if (strcmp(request->outputs[i].name, name) == 0) {
            return request->outputs[i].binary;
        }
    }
    return request->binary_outputs;
}

static enum galen_status put_json_tensor(struct json_writer *json,
                                         const struct galen_tensor *tensor,
                                         bool special_numbers, struct error *out_error)
{
    json_begin_object(json);
    v2_put_spec(json, tensor->name, tensor->datatype, tensor->rank, tensor->shape);
    json_put_name(json, "data");
    TRY(tensor_json_write(tensor, special_numbers, json, out_error));
    json_end_object(json);
    return GALEN_OK;
}

static enum galen_status put_output(struct json_writer *json,
                                    const struct galen_tensor *tensor,
                                    const struct v2_request *request,
                                    struct error *out_error)
{
    if (!is_wanted_binary(request, tensor->name)) {
        return put_json_tensor(json, tensor, request->special_numbers, out_error);
    }
    if (galen_tensor_check(tensor) != GALEN_OK) {
        return error_set(out_error, GALEN_INTERNAL, "'%s' is not what its shape says",
                         tensor->name);
    }
    v2_put_binary_tensor(json, tensor);
    return GALEN_OK;
}

static enum galen_status put_outputs(struct json_writer *json,
                                     const struct v2_response *response,
                                     const struct v2_request *request,
                                     struct error *out_error)
{
    json_put_name(json, "outputs");
    json_begin_array(json);
    for (size_t i = 0; i < response->output_count; i++) {
        const struct galen_tensor *tensor = &response->outputs[i];
        const enum galen_status status = put_output(json, tensor, request, out_error);
        if (status != GALEN_OK) {
            return v2_at_element(status, "outputs", i, out_error);
        }
    }
    json_end_array(json);
    return GALEN_OK;
}

static void put_names(struct json_writer *json, const struct v2_response *response)
{
    if (response->id != NULL) {
        json_put_name(json, "id");
        json_put_cstring(json, response->id);
    }
    json_put_name(json, "model_name");
    json_put_cstring(json, response->model_name);
    json_put_name(json, "model_version");
    json_put_cstring(json, response->model_version);
}

enum galen_status v2_response_encode(const struct v2_response *response,
                                     const struct v2_request *request, struct writer *out,
                                     size_t *out_json_size, struct error *out_error)
{
    const size_t before = out->size;
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    put_names(&json, response);
    TRY(put_outputs(&json, response, request, out_error));
    json_end_object(&json);
    *out_json_size = out->size - before;
    for (size_t i = 0; i < response->output_count; i++) {
        const struct galen_tensor *tensor = &response->outputs[i];
        if (is_wanted_binary(request, tensor->name)) {
            writer_put(out, bytes_of(tensor->bytes, tensor->size_bytes));
        }
    }
    return GALEN_OK;
}

/* -- read --------------------------------------------------------------------------------
 */

/* Names are optional: servers leave out a version that they do not have. */
static enum galen_status name_decode(const struct json *root, const char *member,
                                     struct arena *arena, const char **out_name,
                                     struct error *out_error)
{
    const char *name;
    TRY(v2_member_string(root, member, LIMIT_MODEL_NAME_SIZE_BYTES_MAX, arena, &name,
                         out_error));
    *out_name = name == NULL ? "" : name;
    return GALEN_OK;
}

enum galen_status v2_response_decode(const struct v2_message *message, struct arena *arena,
                                     struct v2_response *out_response,
                                     struct error *out_error)
{
    struct v2_response response = {0};
    struct v2_body parsed;
    TRY(v2_body_parse(message, "outputs", arena, &parsed, out_error));
    TRY(v2_member_string(parsed.root, "id", LIMIT_REQUEST_ID_SIZE_BYTES_MAX, arena,
                         &response.id, out_error));
    TRY(name_decode(parsed.root, "model_name", arena, &response.model_name, out_error));
    TRY(name_decode(parsed.root, "model_version", arena, &response.model_version,
                    out_error));
    TRY(v2_tensors_decode(&parsed, arena, &response.outputs, &response.output_count,
                          out_error));
    *out_response = response;
    return GALEN_OK;
}

static bool differs(const char *said, const char *asked)
{
    return said != NULL && said[0] != '\0' && asked[0] != '\0' && strcmp(said, asked) != 0;
}

enum galen_status v2_response_check(const struct v2_response *response, const char *id,
                                    const char *model, const char *version,
                                    struct error *out_error)
{
    const char *what = NULL;
    if (differs(response->id, id)) {
        what = "request";
    } else if (differs(response->model_name, model)) {
        what = "model";
    } else if (differs(response->model_version, version)) {
        what = "version of the model";
    }
    return what == NULL ? GALEN_OK
                        : error_set(out_error, GALEN_INVALID,
                                    "the answer is one to another %s", what);
}
