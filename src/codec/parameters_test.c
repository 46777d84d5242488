/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/parameters.h"

#include "expect.h"

static void parameters_are_taken_one_by_one(void **state)
{
    (void)state;
    struct bytes left = BYTES(" name=\"input\"; filename=\"a;\\\"b\\\".txt\" ;;x=y");
    struct parameter parameter;
    assert_true(parameters_take(&left, &parameter));
    assert_true(bytes_equal(parameter.name, BYTES("name")));
    assert_true(bytes_equal(parameters_plain_value(parameter.value), BYTES("input")));
    assert_true(parameters_take(&left, &parameter));
    assert_true(bytes_equal(parameter.name, BYTES("filename")));
    assert_true(
        bytes_equal(parameters_plain_value(parameter.value), BYTES("\"a;\\\"b\\\".txt\"")));
    assert_true(parameters_take(&left, &parameter));
    assert_int_equal(parameter.name.size, 0);
    assert_true(parameters_take(&left, &parameter));
    assert_true(bytes_equal(parameter.value, BYTES("y")));
    assert_int_equal(left.size, 0);
}

static void what_is_none_is_left_where_it_is(void **state)
{
    (void)state;
    static const char *const wrong[] = {"a",     "a=",       "a =b",   "a= b",
                                        "a=\"b", "a=\"\n\"", "a=\"\\", "a=b c",
                                        "=b",    "\"a\"=b",  "a=b,c"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct bytes left = bytes_from_string(wrong[i]);
        struct parameter parameter;
        assert_false(parameters_take(&left, &parameter));
        assert_true(bytes_equal_string(left, wrong[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_taken_one_by_one),
        cmocka_unit_test(what_is_none_is_left_where_it_is),
    };
    return cmocka_run_group_tests_name("parameters", tests, NULL, NULL);
}
