/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/2 of the server, by a client of nghttp2's. Floods: http2_floods_test.c. */
#include "base/limits.h"
#include "expect.h"
#include "http2_server_fixture.h"
#include "net/http2_session.h"

/* Which protocol is spoken */

static void request_with_a_body_is_echoed(void **state)
{
    (void)state;
    const int32_t id = http2_request(&client, "POST", "/echo", "hello");

    expect_answer(id, 200, "hello");

    const char *headers = RESULT(id)->headers;
    assert_int_equal(RESULT(id)->header_count, 3);
    assert_true(strncmp(headers, "date: ", 6) == 0);
    assert_non_null(strstr(headers, " GMT\nx-from: test\ncontent-length: 5\n"));
}

static void preface_may_come_byte_by_byte(void **state)
{
    (void)state;
    const uint8_t *data;
    const int32_t id = http2_request(&client, "POST", "/echo", "hello");
    ssize_t size;

    while ((size = nghttp2_session_mem_send(client.session, &data)) > 0) {
        for (ssize_t i = 0; i < size; i++) {
            raw_send_bytes(&client.raw, bytes_of(data + i, 1));
            loop_poll(fixture.loop);
        }
    }

    expect_answer(id, 200, "hello");
}

static void what_only_begins_like_the_preface_is_http_1(void **state)
{
    static const char *const beginnings[] = {"P", "PR", "PRI", "PRI "};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        connect_client();
        raw_send(&fixture.client, beginnings[i]);
        loop_poll(fixture.loop);
        raw_send(&fixture.client,
                 i == 0 ? "OST / HTTP/1.1\r\nHost: h\r\n\r\n" : "X\r\n\r\n");
        assert_true(raw_await(&fixture.client, "HTTP/1.1 "));
        assert_int_equal(strncmp(fixture.client.answer, "HTTP/1.1 200", 12) == 0, i == 0);
    }
    assert_int_equal(fixture.headers_count, 1);
}

static void pipelined_http_1_is_spoken_beside_it(void **state)
{
    (void)state;
    connect_client();
    raw_send(&fixture.client, GET_ROOT GET_ROOT);
    assert_true(raw_await_count(&fixture.client, "done\n", 2));
}

static void upgrade_to_it_is_ignored(void **state)
{
    (void)state;
    connect_client();
    raw_send(&fixture.client, HEAD("GET /") "Connection: Upgrade, HTTP2-Settings\r\n"
                                            "Upgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n");
    assert_true(raw_await(&fixture.client, "done\n"));
    assert_true(strncmp(fixture.client.answer, "HTTP/1.1 200 OK\r\n", 17) == 0);
}

static void preface_behind_a_request_is_505(void **state)
{
    (void)state;
    connect_client();
    raw_send(&fixture.client, GET_ROOT HTTP2_PREFACE);
    assert_true(raw_await(&fixture.client, "HTTP/1.1 505 "));
}

static void half_a_preface_is_408(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.header_timeout_ms = 30;
    open_http2_server(&options);
    connect_client();
    raw_send(&fixture.client, "PRI * HT");
    assert_true(raw_await(&fixture.client, "HTTP/1.1 408 "));
    assert_true(raw_await_end(&fixture.client));
}

static void half_a_preface_and_an_end_leave_nothing(void **state)
{
    (void)state;
    connect_client();
    raw_send(&fixture.client, "PRI * HT");
    raw_close(&fixture.client);
    http2_close(&client);
    AWAIT(connections() == 0);
}

static void switched_off_it_is_505(void **state)
{
    (void)state;
    open_http2_server(&patient);
    struct http_server *other = NULL;
    struct task closed = {.run = on_closed};
    EXPECT_OK(http_server_open(fixture.loop, &patient, &handler, &other, NULL));
    raw_connect(&fixture.client, fixture.loop, http_server_port(other));

    raw_send(&fixture.client, HTTP2_PREFACE);

    assert_true(raw_await(&fixture.client, "HTTP/1.1 505 "));
    http_server_close(other, &closed);
    AWAIT(fixture.closed);
    fixture.closed = false;
}

/* Exchanges */

static void streams_are_answered_as_their_answers_come(void **state)
{
    (void)state;
    const int32_t first = http2_request(&client, "POST", "/later", "1");
    const int32_t second = http2_request(&client, "POST", "/echo", "2");

    expect_answer(second, 200, "2");
    assert_false(RESULT(first)->closed);
    answer(fixture.waiting, 200, NULL);

    expect_answer(first, 200, "done\n");
    assert_int_equal(connections(), 1);
}

