/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/number_impl.h"
#include "expect.h"

static uint64_t random_state = 20240229;

static uint64_t random_next(void) /* splitmix64 */
{
    uint64_t z = random_state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static uint64_t bits_of_f64(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* What the C library makes of the text is what we make of it, sign of zero included. */
static void expect_as_library(const char *text)
{
    float single = 0;
    double twice = 0;
    const float expected_single = strtof(text, NULL);
    const double expected_twice = strtod(text, NULL);

    const enum galen_status single_status =
        number_read_f32(bytes_from_string(text), &single);
    const enum galen_status twice_status = number_read_f64(bytes_from_string(text), &twice);

    EXPECT_STATUS(isinf(expected_single) ? GALEN_TOO_LARGE : GALEN_OK, single_status);
    EXPECT_STATUS(isinf(expected_twice) ? GALEN_TOO_LARGE : GALEN_OK, twice_status);
    if (single_status == GALEN_OK && bits_of(single) != bits_of(expected_single)) {
        fail_msg("FP32 of %s is %a, not %a", text, (double)single, (double)expected_single);
    }
    if (twice_status == GALEN_OK && bits_of_f64(twice) != bits_of_f64(expected_twice)) {
        fail_msg("FP64 of %s is %a, not %a", text, twice, expected_twice);
    }
}

static void each_power_of_ten_has_its_first_64_bits(void **state)
{
    (void)state;
    uint128 power =
        (uint128)1 << 127; /* 10^0, cut to 128 bits: far more than is compared */
    uint128 inverse = power;
    for (int n = 0; n <= POWER_OF_TEN_MAX; n++) {
        assert_true((uint64_t)(power >> 64) == powers_of_ten[n - POWER_OF_TEN_MIN]);
        assert_true((uint64_t)(inverse >> 64) == powers_of_ten[-n - POWER_OF_TEN_MIN]);
        power = power / 16 * 10 + power % 16 * 10 / 16; /* 10 = 16 * 5/8 */
        inverse = inverse / 10 * 8 + inverse % 10 * 8 / 10;
        while (power >> 127 == 0) {
            power *= 2;
        }
        while (inverse >> 127 == 0) {
            inverse *= 2;
        }
    }
}

static void texts_that_are_no_json_number_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",           "-",         "+1",         ".5",    "1.",    "01",
        "-01",        "00",        "1e",         "1e+",   "1.e3",  "0x10",
        "1 ",         " 1",        "NaN",        "-NaN",  "inf",   "Infinity",
        "1,5",        "1_0",       "--1",        "1e5.5", "1.5.5", "1f",
        "\"1\"",      "true",      "1e--5",      "١",     "1\t",   "1e 5",
        "123456789.", "12345678a", "0.1234567x", "-.1",   "null",  "1E",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct bytes text = bytes_from_string(texts[i]);
        float single = 7;
        double twice = 7;
        int64_t integer = 7;
        uint64_t natural = 7;
        EXPECT_STATUS(GALEN_INVALID, number_read_f32(text, &single));
        EXPECT_STATUS(GALEN_INVALID, number_read_f64(text, &twice));
        EXPECT_STATUS(GALEN_INVALID, number_read_i64(text, INT64_MIN, INT64_MAX, &integer));
        EXPECT_STATUS(GALEN_INVALID, number_read_u64(text, UINT64_MAX, &natural));
        assert_true(bits_of(single) == bits_of(7) && twice > 6 && integer == 7 &&
                    natural == 7);
    }
}

static void a_number_may_not_run_on_behind_its_text(void **state)
{
    (void)state;
    float value;
    EXPECT_OK(number_read_f32(bytes_of("12345678", 3), &value));
    assert_true(bits_of(value) == bits_of(123));
    EXPECT_OK(number_read_f32(bytes_of("0.12345678", 5), &value));
    assert_true(bits_of(value) == bits_of(0.123F));
}

