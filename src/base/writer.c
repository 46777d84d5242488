/* SPDX-License-Identifier: Apache-2.0 */
#include "base/writer.h"

#include "base/invariant.h"

enum { FIRST_CAPACITY_BYTES = 512, DECIMAL_SIZE_MAX = 20 };

void writer_init(struct writer *writer, size_t size_bytes_max)
{
    *writer = (struct writer){.size_bytes_max = size_bytes_max, .status = GALEN_OK};
}

void writer_deinit(struct writer *writer)
{
    blob_unref(writer->blob_);
    writer->blob_ = NULL;
    writer->data_ = NULL;
    writer->capacity_ = 0;
    writer->size = 0;
}

static uint8_t *fail(struct writer *writer, enum galen_status status)
{
    writer->status = status;
    writer->capacity_ = writer->size; /* nothing fits any more */
    return NULL;
}

static size_t larger_capacity(const struct writer *writer, size_t wanted)
{
    size_t capacity = writer->blob_ == NULL ? FIRST_CAPACITY_BYTES : writer->capacity_;
    while (capacity < wanted) {
        capacity =
            capacity > writer->size_bytes_max / 2 ? writer->size_bytes_max : capacity * 2;
    }
    return capacity < writer->size_bytes_max ? capacity : writer->size_bytes_max;
}

static bool move_to_larger(struct writer *writer, size_t wanted)
{
    const size_t capacity = larger_capacity(writer, wanted);
    struct blob *larger = blob_create(capacity, 0);
    if (larger == NULL) {
        return false;
    }
    if (writer->size > 0) {
        memcpy(blob_data(larger), writer->data_, writer->size);
    }
    blob_unref(writer->blob_);
    writer->blob_ = larger;
    writer->data_ = blob_data(larger);
    writer->capacity_ = capacity;
    return true;
}

uint8_t *writer_grow_(struct writer *writer, size_t size)
{
    if (writer->status != GALEN_OK) {
        return NULL;
    }
    if (size > writer->size_bytes_max - writer->size) {
        return fail(writer, GALEN_TOO_LARGE);
    }
    const size_t wanted = writer->size + size;
    if ((writer->blob_ == NULL || wanted > writer->capacity_) &&
        !move_to_larger(writer, wanted)) {
        return fail(writer, GALEN_NO_MEMORY);
    }
    uint8_t *at = writer->data_ + writer->size;
    writer->size = wanted;
    return at;
}

void writer_shrink(struct writer *writer, size_t size)
{
    if (writer->status == GALEN_OK) {
        INVARIANT(size <= writer->size);
        writer->size -= size;
    }
}

void writer_put_u64(struct writer *writer, uint64_t value)
{
    char digits[DECIMAL_SIZE_MAX];
    size_t index = sizeof(digits);
    do {
        digits[--index] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    writer_put(writer, bytes_of(digits + index, sizeof(digits) - index));
}

void writer_put_i64(struct writer *writer, int64_t value)
{
    if (value < 0) {
        writer_put_byte(writer, '-');
    }
    writer_put_u64(writer, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

struct bytes writer_bytes(const struct writer *writer)
{
    return writer->blob_ == NULL ? BYTES_NONE : bytes_of(writer->data_, writer->size);
}

enum galen_status writer_finish(struct writer *writer, struct blob **out_blob)
{
    (void)writer_extend(writer, 0);
    TRY(writer->status);
    blob_truncate(writer->blob_, writer->size);
    *out_blob = take(&writer->blob_);
    writer_deinit(writer);
    return GALEN_OK;
}
