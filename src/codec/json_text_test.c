/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_text.h"

#include "expect.h"

static void expect_text(const char *literal, struct bytes expected)
{
    uint8_t out[64];
    size_t size = 0;
    const struct bytes text = bytes_from_string(literal);
    const uint8_t *end = text.data + text.size;
    const uint8_t *after = json_text_decode(text.data, end, out, &size);
    assert_non_null(after);
    assert_true(bytes_equal(expected, bytes_of(out, size)));
    assert_ptr_equal(json_text_skip(text.data, end), after);
}

static void expect_none(const char *literal)
{
    uint8_t out[64];
    size_t size = 7;
    const struct bytes text = bytes_from_string(literal);
    assert_null(json_text_decode(text.data, text.data + text.size, out, &size));
    assert_int_equal(7, size);
}

static void plain_text_ends_at_its_quote(void **state)
{
    (void)state;
    expect_text("\"", BYTES(""));
    expect_text("abc\"def\"", BYTES("abc"));
    expect_text("\303\251 [{\"", BYTES("\303\251 [{"));
}

static void escapes_stand_for_their_characters(void **state)
{
    (void)state;
    expect_text("\\\"\\\\\\/\\b\\f\\n\\r\\t\"", BYTES("\"\\/\b\f\n\r\t"));
    expect_text("\\u0000\\u007f\\u0080\\u07FF\"", BYTES("\0\177\302\200\337\277"));
    expect_text("\\u0800\\uffff\"", BYTES("\340\240\200\357\277\277"));
    expect_text("\\ud800\\udc00\\uDBFF\\uDFFF\"",
                BYTES("\360\220\200\200\364\217\277\277"));
    expect_text("\\\\\"\"", BYTES("\\"));
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const literals[] = {
        "",
        "abc",
        "\\\"",
        "\\",
        "\\x\"",
        "\\u\"",
        "\\u12\"",
        "\\u12g4\"",
        "\\ud800\"",
        "\\ud800x\"",
        "\\ud800\\",
        "\\udc00\"",
        "\\ud800\\n12\"",
        "\\ud800\\ud800\"",
        "\\ud800\\u0041\"",
        "\n\"",
        "\037\"",
        "\200\"",
        "\303\"",
        "\355\240\200\"",
    };
    for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
        expect_none(literals[i]);
    }
}

static void skipping_stops_at_the_end_of_the_text(void **state)
{
    (void)state;
    static const char *const literals[] = {"", "abc", "\\", "\\\"", "a\\\\\\"};
    for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
        const struct bytes text = bytes_from_string(literals[i]);
        assert_ptr_equal(text.data + text.size,
                         json_text_skip(text.data, text.data + text.size));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_ends_at_its_quote),
        cmocka_unit_test(escapes_stand_for_their_characters),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(skipping_stops_at_the_end_of_the_text),
    };
    return cmocka_run_group_tests_name("json_text", tests, NULL, NULL);
}
