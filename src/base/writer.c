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
    blob_unref(writer->blob);
    writer->blob = NULL;
    writer->size = 0;
}

static bool grow(struct writer *writer, size_t wanted)
{
    size_t capacity = writer->blob == NULL ? FIRST_CAPACITY_BYTES : blob_size(writer->blob);
    while (capacity < wanted) {
        capacity =
            capacity > writer->size_bytes_max / 2 ? writer->size_bytes_max : capacity * 2;
    }
    struct blob *larger = blob_create(capacity, 0);
    if (larger == NULL) {
        writer->status = GALEN_NO_MEMORY;
        return false;
    }
    if (writer->size > 0) {
        memcpy(blob_data(larger), blob_data(writer->blob), writer->size);
    }
    blob_unref(writer->blob);
    writer->blob = larger;
    return true;
}

uint8_t *writer_extend(struct writer *writer, size_t size)
{
    if (writer->status != GALEN_OK) {
        return NULL;
    }
    if (size > writer->size_bytes_max - writer->size) {
        writer->status = GALEN_TOO_LARGE;
        return NULL;
    }
    const size_t wanted = writer->size + size;
    if ((writer->blob == NULL || wanted > blob_size(writer->blob)) &&
        !grow(writer, wanted)) {
        return NULL;
    }
    uint8_t *at = blob_data(writer->blob) + writer->size;
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

void writer_put(struct writer *writer, struct bytes bytes)
{
    uint8_t *at = writer_extend(writer, bytes.size);
    if (at != NULL && bytes.size > 0) {
        memcpy(at, bytes.data, bytes.size);
    }
}

void writer_put_byte(struct writer *writer, uint8_t byte)
{
    writer_put(writer, bytes_of(&byte, 1));
}

void writer_put_string(struct writer *writer, const char *text)
{
    writer_put(writer, bytes_from_string(text));
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
    return writer->blob == NULL ? BYTES_NONE
                                : bytes_of(blob_data(writer->blob), writer->size);
}

enum galen_status writer_finish(struct writer *writer, struct blob **out_blob)
{
    (void)writer_extend(writer, 0);
    TRY(writer->status);
    blob_truncate(writer->blob, writer->size);
    *out_blob = take(&writer->blob);
    writer->size = 0;
    return GALEN_OK;
}
