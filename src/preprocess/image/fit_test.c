/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/fit.h"

#include "base/limits.h"
#include "expect.h"

static void expect_axis(const struct fit_axis *axis, uint32_t scaled, uint32_t first,
                        uint32_t count, uint32_t before)
{
    assert_int_equal(axis->scaled, scaled);
    assert_int_equal(axis->first, first);
    assert_int_equal(axis->count, count);
    assert_int_equal(axis->before, before);
}

static struct image_spec spec_of(enum image_fit fit, uint32_t width, uint32_t height)
{
    return (struct image_spec){.fit = fit, .width = width, .height = height};
}

static void stretched_sides_are_the_tensors(void **state)
{
    (void)state;
    const struct image_spec spec = spec_of(IMAGE_STRETCH, 224, 100);

    const struct fit fit = fit_plan(&spec, 31, 640);

    expect_axis(&fit.x, 224, 0, 224, 0);
    expect_axis(&fit.y, 100, 0, 100, 0);
}

static void cover_leaves_nothing_free(void **state)
{
    (void)state;
    const struct image_spec spec = spec_of(IMAGE_COVER, 100, 100);

    const struct fit wide = fit_plan(&spec, 301, 200);
    const struct fit tall = fit_plan(&spec, 200, 301);

    expect_axis(&wide.x, 150, 25, 100, 0);
    expect_axis(&wide.y, 100, 0, 100, 0);
    expect_axis(&tall.x, 100, 0, 100, 0);
    expect_axis(&tall.y, 150, 25, 100, 0);
}

static void cover_by_the_shorter_side_is_torchvisions_resize(void **state)
{
    (void)state;
    struct image_spec spec = spec_of(IMAGE_COVER, 224, 224);
    spec.shorter = 256;

    const struct fit fit = fit_plan(&spec, 640, 481);

    expect_axis(&fit.x, 340, 58, 224, 0);
    expect_axis(&fit.y, 256, 16, 224, 0);
}

static void halves_of_the_cut_go_to_the_even_pixel(void **state)
{
    (void)state;
    struct image_spec spec = spec_of(IMAGE_COVER, 10, 10);
    spec.shorter = 11;
    assert_int_equal(fit_plan(&spec, 11, 11).x.first, 0);
    spec.shorter = 13;
    assert_int_equal(fit_plan(&spec, 11, 11).x.first, 2);
    spec.shorter = 15;
    assert_int_equal(fit_plan(&spec, 11, 11).x.first, 2);
}

static void what_the_shorter_side_leaves_free_is_padded(void **state)
{
    (void)state;
    struct image_spec spec = spec_of(IMAGE_COVER, 20, 40);
    spec.shorter = 15;

    const struct fit fit = fit_plan(&spec, 30, 60);

    expect_axis(&fit.x, 15, 0, 15, 2);
    expect_axis(&fit.y, 30, 0, 30, 5);
}

static void contain_shows_all_and_centres_it(void **state)
{
    (void)state;
    const struct image_spec spec = spec_of(IMAGE_CONTAIN, 100, 100);

    const struct fit fit = fit_plan(&spec, 301, 200);

    expect_axis(&fit.x, 100, 0, 100, 0);
    expect_axis(&fit.y, 66, 0, 66, 17);
}

static void no_side_becomes_nothing(void **state)
{
    (void)state;
    const struct image_spec spec = spec_of(IMAGE_CONTAIN, 100, 100);

    const struct fit fit = fit_plan(&spec, 5000, 1);

    expect_axis(&fit.y, 1, 0, 1, 49);
}

static void the_longest_sides_do_not_overflow(void **state)
{
    (void)state;
    struct image_spec spec = spec_of(IMAGE_COVER, 1, 1);
    spec.shorter = LIMIT_IMAGE_SIDE_MAX;

    const struct fit fit = fit_plan(&spec, LIMIT_IMAGE_SIDE_MAX, 1);

    assert_int_equal(fit.x.scaled, LIMIT_IMAGE_SIDE_MAX * LIMIT_IMAGE_SIDE_MAX);
    assert_int_equal(fit.x.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stretched_sides_are_the_tensors),
        cmocka_unit_test(cover_leaves_nothing_free),
        cmocka_unit_test(cover_by_the_shorter_side_is_torchvisions_resize),
        cmocka_unit_test(halves_of_the_cut_go_to_the_even_pixel),
        cmocka_unit_test(what_the_shorter_side_leaves_free_is_padded),
        cmocka_unit_test(contain_shows_all_and_centres_it),
        cmocka_unit_test(no_side_becomes_nothing),
        cmocka_unit_test(the_longest_sides_do_not_overflow),
    };
    return cmocka_run_group_tests_name("fit", tests, NULL, NULL);
}
