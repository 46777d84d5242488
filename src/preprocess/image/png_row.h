/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row of a PNG, unfiltered, as gray or RGB of 8 bits: small samples are spread over 0 to
 * 255, of 16 bits the upper 8 stay, palettes are looked up, alpha is dropped. Pure.
 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

struct png_palette {
    uint8_t colours[256][3];
    uint32_t count;
};

struct png_row {
    uint32_t samples;                  /* of a pixel in the file: 1 to 4 */
    uint32_t size_of_sample;           /* bits: 1, 2, 4, 8, 16 */
    uint32_t channels;                 /* that stay: 1 or 3 */
    const struct png_palette *palette; /* NULL: samples are light */
};

/* Bytes of count pixels as they are in the file. */
size_t png_row_size(const struct png_row *row, uint32_t count);

/* Pixel i goes to out + i * step. False: a pixel is of no colour of the palette. */
MUST_USE bool png_row_expand(const struct png_row *row, const uint8_t *bytes,
                             uint32_t count, uint8_t *out, size_t step);
