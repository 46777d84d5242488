/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/http2_head.h"

#include <stdio.h>
#include <stdlib.h>

#include "expect.h"

static struct http1_head head;
static struct arena arena;
static struct http2_head fields;

static int begin(void **state)
{
    (void)state;
    arena_init(&arena, 8 * (size_t)LIMIT_HEADER_SIZE_BYTES_MAX);
    http2_head_begin(&fields, &head, &arena);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static void add(const char *name, const char *value)
{
    http2_head_add(&fields, bytes_from_string(name), bytes_from_string(value));
}

static void add_request(const char *method, const char *target)
{
    add(":method", method);
    add(":scheme", "http");
    add(":path", target);
}

static int status(void)
{
    return http2_head_finish(&fields, true).status;
}

static int status_of_target(const char *target)
{
    (void)begin(NULL);
    add_request("GET", target);
    add(":authority", "h");
    const int result = status();
    (void)end(NULL);
    return result;
}

static void request_reads_as_it_would_in_http_1(void **state)
{
    (void)state;
    add_request("POST", "/infer?model=a");
    add(":authority", "h:8000");
    add("content-length", "5");
    add("x-a", "b");

    assert_int_equal(http2_head_finish(&fields, false).status, 0);

    struct bytes host;
    assert_int_equal(head.method, HTTP_POST);
    assert_true(bytes_equal_string(head.path, "/infer"));
    assert_true(bytes_equal_string(head.query, "model=a"));
    assert_int_equal(head.content_length, 5);
    assert_true(head.keep_alive);
    assert_int_equal(head.header_count, 3);
    assert_true(http_header_get(head.headers, head.header_count, "Host", &host));
    assert_true(bytes_equal_string(host, "h:8000"));
}

static void body_of_no_stated_length_is_unknown_until_it_ends(void **state)
{
    (void)state;
    add_request("POST", "/");
    add("host", "h");
    assert_int_equal(http2_head_finish(&fields, false).status, 0);
    assert_true(head.content_length == HTTP_LENGTH_UNKNOWN);

    assert_int_equal(http2_head_finish(&fields, true).status, 0);
    assert_int_equal(head.content_length, 0);
}

static void host_and_authority_have_to_agree(void **state)
{
    static const struct {
        const char *authority;
        const char *host;
        int status;
    } cases[] = {
        {"h", NULL, 0},    {NULL, "h", 0},     {"h", "h", 0},         {"H", "h", 0},
        {"h", "i", 400},   {"h", "h:80", 400}, {NULL, NULL, 400},     {"", NULL, 400},
        {"h/", NULL, 400}, {"u@h", NULL, 400}, {"u@h", "u@h", 400},   {"a b", NULL, 400},
        {"h", "", 400},    {NULL, "", 0},      {"[::1]:80", NULL, 0}, {"h,i", NULL, 400},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)begin(NULL);
        add_request("GET", "/");
        if (cases[i].authority != NULL) {
            add(":authority", cases[i].authority);
        }
        if (cases[i].host != NULL) {
            add("host", cases[i].host);
        }
        assert_int_equal(status(), cases[i].status);
        (void)end(NULL);
    }
    (void)begin(NULL);
}

static void second_host_is_400(void **state)
{
    (void)state;
    add_request("GET", "/");
    add("host", "h");
    add("host", "h");
    assert_int_equal(status(), 400);
}

static void targets_are_those_of_http_1_but_urls(void **state)
{
    static char longest[LIMIT_URL_SIZE_BYTES_MAX + 2];
    (void)state;
    assert_int_equal(status_of_target("/"), 0);
    assert_int_equal(status_of_target("/a%2e%2e/b?c"), 0);
    assert_int_equal(status_of_target(""), 400);
    assert_int_equal(status_of_target("a"), 400);
    assert_int_equal(status_of_target("*"), 400); /* not of GET */
    assert_int_equal(status_of_target("http://h/"), 400);
    assert_int_equal(status_of_target("/a b"), 400);
    assert_int_equal(status_of_target("/a#b"), 400);
    assert_int_equal(status_of_target("/\xc3\xa9"), 400);
    assert_int_equal(status_of_target("/\x7f"), 400);
    memset(longest, 'a', sizeof(longest) - 1);
    longest[0] = '/';
    assert_int_equal(status_of_target(longest), 414);
    longest[LIMIT_URL_SIZE_BYTES_MAX] = '\0';
    assert_int_equal(status_of_target(longest), 0);
    (void)begin(NULL);
}

static int status_of_method(const char *method)
{
    (void)begin(NULL);
    add_request(method, "/");
    add(":authority", "h");
    const int result = status();
    (void)end(NULL);
    return result;
}

