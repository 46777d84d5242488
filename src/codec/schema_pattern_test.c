/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/schema_pattern.h"

#include <string.h>

#include "base/limits.h"
#include "expect.h"

static struct arena arena;
static struct error error;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    error_clear(&error);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static enum schema_pattern_result search_bytes(const char *pattern, struct bytes text,
                                               uint64_t step_count)
{
    const struct schema_pattern *compiled = NULL;
    struct schema_pattern_scratch scratch = {.arena = &arena};
    struct schema_budget budget = {step_count};
    EXPECT_OK(
        schema_pattern_compile(bytes_from_string(pattern), &arena, &compiled, &error));
    return schema_pattern_search(compiled, text, &scratch, &budget);
}

static bool finds(const char *pattern, const char *text)
{
    const enum schema_pattern_result result =
        search_bytes(pattern, bytes_from_string(text), LIMIT_SCHEMA_STEP_COUNT_MAX);
    assert_true(result == SCHEMA_PATTERN_FOUND || result == SCHEMA_PATTERN_ABSENT);
    return result == SCHEMA_PATTERN_FOUND;
}

static void patterns_mean_what_ecma_262_says(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *found;
        const char *absent;
    } rows[] = {
        {"a", "bab", "b"},
        {"^$", "", "\n"},
        {"^a$", "a", "a\n"},
        {"^.$", "\xF0\x9F\x90\xB2", "\n"},
        {"^.$", "\v", "\xE2\x80\xA8"}, /* U+2028 ends a line, U+000B does not */
        {"^\\d$", "7", "\xDB\xB7"},    /* ASCII's digits only */
        {"^\\w$", "_", "\xC3\xA9"},
        {"^\\s$", "\xC2\xA0", "\xE2\x80\x8B"},
        {"^\\S$", "\xE2\x80\x8B", "\xEF\xBB\xBF"},
        {"^[\\s]$", "\xEF\xBB\xBF", "a"},
        {"^[\\S]$", "a", "\xC2\xA0"},
        {"^[\\s\\S]$", "\n", ""},
        {"^\\v$", "\v", "\n"},
        {"^\\cA$", "\x01", "cA"},
        {"^\\x41\\u0042\\u{43}$", "ABC", "abc"},
        {"^\\uD83D\\uDC32$", "\xF0\x9F\x90\xB2", "a"},
        {"^\\p{Letter}\\P{Lu}$", "\xC3\x89x", "\xC3\x89X"},
        {"^\\p{Script=Greek}$", "\xCE\xB1", "a"},
        {"^[[:alpha:]]$", "a]", "b"}, /* a class that ends at the first ], then ] */
        {"^[^]$", "\n", ""},
        {"^(a)?b\\1$", "b", "ba"}, /* a group that took no part is empty */
        {"^(?<x>a)\\k<x>$", "aa", "a"},
        {"^a{2,3}?$", "aa", "a"},
        {"^a{,3}$", "a{,3}", "a"},
        {"(?<=a)b(?!c)", "abd", "abc"},
        {"^\\/\\-\\.$", "/-.", "/-x"},
        {"^\\0$", "\x01\x02", "0"},
    };
    for (size_t i = 0; i + 1 < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(finds(rows[i].pattern, rows[i].found));
        assert_false(finds(rows[i].pattern, rows[i].absent));
    }
    assert_int_equal(search_bytes("^\\0$", BYTES("\0"), 1000), SCHEMA_PATTERN_FOUND);
}

static void what_ecma_262_does_not_have_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *why;
    } rows[] = {
        {"(?i)a", "pattern, byte offset 0: a group that ECMA-262 does not have"},
        {"(?>a)", "pattern, byte offset 0: a group that ECMA-262 does not have"},
        {"(*UTF)a", "pattern, byte offset 0: a group that ECMA-262 does not have"},
        {"(?#x)", "pattern, byte offset 0: a group that ECMA-262 does not have"},
        {"\\Aa", "pattern, byte offset 0: an escape that ECMA-262 does not have"},
        {"a\\Z", "pattern, byte offset 1: an escape that ECMA-262 does not have"},
        {"\\Qa\\E", "pattern, byte offset 0: an escape that ECMA-262 does not have"},
        {"\\C", "pattern, byte offset 0: an escape that ECMA-262 does not have"},
        {"a\\", "pattern, byte offset 1: an escape that ECMA-262 does not have"},
        {"a++", "pattern, byte offset 2: nothing to repeat"},
        {"*", "pattern, byte offset 0: nothing to repeat"},
        {"a|+", "pattern, byte offset 2: nothing to repeat"},
        {"\\u12", "pattern, byte offset 0: \\u needs four hexadecimal digits"},
        {"\\uD83D", "pattern, byte offset 6: half of a surrogate pair is no character"},
        {"\\u{110000}", "pattern, byte offset 0: \\u{...} needs a code point"},
        {"\\x4", "pattern, byte offset 0: \\x needs two hexadecimal digits"},
        {"\\c1", "pattern, byte offset 0: \\c needs a letter"},
        {"\\pL", "pattern, byte offset 0: \\p needs a property in braces"},
        {"\\k", "pattern, byte offset 0: \\k needs a group's name"},
        {"[a", "pattern, byte offset 2: a class without its ]"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct schema_pattern *compiled;
        EXPECT_STATUS(GALEN_UNPROCESSABLE,
                      schema_pattern_compile(bytes_from_string(rows[i].pattern), &arena,
                                             &compiled, &error));
        assert_string_equal(error.text, rows[i].why);
    }
}

static void pattern_has_a_size_limit(void **state)
{
    (void)state;
    static char text[LIMIT_SCHEMA_PATTERN_SIZE_BYTES_MAX + 1];
    const struct schema_pattern *compiled;
    memset(text, 'a', sizeof(text));
    EXPECT_STATUS(GALEN_UNPROCESSABLE, schema_pattern_compile(bytes_of(text, sizeof(text)),
                                                              &arena, &compiled, &error));
    assert_string_equal(error.text, "pattern of more than 4096 bytes");
}

/* Each would take longer than the world has. */
static void catastrophic_searches_are_given_up(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "^(a+)+$", "^(a|a)*$", "(a*)*b", "^(.*a){20}$", "(?:a?){40}a{40}$", "a*b",
    };
    static char text[65536];
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '!';
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        assert_int_equal(search_bytes(patterns[i], bytes_of(text, sizeof(text)),
                                      LIMIT_SCHEMA_STEP_COUNT_MAX),
                         SCHEMA_PATTERN_TOO_COSTLY);
    }
}

static void anchored_search_of_a_long_text_is_cheap(void **state)
{
    (void)state;
    static char text[1 << 20];
    memset(text, 'a', sizeof(text));
    assert_int_equal(search_bytes("^a", bytes_of(text, sizeof(text)), 20000),
                     SCHEMA_PATTERN_FOUND);
    assert_int_equal(search_bytes("^[a-z]+$", bytes_of(text, sizeof(text)), 20000),
                     SCHEMA_PATTERN_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(patterns_mean_what_ecma_262_says),
        TEST(what_ecma_262_does_not_have_is_refused),
        TEST(pattern_has_a_size_limit),
        TEST(catastrophic_searches_are_given_up),
        TEST(anchored_search_of_a_long_text_is_cheap),
    };
    return cmocka_run_group_tests_name("schema_pattern", tests, NULL, NULL);
}