static void hundred_requests_at_a_time_are_answered(void **state)
{
    (void)state;
    int32_t last = 0;
    for (size_t i = 0; i < 100; i++) {
        last = http2_request(&client, "POST", "/echo", "hi");
    }
    for (int32_t id = 1; id <= last; id += 2) {
        expect_answer(id, 200, "hi");
    }
    assert_int_equal(fixture.body_count, 100);
}

static void request_without_a_body_is_delivered_too(void **state)
{
    (void)state;
    expect_answer(http2_request(&client, "GET", "/echo", NULL), 200, "");
    expect_answer(http2_request(&client, "POST", "/echo", ""), 200, "");
    assert_int_equal(fixture.body_count, 2);
}

static void answer_to_head_has_a_length_and_no_body(void **state)
{
    (void)state;
    const int32_t id = http2_request(&client, "HEAD", "/", NULL);
    expect_answer(id, 200, "");
    assert_non_null(strstr(RESULT(id)->headers, "content-length: 5\n"));
}

static void answer_in_chunks_tells_no_length(void **state)
{
    (void)state;
    const int32_t id = http2_request(&client, "POST", "/echo?chunked", "hi");
    expect_answer(id, 200, "hi");
    assert_null(strstr(RESULT(id)->headers, "content-length"));
}

static void no_content_has_neither_length_nor_body(void **state)
{
    (void)state;
    const int32_t id = http2_request(&client, "POST", "/later", "x");
    H2_AWAIT(fixture.waiting != NULL);
    answer(fixture.waiting, 204, NULL);
    expect_answer(id, 204, "");
    assert_null(strstr(RESULT(id)->headers, "content-length"));
}

static void bodies_beyond_every_window_arrive_whole(void **state)
{
    static char body[LARGE_SIZE];
    (void)state;
    fixture.body_size_max = sizeof(body);
    fixture.lead = 7;
    for (size_t i = 0; i < sizeof(body); i++) {
        body[i] = (char)('a' + i % 26);
    }
    const nghttp2_nv fields[] = {
        http2_field(":method", "POST"), http2_field(":scheme", "http"),
        http2_field(":authority", "h"), http2_field(":path", "/later"),
        http2_field("content-length", "8388608")};
    for (size_t count = 4; count <= 5; count++) { /* its length told, and not */
        const int32_t id = http2_submit(&client, fields, count, body, sizeof(body));
        H2_AWAIT(fixture.waiting != NULL);
        struct blob *came = http_exchange_body(fixture.waiting);

        assert_int_equal(blob_size(came), sizeof(body));
        assert_memory_equal(blob_data(came), body, sizeof(body));
        assert_true(fixture.body_is_aligned);

        answer(fixture.waiting, 200, blob_ref(came));
        await_end(id);
        assert_int_equal(RESULT(id)->body_size, sizeof(body));
        http_exchange_unref(fixture.waiting);
        fixture.waiting = NULL;
    }
}

static void control_bytes_of_an_answer_become_spaces(void **state)
{
    (void)state;
    const int32_t id = http2_request(&client, "POST", "/later", "x");
    H2_AWAIT(fixture.waiting != NULL);
    const struct http_header headers[] = {{BYTES("X-Odd"), BYTES("a\r\nb\0c\x7f")}};
    const struct http_response response = {
        .status = 200, .headers = headers, .header_count = 1};
    http_exchange_respond(fixture.waiting, &response);
    expect_answer(id, 200, "");
    assert_non_null(strstr(RESULT(id)->headers, "x-odd: a  b c \n"));
}

static void continue_is_sent_when_the_handler_reads_the_body(void **state)
{
    (void)state;
    const int32_t id = http2_open(&client, "/echo", "expect", "100-continue");
    H2_AWAIT(RESULT(id)->interim_count == 1);

    http2_frame(&client, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, id, "hello", 5);

    expect_answer(id, 200, "hello");
    assert_int_equal(RESULT(id)->interim_count, 1);
}

static void body_read_later_comes_from_what_waited(void **state)
{
    (void)state;
    const int32_t id = http2_request(&client, "POST", "/read-later", "hello");
    H2_AWAIT(fixture.waiting != NULL);
    for (size_t i = 0; i < 10; i++) {
        http2_pump(&client);
    }
    assert_int_equal(fixture.body_count, 0);

    read_body(fixture.waiting);

    AWAIT(fixture.body_count == 1);
    assert_int_equal(blob_size(http_exchange_body(fixture.waiting)), 5);
    answer(fixture.waiting, 200, NULL);
    expect_answer(id, 200, "done\n");
}

