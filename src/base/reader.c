/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"

struct bytes reader_take(struct reader *reader, uint64_t size)
{
    if (reader->failed || size > reader->left.size) {
        reader->failed = true;
        return BYTES_NONE;
    }
    const struct bytes taken = bytes_first(reader->left, (size_t)size);
    reader->left = bytes_from(reader->left, (size_t)size);
    return taken;
}

static uint64_t take_le(struct reader *reader, size_t size)
{
    const struct bytes taken = reader_take(reader, size);
    uint64_t value = 0;
    for (size_t i = taken.size; i > 0; i--) {
        value = value << 8 | taken.data[i - 1];
    }
    return value;
}

uint8_t reader_u8(struct reader *reader)
{
    return (uint8_t)take_le(reader, 1);
}

uint32_t reader_u32_le(struct reader *reader)
{
    return (uint32_t)take_le(reader, 4);
}

uint64_t reader_u64_le(struct reader *reader)
{
    return take_le(reader, 8);
}
