/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/pixels.h"

#include "expect.h"

enum { ARENA_SIZE_BYTES_MAX = 1 << 20 };

struct turned {
    uint8_t orientation;
    uint32_t width;
    const char *pixels; /* row after row */
};

/* Of "abc" above "def". */
static const struct turned turns[] = {
    {1, 3, "abcdef"}, {2, 3, "cbafed"}, {3, 3, "fedcba"}, {4, 3, "defabc"},
    {5, 2, "adbecf"}, {6, 2, "daebfc"}, {7, 2, "fcebda"}, {8, 2, "cfbead"},
};

static struct pixels letters(struct arena *arena, uint32_t channels)
{
    struct pixels pixels;
    EXPECT_OK(pixels_create(arena, 3, 2, channels, &pixels, NULL));
    for (size_t i = 0; i < (size_t)6 * channels; i++) {
        pixels.data[i] = (uint8_t)('a' + i / channels);
    }
    return pixels;
}

static void each_orientation_is_turned_upright(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
        const struct turned *turned = &turns[i];
        for (uint32_t channels = 1; channels <= 3; channels += 2) {
            struct arena arena;
            arena_init(&arena, ARENA_SIZE_BYTES_MAX);
            struct pixels pixels = letters(&arena, channels);

            EXPECT_OK(pixels_turn(&pixels, turned->orientation, &arena, NULL));

            assert_int_equal(pixels.width, turned->width);
            assert_int_equal(pixels.height, 6 / turned->width);
            for (size_t at = 0; at < (size_t)6 * channels; at++) {
                assert_int_equal(pixels.data[at], turned->pixels[at / channels]);
            }
            arena_deinit(&arena);
        }
    }
}

static void images_larger_than_a_tile_are_turned_whole(void **state)
{
    (void)state;
    struct arena arena;
    struct pixels pixels;
    arena_init(&arena, ARENA_SIZE_BYTES_MAX);
    EXPECT_OK(pixels_create(&arena, 100, 70, 1, &pixels, NULL));
    for (size_t i = 0; i < 7000; i++) {
        pixels.data[i] = (uint8_t)(i % 100 + i / 100);
    }

    EXPECT_OK(pixels_turn(&pixels, 6, &arena, NULL));

    for (size_t y = 0; y < 100; y++) {
        for (size_t x = 0; x < 70; x++) {
            assert_int_equal(pixels.data[y * 70 + x], y + 69 - x);
        }
    }
    arena_deinit(&arena);
}

static void gray_is_luma(void **state)
{
    (void)state;
    uint8_t data[] = {255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255};
    const uint8_t expected[] = {255, 0, 76, 150, 29};
    struct pixels pixels = {data, 5, 1, 3};

    pixels_rgb_to_gray(&pixels);

    assert_int_equal(pixels.channels, 1);
    assert_memory_equal(data, expected, sizeof(expected));
}

static void inverted_cmyk_becomes_rgb(void **state)
{
    (void)state;
    uint8_t data[] = {255, 255, 255, 255, 0, 255, 255, 255, 255, 128, 0, 128, 9, 9, 9, 0};
    const uint8_t expected[] = {255, 255, 255, 0, 255, 255, 128, 64, 0, 0, 0, 0};
    struct pixels pixels = {data, 4, 1, 4};

    pixels_cmyk_to_rgb(&pixels);

    assert_int_equal(pixels.channels, 3);
    assert_memory_equal(data, expected, sizeof(expected));
}

static void what_the_arena_has_no_room_for_is_too_large(void **state)
{
    (void)state;
    struct arena arena;
    struct pixels pixels;
    struct error error = {.text = ""};
    arena_init(&arena, 1000);

    EXPECT_STATUS(GALEN_TOO_LARGE, pixels_create(&arena, 20, 20, 3, &pixels, &error));

    assert_string_equal(error.text, "is 20 x 20 pixels, for which there is no room");
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_orientation_is_turned_upright),
        cmocka_unit_test(images_larger_than_a_tile_are_turned_whole),
        cmocka_unit_test(gray_is_luma),
        cmocka_unit_test(inverted_cmyk_becomes_rgb),
        cmocka_unit_test(what_the_arena_has_no_room_for_is_too_large),
    };
    return cmocka_run_group_tests_name("pixels", tests, NULL, NULL);
}
