/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a file format is. First `scan` walks the file by its lengths and markers, allocates
 * nothing, and says what will come out; then, if that is within bounds and is what the
 * model takes, `decode` makes pixels.
 *
 * Pure but for memory. Errors hold offsets and limits, and never what a library says.
 */
#pragma once

#include "preprocess/image/pixels.h"

struct image_header {
    uint32_t width; /* as stored, not yet upright */
    uint32_t height;
    uint32_t channels;       /* 1 or 3: what the image is to a client */
    uint32_t samples;        /* of a pixel, as stored */
    uint32_t size_of_sample; /* bits */
    uint8_t orientation;     /* exif.h */
    size_t coded_offset;     /* where coded pixels begin in the file */
    struct bytes image;      /* the file without what trails; borrowed */
};

struct image_decoder {
    const char *name; /* "JPEG" */

    /* GALEN_INVALID, GALEN_TOO_LARGE, GALEN_UNSUPPORTED_TYPE, GALEN_UNPROCESSABLE: as
     * image_to_tensor. */
    enum galen_status (*scan)(struct bytes file, struct image_header *out_header,
                              struct error *out_error);

    /* Pixels of header->channels in the arena, as stored. Of header, which scan made, the
     * sizes are within limits. GALEN_INVALID, GALEN_TOO_LARGE, GALEN_NO_MEMORY. */
    enum galen_status (*decode)(const struct image_header *header, struct arena *arena,
                                struct pixels *out_pixels, struct error *out_error);
};

extern const struct image_decoder jpeg_decoder;
extern const struct image_decoder png_decoder;

/* For scan, as soon as it knows them. GALEN_TOO_LARGE: beyond LIMIT_IMAGE_SIDE_MAX or
 * LIMIT_IMAGE_PIXEL_COUNT_MAX; GALEN_INVALID: there is none, said at offset. */
MUST_USE enum galen_status image_check_sides(uint32_t width, uint32_t height, size_t offset,
                                             struct error *out_error);

/* For scan, when header is complete. GALEN_TOO_LARGE: beyond LIMIT_IMAGE_RATIO_MAX. */
MUST_USE enum galen_status image_check_ratio(const struct image_header *header,
                                             struct error *out_error);

/* GALEN_INVALID: "ends at byte offset N". */
enum galen_status image_ends_early(struct bytes file, struct error *out_error);
