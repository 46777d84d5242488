/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/exif.h"

#include "base/reader.h"

enum { TAG_ORIENTATION = 274, TYPE_SHORT = 3, TYPE_LONG = 4, ORIENTATION_MAX = 8 };

struct tiff {
    struct reader reader;
    bool is_big_endian;
};

static uint32_t take(struct tiff *tiff, size_t size)
{
    const struct bytes taken = reader_take(&tiff->reader, size);
    uint32_t value = 0;
    for (size_t i = 0; i < taken.size; i++) {
        const size_t at = tiff->is_big_endian ? i : taken.size - 1 - i;
        value = value << 8 | taken.data[at];
    }
    return value;
}

/* The value of an entry that is behind its tag; 0 where it is no orientation. */
static uint32_t take_orientation(struct tiff *tiff)
{
    const uint32_t type = take(tiff, 2);
    const uint32_t count = take(tiff, 4);
    struct tiff value = *tiff;
    (void)take(tiff, 4);
    if (count != 1 || (type != TYPE_SHORT && type != TYPE_LONG)) {
        return 0;
    }
    return take(&value, type == TYPE_SHORT ? 2 : 4);
}

static uint8_t read_directory(struct tiff *tiff)
{
    uint8_t orientation = EXIF_UPRIGHT;
    const uint32_t entry_count = take(tiff, 2);
    for (uint32_t i = 0; i < entry_count && !tiff->reader.failed; i++) {
        const uint32_t tag = take(tiff, 2);
        const uint32_t value = take_orientation(tiff);
        if (tag == TAG_ORIENTATION && !tiff->reader.failed) {
            orientation =
                value >= 1 && value <= ORIENTATION_MAX ? (uint8_t)value : EXIF_UPRIGHT;
        }
    }
    return orientation;
}

uint8_t exif_orientation(struct bytes tiff)
{
    const bool is_big_endian = bytes_starts_with(tiff, BYTES("MM\0*"));
    if (!is_big_endian && !bytes_starts_with(tiff, BYTES("II*\0"))) {
        return EXIF_UPRIGHT;
    }
    struct tiff head = {reader_of(bytes_from(tiff, 4)), is_big_endian};
    const uint32_t offset = take(&head, 4);
    struct tiff directory = {reader_of(bytes_from(tiff, offset)), is_big_endian};
    return head.reader.failed ? EXIF_UPRIGHT : read_directory(&directory);
}
