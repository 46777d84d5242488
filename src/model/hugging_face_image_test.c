/* SPDX-License-Identifier: Apache-2.0 */
/* preprocessor_config.json, as the image processors of `transformers` write it. */
#include <stdio.h>

#include "expect.h"
#include "model/hugging_face.h"

#define CONFIG                                            \
    "{\"architectures\":[\"ViTForImageClassification\"]," \
    "\"model_type\":\"vit\",\"id2label\":{\"0\":\"no\",\"1\":\"yes\"}}"
#define NORMALIZE \
    "\"do_normalize\":true,\"image_mean\":[0.5,0.25,0.125],\"image_std\":[1,2,4]"

static struct galen_tensor_spec pixels;
static const struct galen_tensor_spec logits[] = {{"logits", GALEN_FP32, 2, {-1, 2}}};

static struct arena arena;
static struct error error;
static struct contract contract;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1U << 20);
    error_clear(&error);
    pixels = (struct galen_tensor_spec){"pixel_values", GALEN_FP32, 4, {-1, 3, 224, 224}};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static enum galen_status read_with(const char *preprocessor_config)
{
    const struct hugging_face files = {
        .config = BYTES(CONFIG),
        .preprocessor_config = bytes_from_string(preprocessor_config),
        .inputs = &pixels,
        .input_count = 1,
        .outputs = logits,
        .output_count = 1,
    };
    return hugging_face_read(&files, &arena, &contract, &error);
}

static void a_whole_image_is_stretched(void **state)
{
    (void)state;
    EXPECT_OK(read_with("{\"size\":{\"height\":224,\"width\":224},\"resample\":3,"
                        "\"rescale_factor\":0.5," NORMALIZE "}"));
    assert_int_equal(contract.task, TASK_IMAGE_CLASSIFICATION);
    assert_int_equal(contract.media_type_count, 2);
    assert_string_equal(contract.input.tensor, "pixel_values");
    assert_int_equal(contract.image.channels, CHANNELS_RGB);
    assert_int_equal(contract.image.layout, LAYOUT_NCHW);
    assert_int_equal(contract.image.fit, FIT_STRETCH);
    assert_int_equal(contract.image.filter, FILTER_BICUBIC);
    assert_int_equal(contract.image.width, 224);
    assert_int_equal(contract.image.height, 224);
    assert_true(contract.image.scale == 0.5);
    assert_true(contract.image.mean[2] == 0.125);
    assert_true(contract.image.std[1] == 2);
    assert_true(contract.image.convert);
    assert_int_equal(contract.output.activation, ACTIVATION_SOFTMAX);
}

static void what_is_not_said_is_as_in_transformers(void **state)
{
    (void)state;
    EXPECT_OK(read_with("{\"size\":224,\"do_normalize\":false}"));
    assert_int_equal(contract.image.filter, FILTER_BILINEAR);
    assert_int_equal(contract.image.width, 224);
    assert_true(contract.image.scale == 1.0 / 255);
    assert_int_equal(contract.image.mean_count, 0);
}

static void the_middle_is_cut_out(void **state)
{
    (void)state;
    static const char *const configs[] = {
        "{\"size\":{\"shortest_edge\":256},\"do_center_crop\":true,"
        "\"crop_size\":{\"height\":224,\"width\":224}," NORMALIZE "}",
        "{\"size\":256,\"do_center_crop\":true,\"crop_size\":224," NORMALIZE "}",
        "{\"size\":{\"shortest_edge\":224},\"crop_pct\":0.875," NORMALIZE "}",
    };
    for (size_t i = 0; i < 3; i++) {
        EXPECT_OK(read_with(configs[i]));
        assert_int_equal(contract.image.fit, FIT_COVER);
        assert_int_equal(contract.image.shorter, 256);
        assert_int_equal(contract.image.width, 224);
        assert_int_equal(contract.image.height, 224);
    }
}

static void large_convnext_sees_all(void **state)
{
    (void)state;
    pixels.shape[2] = 384;
    pixels.shape[3] = 384;
    EXPECT_OK(
        read_with("{\"size\":{\"shortest_edge\":384},\"crop_pct\":0.875," NORMALIZE "}"));
    assert_int_equal(contract.image.fit, FIT_STRETCH);
    assert_int_equal(contract.image.shorter, 0);
}

static void a_gray_network_takes_gray(void **state)
{
    (void)state;
    pixels.shape[1] = 1;
    EXPECT_OK(read_with("{\"size\":224,\"image_mean\":[0.5],\"image_std\":[0.5]}"));
    assert_int_equal(contract.image.channels, CHANNELS_GRAY);
    assert_int_equal(contract.image.mean_count, 1);
}

static void what_is_not_served_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *config;
        const char *error;
    } cases[] = {
        {"", "there is no preprocessor_config.json"},
        {"{\"size\":224,\"do_resize\":false}", "do_resize: must be true"},
        {"{\"size\":224,\"do_pad\":true}", "do_pad: is not served"},
        {"{" NORMALIZE "}", "size: needs a width and a height"},
        {"{\"size\":99999}", "size: needs a width and a height"},
        {"{\"size\":{\"longest_edge\":9}}", "size: needs a width and a height"},
        {"{\"size\":{\"height\":256,\"width\":256},\"do_center_crop\":true,"
         "\"crop_size\":224}",
         "do_center_crop: is served with size.shortest_edge"},
        {"{\"size\":200,\"do_center_crop\":true,\"crop_size\":224}",
         "crop_size: is larger"},
        {"{\"size\":224,\"crop_pct\":0}", "crop_pct: is not between"},
        {"{\"size\":224,\"resample\":6}", "resample: is no filter"},
        {"{\"size\":224,\"resample\":\"bicubic\"}", "resample: is no filter"},
        {"{\"size\":224,\"image_mean\":[1]}", "image_mean: needs one number a channel"},
        {"{\"size\":224,\"image_mean\":[1,2,\"3\"]}", "image_mean: needs one number"},
        {"{\"size\":256,\"do_normalize\":false}", "makes images of 256 x 256"},
        {"[]", "preprocessor_config.json: is no object"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        error_clear(&error);
        assert_int_not_equal(read_with(cases[i].config), GALEN_OK);
        if (strstr(error.text, cases[i].error) == NULL) {
            fail_msg("case %zu: %s", i, error.text);
        }
    }
}

static void a_network_of_other_inputs_is_refused(void **state)
{
    (void)state;
    pixels.name = "input.1";
    assert_int_equal(read_with("{\"size\":224}"), GALEN_NOT_IMPLEMENTED);
    assert_non_null(strstr(error.text, "pixel_values"));
    pixels.name = "pixel_values";
    pixels.rank = 3;
    assert_int_equal(read_with("{\"size\":224}"), GALEN_NOT_IMPLEMENTED);
    pixels.rank = 4;
    pixels.shape[1] = 4;
    assert_int_equal(read_with("{\"size\":224}"), GALEN_NOT_IMPLEMENTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_whole_image_is_stretched, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_said_is_as_in_transformers, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_middle_is_cut_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_convnext_sees_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_gray_network_takes_gray, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_served_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_network_of_other_inputs_is_refused, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("hugging_face_image", tests, NULL, NULL);
}
