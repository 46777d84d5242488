/* SPDX-License-Identifier: Apache-2.0 */
#include "model/hugging_face.h"

#include <string.h>

#include "model/hugging_face_impl.h"

static enum galen_status parse_object(struct hugging_face_reader *reader, struct bytes text,
                                      const char *file, const struct json **out_object)
{
    struct error why;
    error_clear(&why);
    const enum galen_status status = json_parse(text, reader->arena, out_object, &why);
    if (status != GALEN_OK) {
        return error_set(reader->error, status, "%s: %s", file,
                         why.text[0] != '\0' ? why.text : galen_status_text(status));
    }
    return json_type(*out_object) == JSON_OBJECT
               ? GALEN_OK
               : error_set(reader->error, GALEN_INVALID, "%s: is no object", file);
}

const struct json *hugging_face_member(const struct json *object, const char *name,
                                       enum json_type type)
{
    const struct json *value = object == NULL ? NULL : json_member(object, name);
    return value != NULL && json_type(value) == type ? value : NULL;
}

bool hugging_face_count(const struct json *object, const char *name, uint64_t max,
                        uint64_t *out_count)
{
    const struct json *value = hugging_face_member(object, name, JSON_NUMBER);
    return value != NULL && bytes_parse_u64(json_number(value), max, out_count);
}

/* The task. */

static bool ends_with(struct bytes text, struct bytes ending)
{
    return text.size >= ending.size &&
           bytes_equal(bytes_from(text, text.size - ending.size), ending);
}

static enum galen_status read_task(struct hugging_face_reader *reader)
{
    const struct json *names =
        hugging_face_member(reader->config, "architectures", JSON_ARRAY);
    struct json_cursor at = {.value = NULL};
    if (names != NULL) {
        at = json_walk(names);
    }
    if (names == NULL || !json_next(&at) || json_type(at.value) != JSON_STRING) {
        return error_set(reader->error, GALEN_INVALID,
                         "config.json: architectures: does not name the model's class");
    }
    const struct bytes name = json_string(at.value);
    if (ends_with(name, BYTES("ForTokenClassification"))) {
        reader->contract->task = TASK_TOKEN_CLASSIFICATION;
    } else if (ends_with(name, BYTES("ForSequenceClassification"))) {
        reader->contract->task = TASK_TEXT_CLASSIFICATION;
    } else if (ends_with(name, BYTES("ForImageClassification"))) {
        reader->contract->task = TASK_IMAGE_CLASSIFICATION;
    } else {
        return error_set(reader->error, GALEN_NOT_IMPLEMENTED,
                         "config.json: architectures: %.*s is not served, only "
                         "…ForTokenClassification, …ForSequenceClassification and "
                         "…ForImageClassification",
                         (int)(name.size < 64 ? name.size : 64), (const char *)name.data);
    }
    return GALEN_OK;
}

/* Labels. */

static enum galen_status refuse_labels(struct hugging_face_reader *reader)
{
    return error_set(reader->error, GALEN_INVALID,
                     "config.json: id2label: does not name labels from \"0\" on");
}

static enum galen_status read_labels(struct hugging_face_reader *reader)
{
    const struct json *names = hugging_face_member(reader->config, "id2label", JSON_OBJECT);
    const size_t count = names == NULL ? 0 : json_count(names);
    const char **labels = arena_alloc_array(reader->arena, count + 1, sizeof(*labels));
    if (labels == NULL) {
        return GALEN_NO_MEMORY;
    }
    if (count == 0) {
        return refuse_labels(reader);
    }
    struct json_cursor at = json_walk(names);
    while (json_next(&at)) {
        uint64_t index;
        if (!bytes_parse_u64(at.name, count - 1, &index) || labels[index] != NULL ||
            json_type(at.value) != JSON_STRING || json_string(at.value).size == 0 ||
            bytes_find(json_string(at.value), '\0') < json_string(at.value).size) {
            return refuse_labels(reader);
        }
        labels[index] = arena_copy_string(reader->arena, json_string(at.value));
        if (labels[index] == NULL) {
            return GALEN_NO_MEMORY;
        }
    }
    reader->contract->labels = labels;
    reader->contract->label_count = count;
    return GALEN_OK;
}

