/* SPDX-License-Identifier: Apache-2.0 */
#include <model_config.pb-c.h>

#include "base/limits.h"
#include "model/config_impl.h"

/* What inputs and outputs have in common. */
struct declared {
    const ProtobufCMessage *message;
    const char *name;
    int type;
    const int64_t *dims;
    size_t dim_count;
    const Inference__ModelTensorReshape *reshape;
};

static const struct {
    int type;
    enum galen_datatype datatype;
} datatypes[] = {
    {INFERENCE__DATA_TYPE__TYPE_BOOL, GALEN_BOOL},
    {INFERENCE__DATA_TYPE__TYPE_UINT8, GALEN_UINT8},
    {INFERENCE__DATA_TYPE__TYPE_UINT16, GALEN_UINT16},
    {INFERENCE__DATA_TYPE__TYPE_UINT32, GALEN_UINT32},
    {INFERENCE__DATA_TYPE__TYPE_UINT64, GALEN_UINT64},
    {INFERENCE__DATA_TYPE__TYPE_INT8, GALEN_INT8},
    {INFERENCE__DATA_TYPE__TYPE_INT16, GALEN_INT16},
    {INFERENCE__DATA_TYPE__TYPE_INT32, GALEN_INT32},
    {INFERENCE__DATA_TYPE__TYPE_INT64, GALEN_INT64},
    {INFERENCE__DATA_TYPE__TYPE_FP16, GALEN_FP16},
    {INFERENCE__DATA_TYPE__TYPE_FP32, GALEN_FP32},
    {INFERENCE__DATA_TYPE__TYPE_FP64, GALEN_FP64},
    {INFERENCE__DATA_TYPE__TYPE_STRING, GALEN_BYTES},
    {INFERENCE__DATA_TYPE__TYPE_BF16, GALEN_BF16},
};

enum { DATATYPE_COUNT = sizeof(datatypes) / sizeof(datatypes[0]) };

bool config_datatype(int type, enum galen_datatype *out_datatype)
{
    for (size_t i = 0; i < DATATYPE_COUNT; i++) {
        if (datatypes[i].type == type) {
            *out_datatype = datatypes[i].datatype;
            return true;
        }
    }
    return false;
}

int config_type_of(enum galen_datatype datatype)
{
    for (size_t i = 0; i < DATATYPE_COUNT; i++) {
        if (datatypes[i].datatype == datatype) {
            return datatypes[i].type;
        }
    }
    return INFERENCE__DATA_TYPE__TYPE_INVALID;
}

enum galen_status config_read_dims(struct config_reader *reader,
                                   const ProtobufCMessage *message, const int64_t *dims,
                                   size_t count, bool is_open_allowed,
                                   struct galen_tensor_spec *out_spec)
{
    if (count > GALEN_RANK_MAX) {
        return config_refuse(reader, message, "dims", GALEN_RANK_MAX, GALEN_TOO_LARGE,
                             "is one dimension too many: %u are allowed", GALEN_RANK_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        const bool is_open = is_open_allowed && dims[i] == GALEN_DIMENSION_ANY;
        if (dims[i] < 1 && !is_open) {
            return config_refuse(reader, message, "dims", i, GALEN_INVALID,
                                 "a dimension is at least 1%s",
                                 is_open_allowed ? ", or -1 where it is open" : "");
        }
        out_spec->shape[i] = dims[i];
    }
    out_spec->rank = (uint32_t)count;
    return GALEN_OK;
}

/* An empty reshape drops the one dimension that is left beside the rows. */
static enum galen_status check_reshape(struct config_reader *reader,
                                       const struct declared *declared)
{
    if (declared->reshape == NULL) {
        return GALEN_OK;
    }
    if (reader->config->row_count_max == 0) {
        return config_refuse(reader, declared->message, "reshape", 0, GALEN_INVALID,
                             "is empty: without max_batch_size nothing would be left");
    }
    return declared->dim_count == 1 && declared->dims[0] == 1
               ? GALEN_OK
               : config_refuse(reader, declared->message, "reshape", 0,
                               GALEN_NOT_IMPLEMENTED,
                               "is not supported: of dims other than [ 1 ]");
}

static enum galen_status read_tensor(struct config_reader *reader,
                                     const struct declared *declared,
                                     struct galen_tensor_spec *out_spec)
{
    if (declared->name[0] == '\0') {
        return config_refuse(reader, declared->message, "name", 0, GALEN_INVALID,
                             "is missing");
    }
    if (strlen(declared->name) > LIMIT_TENSOR_NAME_SIZE_BYTES_MAX) {
        return config_refuse(reader, declared->message, "name", 0, GALEN_TOO_LARGE,
                             "is longer than %d bytes",
                             (int)LIMIT_TENSOR_NAME_SIZE_BYTES_MAX);
    }
    if (!config_datatype(declared->type, &out_spec->datatype)) {
        return config_refuse(reader, declared->message, "data_type", 0, GALEN_INVALID,
                             "is missing, of '%s'", declared->name);
    }
    if (declared->dim_count == 0) {
        return config_refuse(reader, declared->message, "dims", 0, GALEN_INVALID,
                             "are missing, of '%s'", declared->name);
    }
    out_spec->name = declared->name;
    TRY(config_read_dims(reader, declared->message, declared->dims, declared->dim_count,
                         true, out_spec));
    return check_reshape(reader, declared);
}

static enum galen_status check_name_is_new(struct config_reader *reader,
                                           const ProtobufCMessage *message,
                                           const struct galen_tensor_spec *specs,
                                           size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(specs[i].name, specs[index].name) == 0) {
            return config_refuse(reader, message, "name", 0, GALEN_INVALID,
                                 "'%s' is there already", specs[index].name);
        }
    }
    return GALEN_OK;
}

