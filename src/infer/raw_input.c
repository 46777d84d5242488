/* SPDX-License-Identifier: Apache-2.0 */
#include "infer/raw_input.h"

#include <string.h>

enum { LENGTH_SIZE = sizeof(uint32_t) };

/* The dimension that the bytes decide; the rank when none varies. GALEN_INVALID: several
 * do.
 */
static enum galen_status find_variable(const struct galen_tensor *input, uint32_t *out_at,
                                       struct error *out_error)
{
    uint32_t at = input->rank;
    for (uint32_t i = 0; i < input->rank; i++) {
        if (input->shape[i] != GALEN_DIMENSION_ANY) {
            continue;
        }
        if (at != input->rank) {
            return error_set(out_error, GALEN_INVALID,
                             "The shape of the raw input '%s' can not be deduced because "
                             "there are more than one variable-sized dimension",
                             input->name);
        }
        at = i;
    }
    *out_at = at;
    return GALEN_OK;
}

static enum galen_status fill_text(struct galen_tensor *input, struct bytes raw,
                                   struct arena *arena, struct error *out_error)
{
    uint64_t count;
    if (galen_shape_element_count(input->shape, input->rank, &count) != GALEN_OK ||
        count != 1) {
        return error_set(out_error, GALEN_INVALID,
                         "For BYTE datatype raw input '%s', the model must have input "
                         "shape [1]",
                         input->name);
    }
    uint8_t *text =
        raw.size > UINT32_MAX ? NULL : arena_alloc(arena, LENGTH_SIZE + raw.size);
    if (text == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "no memory for a tensor");
    }
    const uint32_t length = (uint32_t)raw.size;
    memcpy(text, &length, LENGTH_SIZE);
    if (raw.size > 0) {
        memcpy(text + LENGTH_SIZE, raw.data, raw.size);
    }
    input->bytes = text;
    input->size_bytes = LENGTH_SIZE + raw.size;
    return GALEN_OK;
}

static enum galen_status fill_elements(struct galen_tensor *input, struct bytes raw,
                                       uint32_t variable, struct error *out_error)
{
    uint64_t count;
    if (variable < input->rank) {
        input->shape[variable] = 1;
    }
    TRY(galen_shape_element_count(input->shape, input->rank, &count));
    const uint64_t size = count * galen_datatype_size(input->datatype);
    const bool fits =
        variable == input->rank ? raw.size == size : size > 0 && raw.size % size == 0;
    if (!fits) {
        return error_set(out_error, GALEN_INVALID,
                         "unexpected size of the raw input '%s': %zu bytes, but the model "
                         "takes %s%llu",
                         input->name, raw.size,
                         variable == input->rank ? "" : "a multiple of ",
                         (unsigned long long)size);
    }
    if (variable < input->rank) {
        input->shape[variable] = (int64_t)(raw.size / size);
    }
    input->bytes = raw.data;
    input->size_bytes = raw.size;
    return GALEN_OK;
}

enum galen_status infer_raw_input(const struct infer_rules *rules, struct bytes raw,
                                  struct arena *arena, struct galen_tensor *out_input,
                                  struct error *out_error)
{
    const struct v2_model *model = rules->model;
    uint32_t variable;
    if (model->input_count != 1) {
        return error_set(out_error, GALEN_INVALID,
                         "Raw request must only have 1 input to be deduced but got %zu "
                         "inputs in '%s' model configuration",
                         model->input_count, model->name);
    }
    const struct galen_tensor_spec *spec = &model->inputs[0];
    struct galen_tensor input = {
        .name = spec->name, .datatype = spec->datatype, .rank = spec->rank};
    memcpy(input.shape, spec->shape, sizeof(input.shape));
    if (rules->row_count_max > 0) {
        input.shape[0] = 1;
    }
    TRY(find_variable(&input, &variable, out_error));
    TRY(input.datatype == GALEN_BYTES ? fill_text(&input, raw, arena, out_error)
                                      : fill_elements(&input, raw, variable, out_error));
    *out_input = input;
    return GALEN_OK;
}
