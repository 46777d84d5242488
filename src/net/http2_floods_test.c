/* SPDX-License-Identifier: Apache-2.0 */
/* Clients of HTTP/2 that mean harm: what they do is cheap for them, and must not be dear
 * for us. Each test says what ends it. */
#include "base/limits.h"
#include "expect.h"
#include "http2_server_fixture.h"

/* POST http://h/later, in HPACK without the tables */
static const char later_block[] = "\x83\x86\x04\x06/later\x01\x01h";
enum { LATER_SIZE = sizeof(later_block) - 1 };

static uint8_t flood[1 << 20];
static size_t flood_size;

static void add(uint8_t type, uint8_t flags, int32_t id, const void *payload, size_t size)
{
    INVARIANT(flood_size + 9 + size <= sizeof(flood));
    flood_size += http2_put_frame(flood + flood_size, type, flags, id, payload, size);
}

/* As far as the server lets us; it must end the connection itself. */
static void send_flood(void)
{
    struct bytes left = bytes_of(flood, flood_size);
    http2_flush(&client);
    while (left.size > 0 && !http2_is_over(&client)) {
        left = bytes_from(left, raw_send_some(&client.raw, left));
        loop_poll(fixture.loop);
        http2_receive(&client);
    }
}

static void expect_calm(void)
{
    send_flood();
    AWAIT((http2_receive(&client), http2_is_over(&client)));
    assert_int_equal(client.goaway_count, 1);
    assert_int_equal(client.goaway_error, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void expect_still_served(void)
{
    const int32_t id = http2_request(&client, "POST", "/echo", "still");
    H2_AWAIT(RESULT(id)->closed);
    assert_int_equal(RESULT(id)->status, 200);
    assert_int_equal(client.goaway_count, 0);
}

static int open_flooded_server(void **state)
{
    flood_size = 0;
    return open_patient_http2_server(state);
}

static void rapid_reset_is_calmed(void **state)
{
    (void)state;
    for (int32_t i = 0; i < 2 * LIMIT_HTTP2_RESET_COUNT_MAX; i++) {
        add(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 2 * i + 1,
            later_block, LATER_SIZE);
        add(NGHTTP2_RST_STREAM, 0, 2 * i + 1, "\0\0\0\x08", 4);
    }

    expect_calm();

    assert_in_range(fixture.gone_count, LIMIT_HTTP2_RESET_COUNT_MAX,
                    LIMIT_HTTP2_RESET_COUNT_MAX + 100);
    assert_int_equal(fixture.gone_count, fixture.headers_count);
}

static void resets_that_the_client_provokes_are_calmed(void **state)
{
    (void)state;
    for (int32_t i = 0; i < 2 * LIMIT_HTTP2_RESET_COUNT_MAX; i++) {
        add(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 2 * i + 1,
            later_block, LATER_SIZE);
        add(NGHTTP2_WINDOW_UPDATE, 0, 2 * i + 1, "\x7f\xff\xff\xff", 4);
    }

    expect_calm();

    assert_in_range(fixture.headers_count, 1,
                    LIMIT_HTTP2_RESET_COUNT_MAX + 2 * STREAM_COUNT_MAX);
}

static void expect_frames_are_calmed(uint8_t type, uint8_t flags, int32_t id,
                                     const void *payload, size_t size)
{
    flood_size = 0;
    http2_close(&client);
    connect_http2();
    if (id > 0) {
        add(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, id, later_block, LATER_SIZE);
    }
    for (size_t i = 0; i < (size_t)2 * LIMIT_HTTP2_IDLE_FRAME_COUNT_MAX; i++) {
        add(type, flags, id, payload, size);
    }
    expect_calm();
}

static void frames_that_carry_nothing_are_calmed(void **state)
{
    (void)state;
    expect_frames_are_calmed(NGHTTP2_PING, 0, 0, "12345678", 8);
    expect_frames_are_calmed(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, "12345678", 8);
    expect_frames_are_calmed(NGHTTP2_SETTINGS, 0, 0, NULL, 0);
    expect_frames_are_calmed(NGHTTP2_SETTINGS, 0, 0, "\0\4\0\0\xff\xff", 6);
    expect_frames_are_calmed(NGHTTP2_PRIORITY, 0, 1, "\0\0\0\0\x10", 5);
    expect_frames_are_calmed(NGHTTP2_WINDOW_UPDATE, 0, 1, "\0\0\0\x01", 4);
    expect_frames_are_calmed(NGHTTP2_WINDOW_UPDATE, 0, 0, "\0\0\0\x01", 4);
    expect_frames_are_calmed(NGHTTP2_DATA, 0, 1, NULL, 0);
    expect_frames_are_calmed(0xfa, 0, 0, "unknown", 7);
    assert_int_equal(fixture.body_count, 0);
}

static void priorities_of_streams_that_are_not_there_are_calmed(void **state)
{
    (void)state;
    for (int32_t i = 0; i < 2 * LIMIT_HTTP2_IDLE_FRAME_COUNT_MAX; i++) {
        add(NGHTTP2_PRIORITY, 0, 2 * i + 1, "\0\0\0\0\x10", 5);
    }
    expect_calm();
}

static void continuations_without_end_are_calmed(void **state)
{
    (void)state;
    add(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, later_block, LATER_SIZE);
    for (size_t i = 0; i <= LIMIT_HTTP2_CONTINUATION_COUNT_MAX; i++) {
        add(NGHTTP2_CONTINUATION, 0, 1, "\0\1x\1y", 5);
    }
    expect_calm();
    assert_int_equal(fixture.headers_count, 0);
}

/* One value in the table, and a byte for each time it is meant. */
static void head_that_unpacks_to_megabytes_is_calmed(void **state)
{
    static uint8_t block[16384];
    size_t size = 0;
    (void)state;
    memcpy(block, later_block, LATER_SIZE);
    size += LATER_SIZE;
    memcpy(block + size, "\x40\x01x\x7f\x81\x1e", 6); /* x: 4,000 bytes */
    size += 6;
    memset(block + size, 'v', 127 + 1 + 30 * 128);
    size += 127 + 1 + 30 * 128;
    memset(block + size, 0xbe, sizeof(block) - size);

    add(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, block,
        sizeof(block));

    expect_calm();
    assert_int_equal(fixture.headers_count, 0);
}

static void window_beyond_the_largest_ends_the_connection(void **state)
{
    (void)state;
    add(NGHTTP2_WINDOW_UPDATE, 0, 0, "\x7f\xff\xff\xff", 4);
    send_flood();
    AWAIT((http2_receive(&client), http2_is_over(&client)));
    assert_int_equal(client.goaway_error, NGHTTP2_FLOW_CONTROL_ERROR);
}

static void requests_beyond_the_limit_are_refused_and_may_come_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < STREAM_COUNT_MAX + 10; i++) {
        (void)http2_request(&client, "POST", "/later", "x");
    }
    const int32_t last = 2 * (STREAM_COUNT_MAX + 10) - 1;

    H2_AWAIT(RESULT(last)->closed && fixture.body_count == STREAM_COUNT_MAX);

    assert_int_equal(RESULT(last)->error, NGHTTP2_REFUSED_STREAM);
    assert_int_equal(fixture.headers_count, STREAM_COUNT_MAX);
    answer(fixture.waiting, 200, NULL);
    H2_AWAIT(RESULT(1)->closed);
    expect_still_served();
}

