/* SPDX-License-Identifier: Apache-2.0 */
/* The session without sockets: bytes, events and a clock that the test turns. */
#include "net/http2_session.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/list.h"
#include "expect.h"
#include "http2_client.h"

static const char head_block[] = "\x83\x86\x04\x05/echo\x01\x01h"; /* POST http://h/echo */
enum { HEAD_SIZE = sizeof(head_block) - 1, EVENTS_SIZE_MAX = 4096 };

struct request {
    struct http2_stream stream;
    struct http1_head message;
    struct arena arena;
    bool is_open;
};

struct fixture {
    struct http2_session *session;
    struct request requests[8]; /* by the order in which they came */
    size_t request_count;
    char events[EVENTS_SIZE_MAX];
    uint8_t sent[1 << 17]; /* what the session wrote */
    size_t sent_size;
    uint64_t now_ns;
};

static struct fixture fixture;

static void note(const char *event, const struct http2_stream *stream, struct bytes bytes)
{
    const size_t at = strlen(fixture.events);
    (void)snprintf(fixture.events + at, EVENTS_SIZE_MAX - at, "%s %d %.*s\n", event,
                   (int)stream->id, (int)bytes.size,
                   bytes.size == 0 ? "" : (const char *)bytes.data);
}

static struct http2_stream *on_open(void *context)
{
    assert_ptr_equal(context, &fixture);
    if (fixture.request_count == 8) {
        return NULL;
    }
    struct request *request = &fixture.requests[fixture.request_count++];
    arena_init(&request->arena, 1 << 20);
    http2_head_begin(&request->stream.fields, &request->message, &request->arena);
    request->is_open = true;
    return &request->stream;
}

static void on_request(void *context, struct http2_stream *stream)
{
    (void)context;
    note("request", stream, stream->fields.head->path);
}

static void on_refused(void *context, struct http2_stream *stream,
                       struct http1_refusal refusal)
{
    (void)context;
    note("refused", stream, bytes_from_string(refusal.text));
}

static void on_data(void *context, struct http2_stream *stream, struct bytes bytes)
{
    (void)context;
    for (size_t i = 0; i < bytes.size; i++) { /* cuts must not show */
        note("byte", stream, bytes_of(bytes.data + i, 1));
    }
    http2_session_consume_connection(fixture.session, bytes.size);
    http2_session_consume_stream(fixture.session, stream, bytes.size);
}

static void on_end(void *context, struct http2_stream *stream)
{
    (void)context;
    note("end", stream, BYTES_NONE);
}

static void on_sent(void *context, struct http2_stream *stream)
{
    (void)context;
    note("sent", stream, BYTES_NONE);
}

static void on_closed(void *context, struct http2_stream *stream)
{
    struct request *request = LIST_ITEM(stream, struct request, stream);
    (void)context;
    note("closed", stream, BYTES_NONE);
    request->is_open = false;
}

static const struct http2_session_ops ops = {
    .open = on_open,
    .request = on_request,
    .refused = on_refused,
    .data = on_data,
    .end = on_end,
    .sent = on_sent,
    .closed = on_closed,
};

static int open_session(void **state)
{
    (void)state;
    memset(&fixture, 0, sizeof(fixture));
    EXPECT_OK(http2_session_create(&ops, &fixture, 100, &fixture.session));
    return 0;
}

static int close_session(void **state)
{
    (void)state;
    http2_session_destroy(fixture.session);
    for (size_t i = 0; i < fixture.request_count; i++) {
        arena_deinit(&fixture.requests[i].arena);
    }
    return 0;
}

static void give(const void *data, size_t size)
{
    EXPECT_OK(http2_session_read(fixture.session, bytes_of(data, size), fixture.now_ns));
}

static void give_frame(uint8_t type, uint8_t flags, int32_t id, const void *payload,
                       size_t size)
{
    static uint8_t frame[9 + 65536];
    give(frame, http2_put_frame(frame, type, flags, id, payload, size));
}

static void greet(void)
{
    give(HTTP2_PREFACE, sizeof(HTTP2_PREFACE) - 1);
    give_frame(NGHTTP2_SETTINGS, 0, 0, NULL, 0);
}

/* All that the session has to say now, behind what it said before. */
static size_t take_output(void)
{
    const size_t before = fixture.sent_size;
    size_t size;
    do {
        assert_true(sizeof(fixture.sent) - fixture.sent_size >= HTTP2_WRITE_SIZE_MIN);
        EXPECT_OK(http2_session_write(fixture.session, fixture.sent + fixture.sent_size,
                                      sizeof(fixture.sent) - fixture.sent_size, &size));
        fixture.sent_size += size;
    } while (size > 0);
    return fixture.sent_size - before;
}

