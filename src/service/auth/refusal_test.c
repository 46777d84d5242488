/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/refusal.h"

#include <stdio.h>

#include "expect.h"

static void each_refusal_has_a_word_of_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < REFUSAL_COUNT; i++) {
        const char *word = refusal_word((enum refusal)i);
        assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-"),
                         strlen(word));
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(word, refusal_word((enum refusal)j));
        }
    }
}

/* error_description may hold %x20-21 / %x23-5B / %x5D-7E: RFC 6750 section 3. */
static void what_a_caller_is_told_may_stand_in_a_header(void **state)
{
    (void)state;
    for (size_t i = 1; i < REFUSAL_COUNT; i++) {
        const char *text = refusal_text((enum refusal)i);
        assert_true(strlen(text) > 0);
        assert_null(strpbrk(text, "\"\\\r\n\t"));
        assert_true(bytes_are_utf8(bytes_from_string(text), NULL));
        assert_int_equal(strlen(text), bytes_count_code_points(bytes_from_string(text)));
    }
}

static void a_refusal_has_the_status_of_its_error(void **state)
{
    (void)state;
    EXPECT_OK(refusal_status(REFUSAL_NOT));
    EXPECT_STATUS(GALEN_UNAUTHENTICATED, refusal_status(REFUSAL_NO_TOKEN));
    EXPECT_STATUS(GALEN_INVALID, refusal_status(REFUSAL_TOKEN_IN_URL));
    EXPECT_STATUS(GALEN_UNAUTHENTICATED, refusal_status(REFUSAL_EXPIRED));
    EXPECT_STATUS(GALEN_FORBIDDEN, refusal_status(REFUSAL_SCOPE));
    EXPECT_STATUS(GALEN_UNAVAILABLE, refusal_status(REFUSAL_NO_KEYS));
}

static void a_challenge_has_the_form_of_the_rfc(void **state)
{
    (void)state;
    static const struct {
        enum refusal refusal;
        const char *challenge;
    } golden[] = {
        {REFUSAL_NO_TOKEN, "Bearer realm=\"galen\""},
        {REFUSAL_SCHEME, "Bearer realm=\"galen\""},
        {REFUSAL_EXPIRED, "Bearer realm=\"galen\", error=\"invalid_token\", "
                          "error_description=\"the token has expired\""},
        {REFUSAL_TWO_TOKENS,
         "Bearer realm=\"galen\", error=\"invalid_request\", "
         "error_description=\"there is more than one Authorization header\""},
        {REFUSAL_SCOPE,
         "Bearer realm=\"galen\", error=\"insufficient_scope\", scope=\"infer:text\""},
        {REFUSAL_NO_KEYS, ""},
    };
    for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
        struct writer out;
        writer_init(&out, 1024);
        refusal_put_challenge(golden[i].refusal, BYTES("galen"), BYTES("infer:text"), &out);
        assert_true(bytes_equal_string(writer_bytes(&out), golden[i].challenge));
        writer_deinit(&out);
    }
}

/* Runs from the root of the tree. */
static void the_page_tells_each_refusal(void **state)
{
    (void)state;
    static char page[1 << 18];
    FILE *file = fopen("docs/auth.md", "rb");
    assert_non_null(file);
    const size_t size = fread(page, 1, sizeof(page) - 1, file);
    assert_true(size > 0 && size < sizeof(page) - 1);
    assert_int_equal(0, fclose(file));
    for (size_t i = 1; i < REFUSAL_COUNT; i++) {
        char begin[64];
        char end[256];
        const enum refusal refusal = (enum refusal)i;
        (void)snprintf(begin, sizeof(begin), "\n| `%s` | %d |", refusal_word(refusal),
                       galen_status_http(refusal_status(refusal)));
        (void)snprintf(end, sizeof(end), "| %s |\n", refusal_text(refusal));
        const char *row = strstr(page, begin);
        assert_non_null(row);
        assert_non_null(strstr(row, end));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_refusal_has_a_word_of_its_own),
        cmocka_unit_test(what_a_caller_is_told_may_stand_in_a_header),
        cmocka_unit_test(a_refusal_has_the_status_of_its_error),
        cmocka_unit_test(a_challenge_has_the_form_of_the_rfc),
        cmocka_unit_test(the_page_tells_each_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
