/* SPDX-License-Identifier: Apache-2.0 */
#include "galen/tensor.h"

#include <string.h>

#include "expect.h"

static const enum galen_datatype all[] = {
#define GALEN_DATATYPE(name, size, kind) GALEN_##name,
#include "galen/datatype.def"
};

enum { DATATYPE_COUNT = sizeof(all) / sizeof(all[0]) };

static void every_datatype_comes_back_from_its_name(void **state)
{
    for (size_t i = 0; i < DATATYPE_COUNT; i++) {
        const char *name = galen_datatype_name(all[i]);
        enum galen_datatype found = GALEN_BOOL;
        EXPECT_OK(galen_datatype_parse(name, strlen(name), &found));
        assert_int_equal(found, all[i]);
    }
    (void)state;
}

static void a_name_that_is_nearly_right_is_refused(void **state)
{
    static const char *const names[] = {"",      "fp32", "FP3",      "FP32 ",
                                        "FLOAT", "INT",  "TYPE_FP32"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        enum galen_datatype found = GALEN_UINT8;
        EXPECT_STATUS(GALEN_INVALID,
                      galen_datatype_parse(names[i], strlen(names[i]), &found));
        assert_int_equal(found, GALEN_UINT8);
    }
    (void)state;
}

static void sizes_are_those_of_the_c_types(void **state)
{
    assert_int_equal(galen_datatype_size(GALEN_BOOL), 1);
    assert_int_equal(galen_datatype_size(GALEN_INT16), sizeof(int16_t));
    assert_int_equal(galen_datatype_size(GALEN_FP32), sizeof(float));
    assert_int_equal(galen_datatype_size(GALEN_FP64), sizeof(double));
    assert_int_equal(galen_datatype_size(GALEN_BF16), 2);
    assert_int_equal(galen_datatype_size(GALEN_BYTES), 0);
    assert_int_equal(galen_datatype_kind(GALEN_UINT64), GALEN_KIND_UNSIGNED);
    assert_int_equal(galen_datatype_kind(GALEN_BYTES), GALEN_KIND_VARIABLE);
    (void)state;
}

static void the_element_count_is_the_product(void **state)
{
    static const struct {
        uint32_t rank;
        int64_t shape[GALEN_RANK_MAX];
        uint64_t count;
    } rows[] = {
        {0, {0}, 1},
        {1, {7}, 7},
        {3, {2, 3, 4}, 24},
        {2, {0, 5}, 0},
        {1, {INT64_MAX}, INT64_MAX},
        {8, {1, 1, 1, 1, 1, 1, 1, 9}, 9},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t count = 99;
        EXPECT_OK(galen_shape_element_count(rows[i].shape, rows[i].rank, &count));
        assert_int_equal(count, rows[i].count);
    }
    (void)state;
}

