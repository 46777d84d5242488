/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/image.h"

#include "base/invariant.h"
#include "base/limits.h"
#include "preprocess/image/decoder.h"
#include "preprocess/image/render.h"

static const struct image_decoder *const decoders[] = {
    [IMAGE_JPEG] = &jpeg_decoder,
    [IMAGE_PNG] = &png_decoder,
};

static bool side_is_valid(uint32_t side)
{
    return side >= 1 && side <= LIMIT_IMAGE_SIDE_MAX;
}

static bool spec_is_valid(const struct image_spec *spec)
{
    return side_is_valid(spec->width) && side_is_valid(spec->height) &&
           spec->shorter <= LIMIT_IMAGE_SIDE_MAX &&
           (spec->datatype == GALEN_UINT8 || spec->datatype == GALEN_FP16 ||
            spec->datatype == GALEN_FP32);
}

static enum galen_status check_size(const struct image_spec *spec,
                                    const struct image_header *header,
                                    struct error *out_error)
{
    const bool is_turned = header->orientation >= 5;
    const uint32_t width = is_turned ? header->height : header->width;
    const uint32_t height = is_turned ? header->width : header->height;
    if (width < spec->min_width || height < spec->min_height) {
        return error_set(out_error, GALEN_UNPROCESSABLE,
                         "is %u x %u pixels, and the model takes %u x %u at least", width,
                         height, spec->min_width, spec->min_height);
    }
    return GALEN_OK;
}

static enum galen_status check_channels(const struct image_spec *spec,
                                        const struct image_header *header,
                                        struct error *out_error)
{
    const uint32_t wanted = image_channel_count(spec);
    if (!spec->convert && header->channels != wanted) {
        return error_set(out_error, GALEN_UNPROCESSABLE,
                         "has %u channels, and the model takes %u", header->channels,
                         wanted);
    }
    return GALEN_OK;
}

enum galen_status image_to_tensor(const struct image_spec *spec, enum image_format format,
                                  struct bytes file, struct arena *arena,
                                  uint8_t *out_tensor, struct error *out_error)
{
    INVARIANT(spec_is_valid(spec));
    const struct image_decoder *decoder = decoders[format];
    struct image_header header;
    struct pixels pixels;
    TRY(decoder->scan(file, &header, out_error));
    TRY(check_size(spec, &header, out_error));
    TRY(check_channels(spec, &header, out_error));
    TRY(decoder->decode(&header, arena, &pixels, out_error));
    TRY(pixels_turn(&pixels, header.orientation, arena, out_error));
    if (pixels.channels > image_channel_count(spec)) {
        pixels_rgb_to_gray(&pixels);
    }
    return render(spec, &pixels, arena, out_tensor);
}
