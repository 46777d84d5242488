/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/pixels.h"

enum {
    TILE = 32, /* pixels: what is turned at once, so that both sides stay in the cache */
    LUMA_RED = 19595,
    LUMA_GREEN = 38470,
    LUMA_BLUE = 7471,
    LUMA_HALF = 0x8000,
};

enum galen_status pixels_create(struct arena *arena, uint32_t width, uint32_t height,
                                uint32_t channels, struct pixels *out_pixels,
                                struct error *out_error)
{
    const size_t size = (size_t)width * height * channels + PIXELS_SLACK;
    if (size > arena->size_bytes_max - arena->size_bytes) {
        return error_set(out_error, GALEN_TOO_LARGE,
                         "is %u x %u pixels, for which there is no room", width, height);
    }
    uint8_t *data = arena_alloc(arena, size);
    if (data == NULL) {
        return GALEN_NO_MEMORY;
    }
    *out_pixels = (struct pixels){data, width, height, channels};
    return GALEN_OK;
}

static size_t pixel_count(const struct pixels *pixels)
{
    return (size_t)pixels->width * pixels->height;
}

/* Rounded; exact for all a and b up to 255. */
static uint32_t divide_by_255(uint32_t product)
{
    const uint32_t rounded = product + 128;
    return (rounded + (rounded >> 8)) >> 8;
}

void pixels_cmyk_to_rgb(struct pixels *pixels)
{
    const size_t count = pixel_count(pixels);
    const uint8_t *from = pixels->data;
    uint8_t *to = pixels->data;
    for (size_t i = 0; i < count; i++, from += 4, to += 3) {
        const uint32_t light = from[3]; /* inverted black */
        for (size_t c = 0; c < 3; c++) {
            to[c] = (uint8_t)(light - divide_by_255((255U - from[c]) * light));
        }
    }
    pixels->channels = 3;
}

void pixels_rgb_to_gray(struct pixels *pixels)
{
    const size_t count = pixel_count(pixels);
    const uint8_t *from = pixels->data;
    uint8_t *to = pixels->data;
    for (size_t i = 0; i < count; i++, from += 3) {
        const int luma =
            LUMA_RED * from[0] + LUMA_GREEN * from[1] + LUMA_BLUE * from[2] + LUMA_HALF;
        to[i] = (uint8_t)(luma >> 16);
    }
    pixels->channels = 1;
}

/* From a pixel of the image as it will be to its place in the image as it is. */
struct turn {
    size_t origin; /* bytes, of the upper left */
    ptrdiff_t right;
    ptrdiff_t down;
};

static struct turn turn_of(const struct pixels *from, uint8_t orientation)
{
    const bool is_transposed = orientation >= 5;
    const bool from_right = orientation == 2 || orientation == 3 || orientation >= 7;
    const bool from_bottom =
        orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    const ptrdiff_t pixel = (ptrdiff_t)from->channels;
    const ptrdiff_t row = pixel * (ptrdiff_t)from->width;
    const ptrdiff_t along_row = from_right ? -pixel : pixel;
    const ptrdiff_t along_column = from_bottom ? -row : row;
    return (struct turn){
        .origin = (from_right ? (size_t)(row - pixel) : 0) +
                  (from_bottom ? (size_t)row * (from->height - 1) : 0),
        .right = is_transposed ? along_column : along_row,
        .down = is_transposed ? along_row : along_column,
    };
}

static inline void copy_tile(const struct turn *turn, const uint8_t *from,
                             struct pixels *to, uint32_t left, uint32_t top,
                             uint32_t channels)
{
    const uint32_t right = left + TILE < to->width ? left + TILE : to->width;
    const uint32_t bottom = top + TILE < to->height ? top + TILE : to->height;
    for (uint32_t y = top; y < bottom; y++) {
        uint8_t *out = to->data + ((size_t)y * to->width + left) * channels;
        const uint8_t *in =
            from + turn->origin + turn->down * (ptrdiff_t)y + turn->right * (ptrdiff_t)left;
        for (uint32_t x = left; x < right; x++, in += turn->right, out += channels) {
            memcpy(out, in, channels);
        }
    }
}

static void copy_turned(const struct turn *turn, const uint8_t *from, struct pixels *to)
{
    for (uint32_t top = 0; top < to->height; top += TILE) {
        for (uint32_t left = 0; left < to->width; left += TILE) {
            if (to->channels == 1) { /* so that each size of a copy is known */
                copy_tile(turn, from, to, left, top, 1);
            } else {
                copy_tile(turn, from, to, left, top, 3);
            }
        }
    }
}

enum galen_status pixels_turn(struct pixels *pixels, uint8_t orientation,
                              struct arena *arena, struct error *out_error)
{
    if (orientation == 1) {
        return GALEN_OK;
    }
    const bool is_transposed = orientation >= 5;
    const struct turn turn = turn_of(pixels, orientation);
    struct pixels to;
    TRY(pixels_create(arena, is_transposed ? pixels->height : pixels->width,
                      is_transposed ? pixels->width : pixels->height, pixels->channels, &to,
                      out_error));
    copy_turned(&turn, pixels->data, &to);
    *pixels = to;
    return GALEN_OK;
}
