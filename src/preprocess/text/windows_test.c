/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/text/windows.h"

#include "base/limits.h"
#include "expect.h"

static struct contract contract_of(enum contract_longer longer, uint64_t stride)
{
    return (struct contract){
        .text = {.max_length = 10, .longer = longer, .stride = stride, .bucket = 4}};
}

static void expect_window(const struct windows *windows, size_t index, size_t token_count,
                          struct window expected)
{
    const struct window window = windows_at(windows, index, token_count);
    assert_int_equal(window.first, expected.first);
    assert_int_equal(window.count, expected.count);
}

static void what_fits_is_one_row_of_its_bucket(void **state)
{
    (void)state;
    const struct contract contract = contract_of(LONGER_REFUSE, 0);
    static const size_t lengths[] = {4, 4, 4, 8, 8, 8, 8, 10, 10};
    for (size_t count = 0; count < sizeof(lengths) / sizeof(lengths[0]); count++) {
        struct windows windows;
        EXPECT_OK(windows_plan(&contract, count, 2, &windows, NULL));
        assert_int_equal(windows.count, 1);
        assert_int_equal(windows.length, lengths[count]);
        expect_window(&windows, 0, count, (struct window){0, count});
    }
}

static void what_is_longer_is_refused(void **state)
{
    (void)state;
    const struct contract contract = contract_of(LONGER_REFUSE, 0);
    struct windows windows;
    struct error error = {.text = ""};

    EXPECT_STATUS(GALEN_UNPROCESSABLE, windows_plan(&contract, 9, 2, &windows, &error));

    assert_string_equal(error.text, "has 9 tokens, and the model takes 8 at most");
}

static void what_is_longer_is_truncated(void **state)
{
    (void)state;
    const struct contract contract = contract_of(LONGER_TRUNCATE, 0);
    struct windows windows;

    EXPECT_OK(windows_plan(&contract, 9, 2, &windows, NULL));

    assert_true(windows.is_truncated);
    expect_window(&windows, 0, 9, (struct window){0, 8});
}

/* As `tokenizers` cuts 0 to 19 with enable_truncation(10, stride=3) and two special ones.
 */
static void windows_overlap_by_the_stride_and_end_with_the_text(void **state)
{
    (void)state;
    const struct contract contract = contract_of(LONGER_WINDOW, 3);
    struct windows windows;

    EXPECT_OK(windows_plan(&contract, 20, 2, &windows, NULL));

    assert_int_equal(windows.count, 4);
    assert_int_equal(windows.length, 10);
    expect_window(&windows, 0, 20, (struct window){0, 8});
    expect_window(&windows, 1, 20, (struct window){5, 8});
    expect_window(&windows, 2, 20, (struct window){10, 8});
    expect_window(&windows, 3, 20, (struct window){15, 5});
}

static void every_token_stands_in_a_row(void **state)
{
    (void)state;
    for (uint64_t stride = 0; stride < 8; stride++) {
        const struct contract contract = contract_of(LONGER_WINDOW, stride);
        for (size_t count = 1; count < 200; count++) {
            struct windows windows;
            size_t covered = 0;
            EXPECT_OK(windows_plan(&contract, count, 2, &windows, NULL));
            for (size_t i = 0; i < windows.count; i++) {
                const struct window window = windows_at(&windows, i, count);
                assert_true(window.first <= covered && window.count > 0);
                covered = window.first + window.count;
                assert_true(covered == count || i + 1 < windows.count);
            }
            assert_int_equal(covered, count);
        }
    }
}

static void too_many_windows_are_too_large(void **state)
{
    (void)state;
    const struct contract contract = contract_of(LONGER_WINDOW, 7);
    struct windows windows;
    EXPECT_STATUS(GALEN_TOO_LARGE,
                  windows_plan(&contract, LIMIT_WINDOW_COUNT_MAX + 8, 2, &windows, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_one_row_of_its_bucket),
        cmocka_unit_test(what_is_longer_is_refused),
        cmocka_unit_test(what_is_longer_is_truncated),
        cmocka_unit_test(windows_overlap_by_the_stride_and_end_with_the_text),
        cmocka_unit_test(every_token_stands_in_a_row),
        cmocka_unit_test(too_many_windows_are_too_large),
    };
    return cmocka_run_group_tests_name("windows", tests, NULL, NULL);
}
