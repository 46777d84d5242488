/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/token_grid.h"

#include "expect.h"
#include "token_tensors.h"

static struct token_tensors tensors;
static struct token_grid grid;

static enum galen_status open_grid(size_t stride)
{
    const struct contract contract = {.text = {.stride = stride}};
    return token_grid_init(&grid, &contract, &tensors.offsets, &tensors.words,
                           &tensors.special, NULL);
}

static void one_row_holds_every_token(void **state)
{
    (void)state;
    token_tensors_make(&tensors, 3, 5, 2, 2);

    EXPECT_OK(open_grid(2));

    assert_int_equal(grid.token_count, 3);
    assert_int_equal(token_grid_rows(&grid, 2).first, 0);
    assert_int_equal(token_grid_rows(&grid, 2).last, 0);
    assert_int_equal(token_grid_cell(&grid, 2, 0), 3);
}

static void overlapping_rows_share_tokens(void **state)
{
    (void)state;
    static const struct {
        size_t first, last;
    } expected[] = {{0, 0}, {0, 0}, {0, 1}, {0, 1}, {1, 2}, {1, 2}, {2, 2}};
    struct token_place place;
    token_tensors_make(&tensors, 7, 4, 2, 2);

    EXPECT_OK(open_grid(2));

    assert_int_equal(grid.row_count, 3);
    assert_int_equal(grid.token_count, 7);
    for (size_t token = 0; token < 7; token++) {
        const struct token_rows rows = token_grid_rows(&grid, token);
        assert_int_equal(rows.first, expected[token].first);
        assert_int_equal(rows.last, expected[token].last);
        EXPECT_OK(token_grid_place(&grid, token, 13, &place, NULL));
        assert_int_equal(place.word, token);
        assert_int_equal(place.start, 2 * token);
    }
    assert_int_equal(token_grid_depth(&grid, 2, 0), 1);
    assert_int_equal(token_grid_depth(&grid, 2, 1), 0);
    assert_int_equal(token_grid_depth(&grid, 5, 2), 1);
    assert_int_equal(token_grid_depth(&grid, 6, 2), 0);
}

static void what_is_no_window_of_one_text_is_refused(void **state)
{
    (void)state;
    token_tensors_make(&tensors, 7, 4, 2, 2);
    EXPECT_STATUS(GALEN_BAD_UPSTREAM,
                  open_grid(3)); /* the last row has nothing of its own */
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, open_grid(4));

    tensors.special_values[7] = 1; /* the second row begins later */
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, open_grid(2));

    token_tensors_make(&tensors, 7, 4, 2, 2);
    tensors.special_values[2] = 1; /* a hole */
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, open_grid(2));

    token_tensors_make(&tensors, 3, 4, 2, 2);
    memset(tensors.special_values, 1, sizeof(tensors.special_values)); /* no token */
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, open_grid(2));
}

static void tensors_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    token_tensors_make(&tensors, 7, 4, 2, 2);
    const struct token_tensors right = tensors;
    tensors.words.shape[0] = 2;
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, open_grid(2));
    tensors.words = right.words;
    tensors.offsets.shape[2] = 3;
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, open_grid(2));
    tensors.offsets = right.offsets;
    tensors.special.datatype = GALEN_INT8;
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, open_grid(2));
    tensors.special = right.special;
    tensors.offsets.size_bytes--;
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, open_grid(2));
    tensors.offsets = right.offsets;
    tensors.special.shape[0] = 0;
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, open_grid(2));
}

static void places_are_within_the_text_and_the_same_in_each_row(void **state)
{
    (void)state;
    struct token_place place;
    token_tensors_make(&tensors, 7, 4, 2, 2);
    EXPECT_OK(open_grid(2));
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, token_grid_place(&grid, 6, 12, &place, NULL));

    tensors.offset_values[2 * token_grid_cell(&grid, 2, 1)]--;
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, token_grid_place(&grid, 2, 13, &place, NULL));
    tensors.word_values[token_grid_cell(&grid, 3, 1)]++;
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, token_grid_place(&grid, 3, 13, &place, NULL));
    tensors.word_values[token_grid_cell(&grid, 0, 0)] = -1;
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, token_grid_place(&grid, 0, 13, &place, NULL));
    tensors.offset_values[2 * token_grid_cell(&grid, 1, 0)] = INT32_MIN;
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, token_grid_place(&grid, 1, 13, &place, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_row_holds_every_token),
        cmocka_unit_test(overlapping_rows_share_tokens),
        cmocka_unit_test(what_is_no_window_of_one_text_is_refused),
        cmocka_unit_test(tensors_that_do_not_fit_are_refused),
        cmocka_unit_test(places_are_within_the_text_and_the_same_in_each_row),
    };
    return cmocka_run_group_tests_name("token_grid", tests, NULL, NULL);
}
