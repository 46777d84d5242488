/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/disagreement.h"

#include <string.h>

#include "codec/number.h"

/* A tensor of floating-point numbers. */
struct grid {
    const struct galen_tensor *tensor;
    size_t element_size;
    size_t count;
    size_t width; /* of a row */
};

/* 0: it is of another datatype. */
static size_t float_size(enum galen_datatype datatype)
{
    return datatype == GALEN_FP16 || datatype == GALEN_BF16 ? sizeof(uint16_t)
           : datatype == GALEN_FP32                         ? sizeof(float)
           : datatype == GALEN_FP64                         ? sizeof(double)
                                                            : 0;
}

static double value_at(const struct grid *grid, size_t index)
{
    const uint8_t *at = (const uint8_t *)grid->tensor->bytes + index * grid->element_size;
    uint16_t half;
    float single;
    double value;
    switch (grid->element_size) {
    case sizeof(half):
        memcpy(&half, at, sizeof(half));
        return (double)(grid->tensor->datatype == GALEN_FP16 ? number_f32_from_f16(half)
                                                             : number_f32_from_bf16(half));
    case sizeof(single):
        memcpy(&single, at, sizeof(single));
        return (double)single;
    default:
        memcpy(&value, at, sizeof(value));
        return value;
    }
}

static struct grid grid_of(const struct galen_tensor *tensor, size_t element_size)
{
    const size_t count = tensor->size_bytes / element_size;
    const int64_t last = tensor->rank == 0 ? 1 : tensor->shape[tensor->rank - 1];
    const bool has_rows = tensor->rank > 1 && last > 0 && count % (size_t)last == 0;
    return (struct grid){
        .tensor = tensor,
        .element_size = element_size,
        .count = count,
        .width = has_rows ? (size_t)last : 1,
    };
}

static bool has_same_form(const struct galen_tensor *a, const struct galen_tensor *b)
{
    return a->datatype == b->datatype && a->rank == b->rank &&
           a->size_bytes == b->size_bytes &&
           memcmp(a->shape, b->shape, a->rank * sizeof(a->shape[0])) == 0;
}

static bool are_scores(const struct grid *grid)
{
    for (size_t i = 0; i < grid->count; i++) {
        const double value = value_at(grid, i);
        if (!(value >= 0 && value <= 1)) {
            return false;
        }
    }
    return true;
}

static size_t label_of(const struct grid *grid, size_t row)
{
    size_t best = row;
    for (size_t i = row + 1; i < row + grid->width; i++) {
        best = value_at(grid, i) > value_at(grid, best) ? i : best;
    }
    return best;
}

static bool labels_differ(const struct grid *a, const struct grid *b)
{
    for (size_t row = 0; row < a->count; row += a->width) {
        if (label_of(a, row) != label_of(b, row)) {
            return true;
        }
    }
    return false;
}

static bool is_number(double value)
{
    return value - value == 0;
}

static bool values_differ(const struct grid *a, const struct grid *b, double tolerance)
{
    for (size_t i = 0; i < a->count; i++) {
        const double left = value_at(a, i);
        const double right = value_at(b, i);
        const double size = left < 0 ? -left : left;
        const double difference = left < right ? right - left : left - right;
        if (is_number(left) != is_number(right) ||
            (is_number(left) && difference > tolerance * (size > 1 ? size : 1))) {
            return true;
        }
    }
    return false;
}

static bool grids_disagree(const struct grid *a, const struct grid *b, double tolerance)
{
    const bool has_values = a->width == 1 || (are_scores(a) && are_scores(b));
    return (a->width > 1 && labels_differ(a, b)) ||
           (has_values && values_differ(a, b, tolerance));
}

bool tensors_disagree(const struct galen_tensor *a, const struct galen_tensor *b,
                      double tolerance)
{
    const size_t element_size = float_size(a->datatype);
    if (!has_same_form(a, b)) {
        return true;
    }
    if (a->size_bytes == 0) {
        return false;
    }
    if (element_size == 0) {
        return memcmp(a->bytes, b->bytes, a->size_bytes) != 0;
    }
    const struct grid left = grid_of(a, element_size);
    const struct grid right = grid_of(b, element_size);
    return grids_disagree(&left, &right, tolerance);
}
