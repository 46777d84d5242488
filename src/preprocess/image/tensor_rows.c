/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/tensor_rows.h"

#include <string.h>

#include "codec/number.h"

static uint32_t value_of(const struct image_spec *spec, uint32_t channel, uint32_t pixel)
{
    if (spec->datatype == GALEN_UINT8) {
        return pixel;
    }
    const float value =
        ((float)pixel * spec->scale - spec->mean[channel]) / spec->std[channel];
    if (spec->datatype == GALEN_FP16) {
        return number_f16_from_f32(value);
    }
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* A run of one channel: of pixels, and of elements of the tensor. */
struct run {
    const uint8_t *from;
    size_t from_step;
    uint8_t *to;
    size_t to_step;
    size_t count;
};

static inline void put(const struct run *run, const uint32_t *values, size_t size)
{
    const uint8_t *from = run->from;
    uint8_t *to = run->to;
    for (size_t i = 0; i < run->count; i++, from += run->from_step, to += run->to_step) {
        memcpy(to, &values[*from], size); /* little-endian, as tensors are */
    }
}

static void put_run(const struct run *run, const uint32_t *values, size_t size)
{
    switch (size) { /* so that each size of a copy is known */
    case 1:
        put(run, values, 1);
        break;
    case 2:
        put(run, values, 2);
        break;
    default:
        put(run, values, 4);
        break;
    }
}

/* `from` is stepped through by from_step, or pixel by pixel where it is rows'. */
static void put_pixels(const struct tensor_rows *rows, uint32_t x, uint32_t y,
                       uint32_t count, const uint8_t *from, size_t from_step)
{
    const struct image_spec *spec = rows->spec;
    const size_t size = galen_datatype_size(spec->datatype);
    const size_t channels = image_channel_count(spec);
    const size_t pixel = (size_t)y * spec->width + x;
    const size_t plane = (size_t)spec->width * spec->height;
    const bool is_planar = spec->layout == IMAGE_NCHW;
    for (uint32_t c = 0; c < channels; c++) {
        const uint32_t source = spec->channels == IMAGE_BGR ? 2 - c : c;
        const struct run run = {
            .from = from + (from_step == 3 ? source : 0),
            .from_step = from_step,
            .to = rows->tensor +
                  (is_planar ? c * plane + pixel : pixel * channels + c) * size,
            .to_step = is_planar ? size : size * channels,
            .count = count,
        };
        put_run(&run, rows->values[c], size);
    }
}

static void put_padding(const struct tensor_rows *rows, uint32_t x, uint32_t y,
                        uint32_t count)
{
    put_pixels(rows, x, y, count, &rows->spec->pad, 0);
}

void tensor_rows_init(struct tensor_rows *rows, const struct image_spec *spec,
                      const struct fit *fit, uint32_t channels, uint8_t *tensor)
{
    rows->spec = spec;
    rows->fit = fit;
    rows->channels = channels;
    rows->tensor = tensor;
    for (uint32_t c = 0; c < image_channel_count(spec); c++) {
        for (uint32_t pixel = 0; pixel <= UINT8_MAX; pixel++) {
            rows->values[c][pixel] = value_of(spec, c, pixel);
        }
    }
    for (uint32_t y = 0; y < spec->height; y++) {
        if (y < fit->y.before || y - fit->y.before >= fit->y.count) {
            put_padding(rows, 0, y, spec->width);
        }
    }
}

void tensor_rows_put(const struct tensor_rows *rows, uint32_t index, const uint8_t *row)
{
    const struct fit_axis *x = &rows->fit->x;
    const uint32_t y = rows->fit->y.before + index;
    const uint32_t end = x->before + x->count;
    put_padding(rows, 0, y, x->before);
    put_pixels(rows, x->before, y, x->count, row, rows->channels);
    put_padding(rows, end, y, rows->spec->width - end);
}
