/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/discovery.h"

#include "expect.h"

enum { MEMORY_SIZE_BYTES_MAX = 1 << 20 };

static const struct bytes issuer = BYTES_INIT("https://idp.example/realms/a");
static struct arena arena;

static int init(void **state)
{
    (void)state;
    arena_init(&arena, MEMORY_SIZE_BYTES_MAX);
    return 0;
}

static int deinit(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static enum galen_status read_document(const char *text, struct bytes *out_jwks_uri,
                                       struct error *out_error)
{
    return discovery_read(bytes_from_string(text), issuer, &arena, out_jwks_uri, out_error);
}

static void jwks_uri_is_found(void **state)
{
    struct bytes uri = BYTES_NONE;
    (void)state;
    EXPECT_OK(read_document("{\"jwks_uri\": \"https://keys.example/a?b=c\", \"x\": [1],"
                            " \"issuer\": \"https://idp.example/realms/a\"}",
                            &uri, NULL));
    assert_true(bytes_equal_string(uri, "https://keys.example/a?b=c"));
}

static void keys_on_this_machine_need_no_tls(void **state)
{
    struct bytes uri = BYTES_NONE;
    (void)state;
    EXPECT_OK(read_document("{\"issuer\":\"https://idp.example/realms/a\","
                            "\"jwks_uri\":\"http://127.0.0.1:9000/jwks\"}",
                            &uri, NULL));
}

#define WITH_ISSUER(members) "{\"issuer\":\"https://idp.example/realms/a\"" members "}"

static void what_it_must_not_be_is_refused(void **state)
{
    static const struct {
        const char *document;
        const char *why;
    } cases[] = {
        {"", ""},
        {"[]", "no object"},
        {"{}", "another issuer"},
        {WITH_ISSUER(""), "no jwks_uri"},
        {WITH_ISSUER(",\"jwks_uri\":7"), "no jwks_uri"},
        {WITH_ISSUER(",\"jwks_uri\":\"http://keys.example/\""), "neither https"},
        {WITH_ISSUER(",\"jwks_uri\":\"file:///etc/passwd\""), "https://"},
        {WITH_ISSUER(",\"jwks_uri\":\"https://a@b/\""), "host"},
        {WITH_ISSUER(",\"jwks_uri\":\"https://a/\\u0000\""), "character"},
        {WITH_ISSUER(",\"jwks_uri\":\"https://a/\"") "x", ""},
        {WITH_ISSUER(",\"jwks_uri\":\"https://a/\",\"jwks_uri\":\"https://b/\""), ""},
        {"{\"issuer\":\"https://idp.example/realms/a/\",\"jwks_uri\":\"https://a/\"}",
         "another issuer"},
        {"{\"issuer\":\"https://IDP.example/realms/a\",\"jwks_uri\":\"https://a/\"}",
         "another issuer"},
        {"{\"issuer\":[\"https://idp.example/realms/a\"],\"jwks_uri\":\"https://a/\"}",
         "another issuer"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes uri = BYTES_NONE;
        struct error error = {"", ""};
        EXPECT_STATUS(GALEN_INVALID, read_document(cases[i].document, &uri, &error));
        assert_non_null(strstr(error.text, cases[i].why));
        assert_null(uri.data);
    }
}

static void expect_target(const char *text, enum discovery_form form, const char *target)
{
    struct web_url url;
    struct writer out;
    EXPECT_OK(discovery_read_issuer(bytes_from_string(text), &url, NULL));
    writer_init(&out, MEMORY_SIZE_BYTES_MAX);
    discovery_write_target(&url, form, &out);
    assert_true(bytes_equal_string(writer_bytes(&out), target));
    writer_deinit(&out);
}

static void the_document_stands_behind_the_issuers_path_or_before_it(void **state)
{
    (void)state;
    expect_target("https://a", DISCOVERY_OPENID, "/.well-known/openid-configuration");
    expect_target("https://a/", DISCOVERY_OPENID, "/.well-known/openid-configuration");
    expect_target("https://a/b/c", DISCOVERY_OPENID,
                  "/b/c/.well-known/openid-configuration");
    expect_target("https://a/b/c/", DISCOVERY_OAUTH,
                  "/.well-known/oauth-authorization-server/b/c");
    expect_target("https://a", DISCOVERY_OAUTH, "/.well-known/oauth-authorization-server");
}

static void an_issuer_is_https_or_here(void **state)
{
    static const char *const refused[] = {"http://idp.example", "https://idp.example?a",
                                          "https://idp.example/#a", "idp.example", ""};
    struct web_url url;
    (void)state;
    EXPECT_OK(discovery_read_issuer(BYTES("http://localhost:9000"), &url, NULL));
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct error error = {"", ""};
        EXPECT_STATUS(GALEN_INVALID,
                      discovery_read_issuer(bytes_from_string(refused[i]), &url, &error));
        assert_true(strlen(error.text) > 0);
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, init, deinit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(jwks_uri_is_found),
        TEST(keys_on_this_machine_need_no_tls),
        TEST(what_it_must_not_be_is_refused),
        TEST(the_document_stands_behind_the_issuers_path_or_before_it),
        TEST(an_issuer_is_https_or_here),
    };
    return cmocka_run_group_tests_name("discovery", tests, NULL, NULL);
}
