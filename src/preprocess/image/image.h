/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JPEG or PNG file as the tensor that image_spec.h describes. Only pixels go further: no
 * metadata, no comment, no byte behind the image.
 *
 * Pixels are those of Pillow: JPEG by the accurate DCT, CMYK and YCCK as Adobe stores them,
 * alpha dropped, palettes expanded, 1, 2 and 4 bits spread over 0 to 255, colour to gray as
 * ITU-R 601-2 luma. Of 16 bits the upper 8 stay.
 *
 * Pure but for memory: any thread may call it. Beside the arena, the libraries that decode
 * allocate for themselves: up to 6 bytes a pixel for a progressive JPEG.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "preprocess/image/image_spec.h"

enum image_format { IMAGE_JPEG, IMAGE_PNG };

/*
 * Writes image_tensor_size(spec) bytes to out_tensor, aligned for the datatype; what is
 * there after a failure counts for nothing. The arena takes the image, one or three bytes a
 * pixel (four of a CMYK file), twice that when the file's orientation says to turn it.
 *
 * GALEN_INVALID: the file is broken or ends early, the error says at which byte offset;
 * GALEN_TOO_LARGE: beyond a LIMIT_IMAGE_ row, or the arena; GALEN_UNSUPPORTED_TYPE: not
 * such a file, or a kind of JPEG that is not read (lossless, 12 bits);
 * GALEN_UNPROCESSABLE: smaller than the spec's minimum, or other channels than it takes;
 * GALEN_NO_MEMORY.
 */
MUST_USE enum galen_status image_to_tensor(const struct image_spec *spec,
                                           enum image_format format, struct bytes file,
                                           struct arena *arena, uint8_t *out_tensor,
                                           struct error *out_error);
