/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that fail, run out of time, or are cancelled. */
#include "expect.h"
#include "http_client_fixture.h"

/* Failures */

static void nobody_listens(void **state)
{
    (void)state;
    open_client_to_peer();
    (void)close(fixture.listener);
    fixture.listener = -1;
    const struct http_call *call = start(0, "/", "x");

    AWAIT(fixture.done_count == 1);

    EXPECT_STATUS(GALEN_UNAVAILABLE, call->status);
    assert_non_null(strstr(call->error.text, "127.0.0.1"));
}

static void name_that_does_not_exist_is_unavailable(void **state)
{
    (void)state;
    struct http_client_options options = patient_to(1);
    options.host = "nobody.invalid"; /* RFC 6761: never resolves */
    open_client(&options);
    const struct http_call *call = start(0, "/", "x");

    AWAIT(fixture.done_count == 1);

    EXPECT_STATUS(GALEN_UNAVAILABLE, call->status);
}

static void truncated_answers_are_bad_upstream_at_every_byte(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    };
    open_client_to_peer();
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (size_t size = 0; size < strlen(texts[i]); size++) {
            fixture.done_count = 0;
            struct http_call *call = start(0, "/", "x");
            raw_accept(&fixture.peer, fixture.loop, fixture.listener);
            assert_true(raw_await(&fixture.peer, "\r\n\r\nx"));
            raw_send_bytes(&fixture.peer, bytes_of(texts[i], size));
            if (size % 2 == 0) {
                raw_close(&fixture.peer);
            } else {
                raw_reset(&fixture.peer);
            }
            AWAIT(fixture.done_count == 1);
            EXPECT_STATUS(GALEN_BAD_UPSTREAM, call->status);
            assert_int_equal(call->attempt_count, 1);
            http_call_clear(call);
        }
    }
}

static void malformed_answer_is_bad_upstream(void **state)
{
    (void)state;
    open_client_to_peer();
    const struct http_call *call = start(0, "/", "x");
    raw_accept(&fixture.peer, fixture.loop, fixture.listener);
    raw_send(&fixture.peer, "SSH-2.0-OpenSSH\r\n");

    AWAIT(fixture.done_count == 1);

    EXPECT_STATUS(GALEN_BAD_UPSTREAM, call->status);
}

static void answer_beyond_the_maximum_is_too_large(void **state)
{
    (void)state;
    struct http_client_options options = patient_to(http_server_port(fixture.server));
    options.response_size_bytes_max = 4;
    open_client(&options);
    const struct http_call *known = start(0, "/echo", "hello");
    const struct http_call *chunked = start(1, "/echo?chunked", "hello");
    const struct http_call *fits = start(2, "/echo?chunked", "four");

    AWAIT(fixture.done_count == 3);

    EXPECT_STATUS(GALEN_TOO_LARGE, known->status);
    EXPECT_STATUS(GALEN_TOO_LARGE, chunked->status);
    expect_body(fits, "four");
}

static void deadline_ends_a_call_that_waits_for_its_answer(void **state)
{
    (void)state;
    open_client_to_server();
    struct http_call *call = prepare(0, "/later", "x");
    call->deadline_ns = clock_monotonic_ns() + 30 * NS_PER_MS;
    send_call(call);

    AWAIT(fixture.done_count == 1);

    EXPECT_STATUS(GALEN_TIMEOUT, call->status);
    assert_true(clock_monotonic_ns() >= call->deadline_ns);
    AWAIT(server_connections() == 0);
}

static void deadlines_end_calls_in_their_own_order(void **state)
{
    (void)state;
    struct http_client_options options = patient_to(http_server_port(fixture.server));
    options.connection_count_max = 1;
    open_client(&options);
    const uint64_t now_ns = clock_monotonic_ns();
    static const uint64_t after_ms[] = {60, 20,
                                        40}; /* the second and third wait in the queue */
    for (size_t i = 0; i < 3; i++) {
        struct http_call *call = prepare(i, "/later", "x");
        call->deadline_ns = now_ns + after_ms[i] * NS_PER_MS;
        send_call(call);
    }

    AWAIT(fixture.done_count == 3);

    assert_int_equal(fixture.done_order[0], 1);
    assert_int_equal(fixture.done_order[1], 2);
    assert_int_equal(fixture.done_order[2], 0);
}

static void connecting_takes_no_longer_than_it_may(void **state)
{
    (void)state;
    /* a queue of one that is full: further connections are not completed */
    assert_int_equal(listen(fixture.listener, 0), 0);
    static struct raw_client fillers[4];
    for (size_t i = 0; i < 4; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons(fixture.listener_port)};
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        fillers[i].descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i].descriptor, (struct sockaddr *)&address, sizeof(address));
    }
    struct http_client_options options = patient_to(fixture.listener_port);
    options.connect_timeout_ms = 30;
    open_client(&options);
    const struct http_call *call = start(0, "/", "x");

    AWAIT(fixture.done_count == 1);

    EXPECT_STATUS(GALEN_UNAVAILABLE, call->status);
    assert_non_null(strstr(call->error.text, "too long"));
    for (size_t i = 0; i < 4; i++) {
        raw_close(&fillers[i]);
    }
}