static const char *const hard_decimals[] = {
    "0",
    "-0",
    "-0.0",
    "0e999999999999999999999",
    "-0e-5",
    "1",
    "0.1",
    "17.99",
    "-273.15",
    /* around halves of FP32: exactly, one digit more and one less */
    "16777217",
    "16777217.0000000000000000000000000000000001",
    "16777216.9999999999",
    "33554435",
    "1.000000059604644775390625",
    "1.00000005960464477539062500000000001",
    "1.00000005960464477539062499999999999",
    "1.00000017881393432617187500",
    /* FP64 rounds these to a half of FP32, from where a second rounding goes wrong */
    "1.00000005960464477539062500001",
    "1.00000017881393432617187499999",
    "8589973000.000000000000000000000000000001",
    /* halves of FP64 */
    "9007199254740993",
    "9007199254740992.9999999999",
    "9007199254740993.00000000000001",
    "0.5000000000000000277555756156289135105907917022705078125",
    /* FP32: largest, the half above it, beyond */
    "3.4028234663852886e38",
    "3.40282346638528859811704183484516925440e38",
    "340282356779733661637539395458142568447",
    "340282356779733661637539395458142568448",
    "340282356779733661637539395458142568449",
    "3.5e38",
    "1e39",
    "1e400",
    "-1e400",
    /* FP32: smallest normal, subnormals, half of the smallest */
    "1.17549435e-38",
    "1.17549429e-38",
    "1.1754942106924411e-38",
    "1.401298464324817e-45",
    "7.006492321624085354618e-46",
    "7.006492321624085354619e-46",
    "7.0064923216240853e-46",
    "2.1e-45",
    "1e-50",
    "1e-400",
    "-1e-99999999999999999999",
    /* FP64: the same */
    "1.7976931348623157e308",
    "1.7976931348623158e308",
    "1.7976931348623159e308",
    "2.2250738585072014e-308",
    "2.2250738585072011e-308",
    "4.9406564584124654e-324",
    "2.4703282292062327e-324",
    "2.4703282292062328e-324",
    /* many digits and far-off exponents that cancel */
    "12345678901234567890",
    "123456789012345678901234567890123456789012345678901234567890",
    "0.00000000000000000000000000000000000000000000000000000000000000001e65",
    "100000000000000000000000000000000000000000000000000000000000000000e-65",
    "18446744073709551615",
    "18446744073709551616",
    "9999999999999999999",
    "99999999999999999999",
    "0.9999999999999999999",
    "0.99999999999999999999",
};

static void hard_decimals_round_once_to_the_nearest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(hard_decimals) / sizeof(hard_decimals[0]); i++) {
        expect_as_library(hard_decimals[i]);
    }
}

static void a_digit_behind_eight_hundred_others_still_breaks_the_tie(void **state)
{
    (void)state;
    static char text[2000];
    const int size = snprintf(text, sizeof(text), "16777217.%01200d", 0);
    float value;

    EXPECT_OK(number_read_f32(bytes_of(text, (size_t)size), &value));
    assert_true(bits_of(value) == bits_of(16777216));

    text[size - 1] = '1';
    EXPECT_OK(number_read_f32(bytes_of(text, (size_t)size), &value));
    assert_true(bits_of(value) == bits_of(16777218));
    expect_as_library(text);
}

static void random_decimals_read_as_the_library_reads_them(void **state)
{
    (void)state;
    for (int i = 0; i < 300000; i++) {
        char text[96];
        size_t size = 0;
        const uint64_t form = random_next();
        const size_t digit_count = 1 + form % 40;
        const size_t point = (form >> 8) % (digit_count + 1);
        if ((form >> 16) % 2 == 1) {
            text[size++] = '-';
        }
        for (size_t n = 0; n < digit_count; n++) {
            if (n > 0 && n == point) {
                text[size++] = '.';
            }
            text[size++] = (char)('0' + random_next() % 10);
        }
        const bool leading = text[0] == '0' || (text[0] == '-' && text[1] == '0');
        if (leading) {
            text[text[0] == '-'] = '7';
        }
        const int exponent = (int)((form >> 24) % 100) - 50;
        const int wide = (int)((form >> 24) % 700) - 350;
        switch ((form >> 20) % 4) {
        case 0:
            text[size] = '\0';
            break;
        case 1:
            (void)snprintf(text + size, sizeof(text) - size, "E%d", wide);
            break;
        default:
            (void)snprintf(text + size, sizeof(text) - size, "e%+d", exponent);
            break;
        }
        expect_as_library(text);
    }
}

