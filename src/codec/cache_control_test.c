/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/cache_control.h"

#include "expect.h"

enum { UNTOLD = -1 };

static int64_t lifetime_of(const char *value, const char *age)
{
    const struct http_header headers[] = {
        {BYTES("cache-control"), bytes_from_string(value)},
        {BYTES("Age"), bytes_from_string(age == NULL ? "" : age)},
    };
    uint64_t lifetime_s = 0;
    return cache_control_lifetime(headers, age == NULL ? 1 : 2, &lifetime_s)
               ? (int64_t)lifetime_s
               : UNTOLD;
}

static void max_age_is_the_lifetime(void **state)
{
    static const struct {
        const char *value;
        int64_t lifetime_s;
    } cases[] = {
        {"max-age=300", 300},
        {"public, max-age=300, must-revalidate", 300},
        {"MAX-AGE=300", 300},
        {"max-age=\"300\"", 300},
        {" ,, max-age=300 ,", 300},
        {"max-age=0", 0},
        {"max-age=007", 7},
        {"max-age=99999999999999999999999", 2147483647},
        {"public", UNTOLD},
        {"", UNTOLD},
        {"s-maxage=5", UNTOLD},
        {"x=\"a, max-age=5\"", UNTOLD},
        {"x=\"a\\\", max-age=5\", max-age=9", 9},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(lifetime_of(cases[i].value, NULL), cases[i].lifetime_s);
    }
}

static void what_may_not_be_kept_has_none(void **state)
{
    (void)state;
    assert_int_equal(lifetime_of("no-store", NULL), 0);
    assert_int_equal(lifetime_of("max-age=300, no-cache", NULL), 0);
    assert_int_equal(lifetime_of("no-cache=\"Set-Cookie\", max-age=300", NULL), 0);
}

static void what_cannot_be_read_is_none(void **state)
{
    static const char *const values[] = {"max-age",     "max-age=",     "max-age=-1",
                                         "max-age=1e9", "max-age=5 s",  "max-age=\"5",
                                         "max-age=\"",  "max-age=\"57", "max-age=5\""};
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        assert_int_equal(lifetime_of(values[i], NULL), 0);
    }
}

static void the_smallest_counts(void **state)
{
    const struct http_header headers[] = {
        {BYTES("Cache-Control"), BYTES("max-age=300, max-age=200")},
        {BYTES("Cache-Control"), BYTES("max-age=100")},
        {BYTES("Cache-Control"), BYTES("public")},
    };
    uint64_t lifetime_s = 0;
    (void)state;
    assert_true(cache_control_lifetime(headers, 3, &lifetime_s));
    assert_int_equal(lifetime_s, 100);
}

static void time_in_a_cache_on_the_way_counts(void **state)
{
    (void)state;
    assert_int_equal(lifetime_of("max-age=300", "100"), 200);
    assert_int_equal(lifetime_of("max-age=300", "301"), 0);
    assert_int_equal(lifetime_of("max-age=300", "soon"), 300);
    assert_int_equal(lifetime_of("public", "100"), UNTOLD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(max_age_is_the_lifetime),
        cmocka_unit_test(what_may_not_be_kept_has_none),
        cmocka_unit_test(what_cannot_be_read_is_none),
        cmocka_unit_test(the_smallest_counts),
        cmocka_unit_test(time_in_a_cache_on_the_way_counts),
    };
    return cmocka_run_group_tests_name("cache_control", tests, NULL, NULL);
}
