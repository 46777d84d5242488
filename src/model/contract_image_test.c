/* SPDX-License-Identifier: Apache-2.0 */
/* What model.yaml says of models that take images. */
#include "contract_lines.h"

#define HASH "947e7cf2fc32fcdcad9c5ba4dcdb3a652cef84f992c156f57b97d274f53904b5"

static const char files_line[] = "files: {model.onnx: " HASH "}";

/* A line of it each, so that a test replaces one and knows its number. */
static const char *const good_lines[] = {
    "task: image-classification",
    "title: Nodule or none",
    "media_types: [image/png, image/jpeg]",
    "input: {tensor: pixels, datatype: FP16}",
    "image:",
    "  channels: bgr",
    "  layout: nhwc",
    "  width: 224",
    "  height: 192",
    "  fit: cover",
    "  shorter: 256",
    "  filter: lanczos",
    "  scale: 1",
    "  mean: [1, 2.5, -3]",
    "  std: [0.25, 2, 3]",
    "  min_width: 32",
    "  min_height: 16",
    "  convert: true",
    "output: {tensor: logits, activation: softmax}",
    "labels: [no_nodule, nodule]",
    files_line,
    "card: {demonstration: true, intended_use: none}",
};

enum {
    LINE_COUNT = sizeof(good_lines) / sizeof(good_lines[0]),
    TASK = 1,
    TYPES = 3,
    INPUT = 4,
    IMAGE = 5,
    CHANNELS = 6,
    LAYOUT = 7,
    WIDTH = 8,
    HEIGHT = 9,
    FIT = 10,
    SHORTER = 11,
    FILTER = 12,
    SCALE = 13,
    MEAN = 14,
    STD = 15,
    MIN_WIDTH = 16,
    MIN_HEIGHT = 17,
    CONVERT = 18,
};

static enum galen_status parse_with(const struct change *changes, size_t count)
{
    return parse_lines(good_lines, LINE_COUNT, changes, count);
}

static void image_keys_are_read(void **state)
{
    (void)state;
    EXPECT_OK(parse_with(NULL, 0));
    assert_int_equal(contract.task, TASK_IMAGE_CLASSIFICATION);
    assert_true(contract_takes_images(&contract));
    assert_false(contract_takes_text(&contract));
    assert_int_equal(contract.input.datatype, GALEN_FP16);
    assert_int_equal(contract.image.channels, CHANNELS_BGR);
    assert_int_equal(contract.image.layout, LAYOUT_NHWC);
    assert_int_equal(contract.image.width, 224);
    assert_int_equal(contract.image.height, 192);
    assert_int_equal(contract.image.fit, FIT_COVER);
    assert_int_equal(contract.image.shorter, 256);
    assert_int_equal(contract.image.filter, FILTER_LANCZOS);
    assert_true(contract.image.scale == 1);
    assert_int_equal(contract.image.mean_count, 3);
    assert_true(contract.image.mean[1] == 2.5);
    assert_true(contract.image.std[0] == 0.25);
    assert_int_equal(contract.image.min_width, 32);
    assert_int_equal(contract.image.min_height, 16);
    assert_true(contract.image.convert);
}

static void what_is_absent_has_its_default(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {INPUT, "input: {tensor: pixels}"},
        {CHANNELS, ""},
        {LAYOUT, ""},
        {FIT, ""},
        {SHORTER, ""},
        {FILTER, ""},
        {SCALE, ""},
        {MEAN, ""},
        {STD, ""},
        {MIN_WIDTH, ""},
        {MIN_HEIGHT, ""},
        {CONVERT, ""},
    };
    EXPECT_OK(parse_with(changes, sizeof(changes) / sizeof(changes[0])));
    assert_int_equal(contract.input.datatype, GALEN_FP32);
    assert_int_equal(contract.image.channels, CHANNELS_RGB);
    assert_int_equal(contract.image.layout, LAYOUT_NCHW);
    assert_int_equal(contract.image.fit, FIT_STRETCH);
    assert_int_equal(contract.image.shorter, 0);
    assert_int_equal(contract.image.filter, FILTER_BILINEAR);
    assert_true(contract.image.scale == 1.0 / 255);
    assert_null(contract.image.mean);
    assert_null(contract.image.std);
    assert_int_equal(contract.image.min_width, 1);
    assert_int_equal(contract.image.min_height, 1);
    assert_false(contract.image.convert);
}

