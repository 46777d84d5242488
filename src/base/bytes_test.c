/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include <stdio.h>

#include "expect.h"

static void equality_looks_at_size_and_content(void **state)
{
    assert_true(bytes_equal(BYTES("abc"), bytes_from_string("abc")));
    assert_false(bytes_equal(BYTES("abc"), BYTES("abd")));
    assert_false(bytes_equal(BYTES("abc"), BYTES("ab")));
    assert_true(bytes_equal(BYTES_NONE, BYTES("")));
    assert_true(bytes_equal(BYTES("a\0b"), BYTES("a\0b")));
    assert_false(bytes_equal_string(BYTES("a\0b"), "a"));
    (void)state;
}

static void case_is_ignored_for_ascii_letters_only(void **state)
{
    assert_true(bytes_equal_ignoring_case(BYTES("Content-Type"), BYTES("cONTENT-tYPE")));
    assert_true(bytes_equal_ignoring_case(BYTES_NONE, BYTES_NONE));
    assert_false(bytes_equal_ignoring_case(BYTES("abc"), BYTES("ab")));
    assert_false(bytes_equal_ignoring_case(BYTES("["), BYTES("{"))); /* 0x20 apart */
    assert_false(bytes_equal_ignoring_case(BYTES("@"), BYTES("`")));
    assert_false(bytes_equal_ignoring_case(BYTES("\xC3\x89"), BYTES("\xC3\xA9"))); /* É é */
    (void)state;
}

static void a_prefix_is_found_only_at_the_start(void **state)
{
    assert_true(bytes_starts_with(BYTES("image/png"), BYTES("image/")));
    assert_true(bytes_starts_with(BYTES("image/png"), BYTES_NONE));
    assert_false(bytes_starts_with(BYTES("image"), BYTES("image/")));
    assert_false(bytes_starts_with(BYTES("x-image/"), BYTES("image/")));
    (void)state;
}

static void parts_never_reach_beyond_the_end(void **state)
{
    assert_true(bytes_equal_string(bytes_from(BYTES("abc"), 1), "bc"));
    assert_int_equal(bytes_from(BYTES("abc"), 3).size, 0);
    assert_int_equal(bytes_from(BYTES("abc"), SIZE_MAX).size, 0);
    assert_true(bytes_equal_string(bytes_first(BYTES("abc"), 2), "ab"));
    assert_true(bytes_equal_string(bytes_first(BYTES("abc"), SIZE_MAX), "abc"));
    assert_int_equal(bytes_first(BYTES_NONE, 1).size, 0);
    (void)state;
}

static void find_gives_the_size_when_there_is_none(void **state)
{
    assert_int_equal(bytes_find(BYTES("a,b,c"), ','), 1);
    assert_int_equal(bytes_find(BYTES("abc"), ','), 3);
    assert_int_equal(bytes_find(BYTES_NONE, ','), 0);
    assert_int_equal(bytes_find(BYTES("a\0b"), 0), 1);
    (void)state;
}

static void trim_takes_spaces_and_tabs_from_both_ends(void **state)
{
    assert_true(bytes_equal_string(bytes_trim(BYTES(" \ta b\t ")), "a b"));
    assert_true(bytes_equal_string(bytes_trim(BYTES("\r\n")), "\r\n"));
    assert_int_equal(bytes_trim(BYTES(" \t ")).size, 0);
    assert_int_equal(bytes_trim(BYTES_NONE).size, 0);
    (void)state;
}

static void split_walks_a_list_to_its_end(void **state)
{
    struct bytes head;
    struct bytes rest = bytes_split(BYTES("a,,bc"), ',', &head);
    assert_true(bytes_equal_string(head, "a"));
    rest = bytes_split(rest, ',', &head);
    assert_int_equal(head.size, 0);
    rest = bytes_split(rest, ',', &head);
    assert_true(bytes_equal_string(head, "bc"));
    assert_int_equal(rest.size, 0);
    rest = bytes_split(BYTES("a,"), ',', &head);
    assert_true(bytes_equal_string(head, "a"));
    assert_int_equal(rest.size, 0);
    (void)state;
}

/* Unicode 15, table 3-7, by arithmetic: decode, then ask whether it is a scalar value that
 * needs so many bytes. */
static bool is_one_character(const uint8_t *at, size_t size)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t lead_mask = size == 1 ? 0x7F : (uint8_t)(0x7F >> size);
    const uint8_t lead_mark = size == 1 ? 0 : (uint8_t)(0xF00 >> size);
    if ((at[0] & ~lead_mask & 0xFF) != lead_mark) {
        return false;
    }
    uint32_t point = at[0] & lead_mask;
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return false;
        }
        point = point << 6 | (at[i] & 0x3F);
    }
    return point >= smallest[size] && point <= 0x10FFFF &&
           (point < 0xD800 || point > 0xDFFF);
}

static bool are_characters(const uint8_t *at, size_t size)
{
    if (size == 0) {
        return true;
    }
    for (size_t first = 1; first <= 4 && first <= size; first++) {
        if (is_one_character(at, first) && are_characters(at + first, size - first)) {
            return true;
        }
    }
    return false;
}