static void client_that_never_reads_is_not_read_from_for_ever(void **state)
{
    (void)state;
    http2_close(&client);
    http2_connect_narrow(&client, fixture.loop, http_server_port(fixture.server),
                         INT32_MAX);
    assert_int_equal(nghttp2_submit_window_update(client.session, 0, 0, INT32_MAX - 65535),
                     0);
    for (size_t i = 0; i < 4; i++) {
        (void)http2_request(&client, "GET", "/large", NULL); /* fills the socket */
    }
    http2_flush(&client);
    AWAIT(fixture.headers_count == 4);
    size_t sent = 0;
    size_t rounds_without = 0;
    int32_t id = 9;
    while (rounds_without < 100) { /* each would be refused */
        flood_size = 0;
        for (size_t i = 0; i < 1000; i++, id += 2) {
            add(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, id,
                later_block, LATER_SIZE);
        }
        struct bytes left = bytes_of(flood, flood_size);
        for (rounds_without = 0; left.size > 0 && rounds_without < 100; rounds_without++) {
            const size_t size = raw_send_some(&client.raw, left);
            left = bytes_from(left, size);
            sent += size;
            rounds_without = size > 0 ? 0 : rounds_without;
            loop_poll(fixture.loop);
        }
        assert_true(sent < (size_t)64 * 1024 * 1024);
    }
    assert_int_equal(fixture.headers_count, STREAM_COUNT_MAX);
    assert_int_equal(connections(), 1); /* nor dropped for what it made us remember */
}

/* What honest clients do is no flood. */

static void busy_client_is_not_calmed(void **state)
{
    (void)state;
    for (int32_t i = 0; i < 1000; i++) {
        for (size_t j = 0; j < 3; j++) {
            assert_int_equal(nghttp2_submit_ping(client.session, 0, NULL), 0);
        }
        const int32_t id = http2_request(&client, "POST", "/echo", "hi");
        H2_AWAIT(RESULT(id)->closed);
        assert_int_equal(RESULT(id)->status, 200);
    }
    assert_int_equal(client.goaway_count, 0);
}

static void client_that_changes_its_mind_is_not_calmed(void **state)
{
    (void)state;
    for (size_t i = 0; i < 100; i++) {
        const int32_t id = http2_request(&client, "POST", "/later", "hi");
        http2_flush(&client);
        assert_int_equal(nghttp2_submit_rst_stream(client.session, 0, id, NGHTTP2_CANCEL),
                         0);
        H2_AWAIT(fixture.gone_count == i + 1);
    }
    expect_still_served();
}

static void download_in_small_steps_is_not_calmed(void **state)
{
    (void)state;
    http2_close(&client);
    http2_connect_narrow(&client, fixture.loop, http_server_port(fixture.server), 16384);
    const int32_t id = http2_request(&client, "GET", "/large", NULL);
    H2_AWAIT(RESULT(id)->closed);
    assert_int_equal(RESULT(id)->body_size, LARGE_SIZE);
    expect_still_served();
}

int main(void)
{
#define TEST(test) \
    cmocka_unit_test_setup_teardown(test, open_flooded_server, close_http2_server)
    const struct CMUnitTest tests[] = {
        TEST(rapid_reset_is_calmed),
        TEST(resets_that_the_client_provokes_are_calmed),
        TEST(frames_that_carry_nothing_are_calmed),
        TEST(priorities_of_streams_that_are_not_there_are_calmed),
        TEST(continuations_without_end_are_calmed),
        TEST(head_that_unpacks_to_megabytes_is_calmed),
        TEST(window_beyond_the_largest_ends_the_connection),
        TEST(requests_beyond_the_limit_are_refused_and_may_come_again),
        TEST(client_that_never_reads_is_not_read_from_for_ever),
        TEST(busy_client_is_not_calmed),
        TEST(client_that_changes_its_mind_is_not_calmed),
        TEST(download_in_small_steps_is_not_calmed),
    };
    return cmocka_run_group_tests_name("http2_floods", tests, NULL, NULL);
}
