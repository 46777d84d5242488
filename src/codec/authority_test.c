/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/authority.h"

#include "expect.h"

static size_t count_of_wrong(const char *const *texts, size_t count, bool expected)
{
    size_t wrong_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (authority_is_valid(bytes_from_string(texts[i])) != expected) {
            print_message("%s\n", texts[i]);
            wrong_count++;
        }
    }
    return wrong_count;
}

static void hosts_with_and_without_a_port_are_valid(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",        "a",        "a.example",     "a.example:8000",       "a:",
        ":80",     "[::1]",    "[::1]:",        "[::ffff:1.2.3.4]:443", "[v1.x:y]",
        "%41b",    "~a_b-c.d", "a!$&'()*+;=:1", "1.2.3.4:80",           "[VF.a]:1",
        "a:65536",
    };
    assert_int_equal(count_of_wrong(texts, sizeof(texts) / sizeof(texts[0]), true), 0);
}

static void what_is_no_host_or_more_than_one_is_not(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "a b",       "a,b",      "a/b",   "a?b",   "a#b",   "u@a",
        "a\\b",      "a:b",      "a:80:", "a:-1",  "::1",   "[::1",
        "::1]",      "[::1]a",   "[]",    "[a]",   "[:]",   "a[b]",
        "[::1%25e]", "%",        "a%4",   "a%zz",  "\"a\"", "<a>",
        "{a}",       "a|b",      "a^b",   "a`b",   "a\tb",  "\xc3\xa9",
        "a\x7f",     "[v.x]",    "[v1.]", "[v1x]", "[v]",   "[1:2:3:4:5:6:7:8:9:a]",
        "[::1]80",   "[v1.a,b]",
    };
    assert_int_equal(count_of_wrong(texts, sizeof(texts) / sizeof(texts[0]), false), 0);
}

static void nul_is_of_no_host(void **state)
{
    (void)state;
    assert_false(authority_is_valid(BYTES("a\0b")));
    assert_false(authority_is_valid(BYTES("[::1\0]")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_with_and_without_a_port_are_valid),
        cmocka_unit_test(what_is_no_host_or_more_than_one_is_not),
        cmocka_unit_test(nul_is_of_no_host),
    };
    return cmocka_run_group_tests_name("authority", tests, NULL, NULL);
}
