/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/web_url.h"

#include "base/limits.h"
#include "expect.h"

static struct web_url parsed(const char *text)
{
    struct web_url url;
    EXPECT_OK(web_url_parse(bytes_from_string(text), &url, NULL));
    return url;
}

static void expect_bytes(struct bytes bytes, const char *text)
{
    assert_true(bytes_equal_string(bytes, text));
}

static void the_parts_are_found(void **state)
{
    (void)state;
    const struct web_url url = parsed("https://idp.example:8443/realms/a/certs?v=1");
    assert_true(url.is_https);
    expect_bytes(url.host, "idp.example");
    assert_int_equal(url.port, 8443);
    expect_bytes(url.path, "/realms/a/certs");
    expect_bytes(url.query, "?v=1");
}

static void what_is_left_out_has_its_usual_value(void **state)
{
    (void)state;
    const struct web_url https = parsed("HTTPS://idp.example");
    assert_int_equal(https.port, 443);
    expect_bytes(https.path, "");
    expect_bytes(https.query, "");
    const struct web_url http = parsed("http://idp.example?a");
    assert_int_equal(http.port, 80);
    expect_bytes(http.path, "");
    expect_bytes(http.query, "?a");
}

static void an_address_of_version_6_stands_in_brackets(void **state)
{
    (void)state;
    const struct web_url url = parsed("http://[::1]:9000/jwks");
    expect_bytes(url.host, "::1");
    assert_int_equal(url.port, 9000);
    assert_true(web_url_is_loopback(&url));
}

static void what_is_no_such_url_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "idp.example",
        "ftp://idp.example",
        "https:/idp.example",
        "https://",
        "https:///path",
        "https://:443/",
        "https://user@idp.example/",
        "https://user:word@idp.example/",
        "https://idp.example:/",
        "https://idp.example:0/",
        "https://idp.example:65536/",
        "https://idp.example:080/",
        "https://idp.example:44x/",
        "https://idp.example/#part",
        "https://idp.example/a b",
        "https://idp.example/\r\nX: y",
        "https://idp.example/\xC3\xA4",
        "https://idp.example\\/",
        "https://id%70.example/",
        "https://[::1/",
        "https://[idp]/",
        "https://[::1]x/",
        "https://[]/",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct web_url url;
        struct error error = {"", ""};
        EXPECT_STATUS(GALEN_INVALID,
                      web_url_parse(bytes_from_string(texts[i]), &url, &error));
        assert_true(strlen(error.text) > 0);
    }
}

static void a_url_that_is_too_long_is_refused(void **state)
{
    static char text[LIMIT_URL_SIZE_BYTES_MAX + 2] = "https://idp.example/";
    struct web_url url;
    (void)state;
    memset(text + strlen(text), 'a', sizeof(text) - 1 - strlen(text));
    EXPECT_STATUS(GALEN_INVALID, web_url_parse(bytes_from_string(text), &url, NULL));
    text[LIMIT_URL_SIZE_BYTES_MAX] = '\0';
    EXPECT_OK(web_url_parse(bytes_from_string(text), &url, NULL));
}

static void only_this_machine_is_safe_without_tls(void **state)
{
    static const char *const safe[] = {
        "https://idp.example", "http://localhost:1", "http://LocalHost",
        "http://127.0.0.1",    "http://127.255.3.4", "http://[::1]",
    };
    static const char *const unsafe[] = {
        "http://idp.example",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://127.1",
        "http://127.0.0.256",
        "http://127.0.0.01",
        "http://127.0.0.1.",
        "http://128.0.0.1",
        "http://[::ffff:127.0.0.1]",
        "http://0.0.0.0",
        "http://[::]",
        "http://2130706433",
        "http://xlocalhost",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++) {
        const struct web_url url = parsed(safe[i]);
        assert_true(web_url_is_safe(&url));
    }
    for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++) {
        const struct web_url url = parsed(unsafe[i]);
        assert_false(web_url_is_safe(&url));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_are_found),
        cmocka_unit_test(what_is_left_out_has_its_usual_value),
        cmocka_unit_test(an_address_of_version_6_stands_in_brackets),
        cmocka_unit_test(what_is_no_such_url_is_refused),
        cmocka_unit_test(a_url_that_is_too_long_is_refused),
        cmocka_unit_test(only_this_machine_is_safe_without_tls),
    };
    return cmocka_run_group_tests_name("web_url", tests, NULL, NULL);
}
