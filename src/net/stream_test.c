/* SPDX-License-Identifier: Apache-2.0 */
#include "net/stream.h"

#include "expect.h"
#include "raw_client.h"

enum { LARGE_SIZE = 16 * 1024 * 1024, PLACE_SIZE = 4 };

struct fixture {
    struct loop *loop;
    struct timeouts timeouts;
    struct stream stream;
    struct raw_client peer;
    int listener;
    char read[256];
    size_t read_size;
    uint8_t place[PLACE_SIZE];
    bool has_place;
    bool read_to_place;
    bool has_ended;
    int end_status;
    size_t written_count;
    int written_status;
    bool is_closed;
    bool timeouts_are_closed;
};

static struct fixture fixture;

#define AWAIT(condition) AWAIT_ON(fixture.loop, condition)

static void on_read(struct stream *stream, struct bytes bytes)
{
    (void)stream;
    assert_true(bytes.size < sizeof(fixture.read) - fixture.read_size);
    memcpy(fixture.read + fixture.read_size, bytes.data, bytes.size);
    fixture.read_size += bytes.size;
    fixture.read_to_place = bytes.data == fixture.place;
    fixture.has_place = false;
}

static void on_ended(struct stream *stream, int status)
{
    assert_false(stream->is_reading);
    fixture.has_ended = true;
    fixture.end_status = status;
}

static void on_written(struct stream *stream, int status)
{
    assert_false(stream->is_writing);
    fixture.written_count++;
    fixture.written_status = status;
}

static uint8_t *on_place(struct stream *stream, size_t *out_size)
{
    (void)stream;
    *out_size = PLACE_SIZE;
    return fixture.has_place ? fixture.place : NULL;
}

static void on_closed(struct stream *stream)
{
    (void)stream;
    fixture.is_closed = true;
}

static const struct stream_ops ops = {
    .read = on_read,
    .ended = on_ended,
    .written = on_written,
    .place = on_place,
    .closed = on_closed,
};

static void on_expired(struct timeouts *timeouts, struct timeout *deadline)
{
    (void)timeouts;
    (void)deadline;
}

static int open_stream(void **state)
{
    (void)state;
    uint16_t port;
    fixture = (struct fixture){.read_size = 0};
    EXPECT_OK(loop_create(&fixture.loop));
    timeouts_init(&fixture.timeouts, fixture.loop, on_expired);
    fixture.listener = raw_listen(&port);
    raw_connect(&fixture.peer, fixture.loop, port);
    const int descriptor = accept(fixture.listener, NULL, NULL);
    assert_true(descriptor >= 0);
    stream_init(&fixture.stream, fixture.loop, &fixture.timeouts, &ops);
    assert_int_equal(uv_tcp_open(&fixture.stream.tcp, descriptor), 0);
    return 0;
}

static void on_timeouts_closed(struct timeouts *timeouts)
{
    (void)timeouts;
    fixture.timeouts_are_closed = true;
}

static int close_stream(void **state)
{
    (void)state;
    stream_close(&fixture.stream);
    stream_close(&fixture.stream); /* harmless */
    AWAIT(fixture.is_closed);
    timeouts_close(&fixture.timeouts, on_timeouts_closed);
    AWAIT(fixture.timeouts_are_closed);
    raw_close(&fixture.peer);
    (void)close(fixture.listener);
    loop_destroy(fixture.loop);
    return 0;
}

static void bytes_come_through_the_loops_buffer_or_at_their_place(void **state)
{
    (void)state;
    stream_start_reading(&fixture.stream);
    raw_send(&fixture.peer, "hello ");
    AWAIT(fixture.read_size == 6);
    assert_false(fixture.read_to_place);

    fixture.has_place = true;
    raw_send(&fixture.peer, "wor");
    AWAIT(fixture.read_size == 9);

    assert_true(fixture.read_to_place);
    assert_string_equal(fixture.read, "hello wor");
}

static void nothing_is_read_while_reading_is_stopped(void **state)
{
    (void)state;
    stream_start_reading(&fixture.stream);
    stream_stop_reading(&fixture.stream);
    raw_send(&fixture.peer, "hello");
    for (int i = 0; i < 10; i++) {
        loop_poll(fixture.loop);
    }
    assert_int_equal(fixture.read_size, 0);

    stream_start_reading(&fixture.stream);

    AWAIT(fixture.read_size == 5);
}

