/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/decoder.h"

#include "base/limits.h"

enum galen_status image_check_sides(uint32_t width, uint32_t height, size_t offset,
                                    struct error *out_error)
{
    if (width == 0 || height == 0) {
        return error_set(out_error, GALEN_INVALID,
                         "says at byte offset %zu that a side is 0", offset);
    }
    if (width > LIMIT_IMAGE_SIDE_MAX || height > LIMIT_IMAGE_SIDE_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE,
                         "is %u x %u pixels, and a side may have %d", width, height,
                         LIMIT_IMAGE_SIDE_MAX);
    }
    if ((uint64_t)width * height > LIMIT_IMAGE_PIXEL_COUNT_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE,
                         "is %u x %u pixels, and may have %d in all", width, height,
                         LIMIT_IMAGE_PIXEL_COUNT_MAX);
    }
    return GALEN_OK;
}

enum galen_status image_check_ratio(const struct image_header *header,
                                    struct error *out_error)
{
    const uint64_t size = (uint64_t)header->width * header->height * header->channels;
    if (size > LIMIT_IMAGE_FLOOR_SIZE_BYTES &&
        size / LIMIT_IMAGE_RATIO_MAX > header->image.size) {
        return error_set(out_error, GALEN_TOO_LARGE,
                         "becomes more than %d times as large as the file",
                         LIMIT_IMAGE_RATIO_MAX);
    }
    return GALEN_OK;
}

enum galen_status image_ends_early(struct bytes file, struct error *out_error)
{
    return error_set(out_error, GALEN_INVALID, "ends at byte offset %zu", file.size);
}
