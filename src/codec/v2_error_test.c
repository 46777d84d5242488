/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "codec/v2.h"
#include "expect.h"

static int arena_setup(void **state)
{
    static struct arena arena;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    *state = &arena;
    return 0;
}

static int arena_teardown(void **state)
{
    arena_deinit(*state);
    return 0;
}

static void expect_written(enum galen_status status, const struct error *error,
                           const char *expected)
{
    struct writer out;
    writer_init(&out, 4096);
    v2_error_encode(status, error, &out);
    writer_put_byte(&out, '\0');
    assert_string_equal(expected, (const char *)writer_bytes(&out).data);
    writer_deinit(&out);
}

static void an_error_says_what_its_code_and_where(void **state)
{
    (void)state;
    const struct error full = {"element 3 \"x\"", "/inputs/0/data/3"};
    const struct error bare = {"busy here", ""};
    const struct error empty = {"", ""};
    expect_written(GALEN_INVALID, &full,
                   "{\"error\":\"element 3 \\\"x\\\"\",\"code\":\"malformed\",\"pointer\":"
                   "\"/inputs/0/data/3\"}");
    expect_written(GALEN_BUSY, &bare, "{\"error\":\"busy here\",\"code\":\"busy\"}");
    expect_written(GALEN_BUSY, &empty,
                   "{\"error\":\"the queue is full\",\"code\":\"busy\"}");
    expect_written(GALEN_BUSY, NULL, "{\"error\":\"the queue is full\",\"code\":\"busy\"}");
}

static void every_failure_keeps_its_meaning_over_a_hop(void **state)
{
    static const enum galen_status statuses[] = {
#define GALEN_STATUS(name, http, grpc, slug, text) GALEN_##name,
#include "galen/status.def"
    };
    for (size_t i = 1; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        const struct error sent = {"why", "/a~1b/0"};
        struct error received = {"", ""};
        struct writer out;
        writer_init(&out, 4096);
        v2_error_encode(statuses[i], &sent, &out);
        EXPECT_STATUS(statuses[i], v2_error_decode(galen_status_http(statuses[i]),
                                                   writer_bytes(&out), *state, &received));
        assert_string_equal("why", received.text);
        assert_string_equal("/a~1b/0", received.pointer);
        writer_deinit(&out);
    }
}

static void another_servers_error_is_known_by_its_http_status(void **state)
{
    static const struct {
        const char *body;
        const char *text;
        int http;
        enum galen_status status;
    } rows[] = {
        {"{\"error\":\"Request for unknown model\"}", "Request for unknown model", 404,
         GALEN_NOT_FOUND},
        {"{\"error\":\"\"}", "the request is malformed", 400, GALEN_INVALID},
        {"{\"error\":\"\\u0000x\"}", "the request is malformed", 400, GALEN_INVALID},
        {"{\"error\":7}", "the request is malformed", 400, GALEN_INVALID},
        {"<html>busy</html>", "the queue is full", 503, GALEN_BUSY},
        {"", "internal error", 500, GALEN_INTERNAL},
        {"[]", "internal error", 500, GALEN_INTERNAL},
        {"{}", "the request is malformed", 418, GALEN_INVALID},
        {"{\"code\":\"ok\"}", "the upstream's answer is unusable", 302, GALEN_BAD_UPSTREAM},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct error error = {"", "/old"};
        EXPECT_STATUS(
            rows[i].status,
            v2_error_decode(rows[i].http, bytes_from_string(rows[i].body), *state, &error));
        assert_string_equal(rows[i].text, error.text);
        assert_string_equal("", error.pointer);
    }
}

static void a_code_that_contradicts_the_http_status_is_not_believed(void **state)
{
    struct error error;
    EXPECT_STATUS(GALEN_INVALID,
                  v2_error_decode(400, BYTES("{\"code\":\"ok\"}"), *state, &error));
    EXPECT_STATUS(GALEN_INTERNAL,
                  v2_error_decode(500, BYTES("{\"code\":\"malformed\"}"), *state, &error));
    EXPECT_STATUS(
        GALEN_UNAVAILABLE,
        v2_error_decode(503, BYTES("{\"code\":\"unavailable\"}"), *state, &error));
}

static void a_pointer_that_is_none_or_does_not_fit_is_dropped(void **state)
{
    char body[512] = "{\"error\":\"e\",\"pointer\":\"/";
    const size_t size = strlen(body);
    struct error error;
    (void)v2_error_decode(400, BYTES("{\"error\":\"e\",\"pointer\":\"x\"}"), *state,
                          &error);
    assert_string_equal("", error.pointer);
    memset(body + size, 'p', ERROR_POINTER_SIZE);
    memcpy(body + size + ERROR_POINTER_SIZE, "\"}", sizeof("\"}"));
    (void)v2_error_decode(400, bytes_from_string(body), *state, &error);
    assert_string_equal("e", error.text);
    assert_string_equal("", error.pointer);
}

static void nobody_needs_to_want_the_detail(void **state)
{
    EXPECT_STATUS(
        GALEN_NOT_FOUND,
        v2_error_decode(404, BYTES("{\"error\":\"e\",\"pointer\":\"/x\"}"), *state, NULL));
}

int main(void)
{
#define ON_AN_ARENA(test) cmocka_unit_test_setup_teardown(test, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        ON_AN_ARENA(an_error_says_what_its_code_and_where),
        ON_AN_ARENA(every_failure_keeps_its_meaning_over_a_hop),
        ON_AN_ARENA(another_servers_error_is_known_by_its_http_status),
        ON_AN_ARENA(a_code_that_contradicts_the_http_status_is_not_believed),
        ON_AN_ARENA(a_pointer_that_is_none_or_does_not_fit_is_dropped),
        ON_AN_ARENA(nobody_needs_to_want_the_detail),
    };
    return cmocka_run_group_tests_name("v2_error", tests, NULL, NULL);
}