static enum galen_status make_specs(struct config_reader *reader, const char *field,
                                    size_t count, struct galen_tensor_spec **out_specs)
{
    if (count > LIMIT_TENSOR_COUNT_MAX) {
        return config_refuse(reader, reader->config->document_.root, field,
                             LIMIT_TENSOR_COUNT_MAX, GALEN_TOO_LARGE,
                             "is one too many: %d are allowed",
                             (int)LIMIT_TENSOR_COUNT_MAX);
    }
    *out_specs = arena_alloc_array(reader->arena, count, sizeof(**out_specs));
    return *out_specs == NULL ? config_no_memory(reader) : GALEN_OK;
}

static enum galen_status check_format(struct config_reader *reader,
                                      const Inference__ModelInput *input)
{
    return input->format == INFERENCE__MODEL_INPUT__FORMAT__FORMAT_NONE ||
                   input->n_dims == 3
               ? GALEN_OK
               : config_refuse(reader, &input->base, "format", 0, GALEN_INVALID,
                               "needs three dims");
}

static enum galen_status read_inputs(struct config_reader *reader,
                                     const Inference__ModelConfig *root)
{
    struct galen_tensor_spec *specs = NULL;
    TRY(make_specs(reader, "input", root->n_input, &specs));
    for (size_t i = 0; i < root->n_input; i++) {
        const Inference__ModelInput *input = root->input[i];
        const struct declared declared = {
            .message = &input->base,
            .name = input->name,
            .type = (int)input->data_type,
            .dims = input->dims,
            .dim_count = input->n_dims,
            .reshape = input->reshape,
        };
        TRY(read_tensor(reader, &declared, &specs[i]));
        TRY(check_format(reader, input));
        TRY(check_name_is_new(reader, &input->base, specs, i));
    }
    reader->config->inputs = specs;
    reader->config->input_count = root->n_input;
    return GALEN_OK;
}

static enum galen_status read_label_file(struct config_reader *reader,
                                         const Inference__ModelOutput *output,
                                         const char **out_file)
{
    if (output->label_filename[0] == '\0') {
        return GALEN_OK;
    }
    if (!config_is_file_name(output->label_filename)) {
        return config_refuse(reader, &output->base, "label_filename", 0, GALEN_INVALID,
                             "names no file of the model's folder");
    }
    *out_file = output->label_filename;
    return GALEN_OK;
}

static enum galen_status read_output(struct config_reader *reader,
                                     const Inference__ModelOutput *output,
                                     struct galen_tensor_spec *out_spec)
{
    const struct declared declared = {
        .message = &output->base,
        .name = output->name,
        .type = (int)output->data_type,
        .dims = output->dims,
        .dim_count = output->n_dims,
        .reshape = output->reshape,
    };
    return read_tensor(reader, &declared, out_spec);
}

static enum galen_status read_outputs(struct config_reader *reader,
                                      const Inference__ModelConfig *root)
{
    struct galen_tensor_spec *specs = NULL;
    TRY(make_specs(reader, "output", root->n_output, &specs));
    const char **files = arena_alloc_array(reader->arena, root->n_output, sizeof(*files));
    if (files == NULL) {
        return config_no_memory(reader);
    }
    for (size_t i = 0; i < root->n_output; i++) {
        TRY(read_output(reader, root->output[i], &specs[i]));
        TRY(check_name_is_new(reader, &root->output[i]->base, specs, i));
        TRY(read_label_file(reader, root->output[i], &files[i]));
    }
    reader->config->outputs = specs;
    reader->config->output_count = root->n_output;
    reader->config->label_files = files;
    return GALEN_OK;
}

enum galen_status config_read_tensors(struct config_reader *reader)
{
    const Inference__ModelConfig *root =
        (const Inference__ModelConfig *)reader->config->document_.root;
    TRY(read_inputs(reader, root));
    return read_outputs(reader, root);
}