static int http_1_status_of_method(const char *method)
{
    static struct http1_parser parser;
    char text[256];
    const int size =
        snprintf(text, sizeof(text), "%s / HTTP/1.1\r\nHost: h\r\n\r\n", method);
    struct bytes bytes = bytes_of(text, (size_t)size);
    (void)begin(NULL);
    http1_parser_init(&parser, HTTP1_REQUEST);
    http1_parser_begin(&parser, &head, &arena);
    const enum http1_event event = http1_parser_next(&parser, &bytes);
    (void)end(NULL);
    return event == HTTP1_HEAD ? 0 : parser.refusal.status;
}

static void methods_are_those_of_http_1(void **state)
{
    static const char *const methods[] = {
        "GET",   "HEAD",     "POST",     "PUT",       "DELETE", "OPTIONS", "PATCH",
        "TRACE", "COPY",     "PROPFIND", "M-SEARCH",  "QUERY",  "CONNECT", "SOURCE",
        "PRI",   "DESCRIBE", "FLUSH",    "SETUP",     "get",    "Get",     "GETS",
        "GE",    "X",        "",         "MERGE",     "NOTIFY", "BIND",    "MKCALENDAR",
        "LINK",  "REPORT",   "ANNOUNCE", "SUBSCRIBE", "REBIND", "UNLINK",  "PURGE",
        "ACL",   "LOCK",     "UNLOCK",   "CHECKOUT"};
    (void)state;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        assert_int_equal(status_of_method(methods[i]), http_1_status_of_method(methods[i]));
    }
    assert_int_equal(status_of_method("GET"), 0);
    assert_int_equal(status_of_method("CONNECT"), 400);
    (void)begin(NULL);
}

static void scheme_is_of_http(void **state)
{
    (void)state;
    add(":method", "GET");
    add(":scheme", "ftp");
    add(":path", "/");
    add(":authority", "h");
    assert_int_equal(status(), 400);
}

static void other_expectation_is_417(void **state)
{
    (void)state;
    add_request("POST", "/");
    add(":authority", "h");
    add("expect", "100-Continue");
    assert_int_equal(status(), 0);
    assert_true(head.expects_continue);
    add("expect", "wonders");
    assert_int_equal(status(), 417);
}

static void wrong_length_is_400(void **state)
{
    static const char *const lengths[] = {"",     "-1",  "+1",
                                          "1, 1", "0x1", "18446744073709551615"};
    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        (void)begin(NULL);
        add_request("POST", "/");
        add(":authority", "h");
        add("content-length", lengths[i]);
        assert_int_equal(status(), 400);
        (void)end(NULL);
    }
    (void)begin(NULL);
}

static void hundred_fields_beside_the_pseudo_ones_are_the_most(void **state)
{
    (void)state;
    add_request("GET", "/");
    add("host", "h");
    for (size_t i = 1; i < LIMIT_HEADER_COUNT_MAX; i++) {
        add("x", "y");
    }
    assert_int_equal(status(), 0);
    assert_int_equal(head.header_count, LIMIT_HEADER_COUNT_MAX);
    add("x", "y");
    assert_int_equal(status(), 431);
}

static void size_counts_names_values_and_32_bytes_a_field(void **state)
{
    static char value[LIMIT_HEADER_SIZE_BYTES_MAX];
    (void)state;
    add_request("GET", "/");
    add(":authority", "h");
    const size_t left = LIMIT_HEADER_SIZE_BYTES_MAX - fields.size - 1 - 32;
    memset(value, 'v', left);

    add("x", value);

    assert_int_equal(fields.size, LIMIT_HEADER_SIZE_BYTES_MAX);
    assert_int_equal(status(), 0);
    add("y", "");
    assert_int_equal(status(), 431);
}

static void trailers_are_counted_and_dropped(void **state)
{
    (void)state;
    add_request("POST", "/");
    add(":authority", "h");
    assert_int_equal(status(), 0);
    http2_head_begin_trailers(&fields);

    for (size_t i = 0; i < LIMIT_HEADER_COUNT_MAX; i++) {
        add("x", "y");
    }
    assert_int_equal(fields.refusal.status, 0);
    assert_int_equal(head.header_count, 1);
    add("x", "y");
    assert_int_equal(fields.refusal.status, 431);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(request_reads_as_it_would_in_http_1),
        TEST(body_of_no_stated_length_is_unknown_until_it_ends),
        TEST(host_and_authority_have_to_agree),
        TEST(second_host_is_400),
        TEST(targets_are_those_of_http_1_but_urls),
        TEST(methods_are_those_of_http_1),
        TEST(scheme_is_of_http),
        TEST(other_expectation_is_417),
        TEST(wrong_length_is_400),
        TEST(hundred_fields_beside_the_pseudo_ones_are_the_most),
        TEST(size_counts_names_values_and_32_bytes_a_field),
        TEST(trailers_are_counted_and_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
