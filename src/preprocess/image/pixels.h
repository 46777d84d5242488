/* SPDX-License-Identifier: Apache-2.0 */
/* A decoded image: 8 bits a channel, pixel after pixel, row after row. Pure. */
#pragma once

#include "base/arena.h"
#include "base/error.h"

/* Bytes behind the last row that may be read, so that a kernel may load whole registers. */
#define PIXELS_SLACK 32u

struct pixels {
    uint8_t *data; /* in an arena */
    uint32_t width;
    uint32_t height;
    uint32_t channels; /* 1 is gray, 3 RGB, 4 CMYK as a JPEG holds it, inverted */
};

/* All zero, with the slack. GALEN_TOO_LARGE: the arena is full; GALEN_NO_MEMORY. */
MUST_USE enum galen_status pixels_create(struct arena *arena, uint32_t width,
                                         uint32_t height, uint32_t channels,
                                         struct pixels *out_pixels,
                                         struct error *out_error);

/* CMYK becomes RGB in place, by Pillow's formula. */
void pixels_cmyk_to_rgb(struct pixels *pixels);

/* RGB becomes gray in place: ITU-R 601-2 luma in 16 bits, as Pillow has it. */
void pixels_rgb_to_gray(struct pixels *pixels);

/* What Exif's orientation, 1 to 8, says to do so that the image stands upright. 1 leaves
 * the pixels where they are; others make new ones. Statuses as pixels_create. */
MUST_USE enum galen_status pixels_turn(struct pixels *pixels, uint8_t orientation,
                                       struct arena *arena, struct error *out_error);
