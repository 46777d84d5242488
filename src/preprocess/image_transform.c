/* SPDX-License-Identifier: Apache-2.0 */
/* The transform of models that take images: one file to one tensor of pixels. */
#include "codec/media_type.h"
#include "preprocess/image_process/confined_decoder.h"
#include "preprocess/transform.h"

enum { RANK = 4 };

static float number_at(const double *numbers, size_t count, size_t index, float otherwise)
{
    return index < count ? (float)numbers[index] : otherwise;
}

/* The two enums of each name say the same in the same order. */
static struct image_spec spec_of(const struct contract *contract)
{
    struct image_spec spec = {
        .channels = (enum image_channels)contract->image.channels,
        .layout = (enum image_layout)contract->image.layout,
        .fit = (enum image_fit)contract->image.fit,
        .filter = (enum image_filter)contract->image.filter,
        .width = (uint32_t)contract->image.width,
        .height = (uint32_t)contract->image.height,
        .shorter = (uint32_t)contract->image.shorter,
        .min_width = (uint32_t)contract->image.min_width,
        .min_height = (uint32_t)contract->image.min_height,
        .convert = contract->image.convert,
        .pad = (uint8_t)contract->image.pad,
        .datatype = contract->input.datatype,
        .scale = (float)contract->image.scale,
    };
    for (size_t i = 0; i < CONTRACT_CHANNEL_COUNT_MAX; i++) {
        spec.mean[i] = number_at(contract->image.mean, contract->image.mean_count, i, 0.0F);
        spec.std[i] = number_at(contract->image.std, contract->image.std_count, i, 1.0F);
    }
    return spec;
}

static void set_shape(const struct contract *contract, int64_t shape[RANK])
{
    const bool is_nchw = contract->image.layout == LAYOUT_NCHW;
    shape[0] = 1;
    shape[is_nchw ? 1 : 3] = (int64_t)contract_channel_count(contract->image.channels);
    shape[is_nchw ? 2 : 1] = (int64_t)contract->image.height;
    shape[is_nchw ? 3 : 2] = (int64_t)contract->image.width;
}

static enum galen_status find_format(struct bytes content_type,
                                     enum image_format *out_format, struct error *out_error)
{
    static const struct {
        const char *type;
        enum image_format format;
    } formats[] = {{"image/jpeg", IMAGE_JPEG}, {"image/png", IMAGE_PNG}};
    struct media_type type;
    TRY(media_type_parse(content_type, &type));
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (media_type_is(type, formats[i].type)) {
            *out_format = formats[i].format;
            return GALEN_OK;
        }
    }
    return error_set(out_error, GALEN_UNSUPPORTED_TYPE,
                     "there is no decoder for this media type");
}

/* A tool that reads its own file has no decoder, and no secret beside it. */
static enum galen_status decode(const struct transform_run *run,
                                const struct image_spec *spec, enum image_format format,
                                uint8_t *out_tensor, struct error *out_error)
{
    const struct bytes file = phi_reveal(run->input);
    return run->decoder == NULL
               ? image_to_tensor(spec, format, file, run->arena, out_tensor, out_error)
               : confined_decoder_run(run->decoder, spec, format, file, run->deadline_ns,
                                      out_tensor, out_error);
}

static enum galen_status run_image(const struct transform_run *run,
                                   struct transform_outputs *out_outputs,
                                   struct error *out_error)
{
    const struct image_spec spec = spec_of(run->contract);
    const size_t size = image_tensor_size(&spec);
    uint8_t *pixels = arena_alloc(run->arena, size);
    enum image_format format;
    if (pixels == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(find_format(run->content_type, &format, out_error));
    TRY(decode(run, &spec, format, pixels, out_error));
    out_outputs->tensors[0] = (struct galen_tensor){
        .name = run->contract->input.tensor,
        .datatype = run->contract->input.datatype,
        .rank = RANK,
        .bytes = pixels,
        .size_bytes = size,
    };
    set_shape(run->contract, out_outputs->tensors[0].shape);
    out_outputs->count = 1;
    return transform_put_warning(NULL, run->arena, out_outputs);
}

static enum galen_status describe(const struct contract *contract, struct arena *arena,
                                  const struct galen_tensor_spec **out_specs,
                                  size_t *out_count)
{
    struct galen_tensor_spec *specs = arena_alloc_array(arena, 2, sizeof(*specs));
    if (specs == NULL) {
        return GALEN_NO_MEMORY;
    }
    specs[0] = (struct galen_tensor_spec){
        .name = contract->input.tensor,
        .datatype = contract->input.datatype,
        .rank = RANK,
    };
    set_shape(contract, specs[0].shape);
    specs[1] = transform_warning_spec();
    *out_specs = specs;
    *out_count = 2;
    return GALEN_OK;
}

const struct transform image_transform = {
    .runs_apart = true,
    .run = run_image,
    .describe = describe,
};
