/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/execution.h"

#include "base/limits.h"
#include "engine/rows.h"
#include "infer/answer.h"

enum { BYTES_ELEMENT_SIZE_BYTES_MIN = 4 };

/* What a run gives, by the index of the output in the model. */
struct outputs {
    struct galen_sink base; /* first: the backend has a pointer to it */
    const struct v2_model *metadata;
    struct error *error;
    uint64_t given; /* bit i: tensors[i] and storages[i] are written */
    struct galen_tensor tensors[LIMIT_TENSOR_COUNT_MAX];
    struct blob *storages[LIMIT_TENSOR_COUNT_MAX];
};

/* Those of a batch that run together. */
struct group {
    struct inference *const *members;
    size_t count;
    size_t row_count;
};

static size_t find_output(const struct v2_model *metadata, const char *name)
{
    size_t i = 0;
    while (i < metadata->output_count && metadata->outputs[i].name != name &&
           strcmp(metadata->outputs[i].name, name) != 0) {
        i++;
    }
    return i;
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
    return GALEN_OK;
}

static void outputs_init(struct outputs *outputs, const struct model *model,
                         struct error *error)
{
    outputs->base.output = take_output;
    outputs->metadata = &model->metadata;
    outputs->error = error;
    outputs->given = 0;
}

static void outputs_deinit(struct outputs *outputs)
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