static void utf8_of_up_to_three_bytes_is_as_unicode_says(void **state)
{
    for (uint32_t all = 0; all < 0x1000000; all++) {
        const uint8_t text[] = {(uint8_t)(all >> 16), (uint8_t)(all >> 8), (uint8_t)all};
        if (bytes_are_utf8(bytes_of(text, 3), NULL) != are_characters(text, 3)) {
            fail_msg("%02x %02x %02x", text[0], text[1], text[2]);
        }
    }
    (void)state;
}

static void code_points_are_counted(void **state)
{
    (void)state;
    assert_int_equal(bytes_count_code_points(BYTES_NONE), 0);
    assert_int_equal(
        bytes_count_code_points(BYTES("a\xc3\xa9\xe2\x82\xac\xf0\x9f\xa9\xba")), 4);
}

static void utf8_of_four_bytes_is_as_unicode_says(void **state)
{
    static const uint8_t edges[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F,
                                    0xA0, 0xBF, 0xC0, 0xC2, 0xE0, 0xF0, 0xFF};
    for (uint32_t lead = 0; lead <= 0xFF; lead++) {
        for (size_t i = 0; i < sizeof(edges) * sizeof(edges) * sizeof(edges); i++) {
            const uint8_t text[] = {(uint8_t)lead, edges[i % sizeof(edges)],
                                    edges[i / sizeof(edges) % sizeof(edges)],
                                    edges[i / sizeof(edges) / sizeof(edges)]};
            assert_int_equal(bytes_are_utf8(bytes_of(text, 4), NULL),
                             are_characters(text, 4));
        }
    }
    (void)state;
}

static void the_first_bad_sequence_is_named(void **state)
{
    static const struct {
        const char *text;
        size_t index;
    } rows[] = {
        {"\xFF", 0},
        {"plain text, then \xC3", 17},
        {"12345678\x80", 8},
        {"1234567\xED\xA0\x80", 7},
        {"\xE2\x82\xAC\xE2\x82", 3},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t index = SIZE_MAX;
        assert_false(bytes_are_utf8(bytes_from_string(rows[i].text), &index));
        assert_int_equal(index, rows[i].index);
    }
    size_t untouched = 42;
    assert_true(bytes_are_utf8(BYTES("12345678\xF0\x9F\xA9\xBA"), &untouched));
    assert_int_equal(untouched, 42);
    assert_true(bytes_are_utf8(BYTES_NONE, NULL));
    (void)state;
}

static void a_number_is_digits_within_its_maximum(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
        uint64_t value;
    } rows[] = {
        {"0", 0, 0},
        {"7", 7, 7},
        {"65535", 65535, 65535},
        {"18446744073709551615", UINT64_MAX, UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t value = 99;
        assert_true(bytes_parse_u64(bytes_from_string(rows[i].text), rows[i].max, &value));
        assert_int_equal(value, rows[i].value);
    }
    (void)state;
}

static void what_is_no_number_or_too_large_is_refused(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
    } rows[] = {
        {"", 9},
        {"00", 9},
        {"01", 9},
        {"-1", 9},
        {"+1", 9},
        {" 1", 9},
        {"1 ", 9},
        {"1.0", 99},
        {"0x1", 99},
        {"\xB2", 9},
        {"1", 0},
        {"8", 7},
        {"65536", 65535},
        {"70000", 65535},
        {"18446744073709551616", UINT64_MAX},
        {"99999999999999999999", UINT64_MAX},
        {"184467440737095516150", UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t value = 99;
        assert_false(bytes_parse_u64(bytes_from_string(rows[i].text), rows[i].max, &value));
        assert_int_equal(value, 99);
    }
    (void)state;
}

static void every_maximum_is_the_last_that_fits(void **state)
{
    for (uint64_t max = 0; max < 2000; max++) {
        char text[8];
        uint64_t value;
        for (uint64_t i = max > 15 ? max - 15 : 0; i < max + 15; i++) {
            (void)snprintf(text, sizeof(text), "%u", (unsigned)i);
            assert_int_equal(bytes_parse_u64(bytes_from_string(text), max, &value),
                             i <= max);
        }
    }
    (void)state;
}

static void a_text_is_cut_between_characters(void **state)
{
    (void)state;
    const struct bytes text = BYTES("a\xC3\xA9\xF0\x9F\x98\x80z"); /* 1, 2, 4 and 1 bytes */
    static const size_t sizes[] = {0, 1, 1, 3, 3, 3, 3, 7, 8, 8};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_int_equal(bytes_first_characters(text, i).size, sizes[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_cut_between_characters),
        cmocka_unit_test(equality_looks_at_size_and_content),
        cmocka_unit_test(case_is_ignored_for_ascii_letters_only),
        cmocka_unit_test(a_prefix_is_found_only_at_the_start),
        cmocka_unit_test(parts_never_reach_beyond_the_end),
        cmocka_unit_test(find_gives_the_size_when_there_is_none),
        cmocka_unit_test(trim_takes_spaces_and_tabs_from_both_ends),
        cmocka_unit_test(split_walks_a_list_to_its_end),
        cmocka_unit_test(utf8_of_up_to_three_bytes_is_as_unicode_says),
        cmocka_unit_test(code_points_are_counted),
        cmocka_unit_test(utf8_of_four_bytes_is_as_unicode_says),
        cmocka_unit_test(the_first_bad_sequence_is_named),
        cmocka_unit_test(a_number_is_digits_within_its_maximum),
        cmocka_unit_test(what_is_no_number_or_too_large_is_refused),
        cmocka_unit_test(every_maximum_is_the_last_that_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
