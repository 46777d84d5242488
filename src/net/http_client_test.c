/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_client.h"

#include <stdio.h>

#include "expect.h"
#include "http_client_fixture.h"

/* Calls */

static void call_is_answered(void **state)
{
    (void)state;
    open_client_to_server();
    const struct http_call *call = start(0, "/echo?a=b", "hello");
    struct bytes value;

    AWAIT(fixture.done_count == 1);

    expect_body(call, "hello");
    assert_int_equal(call->http_status, 200);
    assert_int_equal(call->attempt_count, 1);
    assert_true(http_header_get(call->response_headers, call->response_header_count,
                                "x-query", &value));
    assert_true(bytes_equal_string(value, "a=b"));
}

static void request_is_written_as_rfc_9112_wants_it(void **state)
{
    (void)state;
    open_client_to_peer();
    const struct http_header header = {BYTES("X-A"), BYTES("b\r\nX-Injected: c")};
    struct http_call *call = prepare(0, "/v2?x", "hi");
    call->headers = &header;
    call->header_count = 1;
    send_call(call);
    raw_accept(&fixture.peer, fixture.loop, fixture.listener);
    char expected[128];
    (void)snprintf(expected, sizeof(expected),
                   "POST /v2?x HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nX-A: b  X-Injected: c\r\n"
                   "Content-Length: 2\r\n\r\nhi",
                   (unsigned)fixture.listener_port);

    assert_true(raw_await(&fixture.peer, "\r\n\r\nhi"));

    assert_string_equal(fixture.peer.answer, expected);
}

static void bodies_go_and_come_in_chunks(void **state)
{
    (void)state;
    open_client_to_server();
    struct http_call *call = prepare(0, "/echo?chunked", "hello");
    call->chunked = true;
    call->parts[2].bytes = BYTES(" world"); /* and an empty part between */
    call->part_count = 3;
    send_call(call);

    AWAIT(fixture.done_count == 1);

    expect_body(call, "hello world");
}

static void large_bodies_go_and_come(void **state)
{
    (void)state;
    open_client_to_server();
    struct blob *body = blob_create(LARGE_SIZE, 0);
    for (size_t i = 0; i < LARGE_SIZE; i++) {
        blob_data(body)[i] = (uint8_t)(i * 7 >> 3);
    }
    struct http_call *call = prepare(0, "/echo", "");
    call->parts[0] =
        (struct http_part){bytes_of(blob_data(body), LARGE_SIZE), blob_ref(body)};
    send_call(call);

    AWAIT(fixture.done_count == 1);

    EXPECT_OK(call->status);
    assert_int_equal(blob_size(call->response_body), LARGE_SIZE);
    assert_memory_equal(blob_data(call->response_body), blob_data(body), LARGE_SIZE);
    blob_unref(body);
}

