/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include "expect.h"

static void setting_an_error_returns_its_status(void **state)
{
    struct error error;
    EXPECT_STATUS(GALEN_INVALID, error_set(&error, GALEN_INVALID, "at byte %d", 17));
    assert_string_equal(error.text, "at byte 17");
    assert_string_equal(error.pointer, "");
    EXPECT_STATUS(GALEN_TOO_LARGE,
                  error_set(NULL, GALEN_TOO_LARGE, "nobody reads %s", "this"));
    (void)state;
}

static void a_new_error_forgets_the_old_pointer(void **state)
{
    struct error error;
    (void)error_set(&error, GALEN_INVALID, "first");
    error_prefix_index(&error, 3);
    (void)error_set(&error, GALEN_INVALID, "second");
    assert_string_equal(error.pointer, "");
    (void)state;
}

static void a_long_text_is_cut_at_a_character(void **state)
{
    char text[2 * ERROR_TEXT_SIZE];
    for (size_t shift = 0; shift < 3; shift++) {
        struct error error;
        memset(text, 'a', sizeof(text));
        for (size_t i = shift; i + 3 < sizeof(text); i += 3) {
            memcpy(text + i, "\xE2\x82\xAC", 3);
        }
        text[sizeof(text) - 1] = '\0';
        (void)error_set(&error, GALEN_INVALID, "%s", text);
        const size_t size = strlen(error.text);
        assert_true(size < ERROR_TEXT_SIZE && size > ERROR_TEXT_SIZE - 4);
        assert_true(bytes_are_utf8(bytes_from_string(error.text), NULL));
    }
    (void)state;
}

static void a_pointer_grows_outwards(void **state)
{
    struct error error;
    (void)error_set(&error, GALEN_INVALID, "not a number");
    error_prefix_index(&error, 12);
    error_prefix_name(&error, BYTES("data"));
    error_prefix_index(&error, 0);
    error_prefix_name(&error, BYTES("inputs"));
    assert_string_equal(error.pointer, "/inputs/0/data/12");
    (void)state;
}

static void a_name_is_escaped_as_rfc_6901_says(void **state)
{
    struct error error;
    error_clear(&error);
    error_prefix_name(&error, BYTES("m~n"));
    error_prefix_name(&error, BYTES("a/b"));
    error_prefix_name(&error, BYTES(""));
    assert_string_equal(error.pointer, "//a~1b/m~0n");
    (void)state;
}

static void a_pointer_that_is_too_long_is_cut_and_still_a_pointer(void **state)
{
    static const char *const units[] = {"a", "~", "/", "a~", "\xE2\x82\xAC"};
    for (size_t unit = 0; unit < sizeof(units) / sizeof(units[0]); unit++) {
        for (size_t shift = 0; shift < 4; shift++) {
            struct error error;
            error_clear(&error);
            for (size_t i = 0; i < 300; i++) {
                error_prefix_name(&error, bytes_from_string(units[unit]));
            }
            error_prefix_name(&error, bytes_first(BYTES("xxx"), shift));
            const size_t size = strlen(error.pointer);
            assert_true(size < ERROR_POINTER_SIZE && size > ERROR_POINTER_SIZE - 8);
            assert_true(bytes_are_utf8(bytes_from_string(error.pointer), NULL));
            assert_int_not_equal(error.pointer[size - 1], '~');
        }
    }
    (void)state;
}

static void a_name_longer_than_the_pointer_is_cut(void **state)
{
    struct error error;
    char name[1000];
    memset(name, '~', sizeof(name));
    error_clear(&error);
    error_prefix_name(&error, bytes_of(name, sizeof(name)));
    const size_t size = strlen(error.pointer);
    assert_true(size < ERROR_POINTER_SIZE && size > ERROR_POINTER_SIZE - 8);
    for (size_t i = 1; i < size; i += 2) {
        assert_memory_equal(error.pointer + i, "~0", 2);
    }
    (void)state;
}

static void nobody_asking_is_allowed(void **state)
{
    error_prefix_name(NULL, BYTES("a"));
    error_prefix_index(NULL, 1);
    EXPECT_STATUS(GALEN_BUSY, error_set(NULL, GALEN_BUSY, "full"));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_an_error_returns_its_status),
        cmocka_unit_test(a_new_error_forgets_the_old_pointer),
        cmocka_unit_test(a_long_text_is_cut_at_a_character),
        cmocka_unit_test(a_pointer_grows_outwards),
        cmocka_unit_test(a_name_is_escaped_as_rfc_6901_says),
        cmocka_unit_test(a_pointer_that_is_too_long_is_cut_and_still_a_pointer),
        cmocka_unit_test(a_name_longer_than_the_pointer_is_cut),
        cmocka_unit_test(nobody_asking_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