static void expect_shortest(float value)
{
    char text[NUMBER_TEXT_SIZE_MAX + 1];
    char library[64];
    float back = 0;
    const size_t size = number_write_f32(value, text);
    text[size] = '\0';

    EXPECT_OK(number_read_f32(bytes_of(text, size), &back));
    if (bits_of(back) != bits_of(value) || bits_of(strtof(text, NULL)) != bits_of(value)) {
        fail_msg("%a is written as %s", (double)value, text);
    }
    int digit_count = 0; /* significant ones */
    int zeros = 0;
    for (const char *at = text; *at != '\0' && *at != 'e'; at++) {
        if (byte_is_digit((uint8_t)*at) && (digit_count > 0 || *at != '0')) {
            digit_count++;
            zeros = *at == '0' ? zeros + 1 : 0;
        }
    }
    digit_count -= zeros;
    if (digit_count > 1) {
        (void)snprintf(library, sizeof(library), "%.*e", digit_count - 2, (double)value);
        if (bits_of(strtof(library, NULL)) == bits_of(value)) {
            fail_msg("%s could be %s", text, library);
        }
        (void)snprintf(library, sizeof(library), "%.*e", digit_count - 1, (double)value);
        const double ours = fabs(strtod(text, NULL) - (double)value);
        const double nearest = fabs(strtod(library, NULL) - (double)value);
        if (bits_of(strtof(library, NULL)) == bits_of(value) && ours > nearest) {
            fail_msg("%s is nearer than %s", library, text);
        }
    }
}

static void a_million_random_floats_are_written_shortest_and_read_back(void **state)
{
    (void)state;
    for (int i = 0; i < 1000000; i++) {
        const float value = float_of((uint32_t)random_next());
        if (isfinite(value)) {
            expect_shortest(value);
        }
    }
}

static void floats_at_the_edges_are_written_shortest(void **state)
{
    (void)state;
    for (uint32_t exponent = 0; exponent < 255; exponent++) {
        for (uint32_t offset = 0; offset < 9; offset++) {
            expect_shortest(float_of((exponent << 23) + offset));
            expect_shortest(float_of((exponent << 23) + 0x7FFFFF - offset));
            expect_shortest(float_of((exponent << 23) + 0x400000 - offset));
        }
    }
}

static void expect_text(const char *expected, float value)
{
    char text[NUMBER_TEXT_SIZE_MAX + 1];
    text[number_write_f32(value, text)] = '\0';
    assert_string_equal(expected, text);
}

static void expect_text_f64(const char *expected, double value)
{
    char text[NUMBER_TEXT_SIZE_MAX + 1];
    text[number_write_f64(value, text)] = '\0';
    assert_string_equal(expected, text);
}

static void both_precisions_are_written_in_the_same_form(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0, "0.0"},
        {-0.0, "-0.0"},
        {1, "1.0"},
        {-1, "-1.0"},
        {0.98, "0.98"},
        {17.99, "17.99"},
        {100, "100.0"},
        {123456, "123456.0"},
        {0.1, "0.1"},
        {1e-5, "0.00001"},
        {1e-6, "0.000001"},
        {1.5e-6, "0.0000015"},
        {1e-7, "1e-7"},
        {-1.5e-7, "-1.5e-7"},
        {1.5e-10, "1.5e-10"},
        {1e20, "100000000000000000000.0"},
        {1e21, "1e21"},
        {1.5e30, "1.5e30"},
        {2.5e15, "2500000000000000.0"},
        {-12.25, "-12.25"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_text(rows[i].text, (float)rows[i].value);
        expect_text_f64(rows[i].text, rows[i].value);
    }
    expect_text("3.4028235e38", FLT_MAX);
    expect_text("1e-45", float_of(1));
    expect_text("1.1754944e-38", FLT_MIN);
    expect_text_f64("1.7976931348623157e308", DBL_MAX);
    expect_text_f64("-5e-324", -DBL_TRUE_MIN);
}

