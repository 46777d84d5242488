/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "expect.h"
#include "net/http_server.h"
#include "raw_client.h"

enum { CALL_COUNT = 8, LARGE_SIZE = 3 * 1024 * 1024 };

/* The client under test; a server of ours that echoes ("/later" when the test says so), and
 * a bare socket for what no server of ours would say. */
struct fixture {
    struct loop *loop;
    struct http_client *client;
    struct http_server *server;
    struct http_exchange *waiting[CALL_COUNT];
    size_t waiting_count;
    int listener;
    uint16_t listener_port;
    struct raw_client peer;
    struct http_call calls[CALL_COUNT];
    size_t done_order[CALL_COUNT];
    size_t done_count;
    bool inside_a_call;
    size_t closed_count;
    struct task closed;
    struct task server_closed;
};

static struct fixture fixture;

#define AWAIT(condition)                                                   \
    do {                                                                   \
        const uint64_t limit_ns_ = clock_monotonic_ns() + RAW_PATIENCE_NS; \
        while (!(condition)) {                                             \
            loop_poll(fixture.loop);                                       \
            assert_true(clock_monotonic_ns() < limit_ns_);                 \
        }                                                                  \
    } while (0)

/* The server */

static void answer(struct http_exchange *exchange)
{
    struct blob *body = http_exchange_body(exchange);
    const struct http_header header = {BYTES("X-Query"),
                                       http_exchange_head(exchange)->query};
    struct http_response response = {
        .status = 200, .headers = &header, .header_count = 1, .part_count = 1};
    response.parts[0].blob = blob_ref(body);
    response.parts[0].bytes = bytes_of(blob_data(body), blob_size(body));
    response.chunked = bytes_equal_string(http_exchange_head(exchange)->query, "chunked");
    http_exchange_respond(exchange, &response);
}

static void on_headers(void *context, struct http_exchange *exchange)
{
    const struct http_body_options options = {2 * (size_t)LARGE_SIZE, 0};
    (void)context;
    http_exchange_read_body(exchange, &options);
}

static void on_body(void *context, struct http_exchange *exchange)
{
    (void)context;
    if (bytes_equal_string(http_exchange_head(exchange)->path, "/later")) {
        fixture.waiting[fixture.waiting_count++] = http_exchange_ref(exchange);
    } else {
        answer(exchange);
    }
}

static void on_refuse(void *context, int status, struct bytes path,
                      const struct error *error, struct http_response *out_response)
{
    (void)context;
    (void)status;
    (void)path;
    (void)error;
    (void)out_response;
}

static const struct http_handler handler = {
    .headers = on_headers, .body = on_body, .refuse = on_refuse};

static const struct http_server_options server_options = {
    .address = "127.0.0.1",
    .connection_count_max = 100,
    .header_timeout_ms = 20000,
    .body_timeout_ms = 20000,
    .idle_timeout_ms = 20000,
    .write_timeout_ms = 20000,
};

static void on_closed(struct task *task)
{
    (void)task;
    fixture.closed_count++;
}

/* The fixture */

static struct http_client_options patient_to(uint16_t port)
{
    return (struct http_client_options){
        .host = "127.0.0.1",
        .port = port,
        .connection_count_max = 4,
        .waiting_count_max = 4,
        .connect_timeout_ms = 20000,
        .idle_timeout_ms = 20000,
        .response_size_bytes_max = 2 * (size_t)LARGE_SIZE,
    };
}

static int open_all(void **state)
{
    (void)state;
    fixture = (struct fixture){.closed.run = on_closed, .server_closed.run = on_closed};
    EXPECT_OK(loop_create(&fixture.loop));
    EXPECT_OK(
        http_server_open(fixture.loop, &server_options, &handler, &fixture.server, NULL));
    fixture.listener = raw_listen(&fixture.listener_port);
    fixture.peer.descriptor = -1;
    return 0;
}

static void open_client(const struct http_client_options *options)
{
    EXPECT_OK(http_client_create(fixture.loop, options, &fixture.client));
}

static void open_client_to_server(void)
{
    const struct http_client_options options = patient_to(http_server_port(fixture.server));
    open_client(&options);
}

static void open_client_to_peer(void)
{
    const struct http_client_options options = patient_to(fixture.listener_port);
    open_client(&options);
}

static int close_all(void **state)
{
    (void)state;
    if (fixture.client != NULL) {
        http_client_close(fixture.client, &fixture.closed);
        AWAIT(fixture.closed_count == 1);
    }
    for (size_t i = 0; i < CALL_COUNT; i++) {
        http_call_clear(&fixture.calls[i]);
        http_exchange_unref(fixture.waiting[i]);
    }
    http_server_close(fixture.server, &fixture.server_closed);
    AWAIT(fixture.closed_count == (fixture.client != NULL ? 2 : 1));
    raw_close(&fixture.peer);
    (void)close(fixture.listener);
    loop_destroy(fixture.loop);
    return 0;
}

static void on_done(struct http_call *call)
{
    assert_false(fixture.inside_a_call);
    fixture.done_order[fixture.done_count++] = (size_t)(call - fixture.calls);
}

static struct http_call *prepare(size_t index, const char *target, const char *body)
{
    struct http_call *call = &fixture.calls[index];
    *call = (struct http_call){
        .method = HTTP_POST,
        .target = bytes_from_string(target),
        .deadline_ns = CLOCK_NEVER,
        .done = on_done,
        .part_count = 1,
    };
    call->parts[0].bytes = bytes_from_string(body);
    return call;
}

static void send_call(struct http_call *call)
{
    fixture.inside_a_call = true;
    http_client_send(fixture.client, call);
    fixture.inside_a_call = false;
}

static void cancel(struct http_call *call)
{
    fixture.inside_a_call = true;
    http_client_cancel(call);
    fixture.inside_a_call = false;
}

static struct http_call *start(size_t index, const char *target, const char *body)
{
    struct http_call *call = prepare(index, target, body);
    send_call(call);
    return call;
}

static void expect_body(const struct http_call *call, const char *body)
{
    EXPECT_OK(call->status);
    assert_true(bytes_equal_string(
        bytes_of(blob_data(call->response_body), blob_size(call->response_body)), body));
}

static size_t server_connections(void)
{
    return http_server_connection_count(fixture.server);
}

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
    raw_close(&fixture.peer);

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

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_all, close_all)

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
    return cmocka_run_group_tests_name("http_client", tests, NULL, NULL);
}
