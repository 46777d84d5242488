/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/outputs.h"

#include "base/limits.h"

static size_t find_output(const struct v2_model *metadata, const char *name)
{
    size_t i = 0;
    while (i < metadata->output_count && metadata->outputs[i].name != name &&
           strcmp(metadata->outputs[i].name, name) != 0) {
        i++;
    }
    return i;
}

/* Clients see a last dimension of 1 that the network does not have. */
static enum galen_status unsqueeze(struct galen_tensor *tensor, struct error *out_error)
{
    if (tensor->rank == GALEN_RANK_MAX) {
        return error_set(out_error, GALEN_INTERNAL, "output '%s' has too many dimensions",
                         tensor->name);
    }
    tensor->shape[tensor->rank++] = 1;
    return GALEN_OK;
}

static enum galen_status take_output(struct galen_sink *sink,
                                     const struct galen_tensor *meta, void **out_bytes)
{
    struct outputs *outputs = (struct outputs *)(void *)sink;
    const size_t index = find_output(outputs->metadata, meta->name);
    if (index == outputs->metadata->output_count || (outputs->given >> index & 1) != 0) {
        return error_set(outputs->error, GALEN_INTERNAL,
                         "the network gave an output twice or one that it does not have");
    }
    const struct galen_tensor_spec *spec = &outputs->metadata->outputs[index];
    if (meta->datatype != spec->datatype) {
        return error_set(outputs->error, GALEN_INTERNAL,
                         "output '%s' does not have its datatype", spec->name);
    }
    if (meta->size_bytes > LIMIT_TENSOR_SIZE_BYTES_MAX) {
        return error_set(outputs->error, GALEN_TOO_LARGE, "output '%s' is beyond %d bytes",
                         spec->name, (int)LIMIT_TENSOR_SIZE_BYTES_MAX);
    }
    struct blob *storage = blob_create(meta->size_bytes, 0);
    if (storage == NULL) {
        return error_set(outputs->error, GALEN_NO_MEMORY, "no memory for output '%s'",
                         spec->name);
    }
    outputs->given |= UINT64_C(1) << index;
    outputs->storages[index] = storage;
    outputs->tensors[index] = *meta;
    outputs->tensors[index].name = spec->name;
    outputs->tensors[index].bytes = blob_data(storage);
    *out_bytes = blob_data(storage);
    return (outputs->squeezed >> index & 1) != 0
               ? unsqueeze(&outputs->tensors[index], outputs->error)
               : GALEN_OK;
}

void outputs_init(struct outputs *outputs, const struct model *model, struct error *error)
{
    outputs->base.output = take_output;
    outputs->metadata = &model->metadata;
    outputs->squeezed = model->squeezed_outputs;
    outputs->error = error;
    outputs->given = 0;
}

void outputs_deinit(struct outputs *outputs)
{
    for (size_t i = 0; i < outputs->metadata->output_count; i++) {
        if ((outputs->given >> i & 1) != 0) {
            blob_unref(outputs->storages[i]);
        }
    }
}

/* What a backend may say of a run; anything else is its defect. */
static enum galen_status run_status(enum galen_status status)
{
    const bool known = status == GALEN_OK || status == GALEN_INVALID ||
                       status == GALEN_TOO_LARGE || status == GALEN_NO_MEMORY ||
                       status == GALEN_UNAVAILABLE;
    return known ? status : GALEN_INTERNAL;
}

/* By the outputs of the network, of which clients may see some only. */
static void flag_wanted(const struct model *model, uint64_t wanted, bool *out_flags)
{
    for (size_t i = 0; i < model->spec->output_count; i++) {
        const size_t index = find_output(&model->metadata, model->spec->outputs[i].name);
        out_flags[i] = index < model->metadata.output_count && (wanted >> index & 1) != 0;
    }
}

/* The inputs as the network has them; squeezed is room for those that are not. */
static const struct galen_tensor *squeeze(const struct model *model,
                                          const struct galen_tensor *inputs,
                                          struct galen_tensor *squeezed)
{
    if (model->squeezed_inputs == 0) {
        return inputs;
    }
    for (size_t i = 0; i < model->metadata.input_count; i++) {
        squeezed[i] = inputs[i];
        squeezed[i].rank -= (uint32_t)(model->squeezed_inputs >> i & 1);
    }
    return squeezed;
}

enum galen_status outputs_run(struct outputs *outputs, const struct model *model,
                              const struct galen_tensor *inputs, uint64_t wanted)
{
    bool flags[LIMIT_TENSOR_COUNT_MAX];
    struct galen_tensor squeezed[LIMIT_TENSOR_COUNT_MAX];
    struct galen_error why;
    const struct galen_batch batch = {.inputs = squeeze(model, inputs, squeezed),
                                      .input_count = model->metadata.input_count,
                                      .wanted_outputs = flags};
    flag_wanted(model, wanted, flags);
    error_clear(outputs->error);
    const enum galen_status status =
        run_status(galen_backend_run(model->backend, &batch, &outputs->base, &why));
    if (status != GALEN_OK && outputs->error->text[0] == '\0') {
        return error_set(outputs->error, status, "model '%s' version %s: %s", model->name,
                         model->version,
                         why.text[0] == '\0' ? galen_status_text(status) : why.text);
    }
    if (status == GALEN_OK && (wanted & ~outputs->given) != 0) {
        return error_set(outputs->error, GALEN_INTERNAL,
                         "model '%s' version %s did not give all outputs", model->name,
                         model->version);
    }
    return status;
}

static bool has_rows(const struct galen_tensor *tensor, size_t row_count)
{
    return tensor->rank > 0 && tensor->shape[0] == (int64_t)row_count;
}

size_t outputs_find_without_rows(const struct outputs *outputs, size_t row_count)
{
    size_t i = 0;
    while (i < outputs->metadata->output_count &&
           ((outputs->given >> i & 1) == 0 || has_rows(&outputs->tensors[i], row_count))) {
        i++;
    }
    return i;
}

enum galen_status outputs_check(const struct outputs *outputs, const struct model *model,
                                size_t row_count)
{
    const size_t index = outputs_find_without_rows(outputs, row_count);
    if (model->row_count_max > 0 && index < model->metadata.output_count) {
        return error_set(outputs->error, GALEN_INTERNAL,
                         "output '%s' of model '%s' does not have the rows of its input",
                         model->metadata.outputs[index].name, model->name);
    }
    for (size_t i = 0; i < model->metadata.output_count; i++) {
        if ((outputs->given >> i & 1) != 0 &&
            galen_tensor_check(&outputs->tensors[i]) != GALEN_OK) {
            return error_set(outputs->error, GALEN_INTERNAL,
                             "output '%s' of model '%s' does not fit its shape",
                             model->metadata.outputs[i].name, model->name);
        }
    }
    return GALEN_OK;
}