static void get_has_no_body_and_head_gets_none(void **state)
{
    (void)state;
    open_client_to_peer();
    struct http_call *call = prepare(0, "/", "");
    call->method = HTTP_HEAD;
    call->part_count = 0;
    send_call(call);
    raw_accept(&fixture.peer, fixture.loop, fixture.listener);
    assert_true(raw_await(&fixture.peer, "\r\n\r\n"));
    assert_null(strstr(fixture.peer.answer, "Content-Length"));
    raw_send(&fixture.peer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");

    AWAIT(fixture.done_count == 1);

    expect_body(call, "");
}

static void answer_until_close_is_whole(void **state)
{
    (void)state;
    open_client_to_peer();
    const struct http_call *call = start(0, "/", "x");
    raw_accept(&fixture.peer, fixture.loop, fixture.listener);
    assert_true(raw_await(&fixture.peer, "\r\n\r\nx"));
    raw_send(&fixture.peer, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\nhel");
    raw_send(&fixture.peer, "lo");
    raw_end(&fixture.peer);

    AWAIT(fixture.done_count == 1);

    expect_body(call, "hello");
}

static void name_is_resolved(void **state)
{
    (void)state;
    struct http_client_options options = patient_to(http_server_port(fixture.server));
    options.host = "localhost"; /* ::1 may be tried first, where nobody listens */
    open_client(&options);
    const struct http_call *call = start(0, "/echo", "hello");

    AWAIT(fixture.done_count == 1);

    expect_body(call, "hello");
}

static void status_of_the_server_is_no_failure_of_the_call(void **state)
{
    (void)state;
    open_client_to_peer();
    const struct http_call *call = start(0, "/", "x");
    raw_accept(&fixture.peer, fixture.loop, fixture.listener);
    raw_send(&fixture.peer, "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy");

    AWAIT(fixture.done_count == 1);

    expect_body(call, "busy");
    assert_int_equal(call->http_status, 503);
}

/* The pool */

static void connection_is_used_again(void **state)
{
    (void)state;
    open_client_to_server();
    for (size_t i = 1; i <= 20; i++) {
        struct http_call *call = start(0, "/echo", "x");
        AWAIT(fixture.done_count == 1);
        expect_body(call, "x");
        http_call_clear(call);
        fixture.done_count = 0;
        assert_int_equal(server_connections(), 1);
    }
}

static void
calls_beyond_the_connections_wait_in_order_and_beyond_that_are_busy(void **state)
{
    (void)state;
    struct http_client_options options = patient_to(http_server_port(fixture.server));
    options.connection_count_max = 1;
    options.waiting_count_max = 2;
    open_client(&options);
    for (size_t i = 0; i < 4; i++) {
        (void)start(i, "/later", "x");
    }

    AWAIT(fixture.done_count == 1);
    assert_int_equal(fixture.done_order[0], 3);
    EXPECT_STATUS(GALEN_BUSY, fixture.calls[3].status);
    for (size_t i = 0; i < 3; i++) {
        AWAIT(fixture.waiting_count == i + 1);
        assert_int_equal(server_connections(), 1);
        answer(fixture.waiting[i]);
    }

    AWAIT(fixture.done_count == 4);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(fixture.done_order[i + 1], i);
        EXPECT_OK(fixture.calls[i].status);
    }
}

static void idle_connection_is_closed_in_time(void **state)
{
    (void)state;
    struct http_client_options options = patient_to(http_server_port(fixture.server));
    options.idle_timeout_ms = 20;
    open_client(&options);
    (void)start(0, "/echo", "x");
    AWAIT(fixture.done_count == 1);

    AWAIT(server_connections() == 0);
}

static void connection_that_the_server_closes_is_not_kept(void **state)
{
    (void)state;
    open_client_to_peer();
    (void)start(0, "/", "x");
    raw_accept(&fixture.peer, fixture.loop, fixture.listener);
    raw_send(&fixture.peer,
             "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    AWAIT(fixture.done_count == 1);
    EXPECT_OK(fixture.calls[0].status);

    assert_true(raw_await_end(&fixture.peer));
}

static void kept_connection_that_died_is_replaced_once(void **state)
{
    (void)state;
    open_client_to_peer();
    struct blob *body = blob_create(2, 0);
    memcpy(blob_data(body), "hi", 2);
    (void)start(0, "/", "x");
    raw_accept(&fixture.peer, fixture.loop, fixture.listener);
    raw_send(&fixture.peer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    AWAIT(fixture.done_count == 1);
    struct http_call *call = prepare(1, "/again", "");
    call->parts[0] = (struct http_part){bytes_of(blob_data(body), 2), body};
    send_call(call);
    assert_true(raw_await(&fixture.peer, "\r\n\r\nhi"));
    raw_close(&fixture.peer); /* just when the request had come */

    raw_accept(&fixture.peer, fixture.loop, fixture.listener);
    assert_true(raw_await(&fixture.peer, "\r\n\r\nhi"));
    raw_send(&fixture.peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    AWAIT(fixture.done_count == 2);

    expect_body(call, "ok");
    assert_int_equal(call->attempt_count, 2);
}

static void second_connection_that_dies_is_the_end(void **state)
{
    (void)state;
    open_client_to_peer();
    (void)start(0, "/", "x");
    raw_accept(&fixture.peer, fixture.loop, fixture.listener);
    raw_send(&fixture.peer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    AWAIT(fixture.done_count == 1);
    const struct http_call *call = start(1, "/", "again");
    assert_true(raw_await(&fixture.peer, "again"));
    raw_reset(&fixture.peer);
    raw_accept(&fixture.peer, fixture.loop, fixture.listener);
    assert_true(raw_await(&fixture.peer, "again"));

    raw_reset(&fixture.peer);
    AWAIT(fixture.done_count == 2);

    EXPECT_STATUS(GALEN_BAD_UPSTREAM, call->status);
    assert_int_equal(call->attempt_count, 2);
}

static void resend_makes_room_for_its_new_connection(void **state)
{
    (void)state;
    struct http_client_options options = patient_to(fixture.listener_port);
    options.connection_count_max = 2;
    open_client(&options);
    static struct raw_client first;
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    (void)start(0, "/", "x");
    raw_accept(&first, fixture.loop, fixture.listener);
    (void)start(1, "/", "x");
    raw_accept(&fixture.peer, fixture.loop, fixture.listener);
    raw_send(&first, ok);
    AWAIT(fixture.done_count == 1);
    raw_send(&fixture.peer, ok);
    AWAIT(fixture.done_count == 2);

    const struct http_call *call = start(2, "/", "again"); /* on the connection used last */
    assert_true(raw_await(&fixture.peer, "again"));
    raw_close(&fixture.peer);
    raw_accept(&fixture.peer, fixture.loop, fixture.listener);
    assert_true(raw_await(&fixture.peer, "again"));
    raw_send(&fixture.peer, ok);
    AWAIT(fixture.done_count == 3);

    EXPECT_OK(call->status);
    raw_close(&first);
}

static void answer_that_nobody_asked_for_closes_the_connection(void **state)
{
    (void)state;
    open_client_to_peer();
    (void)start(0, "/", "x");
    raw_accept(&fixture.peer, fixture.loop, fixture.listener);
    raw_send(&fixture.peer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    AWAIT(fixture.done_count == 1);

    EXPECT_OK(fixture.calls[0].status);
    assert_true(raw_await_end(&fixture.peer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(call_is_answered),
        TEST(request_is_written_as_rfc_9112_wants_it),
        TEST(bodies_go_and_come_in_chunks),
        TEST(large_bodies_go_and_come),
        TEST(get_has_no_body_and_head_gets_none),
        TEST(answer_until_close_is_whole),
        TEST(name_is_resolved),
        TEST(status_of_the_server_is_no_failure_of_the_call),
        TEST(connection_is_used_again),
        TEST(calls_beyond_the_connections_wait_in_order_and_beyond_that_are_busy),
        TEST(idle_connection_is_closed_in_time),
        TEST(connection_that_the_server_closes_is_not_kept),
        TEST(kept_connection_that_died_is_replaced_once),
        TEST(second_connection_that_dies_is_the_end),
        TEST(resend_makes_room_for_its_new_connection),
        TEST(answer_that_nobody_asked_for_closes_the_connection),
    };
    return cmocka_run_group_tests_name("http_client", tests, NULL, NULL);
}
