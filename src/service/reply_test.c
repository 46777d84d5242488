/* SPDX-License-Identifier: Apache-2.0 */
#include "service/reply.h"

#include "base/limits.h"
#include "expect.h"

static struct arena arena;
static struct reply reply;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    reply_clear(&reply);
    arena_deinit(&arena);
    return 0;
}

/* Of one byte, again and again: it compresses well. */
static void fill(size_t size)
{
    struct writer body;
    writer_init(&body, size);
    uint8_t *at = writer_extend(&body, size);
    assert_non_null(at);
    memset(at, 'x', size);
    reply_init(&reply, 200, BYTES("application/json"));
    reply_take_body(&reply, &body);
}

static void a_body_is_compressed_and_two_headers_say_so(void **state)
{
    (void)state;
    fill(LIMIT_CODED_SIZE_BYTES_MIN);

    reply_compress(&reply, BYTES("br, gzip"), &arena);

    struct bytes value;
    assert_true(blob_size(reply.body) < LIMIT_CODED_SIZE_BYTES_MIN);
    assert_true(
        http_header_get(reply.headers, reply.header_count, "Content-Encoding", &value));
    assert_true(bytes_equal_string(value, "gzip"));
    assert_true(http_header_get(reply.headers, reply.header_count, "Vary", &value));
    assert_true(bytes_equal_string(value, "Accept-Encoding"));
}

static void expect_unchanged(size_t size, struct bytes accept_encoding)
{
    reply_clear(&reply);
    fill(size);
    reply_compress(&reply, accept_encoding, &arena);
    assert_int_equal(size, blob_size(reply.body));
    assert_int_equal(1, reply.header_count);
}

static void
a_body_that_is_too_small_or_too_large_or_not_wanted_so_is_left_alone(void **state)
{
    (void)state;
    expect_unchanged(LIMIT_CODED_SIZE_BYTES_MIN - 1, BYTES("gzip"));
    expect_unchanged(LIMIT_CODED_SIZE_BYTES_MAX + 1, BYTES("gzip"));
    expect_unchanged(LIMIT_CODED_SIZE_BYTES_MIN, BYTES_NONE);
    expect_unchanged(LIMIT_CODED_SIZE_BYTES_MIN, BYTES("br"));
}

static void a_reply_without_a_body_stays_without(void **state)
{
    (void)state;
    reply_init(&reply, 304, BYTES_NONE);
    reply_compress(&reply, BYTES("gzip"), &arena);
    assert_null(reply.body);
    assert_int_equal(0, reply.header_count);
}

int main(void)
{
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_body_is_compressed_and_two_headers_say_so),
        WITH_FIXTURE(a_body_that_is_too_small_or_too_large_or_not_wanted_so_is_left_alone),
        WITH_FIXTURE(a_reply_without_a_body_stays_without),
    };
    return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
