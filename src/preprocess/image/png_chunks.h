/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chunks of a PNG file, from the first to IEND, without decoding; and a stream of only
 * those that say what the pixels are, so that a library never sees text, profiles or any
 * other metadata.
 *
 * Source: PNG (third edition, W3C), sections 5 and 11. Pure, linear in the file.
 */
#pragma once

#include "base/reader.h"
#include "preprocess/image/decoder.h"

enum png_colour {
    PNG_GRAY = 0,
    PNG_RGB = 2,
    PNG_PALETTE = 3,
    PNG_GRAY_ALPHA = 4,
    PNG_RGB_ALPHA = 6,
};

/* As image_decoder.scan. */
MUST_USE enum galen_status png_scan(struct bytes file, struct image_header *out_header,
                                    struct error *out_error);

struct png_stream {
    struct bytes image;
    struct reader reader;
    struct bytes pending; /* of the chunk under way, or the signature */
};

/* image is what png_scan found to be whole; borrowed. */
void png_stream_init(struct png_stream *stream, struct bytes image);

/* Exactly size bytes; false at the end. */
MUST_USE bool png_stream_read(struct png_stream *stream, uint8_t *out_bytes, size_t size);

/* How far it has come in the file. */
size_t png_stream_offset(const struct png_stream *stream);
