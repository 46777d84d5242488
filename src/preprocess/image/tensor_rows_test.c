/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/tensor_rows.h"

#include <string.h>

#include "expect.h"

static const uint8_t two_pixels[] = {10, 20, 30, 40, 50, 60};

static struct image_spec spec_of(enum image_channels channels, enum image_layout layout)
{
    return (struct image_spec){
        .channels = channels,
        .layout = layout,
        .width = 2,
        .height = 1,
        .datatype = GALEN_UINT8,
    };
}

static const struct fit both = {
    .x = {.size = 2, .scaled = 2, .count = 2},
    .y = {.size = 1, .scaled = 1, .count = 1},
};

static void put(const struct image_spec *spec, const struct fit *fit, uint32_t channels,
                const uint8_t *row, void *tensor)
{
    struct tensor_rows rows;
    tensor_rows_init(&rows, spec, fit, channels, tensor);
    tensor_rows_put(&rows, 0, row);
}

static void planes_hold_a_channel_each(void **state)
{
    (void)state;
    const struct image_spec spec = spec_of(IMAGE_RGB, IMAGE_NCHW);
    uint8_t tensor[6];

    put(&spec, &both, 3, two_pixels, tensor);

    assert_memory_equal(tensor, ((uint8_t[]){10, 40, 20, 50, 30, 60}), 6);
}

static void blue_may_come_first(void **state)
{
    (void)state;
    const struct image_spec planar = spec_of(IMAGE_BGR, IMAGE_NCHW);
    const struct image_spec pixels = spec_of(IMAGE_BGR, IMAGE_NHWC);
    uint8_t tensor[6];

    put(&planar, &both, 3, two_pixels, tensor);
    assert_memory_equal(tensor, ((uint8_t[]){30, 60, 20, 50, 10, 40}), 6);
    put(&pixels, &both, 3, two_pixels, tensor);
    assert_memory_equal(tensor, ((uint8_t[]){30, 20, 10, 60, 50, 40}), 6);
}

static void gray_is_each_colour(void **state)
{
    (void)state;
    const struct image_spec spec = spec_of(IMAGE_RGB, IMAGE_NHWC);
    uint8_t tensor[6];

    put(&spec, &both, 1, two_pixels, tensor);

    assert_memory_equal(tensor, ((uint8_t[]){10, 10, 10, 20, 20, 20}), 6);
}

static void values_are_scaled_by_their_channel(void **state)
{
    (void)state;
    struct image_spec spec = spec_of(IMAGE_BGR, IMAGE_NHWC);
    float tensor[6];
    spec.datatype = GALEN_FP32;
    spec.scale = 0.5F;
    memcpy(spec.mean, ((float[]){1, 2, 3}), sizeof(spec.mean));
    memcpy(spec.std, ((float[]){1, 2, 4}), sizeof(spec.std));

    put(&spec, &both, 3, two_pixels, tensor);

    assert_memory_equal(tensor, ((float[]){14, 4, 0.5F, 29, 11.5F, 4.25F}), sizeof(tensor));
}

static void halves_are_rounded_to_even(void **state)
{
    (void)state;
    struct image_spec spec = spec_of(IMAGE_GRAY, IMAGE_NCHW);
    uint16_t tensor[2];
    spec.datatype = GALEN_FP16;
    spec.scale = 0.1F;
    spec.std[0] = 1;

    put(&spec, &both, 1, two_pixels, tensor);

    assert_int_equal(tensor[0], 0x3C00);
    assert_int_equal(tensor[1], 0x4000);
}

static void all_around_is_padding(void **state)
{
    (void)state;
    struct image_spec spec = spec_of(IMAGE_GRAY, IMAGE_NCHW);
    const struct fit fit = {
        .x = {.size = 2, .scaled = 2, .count = 2, .before = 1},
        .y = {.size = 1, .scaled = 1, .count = 1, .before = 1},
    };
    uint8_t tensor[12];
    spec.width = 4;
    spec.height = 3;
    spec.pad = 7;

    put(&spec, &fit, 1, two_pixels, tensor);

    assert_memory_equal(tensor, ((uint8_t[]){7, 7, 7, 7, 7, 10, 20, 7, 7, 7, 7, 7}), 12);
}

static void padding_is_scaled_too(void **state)
{
    (void)state;
    struct image_spec spec = spec_of(IMAGE_GRAY, IMAGE_NCHW);
    const struct fit fit = {
        .x = {.size = 1, .scaled = 1, .count = 1, .before = 0},
        .y = {.size = 1, .scaled = 1, .count = 1, .before = 0},
    };
    float tensor[2];
    spec.datatype = GALEN_FP32;
    spec.scale = 1;
    spec.mean[0] = 1;
    spec.std[0] = 2;
    spec.pad = 5;

    put(&spec, &fit, 1, two_pixels, tensor);

    assert_memory_equal(tensor, ((float[]){4.5F, 2}), sizeof(tensor));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_hold_a_channel_each),
        cmocka_unit_test(blue_may_come_first),
        cmocka_unit_test(gray_is_each_colour),
        cmocka_unit_test(values_are_scaled_by_their_channel),
        cmocka_unit_test(halves_are_rounded_to_even),
        cmocka_unit_test(all_around_is_padding),
        cmocka_unit_test(padding_is_scaled_too),
    };
    return cmocka_run_group_tests_name("tensor_rows", tests, NULL, NULL);
}
