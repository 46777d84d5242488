/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/configuration.h"

#include <stdio.h>

#include "base/limits.h"
#include "codec/json.h"
#include "model/directory.h"

enum { LABEL_FILE_SIZE_BYTES_MAX = 16 * 1024 * 1024 };

static const char config_name[] = "config.pbtxt";

static char *join(struct arena *arena, const char *folder, const char *name)
{
    const size_t size = strlen(folder) + strlen(name) + 2;
    char *path = arena_alloc(arena, size);
    if (path != NULL) {
        (void)snprintf(path, size, "%s/%s", folder, name);
    }
    return path;
}

static enum galen_status read_file(struct configuration *configuration, const char *folder,
                                   const char *name, uint64_t size_bytes_max,
                                   struct bytes *out_text, struct error *out_error)
{
    int descriptor CLOSED_LATER = -1;
    struct error why = {0};
    enum galen_status status = directory_open_root(folder, &descriptor, &why);
    if (status == GALEN_OK) {
        status = directory_read_file(descriptor, name, size_bytes_max,
                                     &configuration->arena, out_text, &why);
    }
    return status == GALEN_OK
               ? GALEN_OK
               : error_set(out_error, status, "%s/%s: %s", folder, name, why.text);
}

/* --- what the file says --- */

static enum galen_status read_override(struct configuration *configuration,
                                       const struct configuration_options *options,
                                       const struct model_config_source *source,
                                       struct error *out_error)
{
    const struct json *object;
    const struct bytes text =
        bytes_of(blob_data(options->override), blob_size(options->override));
    configuration->is_given = true;
    TRY(json_parse(text, &configuration->arena, &object, out_error));
    return model_config_read_json(object, source, &configuration->arena,
                                  &configuration->read, out_error);
}

static enum galen_status read_text(struct configuration *configuration,
                                   const struct model_config_source *source,
                                   struct error *out_error)
{
    struct bytes text = BYTES_NONE;
    const enum galen_status status =
        read_file(configuration, configuration->folder, config_name,
                  LIMIT_MODEL_CONFIG_SIZE_BYTES_MAX, &text, out_error);
    if (status != GALEN_OK && status != GALEN_NOT_FOUND) {
        return status;
    }
    configuration->is_given = status == GALEN_OK;
    return model_config_read(text, source, &configuration->arena, &configuration->read,
                             out_error);
}

enum galen_status configuration_read(struct configuration *configuration,
                                     const struct configuration_options *options,
                                     struct error *out_error)
{
    arena_init(&configuration->arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    configuration->folder =
        arena_copy_string(&configuration->arena, bytes_from_string(options->version_path));
    char *slash =
        configuration->folder == NULL ? NULL : strrchr(configuration->folder, '/');
    if (slash == NULL) {
        return GALEN_NO_MEMORY;
    }
    *slash = '\0';
    const char *path = join(&configuration->arena, configuration->folder, config_name);
    if (path == NULL) {
        return GALEN_NO_MEMORY;
    }
    const struct model_config_source source = {
        .file = options->override == NULL ? path : "config",
        .model_name = options->model,
        .backends = options->backends,
    };
    return options->override != NULL
               ? read_override(configuration, options, &source, out_error)
               : read_text(configuration, &source, out_error);
}

/* --- labels --- */

static size_t count_lines(struct bytes text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        count += text.data[i] == '\n';
    }
    return count + 1;
}

/* A line each; what a text editor puts at their ends is none of theirs. */
static enum galen_status split_labels(struct arena *arena, struct bytes text,
                                      struct infer_labels *labels)
{
    const char **texts = arena_alloc_array(arena, count_lines(text), sizeof(char *));
    if (texts == NULL) {
        return GALEN_NO_MEMORY;
    }
    while (text.size > 0) {
        struct bytes line = bytes_first(text, bytes_find(text, '\n'));
        text = bytes_from(text, line.size + (line.size < text.size));
        if (line.size > 0 && line.data[line.size - 1] == '\r') {
            line.size--;
        }
        texts[labels->count] = arena_copy_string(arena, line);
        if (texts[labels->count++] == NULL) {
            return GALEN_NO_MEMORY;
        }
    }
    labels->texts = texts;
    return GALEN_OK;
}

static enum galen_status read_labels(struct configuration *configuration,
                                     struct error *out_error)
{
    const struct model_config *config = &configuration->config;
    struct infer_labels *labels =
        arena_alloc_array(&configuration->arena, config->output_count, sizeof(*labels));
    if (labels == NULL) {
        return GALEN_NO_MEMORY;
    }
    configuration->labels = labels;
    for (size_t i = 0; i < config->output_count; i++) {
        struct bytes text;
        if (config->label_files[i] == NULL) {
            continue;
        }
        TRY(read_file(configuration, configuration->folder, config->label_files[i],
                      LABEL_FILE_SIZE_BYTES_MAX, &text, out_error));
        struct infer_labels *mine = &labels[configuration->label_count++];
        mine->output = config->outputs[i].name;
        TRY(split_labels(&configuration->arena, text, mine));
    }
    return GALEN_OK;
}