static void body_that_nobody_reads_stays_within_its_window(void **state)
{
    static const char body[200000];
    (void)state;
    fixture.body_size_max = sizeof(body);
    const int32_t id = http2_open(&client, "/read-later", NULL, NULL);
    const int32_t all = http2_request(&client, "POST", "/echo", "quick");
    expect_answer(all, 200, "quick");
    assert_int_equal(client.window_count, 0);
    for (size_t i = 0; i < 65535 / 5; i++) {
        http2_frame(&client, NGHTTP2_DATA, 0, id, "12345", 5);
    }
    expect_answer(http2_request(&client, "POST", "/echo", "quick"), 200, "quick");
    assert_int_equal(client.window_count, 0);

    read_body(fixture.waiting);

    H2_AWAIT(client.window_count > 0);
    http2_frame(&client, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, id, "67890", 5);
    H2_AWAIT(fixture.body_count == 3);
    assert_int_equal(blob_size(http_exchange_body(fixture.waiting)), 65540);
    answer(fixture.waiting, 200, NULL);
    expect_answer(id, 200, "done\n");
}

static void trailers_are_dropped(void **state)
{
    (void)state;
    const nghttp2_nv trailer = http2_field("x-sum", "1");
    const int32_t id = http2_open(&client, "/echo", NULL, NULL);
    http2_frame(&client, NGHTTP2_DATA, 0, id, "hello", 5);
    assert_int_equal(nghttp2_submit_headers(client.session, NGHTTP2_FLAG_END_STREAM, id,
                                            NULL, &trailer, 1, NULL),
                     0);
    expect_answer(id, 200, "hello");
}

/* Refusals */

static void small_body_that_nobody_reads_may_come_to_its_end(void **state)
{
    (void)state;
    const int32_t id = http2_open(&client, "/early", NULL, NULL);
    expect_answer(id, 403, "done\n");
    http2_frame(&client, NGHTTP2_DATA, 0, id, "late", 4);

    http2_frame(&client, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, id, "later", 5);

    expect_answer(http2_request(&client, "POST", "/echo", "still"), 200, "still");
    assert_false(RESULT(id)->closed); /* nothing has reset it */
    assert_int_equal(client.goaway_count, 0);
}

static void large_body_that_nobody_reads_is_reset_without_an_error(void **state)
{
    static const char body[65535];
    (void)state;
    const int32_t told = http2_open(&client, "/early", "content-length", "65535");
    H2_AWAIT(RESULT(told)->closed);
    assert_int_equal(RESULT(told)->status, 403);
    assert_int_equal(RESULT(told)->error, 0);
    http2_frame(&client, NGHTTP2_DATA, 0, told, "late", 4); /* was under way */

    const int32_t untold = http2_open(&client, "/early", NULL, NULL);
    expect_answer(untold, 403, "done\n");
    for (size_t i = 0; i < 5; i++) {
        http2_frame(&client, NGHTTP2_DATA, 0, untold, body, sizeof(body) / 5);
    }
    H2_AWAIT(RESULT(untold)->closed);
    assert_int_equal(RESULT(untold)->error, 0);
    expect_answer(http2_request(&client, "POST", "/echo", "still"), 200, "still");
}

static void body_beyond_the_maximum_is_413_before_it_is_read(void **state)
{
    (void)state;
    const int32_t id = http2_open(&client, "/echo", "content-length", "100001");
    expect_refusal(id, 413);
    assert_int_equal(fixture.gone_count, 1);
    assert_int_equal(fixture.gone_refusal, 413);
    assert_int_equal(fixture.body_count, 1);
}

static void body_of_no_told_length_is_413_when_it_gets_there(void **state)
{
    static char body[BODY_SIZE_MAX + 2];
    (void)state;
    memset(body, 'x', sizeof(body) - 1);
    expect_refusal(http2_request(&client, "POST", "/echo", body), 413);
    assert_int_equal(fixture.gone_refusal, 413);
}

static int status_of_head(const nghttp2_nv *fields, size_t count)
{
    const int32_t id = http2_submit(&client, fields, count, NULL, 0);
    await_end(id);
    assert_false(RESULT(id)->status != 0 && RESULT(id)->error != 0);
    return RESULT(id)->status != 0 ? RESULT(id)->status : -(int)RESULT(id)->error;
}