static void request_line_that_cannot_be_written_is_invalid(void **state)
{
    (void)state;
    open_client_to_server();
    const struct http_call *call = start(0, "/a b", "x");
    (void)start(1, "http://elsewhere/", "x");
    (void)start(2, "", "x");

    AWAIT(fixture.done_count == 3);

    EXPECT_STATUS(GALEN_INVALID, call->status);
    EXPECT_STATUS(GALEN_INVALID, fixture.calls[1].status);
    EXPECT_STATUS(GALEN_INVALID, fixture.calls[2].status);
    assert_int_equal(server_connections(), 0);
}

/* Cancelling */

static void call_is_cancelled_while_it_connects(void **state)
{
    (void)state;
    open_client_to_server();
    struct http_call *call = start(0, "/echo", "x");

    cancel(call);

    assert_int_equal(fixture.done_count, 0); /* late, never inside cancel */
    AWAIT(fixture.done_count == 1);
    EXPECT_STATUS(GALEN_CANCELLED, call->status);
}

static void call_is_cancelled_while_a_name_is_resolved(void **state)
{
    (void)state;
    struct http_client_options options = patient_to(http_server_port(fixture.server));
    options.host = "localhost";
    open_client(&options);
    struct http_call *call = start(0, "/echo", "x");

    cancel(call);

    AWAIT(fixture.done_count == 1);
    EXPECT_STATUS(GALEN_CANCELLED, call->status);
}

static void call_is_cancelled_while_the_server_thinks(void **state)
{
    (void)state;
    open_client_to_server();
    struct http_call *call = start(0, "/later", "x");
    AWAIT(fixture.waiting_count == 1);

    cancel(call);
    AWAIT(fixture.done_count == 1);

    EXPECT_STATUS(GALEN_CANCELLED, call->status);
    AWAIT(server_connections() == 0); /* its connection cannot be used any more */
}

static void call_is_cancelled_while_it_waits_for_a_connection(void **state)
{
    (void)state;
    struct http_client_options options = patient_to(http_server_port(fixture.server));
    options.connection_count_max = 1;
    open_client(&options);
    (void)start(0, "/later", "x");
    struct http_call *call = start(1, "/echo", "x");
    AWAIT(fixture.waiting_count == 1);

    cancel(call);
    AWAIT(fixture.done_count == 1);

    EXPECT_STATUS(GALEN_CANCELLED, call->status);
    answer(fixture.waiting[0]);
    AWAIT(fixture.done_count == 2);
    EXPECT_OK(fixture.calls[0].status);
}

static void cancelling_what_is_done_or_was_never_sent_is_harmless(void **state)
{
    (void)state;
    open_client_to_server();
    struct http_call *call = start(0, "/echo", "hello");
    AWAIT(fixture.done_count == 1);

    cancel(call);
    cancel(&fixture.calls[1]);
    loop_poll(fixture.loop);

    expect_body(call, "hello");
    assert_int_equal(fixture.done_count, 1);
}

static void close_cancels_all(void **state)
{
    (void)state;
    struct http_client_options options = patient_to(http_server_port(fixture.server));
    options.connection_count_max = 2;
    open_client(&options);
    (void)start(0, "/later", "x");
    AWAIT(fixture.waiting_count == 1);
    (void)start(1, "/later", "x");
    (void)start(2, "/later", "x");

    http_client_close(fixture.client, &fixture.closed);
    AWAIT(fixture.done_count == 3 && fixture.closed_count == 1);

    for (size_t i = 0; i < 3; i++) {
        EXPECT_STATUS(GALEN_CANCELLED, fixture.calls[i].status);
    }
    fixture.client = NULL;
    fixture.closed_count = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_listens),
        TEST(name_that_does_not_exist_is_unavailable),
        TEST(truncated_answers_are_bad_upstream_at_every_byte),
        TEST(malformed_answer_is_bad_upstream),
        TEST(answer_beyond_the_maximum_is_too_large),
        TEST(deadline_ends_a_call_that_waits_for_its_answer),
        TEST(deadlines_end_calls_in_their_own_order),
        TEST(connecting_takes_no_longer_than_it_may),
        TEST(request_line_that_cannot_be_written_is_invalid),
        TEST(call_is_cancelled_while_it_connects),
        TEST(call_is_cancelled_while_a_name_is_resolved),
        TEST(call_is_cancelled_while_the_server_thinks),
        TEST(call_is_cancelled_while_it_waits_for_a_connection),
        TEST(cancelling_what_is_done_or_was_never_sent_is_harmless),
        TEST(close_cancels_all),
    };
    return cmocka_run_group_tests_name("http_client_failures", tests, NULL, NULL);
}
