/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/resizer.h"

#include "expect.h"

enum { ARENA_SIZE_BYTES_MAX = 1 << 22, CASE_COUNT = 400, SIDE_MAX = 48 };

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 1664525U + 1013904223U;
    return (random_state >> 8) % limit;
}

static struct pixels random_pixels(struct arena *arena, uint32_t channels)
{
    struct pixels pixels;
    EXPECT_OK(pixels_create(arena, 1 + random_below(SIDE_MAX), 1 + random_below(SIDE_MAX),
                            channels, &pixels, NULL));
    for (size_t i = 0; i < (size_t)pixels.width * pixels.height * channels; i++) {
        pixels.data[i] = random_below(3) == 0   ? (uint8_t)random_below(256)
                         : random_below(2) == 0 ? 0
                                                : 255;
    }
    return pixels;
}

static const uint8_t *resize(const struct kernels *kernels, const struct pixels *pixels,
                             const struct fit *fit, enum image_filter filter,
                             struct arena *arena)
{
    struct resizer resizer;
    const size_t row_size = (size_t)fit->x.count * pixels->channels;
    uint8_t *out = arena_alloc(arena, row_size * fit->y.count);
    EXPECT_OK(resizer_init(&resizer, kernels, pixels, fit, filter, arena));
    for (uint32_t y = 0; y < fit->y.count; y++) {
        memcpy(out + y * row_size, resizer_row(&resizer, y), row_size);
    }
    return out;
}

static struct image_spec random_spec(void)
{
    return (struct image_spec){
        .fit = (enum image_fit)random_below(3),
        .filter = (enum image_filter)random_below(6),
        .width = 1 + random_below(SIDE_MAX),
        .height = 1 + random_below(SIDE_MAX),
    };
}

static void every_set_of_kernels_gives_the_same_bytes(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < CASE_COUNT; i++) {
        struct arena arena;
        arena_init(&arena, ARENA_SIZE_BYTES_MAX);
        const struct pixels pixels = random_pixels(&arena, i % 2 == 0 ? 1 : 3);
        const struct image_spec spec = random_spec();
        const struct fit fit = fit_plan(&spec, pixels.width, pixels.height);
        const size_t size = (size_t)fit.x.count * fit.y.count * pixels.channels;

        const uint8_t *plain = resize(&kernels_plain, &pixels, &fit, spec.filter, &arena);
        const uint8_t *best = resize(kernels_best(), &pixels, &fit, spec.filter, &arena);

        assert_memory_equal(best, plain, size);
        arena_deinit(&arena);
    }
}

static void flat_images_stay_flat(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < CASE_COUNT; i++) {
        struct arena arena;
        arena_init(&arena, ARENA_SIZE_BYTES_MAX);
        const struct pixels pixels = random_pixels(&arena, 3);
        const struct image_spec spec = random_spec();
        const struct fit fit = fit_plan(&spec, pixels.width, pixels.height);
        const uint8_t value = (uint8_t)random_below(256);
        memset(pixels.data, value, (size_t)pixels.width * pixels.height * 3);

        const uint8_t *out = resize(kernels_best(), &pixels, &fit, spec.filter, &arena);

        for (size_t at = 0; at < (size_t)fit.x.count * fit.y.count * 3; at++) {
            assert_int_equal(out[at], value);
        }
        arena_deinit(&arena);
    }
}

static void sides_that_stay_leave_pixels_as_they_are(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, ARENA_SIZE_BYTES_MAX);
    const struct pixels pixels = random_pixels(&arena, 3);
    const struct image_spec spec = {
        .fit = IMAGE_STRETCH, .width = pixels.width, .height = pixels.height};
    const struct fit fit = fit_plan(&spec, pixels.width, pixels.height);

    const uint8_t *out = resize(kernels_best(), &pixels, &fit, IMAGE_LANCZOS, &arena);

    assert_memory_equal(out, pixels.data, (size_t)pixels.width * pixels.height * 3);
    arena_deinit(&arena);
}

static void overshoot_is_cut_off(void **state)
{
    (void)state;
    uint8_t row[4 + PIXELS_SLACK] = {0, 0, 255, 255};
    const struct pixels pixels = {row, 4, 1, 1};
    const struct image_spec spec = {.fit = IMAGE_STRETCH, .width = 16, .height = 1};
    const struct fit fit = fit_plan(&spec, 4, 1);
    struct arena arena;
    arena_init(&arena, ARENA_SIZE_BYTES_MAX);

    const uint8_t *out = resize(kernels_best(), &pixels, &fit, IMAGE_BICUBIC, &arena);

    assert_int_equal(out[5], 0);
    assert_int_equal(out[10], 255);
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_set_of_kernels_gives_the_same_bytes),
        cmocka_unit_test(flat_images_stay_flat),
        cmocka_unit_test(sides_that_stay_leave_pixels_as_they_are),
        cmocka_unit_test(overshoot_is_cut_off),
    };
    return cmocka_run_group_tests_name("resizer", tests, NULL, NULL);
}