/* How many frames of that type were said; *out_last: the last one's payload. */
static size_t count_frames(uint8_t type, struct bytes *out_last)
{
    struct bytes left = bytes_of(fixture.sent, fixture.sent_size);
    size_t count = 0;
    while (left.size >= 9) {
        const size_t size =
            (size_t)left.data[0] << 16 | (size_t)left.data[1] << 8 | (size_t)left.data[2];
        assert_true(left.size >= 9 + size);
        if (left.data[3] == type) {
            count++;
            *out_last = bytes_of(left.data + 9, size);
        }
        left = bytes_from(left, 9 + size);
    }
    assert_int_equal(left.size, 0);
    return count;
}

static int goaway(void)
{
    struct bytes payload = BYTES_NONE;
    (void)take_output();
    return count_frames(NGHTTP2_GOAWAY, &payload) == 0 ? -1 : payload.data[7];
}

static void settings_come_first_and_say_the_limits(void **state)
{
    (void)state;
    (void)take_output();
    /* MAX_CONCURRENT_STREAMS 100, MAX_HEADER_LIST_SIZE 32768; then the wider window */
    static const char settings[] =
        "\0\0\x0c\4\0\0\0\0\0\0\3\0\0\0\x64\0\6\0\0\x80\0\0\0\4\x8\0\0\0\0\0";
    assert_memory_equal(fixture.sent, settings, sizeof(settings) - 1);
}

static void request_becomes_events_however_it_is_cut(void **state)
{
    static const char expected[] = "request 1 /echo\nbyte 1 h\nbyte 1 i\nend 1 \n"
                                   "request 3 /echo\nend 3 \nclosed 1 \n";
    static uint8_t script[256];
    size_t size = sizeof(HTTP2_PREFACE) - 1;
    (void)state;
    memcpy(script, HTTP2_PREFACE, size);
    size += http2_put_frame(script + size, NGHTTP2_SETTINGS, 0, 0, NULL, 0);
    size += http2_put_frame(script + size, NGHTTP2_HEADERS, 0, 1, head_block, 4);
    size += http2_put_frame(script + size, NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS,
                            1, head_block + 4, HEAD_SIZE - 4);
    size +=
        http2_put_frame(script + size, NGHTTP2_DATA,
                        NGHTTP2_FLAG_END_STREAM | NGHTTP2_FLAG_PADDED, 1, "\3hi\0\0\0", 6);
    size += http2_put_frame(script + size, NGHTTP2_HEADERS,
                            NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 3,
                            head_block, HEAD_SIZE);
    size += http2_put_frame(script + size, NGHTTP2_RST_STREAM, 0, 1, "\0\0\0\x08", 4);
    for (size_t step = 1; step <= size; step++) {
        for (size_t at = 0; at < size; at += step) {
            give(script + at, size - at < step ? size - at : step);
        }
        assert_string_equal(fixture.events, expected);
        (void)close_session(NULL);
        (void)open_session(NULL);
    }
}

static void response_leaves_in_pieces_of_what_fits(void **state)
{
    static uint8_t body[100000];
    (void)state;
    greet();
    give_frame(NGHTTP2_SETTINGS, 0, 0, "\0\4\0\1\0\0", 6); /* windows of 65536 */
    give_frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1,
               head_block, HEAD_SIZE);
    const struct http_part parts[] = {{bytes_of(body, 1), NULL},
                                      {BYTES_NONE, NULL},
                                      {bytes_of(body, sizeof(body) - 1), NULL}};
    const struct http2_response response = {
        .status = 200, .date = "now", .parts = parts, .part_count = 3, .has_length = true};

    http2_session_respond(fixture.session, &fixture.requests[0].stream, &response);

    assert_in_range(take_output(), 65535, 65535 + 1000); /* the connection's window */
    assert_int_equal(fixture.requests[0].stream.sent_size, 65535);
    assert_true(fixture.requests[0].is_open);
    give_frame(NGHTTP2_WINDOW_UPDATE, 0, 0, "\0\1\0\0", 4);
    give_frame(NGHTTP2_WINDOW_UPDATE, 0, 1, "\0\1\0\0", 4);
    assert_in_range(take_output(), 34465, 34465 + 100);
    assert_false(fixture.requests[0].is_open);
    assert_int_equal(fixture.requests[0].stream.sent_size, sizeof(body));
}

