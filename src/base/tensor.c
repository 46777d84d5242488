/* SPDX-License-Identifier: Apache-2.0 */
#include "galen/tensor.h"

#include "base/reader.h"

static const struct {
    const char *name;
    size_t size;
    enum galen_datatype_kind kind;
} rows[] = {
#define GALEN_DATATYPE(name, size, kind) [GALEN_##name] = {#name, size, GALEN_KIND_##kind},
#include "galen/datatype.def"
};

const char *galen_datatype_name(enum galen_datatype datatype)
{
    return rows[datatype].name;
}

size_t galen_datatype_size(enum galen_datatype datatype)
{
    return rows[datatype].size;
}

enum galen_datatype_kind galen_datatype_kind(enum galen_datatype datatype)
{
    return rows[datatype].kind;
}

enum galen_status galen_datatype_parse(const char *name, size_t size,
                                       enum galen_datatype *out_datatype)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (bytes_equal_string(bytes_of(name, size), rows[i].name)) {
            *out_datatype = (enum galen_datatype)i;
            return GALEN_OK;
        }
    }
    return GALEN_INVALID;
}

enum galen_status galen_shape_element_count(const int64_t *shape, uint32_t rank,
                                            uint64_t *out_count)
{
    int64_t count = 1; /* of the dimensions that are not zero: order must not decide */
    bool overflows = false;
    bool is_empty = false;
    if (rank > GALEN_RANK_MAX) {
        return GALEN_INVALID;
    }
    for (uint32_t i = 0; i < rank; i++) {
        if (shape[i] < 0) {
            return GALEN_INVALID;
        }
        is_empty |= shape[i] == 0;
        overflows |= shape[i] > 0 && __builtin_mul_overflow(count, shape[i], &count);
    }
    if (overflows) {
        return GALEN_TOO_LARGE;
    }
    *out_count = is_empty ? 0 : (uint64_t)count;
    return GALEN_OK;
}

static enum galen_status elements_check(struct bytes bytes, uint64_t count)
{
    struct reader reader = reader_of(bytes);
    for (uint64_t i = 0; i < count && !reader.failed; i++) {
        (void)reader_take(&reader, reader_u32_le(&reader));
    }
    return reader_is_done(&reader) ? GALEN_OK : GALEN_INVALID;
}

enum galen_status galen_tensor_check(const struct galen_tensor *tensor)
{
    uint64_t count;
    TRY(galen_shape_element_count(tensor->shape, tensor->rank, &count));
    const size_t size = galen_datatype_size(tensor->datatype);
    if (size == 0) {
        return elements_check(bytes_of(tensor->bytes, tensor->size_bytes), count);
    }
    return tensor->size_bytes % size == 0 && tensor->size_bytes / size == count
               ? GALEN_OK
               : GALEN_INVALID;
}
