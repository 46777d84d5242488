/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/disagreement.h"

#include <math.h>

#include "expect.h"

static const double tolerance = 0.1;

static struct galen_tensor scores_of(const float *values, int64_t rows, int64_t columns)
{
    return (struct galen_tensor){
        .datatype = GALEN_FP32,
        .rank = 2,
        .shape = {rows, columns},
        .bytes = values,
        .size_bytes = (size_t)(rows * columns) * sizeof(float),
    };
}

static bool disagree(const float *a, const float *b, int64_t rows, int64_t columns)
{
    const struct galen_tensor left = scores_of(a, rows, columns);
    const struct galen_tensor right = scores_of(b, rows, columns);
    return tensors_disagree(&left, &right, tolerance);
}

static void another_label_of_one_row_disagrees(void **unused)
{
    (void)unused;
    static const float a[] = {1, 9, 9, 1};
    static const float b[] = {1, 9, 1, 9};
    assert_true(disagree(a, b, 2, 2));
    assert_false(disagree(a, a, 2, 2));
}

static void logits_of_the_same_label_agree_however_far_apart(void **unused)
{
    (void)unused;
    static const float a[] = {-3, 9};
    static const float b[] = {-30, 2};
    assert_false(disagree(a, b, 1, 2));
}

static void scores_of_the_same_label_disagree_beyond_the_tolerance(void **unused)
{
    (void)unused;
    static const float a[] = {0.25F, 0.75F};
    static const float near[] = {0.3F, 0.7F};
    static const float far[] = {0.4F, 0.6F};
    assert_false(disagree(a, near, 1, 2));
    assert_true(disagree(a, far, 1, 2));
}

static void a_single_column_is_compared_by_its_size(void **unused)
{
    (void)unused;
    static const float a[] = {100, 0};
    static const float near[] = {109, 0.09F};
    static const float far[] = {111, 0};
    assert_false(disagree(a, near, 2, 1));
    assert_true(disagree(a, far, 2, 1));
}

static void what_is_no_number_disagrees_with_one(void **unused)
{
    (void)unused;
    const float a[] = {NAN, INFINITY};
    static const float b[] = {1, 1};
    assert_true(disagree(a, b, 2, 1));
    assert_true(disagree(b, a, 2, 1));
    assert_false(disagree(a, a, 2, 1));
}

static void another_shape_or_datatype_disagrees(void **unused)
{
    (void)unused;
    static const float values[] = {1, 2};
    const struct galen_tensor row = scores_of(values, 1, 2);
    const struct galen_tensor column = scores_of(values, 2, 1);
    struct galen_tensor integers = row;
    integers.datatype = GALEN_INT32;
    assert_true(tensors_disagree(&row, &column, tolerance));
    assert_true(tensors_disagree(&row, &integers, tolerance));
}

static void other_datatypes_agree_byte_by_byte(void **unused)
{
    (void)unused;
    static const int32_t a[] = {1, 2};
    static const int32_t b[] = {1, 3};
    const struct galen_tensor left = {
        .datatype = GALEN_INT32, .rank = 1, .shape = {2}, .bytes = a, .size_bytes = 8};
    struct galen_tensor right = left;
    assert_false(tensors_disagree(&left, &right, tolerance));
    right.bytes = b;
    assert_true(tensors_disagree(&left, &right, tolerance));
}

static void halves_and_doubles_are_numbers_too(void **unused)
{
    (void)unused;
    static const uint16_t one[] = {0x3C00};  /* 1 */
    static const uint16_t near[] = {0x3C10}; /* 1.0156 */
    static const double big[] = {1000};
    static const double bigger[] = {1200};
    struct galen_tensor a = {
        .datatype = GALEN_FP16, .rank = 1, .shape = {1}, .bytes = one, .size_bytes = 2};
    struct galen_tensor b = a;
    b.bytes = near;
    assert_false(tensors_disagree(&a, &b, tolerance));
    a = (struct galen_tensor){
        .datatype = GALEN_FP64, .rank = 1, .shape = {1}, .bytes = big, .size_bytes = 8};
    b = a;
    b.bytes = bigger;
    assert_true(tensors_disagree(&a, &b, tolerance));
}

static void nothing_agrees_with_nothing(void **unused)
{
    (void)unused;
    const struct galen_tensor empty = {.datatype = GALEN_FP32, .rank = 2, .shape = {0, 2}};
    assert_false(tensors_disagree(&empty, &empty, tolerance));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_label_of_one_row_disagrees),
        cmocka_unit_test(logits_of_the_same_label_agree_however_far_apart),
        cmocka_unit_test(scores_of_the_same_label_disagree_beyond_the_tolerance),
        cmocka_unit_test(a_single_column_is_compared_by_its_size),
        cmocka_unit_test(what_is_no_number_disagrees_with_one),
        cmocka_unit_test(another_shape_or_datatype_disagrees),
        cmocka_unit_test(other_datatypes_agree_byte_by_byte),
        cmocka_unit_test(halves_and_doubles_are_numbers_too),
        cmocka_unit_test(nothing_agrees_with_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
