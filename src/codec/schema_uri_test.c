/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/schema_uri.h"

#include "expect.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 65536);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static void expect_resolved(const char *base, const char *reference, const char *uri,
                            const char *fragment)
{
    struct bytes found;
    struct bytes rest;
    EXPECT_OK(schema_uri_resolve(bytes_from_string(base), bytes_from_string(reference),
                                 &arena, &found, &rest));
    const char *text = arena_copy_string(&arena, found);
    assert_string_equal(text, uri);
    assert_string_equal(arena_copy_string(&arena, rest), fragment);
}

/* RFC 3986 section 5.4. */
static void references_resolve_as_the_rfc_has_them(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"g:h", "g:h", ""},
        {"g", "http://a/b/c/g", ""},
        {"./g", "http://a/b/c/g", ""},
        {"g/", "http://a/b/c/g/", ""},
        {"/g", "http://a/g", ""},
        {"//g", "http://g", ""},
        {"?y", "http://a/b/c/d;p?y", ""},
        {"g?y", "http://a/b/c/g?y", ""},
        {"#s", "http://a/b/c/d;p?q", "s"},
        {"g#s", "http://a/b/c/g", "s"},
        {"g?y#s", "http://a/b/c/g?y", "s"},
        {";x", "http://a/b/c/;x", ""},
        {"", "http://a/b/c/d;p?q", ""},
        {".", "http://a/b/c/", ""},
        {"./", "http://a/b/c/", ""},
        {"..", "http://a/b/", ""},
        {"../", "http://a/b/", ""},
        {"../g", "http://a/b/g", ""},
        {"../..", "http://a/", ""},
        {"../../g", "http://a/g", ""},
        {"../../../g", "http://a/g", ""},
        {"/./g", "http://a/g", ""},
        {"/../g", "http://a/g", ""},
        {"g.", "http://a/b/c/g.", ""},
        {"..g", "http://a/b/c/..g", ""},
        {"./../g", "http://a/b/g", ""},
        {"./g/.", "http://a/b/c/g/", ""},
        {"g/./h", "http://a/b/c/g/h", ""},
        {"g/../h", "http://a/b/c/h", ""},
        {"g;x=1/../y", "http://a/b/c/y", ""},
        {"g?y/../x", "http://a/b/c/g?y/../x", ""},
        {"g#s/../x", "http://a/b/c/g", "s/../x"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_resolved("http://a/b/c/d;p?q", rows[i][0], rows[i][1], rows[i][2]);
    }
}

static void bases_need_not_be_absolute(void **state)
{
    (void)state;
    expect_resolved("", "#/a", "", "/a");
    expect_resolved("", "b.json", "b.json", "");
    expect_resolved("schemas/a.json", "b.json#c", "schemas/b.json", "c");
    expect_resolved("schemas/a.json", "../b.json", "b.json", "");
    expect_resolved("urn:uuid:1", "#a", "urn:uuid:1", "a");
    expect_resolved("http://a", "b", "http://a/b", "");
}

static void percent_encoding_is_undone_or_refused(void **state)
{
    (void)state;
    struct bytes text;
    EXPECT_OK(schema_uri_decode(BYTES("/a%25b%C3%A9"), &arena, &text));
    assert_true(bytes_equal(text, BYTES("/a%b\xC3\xA9")));
    EXPECT_STATUS(GALEN_INVALID, schema_uri_decode(BYTES("%"), &arena, &text));
    EXPECT_STATUS(GALEN_INVALID, schema_uri_decode(BYTES("%2"), &arena, &text));
    EXPECT_STATUS(GALEN_INVALID, schema_uri_decode(BYTES("%2x"), &arena, &text));
    EXPECT_STATUS(GALEN_INVALID, schema_uri_decode(BYTES("%FF"), &arena, &text));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(references_resolve_as_the_rfc_has_them),
        TEST(bases_need_not_be_absolute),
        TEST(percent_encoding_is_undone_or_refused),
    };
    return cmocka_run_group_tests_name("schema_uri", tests, NULL, NULL);
}
