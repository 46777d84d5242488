/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/http.h"

#include "expect.h"

static const struct http_header headers[] = {
    {{(const uint8_t *)"Host", 4}, {(const uint8_t *)"a", 1}},
    {{(const uint8_t *)"X-Twice", 7}, {(const uint8_t *)"first", 5}},
    {{(const uint8_t *)"x-twice", 7}, {(const uint8_t *)"second", 6}},
};

static void header_is_found_without_case_and_the_first_one_counts(void **state)
{
    (void)state;
    struct bytes value;

    assert_true(http_header_get(headers, 3, "X-TWICE", &value));

    assert_true(bytes_equal_string(value, "first"));
}

static void absent_header_leaves_the_value_alone(void **state)
{
    (void)state;
    struct bytes value = BYTES("before");

    assert_false(http_header_get(headers, 3, "Hos", &value));
    assert_false(http_header_get(headers, 3, "Hosts", &value));

    assert_true(bytes_equal_string(value, "before"));
}

static void statuses_have_the_reasons_of_rfc_9110(void **state)
{
    (void)state;
    assert_string_equal(http_reason(404), "Not Found");
    assert_string_equal(http_reason(413), "Content Too Large");
    assert_string_equal(http_reason(299), "");
}

static void methods_are_upper_case(void **state)
{
    (void)state;
    assert_string_equal(http_method_name(HTTP_GET), "GET");
    assert_string_equal(http_method_name(HTTP_PATCH), "PATCH");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_is_found_without_case_and_the_first_one_counts),
        cmocka_unit_test(absent_header_leaves_the_value_alone),
        cmocka_unit_test(statuses_have_the_reasons_of_rfc_9110),
        cmocka_unit_test(methods_are_upper_case),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