/* --- samples to warm up with --- */

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Small whole numbers: something else than zeros, the same at each start. */
static void fill_random(const struct galen_tensor *tensor, uint8_t *bytes)
{
    uint64_t state = tensor->size_bytes;
    const size_t size = galen_datatype_size(tensor->datatype);
    for (size_t i = 0; i < tensor->size_bytes / size; i++) {
        const float value = (float)(next_random(&state) % 8);
        const double wide = (double)value;
        if (tensor->datatype == GALEN_FP32) {
            memcpy(bytes + 4 * i, &value, sizeof(value));
        } else if (tensor->datatype == GALEN_FP64) {
            memcpy(bytes + 8 * i, &wide, sizeof(wide));
        } else if (tensor->datatype != GALEN_FP16 && tensor->datatype != GALEN_BF16) {
            bytes[size * i] =
                (uint8_t)(next_random(&state) % (tensor->datatype == GALEN_BOOL ? 2 : 8));
        }
    }
}

static enum galen_status read_data(struct configuration *configuration,
                                   const struct model_config_warmup_input *input,
                                   struct galen_tensor *tensor, struct error *out_error)
{
    const char *folder = join(&configuration->arena, configuration->folder, "warmup");
    struct bytes data;
    if (folder == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(read_file(configuration, folder, input->file, LIMIT_TENSOR_SIZE_BYTES_MAX, &data,
                  out_error));
    tensor->bytes = data.data;
    tensor->size_bytes = data.size;
    return galen_tensor_check(tensor) == GALEN_OK
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID, "%s/%s: is not as large as the input",
                           folder, input->file);
}

/* Of one row, with the dimension of rows. */
static enum galen_status make_input(struct configuration *configuration,
                                    const struct model_config_warmup_input *input,
                                    struct galen_tensor *out_tensor,
                                    struct error *out_error)
{
    enum { EMPTY_STRING_SIZE = 4 };
    const bool has_rows = configuration->config.row_count_max > 0;
    const size_t fixed_size = galen_datatype_size(input->spec.datatype);
    struct galen_tensor tensor = {.name = input->spec.name,
                                  .datatype = input->spec.datatype,
                                  .rank = input->spec.rank + has_rows,
                                  .shape = {1}};
    uint64_t count;
    if (tensor.rank > GALEN_RANK_MAX) {
        return error_set(out_error, GALEN_INVALID, "warm-up: too many dimensions");
    }
    memcpy(tensor.shape + has_rows, input->spec.shape,
           input->spec.rank * sizeof(tensor.shape[0]));
    TRY(galen_shape_element_count(tensor.shape, tensor.rank, &count));
    if (input->data == MODEL_CONFIG_FILE) {
        TRY(read_data(configuration, input, &tensor, out_error));
    } else {
        const size_t size = fixed_size == 0 ? EMPTY_STRING_SIZE : fixed_size;
        uint8_t *bytes = arena_alloc_array(&configuration->arena, (size_t)count, size);
        if (bytes == NULL) {
            return error_set(out_error, GALEN_TOO_LARGE, "warm-up: inputs are too large");
        }
        tensor.bytes = bytes;
        tensor.size_bytes = (size_t)count * size;
        if (input->data == MODEL_CONFIG_RANDOM && fixed_size > 0) {
            fill_random(&tensor, bytes);
        }
    }
    *out_tensor = tensor;
    return GALEN_OK;
}

static enum galen_status make_sample(struct configuration *configuration,
                                     const struct model_config_warmup *warmup,
                                     struct warm_up_sample *out_sample,
                                     struct error *out_error)
{
    struct galen_tensor *inputs =
        arena_alloc_array(&configuration->arena, warmup->input_count, sizeof(*inputs));
    if (inputs == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < warmup->input_count; i++) {
        TRY(make_input(configuration, &warmup->inputs[i], &inputs[i], out_error));
    }
    *out_sample = (struct warm_up_sample){.name = warmup->name,
                                          .inputs = inputs,
                                          .input_count = warmup->input_count,
                                          .request_count = warmup->row_count,
                                          .run_count = warmup->run_count};
    return GALEN_OK;
}

static enum galen_status make_samples(struct configuration *configuration,
                                      struct error *out_error)
{
    const size_t count = configuration->config.warmup_count;
    configuration->warm_ups =
        arena_alloc_array(&configuration->arena, count, sizeof(*configuration->warm_ups));
    if (configuration->warm_ups == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        TRY(make_sample(configuration, &configuration->config.warmups[i],
                        &configuration->warm_ups[i], out_error));
    }
    configuration->warm_up_count = count;
    return GALEN_OK;
}

enum galen_status configuration_complete(struct configuration *configuration,
                                         const struct model_config_network *network,
                                         struct error *out_error)
{
    TRY(model_config_complete(&configuration->read, network, &configuration->arena,
                              &configuration->config, out_error));
    TRY(read_labels(configuration, out_error));
    return make_samples(configuration, out_error);
}

void configuration_deinit(struct configuration *configuration)
{
    arena_deinit(&configuration->arena);
}