static void heads_are_refused_as_http_1_refuses_them(void **state)
{
    static char longest[LIMIT_URL_SIZE_BYTES_MAX + 2];
    static char huge[LIMIT_HEADER_SIZE_BYTES_MAX];
    static nghttp2_nv many[LIMIT_HEADER_COUNT_MAX + 5];
    (void)state;
    memset(longest, 'a', sizeof(longest) - 1);
    longest[0] = '/';
    memset(huge, 'a', sizeof(huge) - 1);
    nghttp2_nv fields[6] = {http2_field(":method", "GET"), http2_field(":scheme", "http"),
                            http2_field(":authority", "h"), http2_field(":path", "/"),
                            http2_field("host", "h")};
    assert_int_equal(status_of_head(fields, 5), 200);
    fields[4] = http2_field("host", "other");
    assert_int_equal(status_of_head(fields, 5), 400);
    fields[4] = http2_field("expect", "wonders");
    assert_int_equal(status_of_head(fields, 5), 417);
    fields[4] = http2_field("x", huge);
    assert_int_equal(status_of_head(fields, 5), 431);
    fields[3] = http2_field(":path", "/#a");
    assert_int_equal(status_of_head(fields, 4), 400);
    fields[3] = http2_field(":path", longest);
    assert_int_equal(status_of_head(fields, 4), 414);
    fields[3] = http2_field(":path", "/");
    fields[0] = http2_field(":method", "WONDER");
    assert_int_equal(status_of_head(fields, 4), 400);
    fields[0] = http2_field(":method", "GET");
    fields[1] = http2_field(":scheme", "ftp");
    assert_int_equal(status_of_head(fields, 4), 400);
    fields[1] = http2_field(":scheme", "http");
    for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
        many[i] = i < 4 ? fields[i] : http2_field("x", "y");
    }
    assert_int_equal(status_of_head(many, LIMIT_HEADER_COUNT_MAX + 3), 200); /* and Host */
    assert_int_equal(status_of_head(many, LIMIT_HEADER_COUNT_MAX + 4), 431);
    assert_int_equal(fixture.headers_count, 2);
    assert_int_equal(fixture.gone_count, 0);
}

static void malformed_heads_are_reset(void **state)
{
    static const char *const names[][2] = {{"connection", "close"},
                                           {"keep-alive", "1"},
                                           {"proxy-connection", "close"},
                                           {"upgrade", "h2c"},
                                           {"te", "gzip"},
                                           {"transfer-encoding", "chunked"},
                                           {":path", "/"},
                                           {":unknown", "x"},
                                           {"x y", "z"},
                                           {"x", "a\x01"},
                                           {"content-length", "-1"},
                                           {"content-length", "1"},
                                           {":status", "200"},
                                           {"x", "a\nb"}};
    (void)state;
    nghttp2_nv fields[] = {http2_field(":method", "GET"), http2_field(":scheme", "http"),
                           http2_field(":authority", "h"), http2_field(":path", "/"),
                           http2_field("x", "y")};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        fields[4] = http2_field(names[i][0], names[i][1]);
        assert_int_equal(status_of_head(fields, 5), -(int)NGHTTP2_PROTOCOL_ERROR);
    }
    assert_int_equal(status_of_head(fields, 3), -(int)NGHTTP2_PROTOCOL_ERROR); /* no path */
    assert_int_equal(fixture.headers_count, 0);
    expect_answer(http2_request(&client, "POST", "/echo", "still"), 200, "still");
}

static void name_in_capitals_is_reset(void **state)
{
    /* :method GET, :scheme http, :path /, :authority h, X: y */
    static const char block[] = "\x82\x86\x84\x41\x01h\x00\x01X\x01y";
    (void)state;
    http2_flush(&client);
    http2_frame(&client, NGHTTP2_HEADERS,
                NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, block,
                sizeof(block) - 1);
    for (size_t i = 0; i < 100; i++) {
        http2_pump(&client);
    }
    assert_int_equal(fixture.headers_count, 0);
}

static void body_that_is_not_as_long_as_told_is_reset(void **state)
{
    (void)state;
    const int32_t shorter = http2_open(&client, "/later", "content-length", "5");
    http2_frame(&client, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, shorter, "1234", 4);
    await_end(shorter);
    assert_int_equal(RESULT(shorter)->error, NGHTTP2_PROTOCOL_ERROR);
    const int32_t longer = http2_open(&client, "/later", "content-length", "5");
    http2_frame(&client, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, longer, "123456", 6);
    await_end(longer);
    assert_int_equal(RESULT(longer)->error, NGHTTP2_PROTOCOL_ERROR);
    assert_int_equal(fixture.body_count, 0);
    assert_int_equal(fixture.gone_count, 2);
    assert_int_equal(fixture.gone_refusal, 0);
}

