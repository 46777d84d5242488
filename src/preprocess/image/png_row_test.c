/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/png_row.h"

#include "expect.h"

static void expect_row(const struct png_row *row, struct bytes bytes, uint32_t count,
                       struct bytes expected)
{
    uint8_t out[64] = {0};
    assert_int_equal(png_row_size(row, count), bytes.size);
    assert_true(png_row_expand(row, bytes.data, count, out, row->channels));
    assert_memory_equal(out, expected.data, expected.size);
}

static void small_samples_are_spread(void **state)
{
    (void)state;
    const struct png_row one = {.samples = 1, .size_of_sample = 1, .channels = 1};
    const struct png_row two = {.samples = 1, .size_of_sample = 2, .channels = 1};
    const struct png_row four = {.samples = 1, .size_of_sample = 4, .channels = 1};

    expect_row(&one, BYTES("\xA0\x80"), 9, BYTES("\xFF\0\xFF\0\0\0\0\0\xFF"));
    expect_row(&two, BYTES("\x1B\xC0"), 5, BYTES("\x00\x55\xAA\xFF\xFF"));
    expect_row(&four, BYTES("\x01\xF0"), 3, BYTES("\x00\x11\xFF"));
}

static void the_upper_of_two_bytes_stays(void **state)
{
    (void)state;
    const struct png_row row = {.samples = 3, .size_of_sample = 16, .channels = 3};

    expect_row(&row, BYTES("\x12\xFF\x34\x80\x56\x00"), 1, BYTES("\x12\x34\x56"));
}

static void alpha_is_dropped(void **state)
{
    (void)state;
    const struct png_row gray = {.samples = 2, .size_of_sample = 8, .channels = 1};
    const struct png_row colour = {.samples = 4, .size_of_sample = 8, .channels = 3};

    expect_row(&gray, BYTES("\x10\x00\x20\xFF"), 2, BYTES("\x10\x20"));
    expect_row(&colour, BYTES("rgbaRGBA"), 2, BYTES("rgbRGB"));
}

static void palettes_are_looked_up(void **state)
{
    (void)state;
    const struct png_palette palette = {{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}, 3};
    const struct png_row row = {
        .samples = 1, .size_of_sample = 2, .channels = 3, .palette = &palette};

    expect_row(&row, BYTES("\x18"), 3, BYTES("\1\2\3\4\5\6\7\x8\x9"));
}

static void indexes_beyond_the_palette_are_refused(void **state)
{
    (void)state;
    const struct png_palette palette = {{{1, 2, 3}}, 1};
    const struct png_row row = {
        .samples = 1, .size_of_sample = 8, .channels = 3, .palette = &palette};
    uint8_t out[6];

    assert_false(png_row_expand(&row, (const uint8_t *)"\0\1", 2, out, 3));
}

static void pixels_may_stand_apart(void **state)
{
    (void)state;
    const struct png_row row = {.samples = 1, .size_of_sample = 8, .channels = 1};
    uint8_t out[9] = "........";

    assert_true(png_row_expand(&row, (const uint8_t *)"ab", 2, out, 4));

    assert_memory_equal(out, "a...b...", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_samples_are_spread),
        cmocka_unit_test(the_upper_of_two_bytes_stays),
        cmocka_unit_test(alpha_is_dropped),
        cmocka_unit_test(palettes_are_looked_up),
        cmocka_unit_test(indexes_beyond_the_palette_are_refused),
        cmocka_unit_test(pixels_may_stand_apart),
    };
    return cmocka_run_group_tests_name("png_row", tests, NULL, NULL);
}