static void read_activation(struct hugging_face_reader *reader)
{
    const struct json *type =
        hugging_face_member(reader->config, "problem_type", JSON_STRING);
    const bool is_multi_label =
        type != NULL && bytes_equal_string(json_string(type), "multi_label_classification");
    const bool is_whole = reader->contract->task != TASK_TOKEN_CLASSIFICATION;
    reader->contract->output.activation =
        is_whole && (is_multi_label || reader->contract->label_count == 1)
            ? ACTIVATION_SIGMOID
            : ACTIVATION_SOFTMAX;
}

/* The network. */

static const struct galen_tensor_spec *find_spec(const struct galen_tensor_spec *specs,
                                                 size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(specs[i].name, name) == 0) {
            return &specs[i];
        }
    }
    return NULL;
}

const struct galen_tensor_spec *hugging_face_input(const struct hugging_face *files,
                                                   const char *name)
{
    return find_spec(files->inputs, files->input_count, name);
}

static bool fits_task(const struct contract *contract, const struct galen_tensor_spec *spec)
{
    const uint32_t rank = contract->task == TASK_TOKEN_CLASSIFICATION ? 3 : 2;
    if ((spec->datatype != GALEN_FP32 && spec->datatype != GALEN_FP64) ||
        spec->rank != rank) {
        return false;
    }
    const int64_t last = spec->shape[rank - 1];
    return last == GALEN_DIMENSION_ANY || (uint64_t)last == contract->label_count;
}

static enum galen_status read_output(struct hugging_face_reader *reader)
{
    const struct hugging_face *files = reader->files;
    const struct galen_tensor_spec *spec =
        find_spec(files->outputs, files->output_count, "logits");
    if (spec == NULL && files->output_count > 0) {
        spec = &files->outputs[0];
    }
    if (spec == NULL || !fits_task(reader->contract, spec)) {
        return error_set(reader->error, GALEN_INVALID,
                         "the network's output '%s' is not one score for each of the %zu "
                         "labels of id2label",
                         spec == NULL ? "" : spec->name, reader->contract->label_count);
    }
    reader->contract->output.tensor = spec->name;
    return GALEN_OK;
}

static enum galen_status parse_if_there(struct hugging_face_reader *reader,
                                        struct bytes text, const char *file,
                                        const struct json **out_object)
{
    return text.size == 0 ? GALEN_OK : parse_object(reader, text, file, out_object);
}

static enum galen_status read_all(struct hugging_face_reader *reader)
{
    const struct hugging_face *files = reader->files;
    TRY(parse_object(reader, files->config, HUGGING_FACE_CONFIG, &reader->config));
    TRY(parse_if_there(reader, files->tokenizer_config, HUGGING_FACE_TOKENIZER_CONFIG,
                       &reader->tokenizer_config));
    TRY(parse_if_there(reader, files->preprocessor_config, HUGGING_FACE_PREPROCESSOR_CONFIG,
                       &reader->preprocessor_config));
    TRY(read_task(reader));
    TRY(read_labels(reader));
    read_activation(reader);
    TRY(contract_takes_images(reader->contract) ? hugging_face_read_image(reader)
                                                : hugging_face_read_text(reader));
    return read_output(reader);
}

enum galen_status hugging_face_read(const struct hugging_face *files, struct arena *arena,
                                    struct contract *out_contract, struct error *out_error)
{
    struct contract contract = {.title = NULL};
    struct hugging_face_reader reader = {
        .files = files, .contract = &contract, .arena = arena, .error = out_error};
    TRY(read_all(&reader));
    *out_contract = contract;
    return GALEN_OK;
}
