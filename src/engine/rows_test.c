/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/rows.h"

#include "expect.h"

static void rows_of_numbers_share_the_bytes(void **state)
{
    (void)state;
    static const float values[] = {1, 2, 3, 4, 5, 6};
    const struct galen_tensor tensor = {.name = "x",
                                        .datatype = GALEN_FP32,
                                        .rank = 2,
                                        .shape = {3, 2},
                                        .bytes = values,
                                        .size_bytes = sizeof(values)};
    struct rows rows;
    rows_init(&rows, &tensor);

    const struct galen_tensor first = rows_take(&rows, 1);
    const struct galen_tensor rest = rows_take(&rows, 2);

    assert_int_equal(first.shape[0], 1);
    assert_int_equal(first.shape[1], 2);
    assert_ptr_equal(first.bytes, values);
    assert_int_equal(first.size_bytes, 8);
    assert_int_equal(rest.shape[0], 2);
    assert_ptr_equal(rest.bytes, values + 2);
    assert_int_equal(rest.size_bytes, 16);
}

static void rows_of_bytes_are_found_by_walking(void **state)
{
    (void)state;
    /* two rows of two: "a" "", "bcd" "e" */
    static const uint8_t bytes[] = {1, 0, 0,   0,   'a', 0, 0, 0, 0, 3,  0,
                                    0, 0, 'b', 'c', 'd', 1, 0, 0, 0, 'e'};
    const struct galen_tensor tensor = {.name = "s",
                                        .datatype = GALEN_BYTES,
                                        .rank = 2,
                                        .shape = {2, 2},
                                        .bytes = bytes,
                                        .size_bytes = sizeof(bytes)};
    struct rows rows;
    rows_init(&rows, &tensor);

    const struct galen_tensor first = rows_take(&rows, 1);
    const struct galen_tensor second = rows_take(&rows, 1);

    assert_int_equal(first.size_bytes, 9);
    assert_ptr_equal(second.bytes, bytes + 9);
    assert_int_equal(second.size_bytes, 12);
    EXPECT_OK(galen_tensor_check(&first));
    EXPECT_OK(galen_tensor_check(&second));
}

static void empty_rows_are_rows(void **state)
{
    (void)state;
    const struct galen_tensor tensor = {
        .name = "x", .datatype = GALEN_INT64, .rank = 2, .shape = {2, 0}};
    struct rows rows;
    rows_init(&rows, &tensor);

    assert_int_equal(rows_take(&rows, 1).size_bytes, 0);
    assert_int_equal(rows_take(&rows, 1).size_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_numbers_share_the_bytes),
        cmocka_unit_test(rows_of_bytes_are_found_by_walking),
        cmocka_unit_test(empty_rows_are_rows),
    };
    return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
