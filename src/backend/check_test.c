/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/check.h"

#include <string.h>

#include "base/limits.h"
#include "expect.h"

static const struct galen_tensor_spec flag = {"flag", GALEN_BOOL, 1, {GALEN_DIMENSION_ANY}};

static enum galen_status check_one(const struct galen_tensor_spec *tensor,
                                   struct galen_error *out_error)
{
    const struct galen_model_spec spec = {"test", tensor, 1, &flag, 1};
    return check_spec(&spec, out_error);
}

static void a_spec_within_the_limits_passes(void **state)
{
    (void)state;
    EXPECT_OK(check_one(&flag, NULL));
}

static void names_are_utf8_of_bounded_size(void **state)
{
    (void)state;
    char name[LIMIT_TENSOR_NAME_SIZE_BYTES_MAX + 2];
    struct galen_tensor_spec tensor = flag;
    tensor.name = memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';

    EXPECT_STATUS(GALEN_INVALID, check_one(&tensor, NULL));
    name[sizeof(name) - 2] = '\0';
    EXPECT_OK(check_one(&tensor, NULL));
    name[0] = '\xFF';
    EXPECT_STATUS(GALEN_INVALID, check_one(&tensor, NULL));
    name[0] = '\0';
    EXPECT_STATUS(GALEN_INVALID, check_one(&tensor, NULL));
}

static void a_negative_dimension_is_refused(void **state)
{
    (void)state;
    struct galen_tensor_spec tensor = flag;
    struct galen_error error;
    tensor.shape[0] = -2;

    EXPECT_STATUS(GALEN_INVALID, check_one(&tensor, &error));

    assert_string_equal("dimension 0 of input 'flag' is negative", error.text);
}

static void names_and_counts_are_bounded(void **state)
{
    (void)state;
    const struct galen_tensor_spec twice[] = {flag, flag};
    struct galen_model_spec spec = {"test", twice, 2, &flag, 1};
    struct galen_error error;

    EXPECT_STATUS(GALEN_INVALID, check_spec(&spec, &error));
    assert_string_equal("input 'flag' is there twice", error.text);
    spec.input_count = 1;
    spec.output_count = 0;
    EXPECT_STATUS(GALEN_INVALID, check_spec(&spec, &error));
    spec.output_count = LIMIT_TENSOR_COUNT_MAX + 1;
    EXPECT_STATUS(GALEN_INVALID, check_spec(&spec, &error));
}

static void a_boolean_is_zero_or_one(void **state)
{
    (void)state;
    const struct galen_model_spec spec = {"test", &flag, 1, &flag, 1};
    uint8_t bytes[] = {0, 1, 0};
    const struct galen_tensor input = {"flag", GALEN_BOOL, 1, {3}, bytes, sizeof(bytes)};
    const struct galen_batch batch = {&input, 1, NULL};
    struct galen_error error;

    EXPECT_OK(check_inputs(&spec, &batch, &error));
    bytes[2] = 2;
    EXPECT_STATUS(GALEN_INVALID, check_inputs(&spec, &batch, &error));
    assert_string_equal("element 2 of input 'flag' is no BOOL", error.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spec_within_the_limits_passes),
        cmocka_unit_test(names_are_utf8_of_bounded_size),
        cmocka_unit_test(a_negative_dimension_is_refused),
        cmocka_unit_test(names_and_counts_are_bounded),
        cmocka_unit_test(a_boolean_is_zero_or_one),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