static void a_shape_that_cannot_be_is_refused(void **state)
{
    static const struct {
        uint32_t rank;
        int64_t shape[GALEN_RANK_MAX + 1];
        enum galen_status status;
    } rows[] = {
        {1, {-1}, GALEN_INVALID},
        {2, {0, -1}, GALEN_INVALID},
        {3, {INT64_MAX, INT64_MAX, -1}, GALEN_INVALID},
        {GALEN_RANK_MAX + 1, {1, 1, 1, 1, 1, 1, 1, 1, 1}, GALEN_INVALID},
        {2, {INT64_MAX, 2}, GALEN_TOO_LARGE},
        {2, {INT64_C(1) << 32, INT64_C(1) << 32}, GALEN_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t count = 99;
        EXPECT_STATUS(rows[i].status,
                      galen_shape_element_count(rows[i].shape, rows[i].rank, &count));
        assert_int_equal(count, 99);
    }
    (void)state;
}

static void the_order_of_dimensions_does_not_decide(void **state)
{
    const int64_t zero_last[] = {INT64_MAX, 4, 0};
    const int64_t zero_first[] = {0, INT64_MAX, 4};
    uint64_t count;
    EXPECT_STATUS(GALEN_TOO_LARGE, galen_shape_element_count(zero_last, 3, &count));
    EXPECT_STATUS(GALEN_TOO_LARGE, galen_shape_element_count(zero_first, 3, &count));
    (void)state;
}

static void a_tensor_has_exactly_the_bytes_of_its_shape(void **state)
{
    static const float values[6];
    struct galen_tensor tensor = {.datatype = GALEN_FP32,
                                  .rank = 2,
                                  .shape = {2, 3},
                                  .bytes = values,
                                  .size_bytes = 24};
    EXPECT_OK(galen_tensor_check(&tensor));
    for (size_t size = 0; size < 24; size++) {
        tensor.size_bytes = size;
        EXPECT_STATUS(GALEN_INVALID, galen_tensor_check(&tensor));
    }
    tensor.size_bytes = 28;
    EXPECT_STATUS(GALEN_INVALID, galen_tensor_check(&tensor));
    (void)state;
}

static void an_empty_tensor_has_no_bytes(void **state)
{
    struct galen_tensor tensor = {.datatype = GALEN_FP64, .rank = 1, .shape = {0}};
    EXPECT_OK(galen_tensor_check(&tensor));
    tensor.datatype = GALEN_BYTES;
    EXPECT_OK(galen_tensor_check(&tensor));
    tensor.bytes = "\0\0\0\0";
    tensor.size_bytes = 4;
    EXPECT_STATUS(GALEN_INVALID, galen_tensor_check(&tensor));
    (void)state;
}

static void a_size_that_would_overflow_is_compared_without_overflow(void **state)
{
    const struct galen_tensor tensor = {
        .datatype = GALEN_FP64, .rank = 1, .shape = {INT64_C(1) << 61}, .size_bytes = 0};
    EXPECT_STATUS(GALEN_INVALID, galen_tensor_check(&tensor));
    (void)state;
}

static enum galen_status check_elements(const char *bytes, size_t size, int64_t count)
{
    const struct galen_tensor tensor = {.datatype = GALEN_BYTES,
                                        .rank = 1,
                                        .shape = {count},
                                        .bytes = bytes,
                                        .size_bytes = size};
    return galen_tensor_check(&tensor);
}

static void elements_fill_their_tensor_exactly(void **state)
{
    static const char two[] = "\3\0\0\0abc\0\0\0\0";
    EXPECT_OK(check_elements(two, 11, 2));
    EXPECT_STATUS(GALEN_INVALID, check_elements(two, 11, 1)); /* bytes left over */
    EXPECT_STATUS(GALEN_INVALID, check_elements(two, 11, 3)); /* an element missing */
    for (size_t size = 0; size < 11; size++) {
        EXPECT_STATUS(GALEN_INVALID, check_elements(two, size, 2));
    }
    (void)state;
}

static void an_element_longer_than_the_tensor_is_refused(void **state)
{
    EXPECT_STATUS(GALEN_INVALID, check_elements("\xFF\xFF\xFF\xFFx", 5, 1));
    EXPECT_STATUS(GALEN_INVALID, check_elements("\2\0\0\0x", 5, 1));
    EXPECT_STATUS(GALEN_INVALID, check_elements("\0\0\0\0", 4, INT64_MAX));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_datatype_comes_back_from_its_name),
        cmocka_unit_test(a_name_that_is_nearly_right_is_refused),
        cmocka_unit_test(sizes_are_those_of_the_c_types),
        cmocka_unit_test(the_element_count_is_the_product),
        cmocka_unit_test(a_shape_that_cannot_be_is_refused),
        cmocka_unit_test(the_order_of_dimensions_does_not_decide),
        cmocka_unit_test(a_tensor_has_exactly_the_bytes_of_its_shape),
        cmocka_unit_test(an_empty_tensor_has_no_bytes),
        cmocka_unit_test(a_size_that_would_overflow_is_compared_without_overflow),
        cmocka_unit_test(elements_fill_their_tensor_exactly),
        cmocka_unit_test(an_element_longer_than_the_tensor_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
