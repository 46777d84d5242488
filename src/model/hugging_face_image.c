/* SPDX-License-Identifier: Apache-2.0 */
/* What a Hugging Face folder says of how an image becomes pixels: preprocessor_config.json
 * as ViTImageProcessor, CLIPImageProcessor and ConvNextImageProcessor write it. */
#include "base/limits.h"
#include "codec/number.h"
#include "model/hugging_face_impl.h"

#define FILE_NAME HUGGING_FACE_PREPROCESSOR_CONFIG
#define SIDE_MAX ((uint64_t)LIMIT_IMAGE_TENSOR_SIDE_MAX)

enum { CONVNEXT_WHOLE = 384 /* from this size on, ConvNext cuts nothing off */ };

struct size {
    uint64_t width; /* 0: not said */
    uint64_t height;
    uint64_t shortest; /* 0: not said */
};

static bool read_flag(const struct json *object, const char *name, bool otherwise)
{
    const struct json *value = hugging_face_member(object, name, JSON_BOOL);
    return value == NULL ? otherwise : json_bool(value);
}

static bool read_number(const struct json *object, const char *name, double *out_number)
{
    const struct json *value = hugging_face_member(object, name, JSON_NUMBER);
    return value != NULL && number_read_f64(json_number(value), out_number) == GALEN_OK;
}

static enum galen_status refuse(struct hugging_face_reader *reader, const char *member,
                                const char *why)
{
    return error_set(reader->error, GALEN_NOT_IMPLEMENTED, FILE_NAME ": %s: %s", member,
                     why);
}

/* A side for both, or an object of sides. */
static struct size read_size(const struct json *config, const char *name)
{
    const struct json *sides = hugging_face_member(config, name, JSON_OBJECT);
    struct size size = {0};
    uint64_t both;
    if (hugging_face_count(config, name, SIDE_MAX, &both)) {
        return (struct size){.width = both, .height = both};
    }
    (void)hugging_face_count(sides, "width", SIDE_MAX, &size.width);
    (void)hugging_face_count(sides, "height", SIDE_MAX, &size.height);
    (void)hugging_face_count(sides, "shortest_edge", SIDE_MAX, &size.shortest);
    return size;
}

/* The whole image, cut down to its middle afterwards. */
static void cover(struct contract *contract, uint64_t shorter, struct size cut)
{
    contract->image.fit = FIT_COVER;
    contract->image.shorter = shorter;
    contract->image.width = cut.width;
    contract->image.height = cut.height;
}

/* ConvNextImageProcessor: crop_pct of the image is looked at. */
static enum galen_status read_crop_share(struct hugging_face_reader *reader,
                                         struct size size, double share)
{
    const uint64_t side = size.shortest > 0 ? size.shortest : size.width;
    const struct size square = {.width = side, .height = side};
    if (!(share > 0 && share <= 1)) {
        return refuse(reader, "crop_pct", "is not between 0 and 1");
    }
    cover(reader->contract, (uint64_t)((double)side / share), square);
    if (side >= CONVNEXT_WHOLE) {
        reader->contract->image.fit = FIT_STRETCH;
        reader->contract->image.shorter = 0;
    }
    return GALEN_OK;
}

static enum galen_status read_crop(struct hugging_face_reader *reader, struct size size)
{
    const struct json *config = reader->preprocessor_config;
    const struct size cut = read_size(config, "crop_size");
    const bool is_one_side = hugging_face_member(config, "size", JSON_NUMBER) != NULL;
    const uint64_t shorter = is_one_side ? size.width : size.shortest;
    if (shorter == 0 || cut.width == 0 || cut.height == 0) {
        return refuse(reader, "do_center_crop",
                      "is served with size.shortest_edge and crop_size.width and height "
                      "only");
    }
    if (shorter < cut.width || shorter < cut.height) {
        return refuse(reader, "crop_size", "is larger than what it is cut from");
    }
    cover(reader->contract, shorter, cut);
    return GALEN_OK;
}

static enum galen_status read_fit(struct hugging_face_reader *reader)
{
    const struct json *config = reader->preprocessor_config;
    struct contract *contract = reader->contract;
    const struct size size = read_size(config, "size");
    double share;
    if (!read_flag(config, "do_resize", true)) {
        return refuse(reader, "do_resize", "must be true: a network takes one size");
    }
    if (read_flag(config, "do_pad", false)) {
        return refuse(reader, "do_pad", "is not served");
    }
    if (read_number(config, "crop_pct", &share)) {
        return read_crop_share(reader, size, share);
    }
    if (read_flag(config, "do_center_crop", false)) {
        return read_crop(reader, size);
    }
    if (size.width == 0 || size.height == 0) {
        return refuse(reader, "size", "needs a width and a height");
    }
    contract->image.fit = FIT_STRETCH;
    contract->image.width = size.width;
    contract->image.height = size.height;
    return GALEN_OK;
}