static enum galen_status run_backend(const struct model *model,
                                     const struct galen_tensor *inputs, uint64_t wanted,
                                     struct outputs *outputs)
{
    bool flags[LIMIT_TENSOR_COUNT_MAX];
    struct galen_error why;
    const struct galen_batch batch = {.inputs = inputs,
                                      .input_count = model->metadata.input_count,
                                      .wanted_outputs = flags};
    for (size_t i = 0; i < model->metadata.output_count; i++) {
        flags[i] = (wanted >> i & 1) != 0;
    }
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

/* The first of the given outputs that has not so many rows; output_count: all have. */
static size_t find_without_rows(const struct outputs *outputs, size_t row_count)
{
    size_t i = 0;
    while (i < outputs->metadata->output_count &&
           ((outputs->given >> i & 1) == 0 || has_rows(&outputs->tensors[i], row_count))) {
        i++;
    }
    return i;
}

static enum galen_status check_outputs(const struct model *model,
                                       const struct outputs *outputs, size_t row_count)
{
    const size_t index = find_without_rows(outputs, row_count);
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

static size_t joined_size(const struct group *group, size_t index)
{
    size_t size = 0;
    for (size_t i = 0; i < group->count; i++) {
        size += group->members[i]->plan.inputs[index].size_bytes;
    }
    return size;
}

static enum galen_status join_input(const struct group *group, size_t index,
                                    struct galen_tensor *out_input,
                                    struct blob **out_storage)
{
    const size_t size = joined_size(group, index);
    if (size > LIMIT_TENSOR_SIZE_BYTES_MAX) {
        return GALEN_TOO_LARGE;
    }
    struct blob *storage = blob_create(size, 0);
    if (storage == NULL) {
        return GALEN_NO_MEMORY;
    }
    uint8_t *end = blob_data(storage);
    for (size_t i = 0; i < group->count; i++) {
        const struct galen_tensor *part = &group->members[i]->plan.inputs[index];
        if (part->size_bytes > 0) {
            memcpy(end, part->bytes, part->size_bytes);
        }
        end += part->size_bytes;
    }
    *out_input = group->members[0]->plan.inputs[index];
    out_input->shape[0] = (int64_t)group->row_count;
    out_input->bytes = blob_data(storage);
    out_input->size_bytes = size;
    *out_storage = storage;
    return GALEN_OK;
}

static uint64_t group_wanted(const struct group *group)
{
    uint64_t wanted = 0;
    for (size_t i = 0; i < group->count; i++) {
        wanted |= group->members[i]->plan.wanted_outputs;
    }
    return wanted;
}

static enum galen_status run_joined(const struct model *model, const struct group *group,
                                    struct outputs *outputs)
{
    struct galen_tensor inputs[LIMIT_TENSOR_COUNT_MAX];
    struct blob *storages[LIMIT_TENSOR_COUNT_MAX];
    enum galen_status status = GALEN_OK;
    size_t count = 0;
    while (status == GALEN_OK && count < model->metadata.input_count) {
        status = join_input(group, count, &inputs[count], &storages[count]);
        count += status == GALEN_OK;
    }
    if (status == GALEN_OK) {
        status = run_backend(model, inputs, group_wanted(group), outputs);
    }
    while (count > 0) {
        blob_unref(storages[--count]);
    }
    return status;
}

/* An answer without outputs, with room for them. */
static enum galen_status begin_answer(const struct model *model,
                                      struct inference *inference)
{
    struct infer_call *call = inference->call;
    const size_t count = (size_t)__builtin_popcountll(inference->plan.wanted_outputs);
    call->response.outputs =
        arena_alloc_array(call->arena, count, sizeof(struct infer_output));
    if (call->response.outputs == NULL) {
        return GALEN_NO_MEMORY;
    }
    return infer_answer_version(call, model->version);
}

static void give_output(struct inference *inference, const struct outputs *outputs,
                        size_t index, const struct galen_tensor *tensor)
{
    if (inference->status == GALEN_OK &&
        (inference->plan.wanted_outputs >> index & 1) != 0) {
        inference->status = infer_answer_output(inference->call, tensor,
                                                blob_ref(outputs->storages[index]));
    }
}

static void give_output_to_all(const struct group *group, const struct outputs *outputs,
                               size_t index)
{
    struct rows rows;
    if (group->count == 1) {
        give_output(group->members[0], outputs, index, &outputs->tensors[index]);
        return;
    }
    rows_init(&rows, &outputs->tensors[index]);
    for (size_t i = 0; i < group->count; i++) {
        const struct galen_tensor part =
            rows_take(&rows, group->members[i]->plan.row_count);
        give_output(group->members[i], outputs, index, &part);
    }
}

static void answer(const struct model *model, const struct group *group,
                   const struct outputs *outputs)
{
    for (size_t i = 0; i < group->count; i++) {
        group->members[i]->status = begin_answer(model, group->members[i]);
    }
    for (size_t i = 0; i < model->metadata.output_count; i++) {
        if ((outputs->given >> i & 1) != 0) {
            give_output_to_all(group, outputs, i);
        }
    }
}

/* On failure nobody has an answer. */
static enum galen_status run_group(const struct model *model, const struct group *group,
                                   struct error *error)
{
    struct outputs outputs;
    const struct infer_plan *first = &group->members[0]->plan;
    outputs_init(&outputs, model, error);
    enum galen_status status =
        group->count == 1
            ? run_backend(model, first->inputs, first->wanted_outputs, &outputs)
            : run_joined(model, group, &outputs);
    if (status == GALEN_OK) {
        status = check_outputs(model, &outputs, group->row_count);
    }
    if (status == GALEN_OK) {
        answer(model, group, &outputs);
    }
    outputs_deinit(&outputs);
    return status;
}

static void run_alone(const struct model *model, struct inference *inference)
{
    const struct group alone = {
        .members = &inference, .count = 1, .row_count = inference->plan.row_count};
    const enum galen_status status = run_group(model, &alone, &inference->call->error);
    if (status != GALEN_OK) {
        inference->status = status;
    }
}

void execution_run(const struct model *model, const struct batch *batch)
{
    struct inference *members[LIMIT_BATCH_COUNT_LIMIT];
    struct group group = {.members = members, .row_count = batch->row_count};
    struct error unread;
    for (struct list_link *link = list_first(&batch->entries); link != NULL;
         link = list_next(&batch->entries, link)) {
        members[group.count++] = inference_of_link(link);
    }
    if (group.count > 1 && run_group(model, &group, &unread) == GALEN_OK) {
        return;
    }
    for (size_t i = 0; i < group.count; i++) {
        run_alone(model, members[i]);
    }
}

/* One input of a probe, still without bytes. */
static enum galen_status shape_input(const struct model *model, size_t index,
                                     struct probe probe, struct galen_tensor *out_input)
{
    const struct galen_tensor_spec *spec = &model->metadata.inputs[index];
    struct galen_tensor input = {
        .name = spec->name, .datatype = spec->datatype, .rank = spec->rank};
    const size_t fixed_size = galen_datatype_size(spec->datatype);
    const size_t size = fixed_size == 0 ? BYTES_ELEMENT_SIZE_BYTES_MIN : fixed_size;
    uint64_t count;
    for (uint32_t i = 0; i < spec->rank; i++) {
        const int64_t any = (int64_t)(i == 0 ? probe.row_count : probe.length);
        input.shape[i] = spec->shape[i] == GALEN_DIMENSION_ANY ? any : spec->shape[i];
    }
    TRY(galen_shape_element_count(input.shape, input.rank, &count));
    if (count > LIMIT_TENSOR_SIZE_BYTES_MAX / size) {
        return GALEN_TOO_LARGE;
    }
    input.size_bytes = (size_t)count * size;
    *out_input = input;
    return GALEN_OK;
}

size_t execution_probe_size(const struct model *model, struct probe probe)
{
    size_t size = 0;
    for (size_t i = 0; i < model->metadata.input_count; i++) {
        struct galen_tensor input;
        if (shape_input(model, i, probe, &input) != GALEN_OK) {
            return 0;
        }
        size += input.size_bytes;
    }
    return size;
}

/* Zero bytes are valid content for every datatype: as BYTES they are empty elements. */
static enum galen_status run_probe(const struct model *model, struct probe probe,
                                   struct arena *arena, struct outputs *outputs)
{
    struct galen_tensor inputs[LIMIT_TENSOR_COUNT_MAX];
    for (size_t i = 0; i < model->metadata.input_count; i++) {
        TRY(shape_input(model, i, probe, &inputs[i]));
        inputs[i].bytes = arena_alloc(arena, inputs[i].size_bytes);
        if (inputs[i].bytes == NULL) {
            return GALEN_NO_MEMORY;
        }
    }
    return run_backend(model, inputs, infer_all_outputs(&model->metadata), outputs);
}

enum galen_status execution_probe(const struct model *model, struct probe probe,
                                  bool *out_denied)
{
    struct arena arena;
    struct error unread;
    struct outputs outputs;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    outputs_init(&outputs, model, &unread);
    const enum galen_status status = run_probe(model, probe, &arena, &outputs);
    if (status == GALEN_OK) {
        *out_denied =
            find_without_rows(&outputs, probe.row_count) < model->metadata.output_count;
    }
    outputs_deinit(&outputs);
    arena_deinit(&arena);
    return status;
}
