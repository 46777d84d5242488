/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/tensor_json.h"

#include <math.h>

#include "base/limits.h"
#include "codec/json_text.h"
#include "codec/number_impl.h"

#define IN_LINE static inline __attribute__((always_inline))

enum { TENSOR_ALIGNMENT = 64, LENGTH_SIZE = sizeof(uint32_t) };

struct array_reader {
    const uint8_t *at;
    const uint8_t *end;
    uint8_t *out;
    uint64_t element_index; /* over the whole tensor, of the row that is read */
    bool special_numbers;
    const struct galen_tensor *tensor;
    struct error *out_error;
};

/* Reads the element at `at` into size bytes. Returns where it ends; NULL: it is refused. */
typedef const uint8_t *(*element_fn)(const uint8_t *at, const uint8_t *end, size_t size,
                                     uint8_t *out);

IN_LINE const uint8_t *space_skip(const uint8_t *at, const uint8_t *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
        at++;
    }
    return at;
}

IN_LINE const uint8_t *f32_element(const uint8_t *at, const uint8_t *end, size_t size,
                                   uint8_t *out)
{
    struct decimal decimal;
    float value;
    const uint8_t *after = decimal_scan(at, end, &decimal);
    if (after == NULL) {
        return NULL;
    }
    if (!decimal_to_f32(&decimal, &value) &&
        decimal_text_to_f32(bytes_of(at, (size_t)(after - at)), &value) != GALEN_OK) {
        return NULL;
    }
    memcpy(out, &value, size);
    return after;
}

IN_LINE const uint8_t *f64_element(const uint8_t *at, const uint8_t *end, size_t size,
                                   uint8_t *out)
{
    struct decimal decimal;
    double value;
    const uint8_t *after = decimal_scan(at, end, &decimal);
    if (after == NULL) {
        return NULL;
    }
    if (!decimal_to_f64(&decimal, &value) &&
        decimal_text_to_f64(bytes_of(at, (size_t)(after - at)), &value) != GALEN_OK) {
        return NULL;
    }
    memcpy(out, &value, size);
    return after;
}

IN_LINE const uint8_t *signed_element(const uint8_t *at, const uint8_t *end, size_t size,
                                      uint8_t *out)
{
    const int64_t max = INT64_MAX >> (64 - 8 * size);
    struct decimal decimal;
    int64_t value;
    const uint8_t *after = decimal_scan(at, end, &decimal);
    if (after == NULL || decimal_to_i64(&decimal, bytes_of(at, (size_t)(after - at)),
                                        -max - 1, max, &value) != GALEN_OK) {
        return NULL;
    }
    memcpy(out, &value, size);
    return after;
}

IN_LINE const uint8_t *unsigned_element(const uint8_t *at, const uint8_t *end, size_t size,
                                        uint8_t *out)
{
    const uint64_t max = UINT64_MAX >> (64 - 8 * size);
    struct decimal decimal;
    uint64_t value;
    const uint8_t *after = decimal_scan(at, end, &decimal);
    if (after == NULL || decimal_to_u64(&decimal, bytes_of(at, (size_t)(after - at)), max,
                                        &value) != GALEN_OK) {
        return NULL;
    }
    memcpy(out, &value, size);
    return after;
}

IN_LINE const uint8_t *bool_element(const uint8_t *at, const uint8_t *end, size_t size,
                                    uint8_t *out)
{
    const struct bytes left = bytes_of(at, (size_t)(end - at));
    const bool value = bytes_starts_with(left, BYTES("true"));
    if (!value && !bytes_starts_with(left, BYTES("false"))) {
        return NULL;
    }
    memset(out, value, size);
    return at + (value ? 4 : 5);
}

/* NaN, Infinity or -Infinity at `at`; NULL: none of them, or they are not allowed. */
__attribute__((cold, noinline)) static const uint8_t *
special_element(const struct array_reader *reader, const uint8_t *at, uint8_t *out)
{
    static const struct {
        struct bytes token;
        float value;
    } rows[] = {{BYTES_INIT("NaN"), NAN},
                {BYTES_INIT("Infinity"), INFINITY},
                {BYTES_INIT("-Infinity"), -INFINITY}};
    const struct bytes left = bytes_of(at, (size_t)(reader->end - at));
    const bool is_single = reader->tensor->datatype == GALEN_FP32;
    if (!reader->special_numbers ||
        (!is_single && reader->tensor->datatype != GALEN_FP64)) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const double twice = (double)rows[i].value;
        if (bytes_starts_with(left, rows[i].token)) {
            memcpy(out, is_single ? (const void *)&rows[i].value : (const void *)&twice,
                   is_single ? sizeof(rows[i].value) : sizeof(twice));
            return at + rows[i].token.size;
        }
    }
    return NULL;
}