/* PIL.Image.Resampling, by its numbers. */
static enum galen_status read_filter(struct hugging_face_reader *reader)
{
    static const enum contract_filter filters[] = {FILTER_NEAREST,  FILTER_LANCZOS,
                                                   FILTER_BILINEAR, FILTER_BICUBIC,
                                                   FILTER_BOX,      FILTER_HAMMING};
    const struct json *config = reader->preprocessor_config;
    uint64_t number = 2; /* what ViTImageProcessor takes when it is not said */
    if (json_member(config, "resample") != NULL &&
        !hugging_face_count(config, "resample", sizeof(filters) / sizeof(filters[0]) - 1,
                            &number)) {
        return refuse(reader, "resample", "is no filter of Pillow's");
    }
    reader->contract->image.filter = filters[number];
    return GALEN_OK;
}

/* One number a channel, or one for all. */
static enum galen_status read_numbers(struct hugging_face_reader *reader, const char *name,
                                      const double **out_numbers, size_t *out_count)
{
    const size_t count = contract_channel_count(reader->contract->image.channels);
    const struct json *list =
        hugging_face_member(reader->preprocessor_config, name, JSON_ARRAY);
    double *numbers = arena_alloc_array(reader->arena, count, sizeof(*numbers));
    if (numbers == NULL) {
        return GALEN_NO_MEMORY;
    }
    if (list == NULL || json_count(list) != count) {
        return refuse(reader, name, "needs one number a channel");
    }
    struct json_cursor at = json_walk(list);
    while (json_next(&at)) {
        if (json_type(at.value) != JSON_NUMBER ||
            number_read_f64(json_number(at.value), &numbers[at.index]) != GALEN_OK) {
            return refuse(reader, name, "needs one number a channel");
        }
    }
    *out_numbers = numbers;
    *out_count = count;
    return GALEN_OK;
}

static enum galen_status read_scaling(struct hugging_face_reader *reader)
{
    const struct json *config = reader->preprocessor_config;
    struct contract *contract = reader->contract;
    contract->image.scale = 1;
    if (read_flag(config, "do_rescale", true)) {
        contract->image.scale = 1.0 / UINT8_MAX;
        (void)read_number(config, "rescale_factor", &contract->image.scale);
    }
    if (!read_flag(config, "do_normalize", true)) {
        return GALEN_OK;
    }
    TRY(read_numbers(reader, "image_mean", &contract->image.mean,
                     &contract->image.mean_count));
    return read_numbers(reader, "image_std", &contract->image.std,
                        &contract->image.std_count);
}

static bool is_side(int64_t dimension, uint64_t side)
{
    return dimension == GALEN_DIMENSION_ANY || (uint64_t)dimension == side;
}

/* "pixel_values", [batch, channels, height, width]. */
static enum galen_status read_input(struct hugging_face_reader *reader,
                                    const struct galen_tensor_spec **out_spec)
{
    const struct galen_tensor_spec *spec =
        hugging_face_input(reader->files, "pixel_values");
    if (spec == NULL || reader->files->input_count != 1) {
        return error_set(reader->error, GALEN_NOT_IMPLEMENTED,
                         "the network's only input is not 'pixel_values'");
    }
    const bool is_gray = spec->rank == 4 && spec->shape[1] == 1;
    if (spec->rank != 4 || (spec->datatype != GALEN_FP32 && spec->datatype != GALEN_FP16) ||
        (!is_gray && !is_side(spec->shape[1], CONTRACT_CHANNEL_COUNT_MAX))) {
        return error_set(reader->error, GALEN_NOT_IMPLEMENTED,
                         "the network's input 'pixel_values' is not [batch, channels, "
                         "height, width] of FP32 or FP16");
    }
    reader->contract->input.tensor = spec->name;
    reader->contract->input.datatype = spec->datatype;
    reader->contract->image.channels = is_gray ? CHANNELS_GRAY : CHANNELS_RGB;
    reader->contract->image.layout = LAYOUT_NCHW;
    *out_spec = spec;
    return GALEN_OK;
}

static enum galen_status check_sides(struct hugging_face_reader *reader,
                                     const struct galen_tensor_spec *spec)
{
    const struct contract *contract = reader->contract;
    return is_side(spec->shape[2], contract->image.height) &&
                   is_side(spec->shape[3], contract->image.width)
               ? GALEN_OK
               : error_set(reader->error, GALEN_INVALID,
                           FILE_NAME ": size: makes images of %llu x %llu, and the network "
                                     "takes others",
                           (unsigned long long)contract->image.width,
                           (unsigned long long)contract->image.height);
}

/* Their image processors turn everything into RGB. */
enum galen_status hugging_face_read_image(struct hugging_face_reader *reader)
{
    static const char *const media_types[] = {"image/jpeg", "image/png"};
    const struct galen_tensor_spec *spec;
    if (reader->preprocessor_config == NULL) {
        return error_set(reader->error, GALEN_INVALID,
                         "there is no " FILE_NAME ", which says what an image becomes");
    }
    reader->contract->media_types = media_types;
    reader->contract->media_type_count = 2;
    reader->contract->image.min_width = 1;
    reader->contract->image.min_height = 1;
    reader->contract->image.convert = true;
    TRY(read_input(reader, &spec));
    TRY(read_fit(reader));
    TRY(read_filter(reader));
    TRY(read_scaling(reader));
    return check_sides(reader, spec);
}