static void gray_has_one_channel(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {CHANNELS, "  channels: gray"}, {MEAN, "  mean: [0.5]"}, {STD, "  std: [0.25]"}};
    EXPECT_OK(parse_with(changes, 3));
    assert_int_equal(contract_channel_count(contract.image.channels), 1);
}

static void what_does_not_fit_is_refused_at_its_place(void **state)
{
    (void)state;
    static const struct {
        struct change change;
        const char *error;
    } cases[] = {
        {{WIDTH, ""}, "6:3: image.width: is required"},
        {{WIDTH, "  width: 0"}, "8:10: image.width: "},
        {{WIDTH, "  width: 8193"}, "8:10: image.width: "},
        {{WIDTH, "  width: 300"}, "11:12: image.shorter: is less than width or height"},
        {{TYPES, "media_types: [image/png, image/tiff]"},
         "3:26: media_types[1]: must be image/jpeg or image/png"},
        {{FIT, "  fit: stretch"}, "11:12: image.shorter: needs fit: cover"},
        {{FILTER, "  filter: sinc"}, "12:11: image.filter: "},
        {{FILTER, "  pad: 7"}, "12:8: image.pad: needs fit: contain"},
        {{FILTER, "  pad: 256"}, "12:8: image.pad: "},
        {{SCALE, "  scale: 1e39"}, "13:10: image.scale: does not fit FP32"},
        {{MEAN, "  mean: [1]"}, "14:9: image.mean: needs one number a channel"},
        {{MEAN, "  mean: [1, 2, 1e39]"}, "14:9: image.mean: does not fit FP32"},
        {{STD, "  std: [1, 1]"}, "15:8: image.std: needs one number a channel"},
        {{STD, "  std: [1, 1, 0]"}, "15:8: image.std: must be greater than 0"},
        {{STD, "  std: [1, 1, 1e-60]"}, "15:8: image.std: must be greater than 0"},
        {{CHANNELS, "  channels: gray"}, "14:9: image.mean: needs one number a channel"},
        {{INPUT, "input: {tensor: pixels, datatype: INT64}"},
         "4:35: input.datatype: must be UINT8, FP16 or FP32 for pixels"},
        {{INPUT, "input: {tensor: pixels, datatype: UINT8}"},
         "13:10: image.scale: does not go with UINT8"},
        {{TASK, "task: tabular-classification"},
         "1:7: task: tabular-classification needs features"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(parse_with(&cases[i].change, 1), GALEN_INVALID);
        if (strstr(error.text, cases[i].error) == NULL) {
            fail_msg("case %zu: %s", i, error.text);
        }
    }
}

static void a_tensor_has_a_largest_size(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {WIDTH, "  width: 8192"}, {HEIGHT, "  height: 8192"}, {SHORTER, "  shorter: 8192"}};
    assert_int_equal(parse_with(changes, 3), GALEN_INVALID);
    assert_non_null(strstr(error.text, "image.height: makes the tensor too large"));
}

static void an_image_belongs_to_images_only(void **state)
{
    (void)state;
    static const struct change features[] = {
        {TASK, "task: tabular-classification"},
        {INPUT, "input: {tensor: pixels}\nfeatures: [{name: age}]"}};
    static const struct change without[] = {
        {IMAGE, "card: {demonstration: true, intended_use: none}"}};
    assert_int_equal(parse_with(features, 2), GALEN_INVALID);
    assert_non_null(strstr(error.text, "image: does not belong to tabular-classification"));
    assert_int_equal(parse_with(without, 1), GALEN_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(image_keys_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_absent_has_its_default, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gray_has_one_channel, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused_at_its_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_tensor_has_a_largest_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_image_belongs_to_images_only, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