/* Why a number is refused that stands at `at`. */
static enum galen_status refuse_number(struct array_reader *reader, const uint8_t *at,
                                       uint64_t index)
{
    const char *datatype = galen_datatype_name(reader->tensor->datatype);
    const bool floating =
        galen_datatype_kind(reader->tensor->datatype) == GALEN_KIND_FLOATING;
    struct decimal decimal;
    if (decimal_scan(at, reader->end, &decimal) == NULL) {
        return error_set(reader->out_error, GALEN_INVALID,
                         "element %llu is not a number, as %s wants it",
                         (unsigned long long)index, datatype);
    }
    if (!floating && !decimal.whole) {
        return error_set(reader->out_error, GALEN_INVALID,
                         "element %llu has a fraction or an exponent, %s takes integers",
                         (unsigned long long)index, datatype);
    }
    return error_set(reader->out_error, GALEN_INVALID, "element %llu does not fit %s",
                     (unsigned long long)index, datatype);
}

static enum galen_status refuse_element(struct array_reader *reader, const uint8_t *at,
                                        uint64_t index_in_row)
{
    const uint64_t index = reader->element_index + index_in_row;
    const char *wanted = NULL;
    if (at == reader->end || *at == ']') {
        wanted = "missing: data has fewer elements than the shape";
    } else if (*at == '[') {
        wanted = "an array: data is neither flat nor nested as the shape";
    } else if (reader->tensor->datatype == GALEN_BOOL) {
        wanted = "neither true nor false, as BOOL wants it";
    } else if (reader->tensor->datatype == GALEN_BYTES) {
        wanted = "not a string in UTF-8, as BYTES wants it";
    }
    const enum galen_status status =
        wanted == NULL ? refuse_number(reader, at, index)
                       : error_set(reader->out_error, GALEN_INVALID, "element %llu is %s",
                                   (unsigned long long)index, wanted);
    error_prefix_index(reader->out_error, index_in_row);
    return status;
}

/* `at` is where a comma or the closing bracket should be, behind the item of this index. */
static enum galen_status refuse_separator(struct array_reader *reader, const uint8_t *at,
                                          uint64_t index)
{
    const bool more = at < reader->end && *at == ',';
    const bool fewer = at < reader->end && *at == ']';
    const enum galen_status status =
        error_set(reader->out_error, GALEN_INVALID, "data %s",
                  more    ? "has more elements than the shape"
                  : fewer ? "has fewer elements than the shape"
                          : "is no JSON array: a comma or bracket is missing");
    error_prefix_index(reader->out_error, more || fewer ? index + 1 : index);
    return status;
}

/* The opening bracket has been read, the closing one is read too. */
IN_LINE enum galen_status row_of(struct array_reader *reader, uint64_t count,
                                 element_fn element, size_t size)
{
    const uint8_t *end = reader->end;
    const uint8_t *at = space_skip(reader->at, end);
    uint8_t *out = reader->out;
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *after = element(at, end, size, out);
        if (after == NULL) {
            after = special_element(reader, at, out);
        }
        if (after == NULL) {
            return refuse_element(reader, at, i);
        }
        at = space_skip(after, end);
        if (at == end || *at != (i + 1 < count ? ',' : ']')) {
            return refuse_separator(reader, at, i);
        }
        at = i + 1 < count ? space_skip(at + 1, end) : at;
        out += size;
    }
    reader->at = at;
    reader->out = out;
    return GALEN_OK;
}

static const uint8_t *bytes_element(const uint8_t *at, const uint8_t *end, uint8_t **out)
{
    size_t size = 0;
    if (at == end || *at != '"') {
        return NULL;
    }
    const uint8_t *after = json_text_decode(at + 1, end, *out + LENGTH_SIZE, &size);
    if (after == NULL) {
        return NULL;
    }
    const uint32_t length = (uint32_t)size;
    memcpy(*out, &length, LENGTH_SIZE);
    *out += LENGTH_SIZE + size;
    return after;
}

static enum galen_status row_of_bytes(struct array_reader *reader, uint64_t count)
{
    const uint8_t *at = space_skip(reader->at, reader->end);
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *after = bytes_element(at, reader->end, &reader->out);
        if (after == NULL) {
            return refuse_element(reader, at, i);
        }
        at = space_skip(after, reader->end);
        if (at == reader->end || *at != (i + 1 < count ? ',' : ']')) {
            return refuse_separator(reader, at, i);
        }
        at = i + 1 < count ? space_skip(at + 1, reader->end) : at;
    }
    reader->at = at;
    return GALEN_OK;
}

static enum galen_status elements_read(struct array_reader *reader, uint64_t count)
{
    switch (reader->tensor->datatype) {
    case GALEN_BOOL:
        return row_of(reader, count, bool_element, 1);
    case GALEN_UINT8:
        return row_of(reader, count, unsigned_element, 1);
    case GALEN_UINT16:
        return row_of(reader, count, unsigned_element, 2);
    case GALEN_UINT32:
        return row_of(reader, count, unsigned_element, 4);
    case GALEN_UINT64:
        return row_of(reader, count, unsigned_element, 8);
    case GALEN_INT8:
        return row_of(reader, count, signed_element, 1);
    case GALEN_INT16:
        return row_of(reader, count, signed_element, 2);
    case GALEN_INT32:
        return row_of(reader, count, signed_element, 4);
    case GALEN_INT64:
        return row_of(reader, count, signed_element, 8);
    case GALEN_FP32:
        return row_of(reader, count, f32_element, 4);
    case GALEN_FP64:
        return row_of(reader, count, f64_element, 8);
    case GALEN_BYTES:
        return row_of_bytes(reader, count);
    case GALEN_FP16:
    case GALEN_BF16:
        break; /* refused before */
    }
    return GALEN_INVALID;
}