static void budget_of_frames_fills_again_with_time(void **state)
{
    (void)state;
    greet(); /* its SETTINGS are one */
    for (size_t i = 1; i < LIMIT_HTTP2_IDLE_FRAME_COUNT_MAX; i++) {
        give_frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, "12345678", 8);
    }
    fixture.now_ns = NS_PER_S;
    for (size_t i = 0; i < LIMIT_HTTP2_IDLE_FRAMES_PER_S; i++) {
        give_frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, "12345678", 8);
    }
    assert_int_equal(goaway(), -1);

    give_frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, "12345678", 8);

    assert_int_equal(goaway(), HTTP2_ENHANCE_YOUR_CALM);
    assert_true(http2_session_is_done(fixture.session));
}

static void budget_is_never_more_than_its_maximum(void **state)
{
    (void)state;
    greet();
    fixture.now_ns = 1000000 * NS_PER_S;
    for (size_t i = 0; i < LIMIT_HTTP2_IDLE_FRAME_COUNT_MAX; i++) {
        give_frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, "12345678", 8);
    }
    assert_int_equal(goaway(), -1);
    give_frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, "12345678", 8);
    assert_int_equal(goaway(), HTTP2_ENHANCE_YOUR_CALM);
}

static void give_reset_request(int32_t id)
{
    fixture.request_count = 0;
    give_frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, id, head_block, HEAD_SIZE);
    give_frame(NGHTTP2_RST_STREAM, 0, id, "\0\0\0\x08", 4);
    arena_deinit(&fixture.requests[0].arena);
    fixture.request_count = 0;
    fixture.events[0] = '\0';
}

static void budget_of_resets_fills_again_with_time(void **state)
{
    int32_t id = -1;
    (void)state;
    greet();
    for (size_t i = 0; i < LIMIT_HTTP2_RESET_COUNT_MAX; i++) {
        give_reset_request(id += 2);
    }
    fixture.now_ns = NS_PER_S;
    for (size_t i = 0; i < LIMIT_HTTP2_RESETS_PER_S; i++) {
        give_reset_request(id += 2);
    }
    assert_int_equal(goaway(), -1);

    give_reset_request(id + 2);

    assert_int_equal(goaway(), HTTP2_ENHANCE_YOUR_CALM);
}

static void frames_on_a_stream_that_the_peer_ended_end_the_session(void **state)
{
    (void)state;
    greet();
    give_reset_request(1);
    give_frame(NGHTTP2_DATA, 0, 1, "x", 1);
    assert_int_equal(goaway(), HTTP2_STREAM_CLOSED);
}

static void frames_on_a_stream_that_was_skipped_end_the_session(void **state)
{
    (void)state;
    greet();
    give_reset_request(5);
    give_frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 3, head_block, HEAD_SIZE);
    assert_int_equal(goaway(), HTTP2_PROTOCOL_ERROR);
}

static void frames_that_were_under_way_when_we_reset_do_not(void **state)
{
    (void)state;
    greet();
    give_frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, head_block, HEAD_SIZE);
    http2_session_reset(fixture.session, &fixture.requests[0].stream, HTTP2_CANCEL);
    (void)take_output();
    assert_false(fixture.requests[0].is_open);

    give_frame(NGHTTP2_DATA, 0, 1, "x", 1);
    give_frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1,
               head_block, HEAD_SIZE);
    give_frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 3, head_block, HEAD_SIZE);

    assert_int_equal(goaway(), -1);
    assert_int_equal(fixture.request_count, 2);
}

static void no_preface_ends_the_session(void **state)
{
    (void)state;
    give("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
    assert_true(goaway() > 0);
    assert_true(http2_session_is_done(fixture.session));
}

static void session_at_rest_holds_little(void **state)
{
    (void)state;
    greet();
    (void)take_output();
    give_reset_request(1);
    assert_in_range(http2_session_memory(fixture.session), 1000, 32768);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, open_session, close_session)
    const struct CMUnitTest tests[] = {
        TEST(settings_come_first_and_say_the_limits),
        TEST(request_becomes_events_however_it_is_cut),
        TEST(response_leaves_in_pieces_of_what_fits),
        TEST(budget_of_frames_fills_again_with_time),
        TEST(budget_is_never_more_than_its_maximum),
        TEST(budget_of_resets_fills_again_with_time),
        TEST(frames_on_a_stream_that_the_peer_ended_end_the_session),
        TEST(frames_on_a_stream_that_was_skipped_end_the_session),
        TEST(frames_that_were_under_way_when_we_reset_do_not),
        TEST(no_preface_ends_the_session),
        TEST(session_at_rest_holds_little),
    };
    return cmocka_run_group_tests_name("http2_session", tests, NULL, NULL);
}
