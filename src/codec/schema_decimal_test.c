/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/schema_decimal.h"

#include <stdio.h>
#include <stdlib.h>

#include "expect.h"

static struct decimal read(const char *text)
{
    struct decimal decimal;
    assert_true(decimal_read(bytes_from_string(text), &decimal));
    return decimal;
}

static int compare(const char *a, const char *b)
{
    const struct decimal left = read(a);
    const struct decimal right = read(b);
    return decimal_compare(&left, &right);
}

static bool is_multiple(const char *number, const char *of)
{
    const struct decimal decimal = read(number);
    const struct decimal unit = read(of);
    struct decimal_divisor divisor;
    assert_true(decimal_divisor_init(&divisor, &unit));
    return decimal_is_multiple(&decimal, &divisor);
}

static void numbers_are_in_their_order(void **state)
{
    (void)state;
    static const char *const ascending[] = {
        "-1e400",
        "-10.01",
        "-10",
        "-9.999",
        "-1e-400",
        "0",
        "1e-400",
        "1e-399",
        "0.1",
        "0.10001",
        "1",
        "1.00001",
        "9.99",
        "10",
        "12",
        "100",
        "100.0000000000000000000000000000000000001",
        "1.01e2",
        "1e400",
    };
    const size_t count = sizeof(ascending) / sizeof(ascending[0]);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            const int order = compare(ascending[i], ascending[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
}

static void equal_numbers_are_equal_however_they_are_written(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"0", "-0"},      {"0", "0.00e5"},    {"1", "1.0"},          {"100", "1E+2"},
        {"100", "0.1e3"}, {"0.01", "1.0e-2"}, {"-12.50", "-125e-1"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct decimal a = read(rows[i][0]);
        const struct decimal b = read(rows[i][1]);
        assert_int_equal(decimal_compare(&a, &b), 0);
        assert_true(decimal_hash(&a) == decimal_hash(&b));
    }
}

static void integer_is_one_however_it_is_written(void **state)
{
    (void)state;
    static const char *const integers[] = {"0", "0.0", "1.0", "-3", "1.5e1", "1e300"};
    static const char *const others[] = {"0.5", "1e-1", "10.01", "1.55e1"};
    for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
        const struct decimal decimal = read(integers[i]);
        assert_true(decimal_is_integer(&decimal));
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const struct decimal decimal = read(others[i]);
        assert_false(decimal_is_integer(&decimal));
    }
}

static void multiples_are_exact(void **state)
{
    (void)state;
    assert_true(is_multiple("0", "7"));
    assert_true(is_multiple("-21", "7"));
    assert_true(is_multiple("0.3", "0.1"));
    assert_true(is_multiple("1e308", "0.5"));
    assert_true(is_multiple("1e3", "16e-1"));
    assert_true(is_multiple("4.02", "0.01"));
    assert_true(is_multiple("999999999999999999", "999999999999999999"));
    assert_false(is_multiple("0.35", "0.1"));
    assert_false(is_multiple("1", "16"));
    assert_false(is_multiple("1e308", "0.123456789"));
    assert_false(is_multiple("8.61", "0.05"));
    assert_false(is_multiple("1", "10"));
}

/* Beside whole numbers of C, over thousands of pairs. */
static void multiples_agree_with_whole_numbers(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int i = 0; i < 20000; i++) {
        char number[32];
        char of[32];
        random = random * 6364136223846793005u + 1442695040888963407u;
        const unsigned a = (unsigned)(random >> 40) % 100000;
        const unsigned b = (unsigned)(random >> 20) % 400 + 1;
        (void)snprintf(number, sizeof(number), "%ue-3", a);
        (void)snprintf(of, sizeof(of), "%u.%03u", b / 1000, b % 1000);
        assert_int_equal(is_multiple(number, of), a % b == 0);
    }
}

static void exponent_beyond_18_digits_is_refused(void **state)
{
    (void)state;
    struct decimal decimal;
    assert_true(decimal_read(BYTES("1e999999999999999999"), &decimal));
    assert_true(decimal_read(BYTES("1e-0000000000000000000000001"), &decimal));
    assert_false(decimal_read(BYTES("1e1000000000000000000"), &decimal));
    assert_false(decimal_read(BYTES("1E-1000000000000000000"), &decimal));
}

static void divisor_is_above_zero_and_of_18_digits_at_most(void **state)
{
    (void)state;
    static const char *const wrong[] = {"0", "-1", "1234567890123456789"};
    struct decimal_divisor divisor;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const struct decimal decimal = read(wrong[i]);
        assert_false(decimal_divisor_init(&divisor, &decimal));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_in_their_order),
        cmocka_unit_test(equal_numbers_are_equal_however_they_are_written),
        cmocka_unit_test(integer_is_one_however_it_is_written),
        cmocka_unit_test(multiples_are_exact),
        cmocka_unit_test(multiples_agree_with_whole_numbers),
        cmocka_unit_test(exponent_beyond_18_digits_is_refused),
        cmocka_unit_test(divisor_is_above_zero_and_of_18_digits_at_most),
    };
    return cmocka_run_group_tests_name("schema_decimal", tests, NULL, NULL);
}
