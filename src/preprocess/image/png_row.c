/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/png_row.h"

size_t png_row_size(const struct png_row *row, uint32_t count)
{
    return ((size_t)count * row->samples * row->size_of_sample + 7) / 8;
}

/* The index-th, of a row whose samples are 1, 2 or 4 bits. */
static uint32_t small_sample(const struct png_row *row, const uint8_t *bytes, size_t index)
{
    const size_t bit = index * row->size_of_sample;
    const uint32_t shift = 8 - row->size_of_sample - (uint32_t)(bit % 8);
    return (uint32_t)bytes[bit / 8] >> shift & ((1U << row->size_of_sample) - 1);
}

static void expand_small(const struct png_row *row, const uint8_t *bytes, uint32_t count,
                         uint8_t *out, size_t step)
{
    const uint32_t factor = 255 / ((1U << row->size_of_sample) - 1);
    for (uint32_t i = 0; i < count; i++) {
        out[i * step] = (uint8_t)(small_sample(row, bytes, i) * factor);
    }
}

static void expand_whole(const struct png_row *row, const uint8_t *bytes, uint32_t count,
                         uint8_t *out, size_t step)
{
    const size_t sample = row->size_of_sample / 8; /* the upper byte comes first */
    const size_t pixel = sample * row->samples;
    for (uint32_t i = 0; i < count; i++, bytes += pixel, out += step) {
        for (size_t c = 0; c < row->channels; c++) {
            out[c] = bytes[c * sample];
        }
    }
}

static bool expand_palette(const struct png_row *row, const uint8_t *bytes, uint32_t count,
                           uint8_t *out, size_t step)
{
    uint32_t largest = 0;
    for (uint32_t i = 0; i < count; i++, out += step) {
        const uint32_t index =
            row->size_of_sample == 8 ? bytes[i] : small_sample(row, bytes, i);
        largest = index > largest ? index : largest;
        memcpy(out, row->palette->colours[index], 3);
    }
    return largest < row->palette->count;
}

bool png_row_expand(const struct png_row *row, const uint8_t *bytes, uint32_t count,
                    uint8_t *out, size_t step)
{
    if (row->palette != NULL) {
        return expand_palette(row, bytes, count, out, step);
    }
    if (row->size_of_sample < 8) {
        expand_small(row, bytes, count, out, step);
    } else {
        expand_whole(row, bytes, count, out, step);
    }
    return true;
}
