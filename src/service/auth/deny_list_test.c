/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/deny_list.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/writer.h"
#include "expect.h"

static struct error error;

static struct deny_list *parse(const char *text)
{
    struct deny_list *list = NULL;
    EXPECT_OK(deny_list_parse(bytes_from_string(text), &list, &error));
    return list;
}

static bool names(const struct deny_list *list, enum deny_kind kind, const char *text)
{
    return deny_list_names(list, kind, bytes_from_string(text));
}

static void a_list_names_what_its_lines_say(void **state)
{
    (void)state;
    scoped(deny_list) list =
        parse("# laptop\n\nsub:alice\njti:a:b#c \xc3\xa9\nclient_id:w\n"
              "sub:alice\nsub:bob");
    assert_int_equal(5, deny_list_count(list));
    assert_true(names(list, DENY_SUBJECT, "alice"));
    assert_true(names(list, DENY_SUBJECT, "bob"));
    assert_true(names(list, DENY_TOKEN_ID, "a:b#c \xc3\xa9"));
    assert_true(names(list, DENY_CLIENT, "w"));

    assert_false(names(list, DENY_SUBJECT, "w"));
    assert_false(names(list, DENY_TOKEN_ID, "alice"));
    assert_false(names(list, DENY_SUBJECT, "Alice"));
    assert_false(names(list, DENY_SUBJECT, "alic"));
    assert_false(names(list, DENY_SUBJECT, "alice2"));
    assert_false(names(list, DENY_SUBJECT, ""));
}

static void an_empty_list_and_none_name_nobody(void **state)
{
    (void)state;
    scoped(deny_list) list = parse("");
    assert_int_equal(0, deny_list_count(list));
    assert_false(names(list, DENY_SUBJECT, "alice"));
    assert_false(names(NULL, DENY_SUBJECT, "alice"));
}

static void a_line_that_is_not_understood_refuses_the_list(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *error;
    } rows[] = {
        {"sub:a\nalice", "line 2: it begins with none of"},
        {"Sub:alice", "line 1: it begins with none of"},
        {" sub:alice", "line 1: it begins with none of"},
        {"sub :alice", "line 1: it begins with none of"},
        {"email:alice", "line 1: it begins with none of"},
        {" ", "line 1: it begins with none of"},
        {"\xef\xbb\xbfsub:alice", "line 1: it begins with none of"},
        {"#\n\nsub:", "line 3: it names nothing"},
        {"sub: alice", "line 1: it has a space"},
        {"sub:alice ", "line 1: it has a space"},
        {"sub:alice\r\n", "line 1: it has control characters"},
        {"sub:al\tice", "line 1: it has control characters"},
        {"sub:\xff", "line 1: it has control characters, or is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct deny_list *list = NULL;
        EXPECT_STATUS(GALEN_INVALID,
                      deny_list_parse(bytes_from_string(rows[i].text), &list, &error));
        assert_null(list);
        assert_true(bytes_starts_with(bytes_from_string(error.text),
                                      bytes_from_string(rows[i].error)));
        assert_null(strstr(error.text, "alice"));
    }
}

static void ten_thousand_are_all_found(void **state)
{
    (void)state;
    struct writer text;
    writer_init(&text, 1 << 20);
    for (uint64_t i = 0; i < 10000; i++) {
        writer_put_string(&text, i % 2 == 0 ? "jti:" : "sub:");
        writer_put_u64(&text, i * 7919 % 10007);
        writer_put_string(&text, "\n");
    }
    scoped(deny_list) list = NULL;
    EXPECT_OK(deny_list_parse(writer_bytes(&text), &list, &error));
    for (uint64_t i = 0; i < 10000; i++) {
        char number[32];
        (void)snprintf(number, sizeof(number), "%zu", (size_t)(i * 7919 % 10007));
        assert_int_equal(i % 2 == 0, names(list, DENY_TOKEN_ID, number));
        assert_int_equal(i % 2 == 1, names(list, DENY_SUBJECT, number));
    }
    writer_deinit(&text);
}

static void there_are_limits(void **state)
{
    (void)state;
    struct deny_list *list = NULL;
    struct writer text;
    char longest[LIMIT_TOKEN_CLAIM_SIZE_BYTES_MAX + 8] = "sub:";
    memset(longest + 4, 'x', LIMIT_TOKEN_CLAIM_SIZE_BYTES_MAX + 1);

    EXPECT_STATUS(GALEN_INVALID, deny_list_parse(bytes_from_string(longest), &list, NULL));
    EXPECT_STATUS(
        GALEN_TOO_LARGE,
        deny_list_parse(bytes_of("#", LIMIT_DENY_LIST_SIZE_BYTES_MAX + 1), &list, NULL));
    writer_init(&text, LIMIT_DENY_LIST_SIZE_BYTES_MAX);
    for (size_t i = 0; i <= LIMIT_DENY_LIST_COUNT_MAX; i++) {
        writer_put_string(&text, "sub:a\n");
    }
    EXPECT_STATUS(GALEN_TOO_LARGE, deny_list_parse(writer_bytes(&text), &list, &error));
    assert_string_equal("line 262145: more than 262144 are named", error.text);
    writer_deinit(&text);
    assert_null(list);
}

static void the_last_reference_ends_a_list(void **state)
{
    (void)state;
    struct deny_list *list = parse("sub:a");
    assert_ptr_equal(list, deny_list_ref(list));
    deny_list_unref(list);
    assert_true(names(list, DENY_SUBJECT, "a"));
    deny_list_unref(list);
    deny_list_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_names_what_its_lines_say),
        cmocka_unit_test(an_empty_list_and_none_name_nobody),
        cmocka_unit_test(a_line_that_is_not_understood_refuses_the_list),
        cmocka_unit_test(ten_thousand_are_all_found),
        cmocka_unit_test(there_are_limits),
        cmocka_unit_test(the_last_reference_ends_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
