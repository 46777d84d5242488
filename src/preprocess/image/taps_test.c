/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/taps.h"

#include <stdlib.h>

#include "base/limits.h"
#include "expect.h"

enum { SIZE_MAX_OF_ALL = 40, ONE = 1 << TAPS_SHIFT };

static int32_t weight_at(const struct taps *taps, uint32_t index, uint32_t tap)
{
    const size_t at = index * taps->stride + tap;
    return taps->high[at] * (1 << TAPS_LOW_SHIFT) + taps->low[at];
}

static int32_t sum_of(const struct taps *taps, uint32_t index)
{
    int32_t sum = 0;
    for (uint32_t tap = 0; tap < taps->stride; tap++) {
        sum += weight_at(taps, index, tap);
    }
    return sum;
}

static struct fit_axis whole(uint32_t size, uint32_t scaled)
{
    return (struct fit_axis){.size = size, .scaled = scaled, .count = scaled};
}

/* Spans lie in the line, go forward, have as many taps as they may, and sum up to one but
 * for what rounding each of them makes. */
static void expect_whole_line(const struct taps *taps, const struct fit_axis *axis)
{
    assert_int_equal(taps->count, axis->count);
    for (uint32_t i = 0; i < taps->count; i++) {
        const struct tap_span span = taps->spans[i];
        const struct tap_span before = taps->spans[i == 0 ? 0 : i - 1];
        assert_in_range(span.count, 1, taps->span_max);
        assert_true(span.first + span.count <= axis->size);
        assert_true(span.first >= before.first);
        assert_true(span.first + span.count >= before.first + before.count);
        assert_in_range(abs(sum_of(taps, i) - ONE), 0, span.count);
    }
}

static void weights_of_every_small_size_sum_up_to_one(void **state)
{
    (void)state;
    for (int filter = IMAGE_NEAREST; filter <= IMAGE_LANCZOS; filter++) {
        for (uint32_t i = 0; i < SIZE_MAX_OF_ALL * SIZE_MAX_OF_ALL; i++) {
            const struct fit_axis axis =
                whole(1 + i / SIZE_MAX_OF_ALL, 1 + i % SIZE_MAX_OF_ALL);
            struct arena arena;
            struct taps taps;
            arena_init(&arena, 1 << 20);
            EXPECT_OK(taps_create((enum image_filter)filter, &axis, &arena, &taps));
            expect_whole_line(&taps, &axis);
            arena_deinit(&arena);
        }
    }
}

static void the_longest_line_becomes_one_pixel(void **state)
{
    (void)state;
    const struct fit_axis axis = whole(LIMIT_IMAGE_SIDE_MAX, 1);
    struct arena arena;
    struct taps taps;
    arena_init(&arena, 1 << 20);

    EXPECT_OK(taps_create(IMAGE_LANCZOS, &axis, &arena, &taps));

    expect_whole_line(&taps, &axis);
    assert_int_equal(taps.span_max, LIMIT_IMAGE_SIDE_MAX);
    arena_deinit(&arena);
}

static void bilinear_to_half_the_size_weighs_four_pixels(void **state)
{
    (void)state;
    const struct fit_axis axis = whole(8, 4);
    struct arena arena;
    struct taps taps;
    arena_init(&arena, 1 << 20);

    EXPECT_OK(taps_create(IMAGE_BILINEAR, &axis, &arena, &taps));

    assert_int_equal(taps.spans[1].first, 1);
    assert_int_equal(taps.spans[1].count, 4);
    assert_int_equal(weight_at(&taps, 1, 0), ONE / 8);
    assert_int_equal(weight_at(&taps, 1, 1), ONE / 8 * 3);
    assert_int_equal(weight_at(&taps, 1, 3), ONE / 8);
    arena_deinit(&arena);
}

static void weights_below_zero_are_kept(void **state)
{
    (void)state;
    const struct fit_axis axis = whole(10, 20);
    struct arena arena;
    struct taps taps;
    arena_init(&arena, 1 << 20);

    EXPECT_OK(taps_create(IMAGE_BICUBIC, &axis, &arena, &taps));

    assert_true(weight_at(&taps, 10, 0) < 0);
    assert_int_equal(sum_of(&taps, 10), ONE);
    arena_deinit(&arena);
}

static void a_part_has_the_taps_of_the_whole(void **state)
{
    (void)state;
    const struct fit_axis axis = whole(31, 20);
    const struct fit_axis middle = {.size = 31, .scaled = 20, .first = 7, .count = 5};
    struct arena arena;
    struct taps all, some;
    arena_init(&arena, 1 << 20);

    EXPECT_OK(taps_create(IMAGE_LANCZOS, &axis, &arena, &all));
    EXPECT_OK(taps_create(IMAGE_LANCZOS, &middle, &arena, &some));

    assert_memory_equal(some.spans, all.spans + 7, 5 * sizeof(*all.spans));
    assert_memory_equal(some.high, all.high + 7 * all.stride, 10 * all.stride);
    assert_memory_equal(some.low, all.low + 7 * all.stride, 10 * all.stride);
    arena_deinit(&arena);
}

static void a_full_arena_is_told(void **state)
{
    (void)state;
    const struct fit_axis axis = whole(1000, 100);
    struct arena arena;
    struct taps taps;
    arena_init(&arena, 4096);

    EXPECT_STATUS(GALEN_NO_MEMORY, taps_create(IMAGE_BOX, &axis, &arena, &taps));
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_of_every_small_size_sum_up_to_one),
        cmocka_unit_test(the_longest_line_becomes_one_pixel),
        cmocka_unit_test(bilinear_to_half_the_size_weighs_four_pixels),
        cmocka_unit_test(weights_below_zero_are_kept),
        cmocka_unit_test(a_part_has_the_taps_of_the_whole),
        cmocka_unit_test(a_full_arena_is_told),
    };
    return cmocka_run_group_tests_name("taps", tests, NULL, NULL);
}
