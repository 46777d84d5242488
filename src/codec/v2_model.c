/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/v2_impl.h"

/* -- write -------------------------------------------------------------------------------
 */

static void put_strings(struct json_writer *json, const char *name,
                        const char *const *texts, size_t count)
{
    json_put_name(json, name);
    json_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        json_put_cstring(json, texts[i]);
    }
    json_end_array(json);
}

static void put_specs(struct json_writer *json, const char *name,
                      const struct galen_tensor_spec *specs, size_t count)
{
    json_put_name(json, name);
    json_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(json);
        v2_put_spec(json, specs[i].name, specs[i].datatype, specs[i].rank, specs[i].shape);
        json_end_object(json);
    }
    json_end_array(json);
}

void v2_model_encode(const struct v2_model *model, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    json_put_name(&json, "name");
    json_put_cstring(&json, model->name);
    put_strings(&json, "versions", model->versions, model->version_count);
    json_put_name(&json, "platform");
    json_put_cstring(&json, model->platform);
    put_specs(&json, "inputs", model->inputs, model->input_count);
    put_specs(&json, "outputs", model->outputs, model->output_count);
    json_end_object(&json);
}

void v2_server_encode(const struct v2_server *server, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    json_put_name(&json, "name");
    json_put_cstring(&json, server->name);
    json_put_name(&json, "version");
    json_put_cstring(&json, server->version);
    put_strings(&json, "extensions", server->extensions, server->extension_count);
    json_end_object(&json);
}

/* -- read --------------------------------------------------------------------------------
 */

struct model_decoder {
    const struct json *root;
    struct arena *arena;
    struct error *out_error;
};

static enum galen_status list_of(struct model_decoder *decoder, const char *name,
                                 size_t count_max, const struct json **out_list,
                                 size_t *out_count)
{
    const struct json *list;
    TRY(v2_member(decoder->root, name, JSON_ARRAY, &list, decoder->out_error));
    const size_t count = list == NULL ? 0 : json_count(list);
    if (count > count_max) {
        const enum galen_status status = error_set(
            decoder->out_error, GALEN_INVALID, "there are at most %zu of these", count_max);
        error_prefix_name(decoder->out_error, bytes_from_string(name));
        return status;
    }
    *out_list = list;
    *out_count = count;
    return GALEN_OK;
}

static enum galen_status specs_decode(struct model_decoder *decoder, const char *name,
                                      const struct galen_tensor_spec **out_specs,
                                      size_t *out_count)
{
    const struct json *list;
    size_t count;
    TRY(list_of(decoder, name, LIMIT_TENSOR_COUNT_MAX, &list, &count));
    struct galen_tensor_spec *specs =
        arena_alloc_array(decoder->arena, count, sizeof(*specs));
    if (specs == NULL) {
        return error_set(decoder->out_error, GALEN_NO_MEMORY, "no memory for a model");
    }
    if (list != NULL) {
        struct json_cursor at = json_walk(list);
        while (json_next(&at)) {
            const enum galen_status status =
                v2_spec_decode(at.value, GALEN_DIMENSION_ANY, decoder->arena,
                               &specs[at.index], decoder->out_error);
            if (status != GALEN_OK) {
                return v2_at_element(status, name, at.index, decoder->out_error);
            }
        }
    }
    *out_specs = specs;
    *out_count = count;
    return GALEN_OK;
}

static enum galen_status version_decode(struct model_decoder *decoder,
                                        const struct json *value, const char **out_version)
{
    const struct bytes text =
        json_type(value) == JSON_STRING ? json_string(value) : BYTES_NONE;
    if (text.size == 0 || text.size > LIMIT_MODEL_NAME_SIZE_BYTES_MAX ||
        bytes_find(text, '\0') < text.size) {
        return error_set(decoder->out_error, GALEN_INVALID, "a version is a short string");
    }
    *out_version = arena_copy_string(decoder->arena, text);
    return *out_version == NULL
               ? error_set(decoder->out_error, GALEN_NO_MEMORY, "no memory for a model")
               : GALEN_OK;
}

static enum galen_status versions_decode(struct model_decoder *decoder,
                                         struct v2_model *model)
{
    const struct json *list;
    TRY(list_of(decoder, "versions", LIMIT_MODEL_VERSION_COUNT_MAX, &list,
                &model->version_count));
    const char **versions =
        arena_alloc_array(decoder->arena, model->version_count, sizeof(*versions));
    if (versions == NULL) {
        return error_set(decoder->out_error, GALEN_NO_MEMORY, "no memory for a model");
    }
    model->versions = versions;
    if (list == NULL) {
        return GALEN_OK;
    }
    struct json_cursor at = json_walk(list);
    while (json_next(&at)) {
        const enum galen_status status =
            version_decode(decoder, at.value, &versions[at.index]);
        if (status != GALEN_OK) {
            return v2_at_element(status, "versions", at.index, decoder->out_error);
        }
    }
    return GALEN_OK;
}

static enum galen_status model_decode(struct model_decoder *decoder, struct v2_model *model)
{
    if (json_type(decoder->root) != JSON_OBJECT) {
        return error_set(decoder->out_error, GALEN_INVALID,
                         "the body is not a JSON object");
    }
    TRY(v2_required_string(decoder->root, "name", LIMIT_MODEL_NAME_SIZE_BYTES_MAX,
                           decoder->arena, &model->name, decoder->out_error));
    TRY(v2_member_string(decoder->root, "platform", LIMIT_MODEL_NAME_SIZE_BYTES_MAX,
                         decoder->arena, &model->platform, decoder->out_error));
    model->platform = model->platform == NULL ? "" : model->platform;
    TRY(versions_decode(decoder, model));
    TRY(specs_decode(decoder, "inputs", &model->inputs, &model->input_count));
    return specs_decode(decoder, "outputs", &model->outputs, &model->output_count);
}

enum galen_status v2_model_decode(struct bytes body, struct arena *arena,
                                  struct v2_model *out_model, struct error *out_error)
{
    struct v2_model model = {0};
    struct model_decoder decoder = {.arena = arena, .out_error = out_error};
    TRY(json_parse(body, arena, &decoder.root, out_error));
    TRY(model_decode(&decoder, &model));
    *out_model = model;
    return GALEN_OK;
}
