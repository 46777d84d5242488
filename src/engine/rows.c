/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/rows.h"

#include "base/invariant.h"
#include "base/reader.h"

void rows_init(struct rows *rows, const struct galen_tensor *tensor)
{
    uint64_t row_element_count = 0;
    INVARIANT(tensor->rank > 0);
    INVARIANT(galen_shape_element_count(tensor->shape + 1, tensor->rank - 1,
                                        &row_element_count) == GALEN_OK);
    *rows = (struct rows){.tensor = tensor,
                          .left = bytes_of(tensor->bytes, tensor->size_bytes),
                          .row_count_left = (uint64_t)tensor->shape[0],
                          .row_element_count = row_element_count};
}

static size_t elements_size(const struct rows *rows, uint64_t element_count)
{
    const size_t fixed_size = galen_datatype_size(rows->tensor->datatype);
    if (fixed_size != 0) {
        return (size_t)element_count * fixed_size;
    }
    struct reader reader = reader_of(rows->left);
    for (uint64_t i = 0; i < element_count; i++) {
        (void)reader_take(&reader, reader_u32_le(&reader));
    }
    INVARIANT(!reader.failed);
    return rows->left.size - reader.left.size;
}

struct galen_tensor rows_take(struct rows *rows, size_t row_count)
{
    INVARIANT(row_count <= rows->row_count_left);
    struct galen_tensor part = *rows->tensor;
    part.shape[0] = (int64_t)row_count;
    part.bytes = rows->left.data;
    part.size_bytes = elements_size(rows, row_count * rows->row_element_count);
    rows->left = bytes_from(rows->left, part.size_bytes);
    rows->row_count_left -= row_count;
    return part;
}
