/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "engine/execution.h"
#include "engine/outputs.h"

enum { BYTES_ELEMENT_SIZE_BYTES_MIN = 4 };

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
    return outputs_run(outputs, model, inputs, infer_all_outputs(&model->metadata));
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
        *out_denied = outputs_find_without_rows(&outputs, probe.row_count) <
                      model->metadata.output_count;
    }
    outputs_deinit(&outputs);
    arena_deinit(&arena);
    return status;
}