static void random_doubles_read_back(void **state)
{
    (void)state;
    for (int i = 0; i < 200000; i++) {
        const uint64_t bits = random_next();
        char text[NUMBER_TEXT_SIZE_MAX];
        double value;
        double back = 0;
        memcpy(&value, &bits, sizeof(value));
        if (isfinite(value)) {
            EXPECT_OK(
                number_read_f64(bytes_of(text, number_write_f64(value, text)), &back));
            assert_true(bits_of_f64(value) == bits_of_f64(back));
        }
    }
}

static void integers_are_exact_up_to_their_limits(void **state)
{
    (void)state;
    int64_t value;
    uint64_t natural;
    EXPECT_OK(number_read_i64(BYTES("9223372036854775807"), INT64_MIN, INT64_MAX, &value));
    assert_true(value == INT64_MAX);
    EXPECT_OK(number_read_i64(BYTES("-9223372036854775808"), INT64_MIN, INT64_MAX, &value));
    assert_true(value == INT64_MIN);
    EXPECT_OK(number_read_i64(BYTES("-0"), 0, 5, &value));
    assert_true(value == 0);
    EXPECT_OK(number_read_u64(BYTES("18446744073709551615"), UINT64_MAX, &natural));
    assert_true(natural == UINT64_MAX);
    EXPECT_OK(number_read_u64(BYTES("-0"), UINT64_MAX, &natural));
    assert_true(natural == 0);
}

static void integers_beyond_their_limits_are_too_large(void **state)
{
    (void)state;
    int64_t value;
    uint64_t natural;
    EXPECT_STATUS(GALEN_TOO_LARGE, number_read_i64(BYTES("9223372036854775808"), INT64_MIN,
                                                   INT64_MAX, &value));
    EXPECT_STATUS(GALEN_TOO_LARGE, number_read_i64(BYTES("-9223372036854775809"), INT64_MIN,
                                                   INT64_MAX, &value));
    EXPECT_STATUS(GALEN_TOO_LARGE, number_read_i64(BYTES("128"), -128, 127, &value));
    EXPECT_STATUS(GALEN_TOO_LARGE, number_read_i64(BYTES("-129"), -128, 127, &value));
    EXPECT_STATUS(GALEN_TOO_LARGE, number_read_u64(BYTES("256"), 255, &natural));
    EXPECT_STATUS(GALEN_TOO_LARGE, number_read_u64(BYTES("-1"), 255, &natural));
    EXPECT_STATUS(GALEN_TOO_LARGE,
                  number_read_u64(BYTES("18446744073709551616"), UINT64_MAX, &natural));
    EXPECT_STATUS(GALEN_TOO_LARGE,
                  number_read_u64(BYTES("100000000000000000000000000000"), 255, &natural));
}

static void a_fraction_or_exponent_is_no_integer(void **state)
{
    (void)state;
    int64_t value;
    uint64_t natural;
    static const char *const texts[] = {"1.0", "1e3",   "1E0",
                                        "0.0", "-0.0",  "10e-1",
                                        "1.5", "1e400", "0.00000000000000000000000000001"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct bytes text = bytes_from_string(texts[i]);
        EXPECT_STATUS(GALEN_INVALID, number_read_i64(text, INT64_MIN, INT64_MAX, &value));
        EXPECT_STATUS(GALEN_INVALID, number_read_u64(text, UINT64_MAX, &natural));
    }
}

