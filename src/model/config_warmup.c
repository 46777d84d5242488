/* SPDX-License-Identifier: Apache-2.0 */
#include <model_config.pb-c.h>

#include "base/limits.h"
#include "model/config_impl.h"

static enum galen_status check_file(struct config_reader *reader,
                                    const Inference__ModelWarmup__Input *input)
{
    return config_is_file_name(input->input_data_file)
               ? GALEN_OK
               : config_refuse(reader, &input->base, "input_data_file", 0, GALEN_INVALID,
                               "names no file of the model's folder warmup");
}

static enum galen_status read_data(struct config_reader *reader,
                                   const Inference__ModelWarmup__Input *input,
                                   struct model_config_warmup_input *out_input)
{
    switch ((int)input->input_data_type_case) {
    case INFERENCE__MODEL_WARMUP__INPUT__INPUT_DATA_TYPE_ZERO_DATA:
        out_input->data = MODEL_CONFIG_ZERO;
        return GALEN_OK;
    case INFERENCE__MODEL_WARMUP__INPUT__INPUT_DATA_TYPE_RANDOM_DATA:
        out_input->data = MODEL_CONFIG_RANDOM;
        return GALEN_OK;
    case INFERENCE__MODEL_WARMUP__INPUT__INPUT_DATA_TYPE_INPUT_DATA_FILE:
        out_input->data = MODEL_CONFIG_FILE;
        out_input->file = input->input_data_file;
        return check_file(reader, input);
    default:
        return config_refuse(reader, &input->base, "zero_data", 0, GALEN_INVALID,
                             "is missing, and so are random_data and input_data_file");
    }
}

static enum galen_status check_size(struct config_reader *reader,
                                    const Inference__ModelWarmup__Input *input,
                                    const struct galen_tensor_spec *spec, size_t row_count)
{
    uint64_t count;
    const size_t size = galen_datatype_size(spec->datatype);
    const uint64_t count_max =
        LIMIT_TENSOR_SIZE_BYTES_MAX / (size == 0 ? sizeof(uint32_t) : size) / row_count;
    return galen_shape_element_count(spec->shape, spec->rank, &count) == GALEN_OK &&
                   count <= count_max
               ? GALEN_OK
               : config_refuse(reader, &input->base, "dims", 0, GALEN_TOO_LARGE,
                               "make a tensor of more than %d bytes",
                               (int)LIMIT_TENSOR_SIZE_BYTES_MAX);
}

static enum galen_status read_input(struct config_reader *reader,
                                    const Inference__ModelWarmup__InputsEntry *entry,
                                    size_t row_count,
                                    struct model_config_warmup_input *out_input)
{
    const Inference__ModelWarmup__Input *input = entry->value;
    struct galen_tensor_spec *spec = &out_input->spec;
    spec->name = entry->key;
    if (!config_datatype((int)input->data_type, &spec->datatype)) {
        return config_refuse(reader, &input->base, "data_type", 0, GALEN_INVALID,
                             "is missing, of '%s'", entry->key);
    }
    TRY(config_read_dims(reader, &input->base, input->dims, input->n_dims, false, spec));
    TRY(check_size(reader, input, spec, row_count));
    return read_data(reader, input, out_input);
}

static enum galen_status read_warmup(struct config_reader *reader,
                                     const Inference__ModelWarmup *warmup,
                                     struct model_config_warmup *out_warmup)
{
    const size_t count = warmup->n_inputs;
    if (warmup->batch_size > LIMIT_BATCH_COUNT_LIMIT ||
        warmup->count > LIMIT_MODEL_CONFIG_WARMUP_RUN_COUNT_MAX ||
        count > LIMIT_TENSOR_COUNT_MAX) {
        return config_refuse(
            reader, &warmup->base, "name", 0, GALEN_TOO_LARGE,
            "has more than %d rows, %d runs or %d inputs", (int)LIMIT_BATCH_COUNT_LIMIT,
            (int)LIMIT_MODEL_CONFIG_WARMUP_RUN_COUNT_MAX, (int)LIMIT_TENSOR_COUNT_MAX);
    }
    struct model_config_warmup_input *inputs =
        arena_alloc_array(reader->arena, count, sizeof(*inputs));
    if (inputs == NULL) {
        return config_no_memory(reader);
    }
    for (size_t i = 0; i < count; i++) {
        TRY(read_input(reader, warmup->inputs[i], warmup->batch_size, &inputs[i]));
    }
    *out_warmup = (struct model_config_warmup){
        .name = warmup->name,
        .row_count = warmup->batch_size,
        .run_count = warmup->count == 0 ? 1 : warmup->count,
        .inputs = inputs,
        .input_count = count,
    };
    return GALEN_OK;
}

enum galen_status config_read_warmups(struct config_reader *reader)
{
    struct model_config *config = reader->config;
    const Inference__ModelConfig *root =
        (const Inference__ModelConfig *)config->document_.root;
    struct model_config_warmup *warmups =
        arena_alloc_array(reader->arena, root->n_model_warmup, sizeof(*warmups));
    if (warmups == NULL) {
        return config_no_memory(reader);
    }
    for (size_t i = 0; i < root->n_model_warmup; i++) {
        const Inference__ModelWarmup *warmup = root->model_warmup[i];
        if (warmup->batch_size == 0) {
            TRY(config_note(reader,
                            (const struct message_value[]){
                                config_place(config, &root->base, "model_warmup", i)},
                            "is not run: its batch_size is 0"));
            continue;
        }
        TRY(read_warmup(reader, warmup, &warmups[config->warmup_count++]));
    }
    config->warmups = warmups;
    return GALEN_OK;
}
