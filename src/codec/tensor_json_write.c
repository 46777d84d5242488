/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/reader.h"
#include "codec/number.h"
#include "codec/tensor_json.h"

/* So many elements are written between two looks at the writer. */
enum { CHUNK_COUNT = 512, DIGITS_MAX = 20 };

static char *integer_write(uint64_t magnitude, bool negative, char *at)
{
    char reversed[DIGITS_MAX];
    size_t count = 0;
    if (negative) {
        *at++ = '-';
    }
    do {
        reversed[count++] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude > 0);
    while (count > 0) {
        *at++ = reversed[--count];
    }
    return at;
}

static char *signed_write(const uint8_t *element, size_t size, char *at)
{
    uint64_t value = 0;
    memcpy(&value, element, size);
    const uint64_t sign = UINT64_C(1) << (8 * size - 1);
    const uint64_t all = UINT64_MAX >> (64 - 8 * size);
    const bool negative = (value & sign) != 0;
    return integer_write(negative ? (0 - value) & all : value, negative, at);
}

static char *unsigned_write(const uint8_t *element, size_t size, char *at)
{
    uint64_t value = 0;
    memcpy(&value, element, size);
    return integer_write(value, false, at);
}

static char *bool_write(const uint8_t *element, char *at)
{
    const struct bytes text = *element != 0 ? BYTES("true") : BYTES("false");
    memcpy(at, text.data, text.size);
    return at + text.size;
}

/* NULL: JSON has no such number. */
static char *special_write(bool special_numbers, double value, char *at)
{
    const char *token = isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    if (!special_numbers) {
        return NULL;
    }
    memcpy(at, token, strlen(token));
    return at + strlen(token);
}

static char *float_write(bool special_numbers, const uint8_t *element, size_t size,
                         char *at)
{
    if (size == sizeof(float)) {
        float value;
        memcpy(&value, element, sizeof(value));
        return isfinite(value) ? at + number_write_f32(value, at)
                               : special_write(special_numbers, (double)value, at);
    }
    double value;
    memcpy(&value, element, sizeof(value));
    return isfinite(value) ? at + number_write_f64(value, at)
                           : special_write(special_numbers, value, at);
}

/* What is written, and how. */
struct array_writer {
    const struct galen_tensor *tensor;
    bool special_numbers;
    struct writer *out;
};

static char *element_write(const struct array_writer *array, uint64_t index, char *at)
{
    const struct galen_tensor *tensor = array->tensor;
    const size_t size = galen_datatype_size(tensor->datatype);
    const uint8_t *element = (const uint8_t *)tensor->bytes + index * size;
    switch (galen_datatype_kind(tensor->datatype)) {
    case GALEN_KIND_BOOLEAN:
        return bool_write(element, at);
    case GALEN_KIND_UNSIGNED:
        return unsigned_write(element, size, at);
    case GALEN_KIND_SIGNED:
        return signed_write(element, size, at);
    case GALEN_KIND_FLOATING:
        return float_write(array->special_numbers, element, size, at);
    case GALEN_KIND_VARIABLE:
        break; /* has its own way */
    }
    return NULL;
}

static enum galen_status chunk_write(const struct array_writer *array, uint64_t index,
                                     size_t count)
{
    struct writer *out = array->out;
    const size_t room = count * (NUMBER_TEXT_SIZE_MAX + 1);
    char *begin = (char *)writer_extend(out, room);
    char *at = begin;
    if (begin == NULL) {
        return GALEN_OK; /* the writer remembers */
    }
    for (uint64_t i = index; i < index + count; i++) {
        if (i > 0) {
            *at++ = ',';
        }
        at = element_write(array, i, at);
        if (at == NULL) {
            writer_shrink(out, room);
            return GALEN_INVALID;
        }
    }
    writer_shrink(out, room - (size_t)(at - begin));
    return GALEN_OK;
}

static enum galen_status fixed_write(const struct array_writer *array, uint64_t count,
                                     struct error *out_error)
{
    for (uint64_t index = 0; index < count; index += CHUNK_COUNT) {
        const size_t left = count - index;
        if (chunk_write(array, index, left < CHUNK_COUNT ? left : CHUNK_COUNT) !=
            GALEN_OK) {
            return error_set(
                out_error, GALEN_INVALID,
                "'%s' holds NaN or infinity, which JSON cannot: ask for binary "
                "data",
                array->tensor->name);
        }
    }
    return GALEN_OK;
}

static enum galen_status strings_write(const struct galen_tensor *tensor, uint64_t count,
                                       struct json_writer *json, struct error *out_error)
{
    struct reader reader = reader_of(bytes_of(tensor->bytes, tensor->size_bytes));
    for (uint64_t i = 0; i < count; i++) {
        const struct bytes text = reader_take(&reader, reader_u32_le(&reader));
        if (!bytes_are_utf8(text, NULL)) {
            return error_set(out_error, GALEN_INVALID,
                             "'%s' holds bytes that are not UTF-8: ask for binary data",
                             tensor->name);
        }
        json_put_string(json, text);
    }
    return GALEN_OK;
}

enum galen_status tensor_json_write(const struct galen_tensor *tensor, bool special_numbers,
                                    struct json_writer *json, struct error *out_error)
{
    const struct array_writer array = {tensor, special_numbers, json->out};
    uint64_t count;
    if (tensor->datatype == GALEN_FP16 || tensor->datatype == GALEN_BF16) {
        return error_set(out_error, GALEN_INVALID,
                         "'%s' is %s, which JSON cannot hold: ask "
                         "for binary data",
                         tensor->name, galen_datatype_name(tensor->datatype));
    }
    if (galen_tensor_check(tensor) != GALEN_OK ||
        galen_shape_element_count(tensor->shape, tensor->rank, &count) != GALEN_OK) {
        return error_set(out_error, GALEN_INTERNAL, "'%s' is not what its shape says",
                         tensor->name);
    }
    json_begin_array(json);
    if (tensor->datatype == GALEN_BYTES) {
        TRY(strings_write(tensor, count, json, out_error));
    } else {
        TRY(fixed_write(&array, count, out_error));
    }
    json_end_array(json);
    return GALEN_OK;
}