static double value_of_f16(uint32_t bits) /* finite, by the definition */
{
    const int exponent = (int)(bits >> 10 & 31);
    const double fraction = bits & 0x3FF;
    const double magnitude =
        exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);
    return bits >> 15 != 0 ? -magnitude : magnitude;
}

static void every_half_float_has_its_value_and_comes_back(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits <= UINT16_MAX; bits++) {
        const float value = number_f32_from_f16((uint16_t)bits);
        if ((bits & 0x7FFF) > 0x7C00) {
            assert_true(isnan(value));
            assert_true((number_f16_from_f32(value) & 0x7FFF) > 0x7C00);
        } else {
            const double expected = value_of_f16(bits);
            assert_true((bits & 0x7FFF) == 0x7C00 ? isinf(value)
                                                  : (double)value == expected);
            assert_int_equal(bits, number_f16_from_f32(value));
        }
    }
}

static void a_float_between_two_halves_goes_to_the_nearer_or_even(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 0x7C00; bits++) {
        const double low = value_of_f16(bits);
        const double high = bits == 0x7BFF ? 65536 : value_of_f16(bits + 1);
        const float middle = (float)((low + high) / 2);
        const uint32_t even = bits + bits % 2;
        assert_int_equal(even, number_f16_from_f32(middle));
        assert_int_equal(bits, number_f16_from_f32(nextafterf(middle, 0)));
        assert_int_equal(bits + 1, number_f16_from_f32(nextafterf(middle, INFINITY)));
        assert_int_equal(even | 0x8000, number_f16_from_f32(-middle));
    }
    assert_int_equal(0x7C00, number_f16_from_f32(FLT_MAX));
    assert_int_equal(0x0000, number_f16_from_f32(FLT_TRUE_MIN));
}

static void every_bfloat_comes_back_and_floats_round_to_even(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits <= UINT16_MAX; bits++) {
        const float value = number_f32_from_bf16((uint16_t)bits);
        if ((bits & 0x7FFF) > 0x7F80) {
            assert_true(isnan(value));
            assert_int_equal(bits | 0x40, number_bf16_from_f32(value));
            continue;
        }
        assert_int_equal(bits, number_bf16_from_f32(value));
        if ((bits & 0x7FFF) < 0x7F80) {
            const uint32_t middle = bits << 16 | 0x8000;
            assert_int_equal(bits + bits % 2, number_bf16_from_f32(float_of(middle)));
            assert_int_equal(bits, number_bf16_from_f32(float_of(middle - 1)));
            assert_int_equal(bits + 1, number_bf16_from_f32(float_of(middle + 1)));
        }
    }
    assert_true(isnan(number_f32_from_bf16(number_bf16_from_f32(float_of(0x7F800001)))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_power_of_ten_has_its_first_64_bits),
        cmocka_unit_test(texts_that_are_no_json_number_are_refused),
        cmocka_unit_test(a_number_may_not_run_on_behind_its_text),
        cmocka_unit_test(hard_decimals_round_once_to_the_nearest),
        cmocka_unit_test(a_digit_behind_eight_hundred_others_still_breaks_the_tie),
        cmocka_unit_test(random_decimals_read_as_the_library_reads_them),
        cmocka_unit_test(a_million_random_floats_are_written_shortest_and_read_back),
        cmocka_unit_test(floats_at_the_edges_are_written_shortest),
        cmocka_unit_test(both_precisions_are_written_in_the_same_form),
        cmocka_unit_test(random_doubles_read_back),
        cmocka_unit_test(integers_are_exact_up_to_their_limits),
        cmocka_unit_test(integers_beyond_their_limits_are_too_large),
        cmocka_unit_test(a_fraction_or_exponent_is_no_integer),
        cmocka_unit_test(every_half_float_has_its_value_and_comes_back),
        cmocka_unit_test(a_float_between_two_halves_goes_to_the_nearer_or_even),
        cmocka_unit_test(every_bfloat_comes_back_and_floats_round_to_even),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
