/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/check.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/invariant.h"
#include "base/limits.h"

static enum galen_status check_name(const struct galen_tensor_spec *tensors, size_t index,
                                    const char *kind, struct galen_error *out_error)
{
    const struct bytes name = bytes_from_string(tensors[index].name);
    if (name.size == 0 || name.size > LIMIT_TENSOR_NAME_SIZE_BYTES_MAX ||
        !bytes_are_utf8(name, NULL)) {
        return galen_error_set(out_error, GALEN_INVALID,
                               "the name of %s %zu is not 1 to %d bytes of UTF-8", kind,
                               index, (int)LIMIT_TENSOR_NAME_SIZE_BYTES_MAX);
    }
    for (size_t i = 0; i < index; i++) {
        if (strcmp(tensors[i].name, tensors[index].name) == 0) {
            return galen_error_set(out_error, GALEN_INVALID, "%s '%s' is there twice", kind,
                                   tensors[index].name);
        }
    }
    return GALEN_OK;
}

static enum galen_status check_tensors(const struct galen_tensor_spec *tensors,
                                       size_t count, const char *kind,
                                       struct galen_error *out_error)
{
    if (count == 0 || count > LIMIT_TENSOR_COUNT_MAX) {
        return galen_error_set(out_error, GALEN_INVALID, "%zu %ss: a model has 1 to %d",
                               count, kind, (int)LIMIT_TENSOR_COUNT_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        INVARIANT(tensors[i].rank <= GALEN_RANK_MAX);
        TRY(check_name(tensors, i, kind, out_error));
        for (uint32_t k = 0; k < tensors[i].rank; k++) {
            if (tensors[i].shape[k] < GALEN_DIMENSION_ANY) {
                return galen_error_set(out_error, GALEN_INVALID,
                                       "dimension %u of %s '%s' is negative", k, kind,
                                       tensors[i].name);
            }
        }
    }
    return GALEN_OK;
}

enum galen_status check_spec(const struct galen_model_spec *spec,
                             struct galen_error *out_error)
{
    TRY(check_tensors(spec->inputs, spec->input_count, "input", out_error));
    return check_tensors(spec->outputs, spec->output_count, "output", out_error);
}

static enum galen_status check_shape(const struct galen_tensor_spec *spec,
                                     const struct galen_tensor *input,
                                     struct galen_error *out_error)
{
    if (input->rank != spec->rank) {
        return galen_error_set(out_error, GALEN_INVALID,
                               "input '%s' must have %u dimensions, not %u", spec->name,
                               spec->rank, input->rank);
    }
    for (uint32_t i = 0; i < spec->rank; i++) {
        if (input->shape[i] < 0 ||
            (spec->shape[i] != GALEN_DIMENSION_ANY && input->shape[i] != spec->shape[i])) {
            return galen_error_set(out_error, GALEN_INVALID,
                                   "dimension %u of input '%s' does not fit %" PRId64, i,
                                   spec->name, spec->shape[i]);
        }
    }
    return GALEN_OK;
}

static enum galen_status check_booleans(const struct galen_tensor *input, const char *name,
                                        struct galen_error *out_error)
{
    const uint8_t *bytes = input->bytes;
    for (size_t i = 0; i < input->size_bytes; i++) {
        if (bytes[i] > 1) {
            return galen_error_set(out_error, GALEN_INVALID,
                                   "element %zu of input '%s' is no BOOL", i, name);
        }
    }
    return GALEN_OK;
}

static enum galen_status check_input(const struct galen_tensor_spec *spec,
                                     const struct galen_tensor *input,
                                     struct galen_error *out_error)
{
    if (strcmp(input->name, spec->name) != 0) {
        return galen_error_set(out_error, GALEN_INVALID, "input '%s' is missing",
                               spec->name);
    }
    if (input->datatype != spec->datatype) {
        return galen_error_set(out_error, GALEN_INVALID, "input '%s' must be %s, not %s",
                               spec->name, galen_datatype_name(spec->datatype),
                               galen_datatype_name(input->datatype));
    }
    TRY(check_shape(spec, input, out_error));
    if (galen_tensor_check(input) != GALEN_OK) {
        return galen_error_set(out_error, GALEN_INVALID,
                               "input '%s' does not have the bytes that its shape says",
                               spec->name);
    }
    return input->datatype == GALEN_BOOL ? check_booleans(input, spec->name, out_error)
                                         : GALEN_OK;
}

enum galen_status check_inputs(const struct galen_model_spec *spec,
                               const struct galen_batch *batch,
                               struct galen_error *out_error)
{
    if (batch->input_count != spec->input_count) {
        return galen_error_set(out_error, GALEN_INVALID,
                               "the model takes %zu inputs, not %zu", spec->input_count,
                               batch->input_count);
    }
    for (size_t i = 0; i < spec->input_count; i++) {
        TRY(check_input(&spec->inputs[i], &batch->inputs[i], out_error));
    }
    return GALEN_OK;
}