static void trailers_beyond_the_limits_are_431(void **state)
{
    static nghttp2_nv many[LIMIT_HEADER_COUNT_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
        many[i] = http2_field("x", "y");
    }
    const int32_t id = http2_open(&client, "/later", NULL, NULL);
    assert_int_equal(nghttp2_submit_headers(client.session, NGHTTP2_FLAG_END_STREAM, id,
                                            NULL, many, LIMIT_HEADER_COUNT_MAX + 1, NULL),
                     0);
    expect_refusal(id, 431);
    assert_int_equal(fixture.gone_refusal, 431);
}

/* Room for bodies */

static void bodies_beyond_the_room_wait_for_the_oldest(void **state)
{
    static char piece[16384];
    static const char told[] = "83886080"; /* two of them are too much */
    (void)state;
    fixture.body_size_max = LIMIT_HTTP2_BODIES_SIZE_BYTES_MAX;
    const int32_t oldest = http2_open(&client, "/echo", "content-length", told);
    H2_AWAIT(fixture.headers_count == 1);
    const int32_t next = http2_open(&client, "/echo", "content-length", told);
    H2_AWAIT(client.window_count == 1); /* the oldest's, wider */
    for (size_t i = 0; i < 3; i++) {
        http2_frame(&client, NGHTTP2_DATA, 0, next, piece, sizeof(piece));
    }
    expect_answer(http2_request(&client, "POST", "/", NULL), 200, "done\n");
    assert_int_equal(client.window_count, 1);

    http2_frame(&client, NGHTTP2_RST_STREAM, 0, oldest, "\0\0\0\x08", 4);

    H2_AWAIT(client.window_count >= 2);
    assert_int_equal(fixture.gone_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HTTP2(request_with_a_body_is_echoed),
        WITH_HTTP2(preface_may_come_byte_by_byte),
        WITH_HTTP2(what_only_begins_like_the_preface_is_http_1),
        WITH_HTTP2(pipelined_http_1_is_spoken_beside_it),
        WITH_HTTP2(upgrade_to_it_is_ignored),
        WITH_HTTP2(preface_behind_a_request_is_505),
        WITH_OWN_HTTP2(half_a_preface_is_408),
        WITH_HTTP2(half_a_preface_and_an_end_leave_nothing),
        WITH_OWN_HTTP2(switched_off_it_is_505),
        WITH_HTTP2(streams_are_answered_as_their_answers_come),
        WITH_HTTP2(hundred_requests_at_a_time_are_answered),
        WITH_HTTP2(request_without_a_body_is_delivered_too),
        WITH_HTTP2(answer_to_head_has_a_length_and_no_body),
        WITH_HTTP2(answer_in_chunks_tells_no_length),
        WITH_HTTP2(no_content_has_neither_length_nor_body),
        WITH_HTTP2(bodies_beyond_every_window_arrive_whole),
        WITH_HTTP2(control_bytes_of_an_answer_become_spaces),
        WITH_HTTP2(continue_is_sent_when_the_handler_reads_the_body),
        WITH_HTTP2(body_read_later_comes_from_what_waited),
        WITH_HTTP2(body_that_nobody_reads_stays_within_its_window),
        WITH_HTTP2(trailers_are_dropped),
        WITH_HTTP2(small_body_that_nobody_reads_may_come_to_its_end),
        WITH_HTTP2(large_body_that_nobody_reads_is_reset_without_an_error),
        WITH_HTTP2(body_beyond_the_maximum_is_413_before_it_is_read),
        WITH_HTTP2(body_of_no_told_length_is_413_when_it_gets_there),
        WITH_HTTP2(heads_are_refused_as_http_1_refuses_them),
        WITH_HTTP2(malformed_heads_are_reset),
        WITH_HTTP2(name_in_capitals_is_reset),
        WITH_HTTP2(body_that_is_not_as_long_as_told_is_reset),
        WITH_HTTP2(trailers_beyond_the_limits_are_431),
        WITH_HTTP2(bodies_beyond_the_room_wait_for_the_oldest),
    };
    return cmocka_run_group_tests_name("http2_server", tests, NULL, NULL);
}