static enum galen_status row_read(struct array_reader *reader, uint64_t count)
{
    TRY(elements_read(reader, count));
    if (reader->at == reader->end || *reader->at != ']') { /* only where count is 0 */
        const enum galen_status status = error_set(reader->out_error, GALEN_INVALID,
                                                   "data has more elements than the shape");
        error_prefix_index(reader->out_error, 0);
        return status;
    }
    reader->at++;
    reader->element_index += count;
    return GALEN_OK;
}

static enum galen_status bracket_take(struct array_reader *reader)
{
    reader->at = space_skip(reader->at, reader->end);
    if (reader->at == reader->end || *reader->at != '[') {
        return error_set(reader->out_error, GALEN_INVALID,
                         "data is neither flat nor nested as the shape");
    }
    reader->at++;
    return GALEN_OK;
}

static enum galen_status level_read(struct array_reader *reader, uint32_t level)
{
    const uint64_t count = (uint64_t)reader->tensor->shape[level];
    TRY(bracket_take(reader));
    if (level + 1 == reader->tensor->rank) {
        return row_read(reader, count);
    }
    for (uint64_t i = 0; i < count; i++) {
        const enum galen_status status = level_read(reader, level + 1);
        if (status != GALEN_OK) {
            error_prefix_index(reader->out_error, i);
            return status;
        }
        reader->at = space_skip(reader->at, reader->end);
        if (reader->at == reader->end || *reader->at != (i + 1 < count ? ',' : ']')) {
            return refuse_separator(reader, reader->at, i);
        }
        reader->at++;
    }
    return count > 0 ? GALEN_OK : row_read(reader, 0);
}

static bool is_nested(struct bytes text)
{
    const uint8_t *end = text.data + text.size;
    const uint8_t *at = text.size == 0 ? end : space_skip(text.data + 1, end);
    return at < end && *at == '[';
}

static enum galen_status array_read(struct array_reader *reader, struct bytes text,
                                    uint64_t count)
{
    if (reader->tensor->rank > 1 && is_nested(text)) {
        TRY(level_read(reader, 0));
    } else {
        TRY(bracket_take(reader));
        TRY(row_read(reader, count));
    }
    if (reader->at != reader->end) {
        return error_set(reader->out_error, GALEN_INVALID,
                         "data does not end with its array");
    }
    return GALEN_OK;
}

/* How much room the elements take, at most. An element is a byte of text or more: a huge
 * shape without the data for it is refused before it costs anything. */
static enum galen_status size_of_elements(struct bytes text, uint64_t count,
                                          const struct galen_tensor *tensor,
                                          size_t *out_size, struct error *out_error)
{
    const size_t size = galen_datatype_size(tensor->datatype);
    if (count > text.size) {
        return error_set(out_error, GALEN_INVALID,
                         "data has fewer elements than the shape");
    }
    /* a string's quotes and its comma make up for three of the four bytes of its length */
    const uint64_t total = size == 0 ? text.size + count + LENGTH_SIZE : count * size;
    if (total > LIMIT_TENSOR_SIZE_BYTES_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE, "a tensor has at most %d bytes",
                         LIMIT_TENSOR_SIZE_BYTES_MAX);
    }
    *out_size = total;
    return GALEN_OK;
}

static uint8_t *align(uint8_t *at)
{
    const uintptr_t misaligned = (uintptr_t)at % TENSOR_ALIGNMENT;
    return misaligned == 0 ? at : at + (TENSOR_ALIGNMENT - misaligned);
}

enum galen_status tensor_json_read(struct bytes text, bool special_numbers,
                                   struct arena *arena, struct galen_tensor *tensor,
                                   struct error *out_error)
{
    size_t size;
    uint64_t count;
    if (tensor->datatype == GALEN_FP16 || tensor->datatype == GALEN_BF16) {
        return error_set(
            out_error, GALEN_INVALID,
            "%s data via JSON is not supported: send the tensor as binary data",
            galen_datatype_name(tensor->datatype));
    }
    TRY(galen_shape_element_count(tensor->shape, tensor->rank, &count));
    TRY(size_of_elements(text, count, tensor, &size, out_error));
    uint8_t *room = arena_alloc(arena, size + TENSOR_ALIGNMENT);
    if (room == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "no memory for a tensor");
    }
    uint8_t *begin = align(room);
    struct array_reader reader = {.at = text.data,
                                  .end = text.data + text.size,
                                  .out = begin,
                                  .special_numbers = special_numbers,
                                  .tensor = tensor,
                                  .out_error = out_error};
    TRY(array_read(&reader, text, count));
    tensor->bytes = begin;
    tensor->size_bytes = (size_t)(reader.out - begin);
    return GALEN_OK;
}