static void small_write_is_done_at_once_and_in_order(void **state)
{
    (void)state;
    char one[] = "one ";
    char two[] = "two";
    uv_buf_t buffers[] = {uv_buf_init(one, 4), uv_buf_init(two, 3)};

    assert_int_equal(stream_write(&fixture.stream, buffers, 2), STREAM_DONE);

    assert_true(raw_await(&fixture.peer, "one two"));
    assert_int_equal(fixture.written_count, 0);
}

static void large_write_goes_on_by_itself_and_shows_progress(void **state)
{
    (void)state;
    static char large[LARGE_SIZE];
    char head[] = "head";
    uv_buf_t buffers[] = {uv_buf_init(head, 4), uv_buf_init(large, LARGE_SIZE)};
    assert_int_equal(stream_write(&fixture.stream, buffers, 2), STREAM_PENDING);
    assert_false(stream_made_progress(&fixture.stream, 1)); /* nobody reads */
    bool made_progress = false;
    size_t size = 0;

    while (size < LARGE_SIZE + 4) {
        fixture.peer.size = 0;
        raw_receive(&fixture.peer);
        size += fixture.peer.size;
        made_progress = made_progress || stream_made_progress(&fixture.stream, 1);
    }

    AWAIT(fixture.written_count == 1);
    assert_int_equal(fixture.written_status, 0);
    assert_true(made_progress);
}

static void write_to_a_peer_that_reset_fails(void **state)
{
    (void)state;
    static char large[LARGE_SIZE];
    uv_buf_t buffer = uv_buf_init(large, LARGE_SIZE);
    assert_int_equal(stream_write(&fixture.stream, &buffer, 1), STREAM_PENDING);

    raw_reset(&fixture.peer);
    AWAIT(fixture.written_count == 1);

    assert_true(fixture.written_status < 0);
    uv_buf_t again = uv_buf_init(large, 1);
    assert_int_equal(stream_write(&fixture.stream, &again, 1), STREAM_FAILED);
}

static void end_of_the_peers_writing_is_no_error(void **state)
{
    (void)state;
    fixture.end_status = -1;
    stream_start_reading(&fixture.stream);
    assert_int_equal(shutdown(fixture.peer.descriptor, SHUT_WR), 0);

    AWAIT(fixture.has_ended);

    assert_int_equal(fixture.end_status, 0);
}

static void reset_is_an_error(void **state)
{
    (void)state;
    stream_start_reading(&fixture.stream);
    raw_reset(&fixture.peer);

    AWAIT(fixture.has_ended);

    assert_int_equal(fixture.end_status, UV_ECONNRESET);
}

static void end_of_writing_leaves_reading_open(void **state)
{
    (void)state;
    stream_start_reading(&fixture.stream);
    stream_end_writing(&fixture.stream);
    assert_true(raw_await_end(&fixture.peer));

    raw_send(&fixture.peer, "still here");

    AWAIT(fixture.read_size == 10);
}

static void close_while_a_write_is_pending_reports_nothing(void **state)
{
    (void)state;
    static char large[LARGE_SIZE];
    uv_buf_t buffer = uv_buf_init(large, LARGE_SIZE);
    assert_int_equal(stream_write(&fixture.stream, &buffer, 1), STREAM_PENDING);

    stream_close(&fixture.stream);
    AWAIT(fixture.is_closed);

    assert_int_equal(fixture.written_count, 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_stream, close_stream)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bytes_come_through_the_loops_buffer_or_at_their_place),
        TEST(nothing_is_read_while_reading_is_stopped),
        TEST(small_write_is_done_at_once_and_in_order),
        TEST(large_write_goes_on_by_itself_and_shows_progress),
        TEST(write_to_a_peer_that_reset_fails),
        TEST(end_of_the_peers_writing_is_no_error),
        TEST(reset_is_an_error),
        TEST(end_of_writing_leaves_reading_open),
        TEST(close_while_a_write_is_pending_reports_nothing),
    };
    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
