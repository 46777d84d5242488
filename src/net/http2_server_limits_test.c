/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/2 of the server: clients that leave, timeouts, room for connections, and drain. */
#include "expect.h"
#include "http2_server_fixture.h"
#include "net/http_server_impl.h"

/* Clients that leave, and the server's ends */

static void stream_that_is_reset_is_gone_and_the_others_stay(void **state)
{
    (void)state;
    const int32_t waiting = http2_request(&client, "POST", "/later", "1");
    H2_AWAIT(fixture.waiting != NULL);

    assert_int_equal(nghttp2_submit_rst_stream(client.session, 0, waiting, NGHTTP2_CANCEL),
                     0);

    H2_AWAIT(fixture.gone_count == 1);
    assert_int_equal(fixture.gone_refusal, 0);
    answer(fixture.waiting, 200, NULL); /* nobody is there */
    expect_answer(http2_request(&client, "POST", "/echo", "still"), 200, "still");
    assert_int_equal(fixture.gone_count, 1);
}

static void client_that_leaves_is_gone_on_every_stream(void **state)
{
    (void)state;
    (void)http2_request(&client, "POST", "/later", "1");
    (void)http2_request(&client, "POST", "/later", "2");
    (void)http2_open(&client, "/later", NULL, NULL); /* its body is due */
    H2_AWAIT(fixture.body_count == 2);

    http2_close(&client);

    AWAIT(connections() == 0);
    assert_int_equal(fixture.gone_count, 3);
}

static void client_killed_at_every_byte_leaves_nothing(void **state)
{
    static uint8_t script[4096];
    size_t script_size = 0;
    const uint8_t *data;
    ssize_t size;
    (void)state;
    (void)http2_request(&client, "POST", "/echo", "hello");
    (void)http2_request(&client, "POST", "/later", "hello");
    (void)http2_request(&client, "GET", "/large", NULL);
    while ((size = nghttp2_session_mem_send(client.session, &data)) > 0) {
        memcpy(script + script_size, data, (size_t)size);
        script_size += (size_t)size;
    }
    http2_close(&client);
    for (size_t cut = 0; cut <= script_size; cut++) {
        connect_client();
        raw_send_bytes(&fixture.client, bytes_of(script, cut));
        for (size_t i = 0; i < 5; i++) {
            loop_poll(fixture.loop);
        }
        raw_reset(&fixture.client);
        AWAIT(connections() == 0);
        http_exchange_unref(fixture.waiting);
        fixture.waiting = NULL;
    }
    assert_true(fixture.gone_count > 0);
}

static void server_closed_at_every_byte_leaves_nothing(void **state)
{
    static uint8_t script[4096];
    size_t script_size = 0;
    (void)state;
    for (size_t cut = 0; cut == 0 || cut <= script_size; cut++) {
        const uint8_t *data;
        ssize_t size;
        open_http2_server(&patient);
        connect_http2();
        (void)http2_request(&client, "POST", "/echo", "hello");
        (void)http2_request(&client, "POST", "/later", "hello");
        script_size = 0;
        while ((size = nghttp2_session_mem_send(client.session, &data)) > 0) {
            memcpy(script + script_size, data, (size_t)size);
            script_size += (size_t)size;
        }
        raw_send_bytes(&client.raw, bytes_of(script, cut));
        for (size_t i = 0; i < 3; i++) {
            loop_poll(fixture.loop);
        }
        (void)close_http2_server(NULL);
    }
}

static void drain_says_so_twice_and_finishes_what_is_under_way(void **state)
{
    (void)state;
    const int32_t waiting = http2_request(&client, "POST", "/later", "1");
    H2_AWAIT(fixture.waiting != NULL);

    http_server_drain(fixture.server, &fixture.drained_task);
    AWAIT(
        (http2_receive(&client), client.goaway_count == 1)); /* the ping is not answered */
    assert_int_equal(client.goaway_id, INT32_MAX);
    assert_int_equal(client.goaway_error, NGHTTP2_NO_ERROR);

    H2_AWAIT(client.goaway_count == 2);
    assert_int_equal(client.goaway_id, waiting);
    assert_false(fixture.drained);
    answer(fixture.waiting, 200, NULL);

    expect_answer(waiting, 200, "done\n");
    H2_AWAIT(client.raw.has_ended);
    http2_close(&client);
    AWAIT(fixture.drained);
}

static void request_that_crosses_the_first_goaway_is_answered(void **state)
{
    (void)state;
    expect_answer(http2_request(&client, "POST", "/echo", "hi"), 200, "hi");
    const int32_t crossing = http2_request(&client, "POST", "/echo", "crossing");
    http_server_drain(fixture.server, &fixture.drained_task);
    for (size_t i = 0; i < 10; i++) {
        loop_poll(fixture.loop);
    }
    http2_flush(&client); /* it has heard of nothing yet */

    expect_answer(crossing, 200, "crossing");

    H2_AWAIT(client.raw.has_ended);
    assert_int_equal(client.goaway_count, 2);
    assert_int_equal(client.goaway_id, crossing);
    http2_close(&client);
    AWAIT(fixture.drained);
}

static void idle_connection_is_drained_even_if_the_client_is_silent(void **state)
{
    (void)state;
    expect_answer(http2_request(&client, "POST", "/echo", "hi"), 200, "hi");
    http_server_drain(fixture.server, &fixture.drained_task);

    AWAIT((http2_receive(&client), client.raw.has_ended)); /* no ping is answered */

    assert_int_equal(client.goaway_count, 2);
    http2_close(&client);
    AWAIT(fixture.drained);
}

static void goaway_of_the_client_ends_it_when_all_is_answered(void **state)
{
    (void)state;
    const int32_t waiting = http2_request(&client, "POST", "/later", "1");
    H2_AWAIT(fixture.waiting != NULL);
    http2_flush(&client);
    http2_frame(&client, NGHTTP2_GOAWAY, 0, 0, "\0\0\0\0\0\0\0\0", 8);
    for (size_t i = 0; i < 10; i++) {
        http2_pump(&client);
    }
    assert_false(http2_is_over(&client));

    answer(fixture.waiting, 200, NULL);

    expect_answer(waiting, 200, "done\n");
    H2_AWAIT(client.raw.has_ended);
}

static void response_that_closes_lets_others_finish(void **state)
{
    (void)state;
    const int32_t first = http2_request(&client, "POST", "/later", "1");
    const int32_t second = http2_request(&client, "POST", "/echo", "2");
    expect_answer(second, 200, "2");
    const struct http_response response = {.status = 200, .close = true};

    http_exchange_respond(fixture.waiting, &response);

    expect_answer(first, 200, "");
    H2_AWAIT(client.raw.has_ended);
    assert_int_equal(client.goaway_count, 2);
}

static void end_of_the_clients_sending_lets_answers_leave(void **state)
{
    (void)state;
    http2_close(&client);
    http2_connect_narrow(&client, fixture.loop, http_server_port(fixture.server),
                         INT32_MAX);
    assert_int_equal(nghttp2_submit_window_update(client.session, 0, 0, LARGE_SIZE), 0);
    const int32_t large = http2_request(&client, "GET", "/large", NULL);
    (void)http2_request(&client, "POST", "/later", "1");
    http2_flush(&client);
    AWAIT(fixture.waiting != NULL);
    (void)shutdown(client.raw.descriptor, SHUT_WR);

    AWAIT((http2_receive(&client), client.raw.has_ended || client.raw.was_reset));

    assert_int_equal(RESULT(large)->body_size, LARGE_SIZE);
    assert_int_equal(fixture.gone_count, 1);
    assert_int_equal(connections(), 0);
}

/* Deadlines */

static void slow_head_ends_the_connection(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.header_timeout_ms = 30;
    open_http2_server(&options);
    connect_http2();
    http2_flush(&client);

    http2_frame(&client, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, "\x82", 1);

    AWAIT((http2_receive(&client), client.raw.has_ended));
    assert_int_equal(client.goaway_error, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void slow_body_is_408_and_the_others_go_on(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.body_timeout_ms = 200;
    open_http2_server(&options);
    connect_http2();
    const int32_t waiting = http2_request(&client, "POST", "/later", "1");
    const int32_t id = http2_open(&client, "/echo", NULL, NULL);
    http2_frame(&client, NGHTTP2_DATA, 0, id, "hell", 4);

    expect_refusal(id, 408);

    assert_int_equal(fixture.gone_refusal, 408);
    answer(fixture.waiting, 200, NULL);
    expect_answer(waiting, 200, "done\n");
}

static void idle_connection_is_closed_with_a_goaway(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.idle_timeout_ms = 30;
    open_http2_server(&options);
    connect_http2();
    expect_answer(http2_request(&client, "POST", "/echo", "hi"), 200, "hi");

    H2_AWAIT(client.raw.has_ended);

    assert_int_equal(client.goaway_error, NGHTTP2_NO_ERROR);
    assert_int_equal(client.goaway_id, 1);
}

static void pings_do_not_keep_an_idle_connection(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.idle_timeout_ms = 50;
    open_http2_server(&options);
    connect_http2();
    http2_flush(&client);
    while (!http2_is_over(&client)) {
        const uint64_t next_ns = clock_monotonic_ns() + NS_PER_MS;
        assert_int_equal(nghttp2_submit_ping(client.session, 0, NULL), 0);
        H2_AWAIT(clock_monotonic_ns() > next_ns || http2_is_over(&client));
    }
    assert_int_equal(client.goaway_error, NGHTTP2_NO_ERROR);
}

static void handler_may_take_longer_than_any_timeout(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.header_timeout_ms = options.body_timeout_ms = options.idle_timeout_ms =
        options.write_timeout_ms = 100;
    open_http2_server(&options);
    connect_http2();
    const int32_t id = http2_request(&client, "POST", "/later", "hi");
    H2_AWAIT(fixture.waiting != NULL);

    const uint64_t later_ns = clock_monotonic_ns() + 150 * NS_PER_MS;
    H2_AWAIT(clock_monotonic_ns() > later_ns);
    answer(fixture.waiting, 200, NULL);

    expect_answer(id, 200, "done\n");
}

static void stream_with_a_shut_window_is_reset(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.write_timeout_ms = 30;
    open_http2_server(&options);
    http2_connect_narrow(&client, fixture.loop, http_server_port(fixture.server), 0);
    const int32_t id = http2_request(&client, "GET", "/large", NULL);

    H2_AWAIT(RESULT(id)->closed);

    assert_int_equal(RESULT(id)->status, 200);
    assert_int_equal(RESULT(id)->error, NGHTTP2_CANCEL);
    assert_int_equal(fixture.gone_count, 0); /* the handler has answered */
    assert_int_equal(connections(), 1);
}

static void client_that_does_not_read_is_dropped(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.write_timeout_ms = 30;
    open_http2_server(&options);
    http2_connect_narrow(&client, fixture.loop, http_server_port(fixture.server),
                         INT32_MAX);
    assert_int_equal(nghttp2_submit_window_update(client.session, 0, 0, INT32_MAX - 65535),
                     0);
    for (size_t i = 0; i < 4; i++) {
        (void)http2_request(&client, "GET", "/large", NULL);
    }
    http2_flush(&client);

    AWAIT(fixture.headers_count > 0 && connections() == 0);
}

static void bodies_are_counted_byte_by_byte_with_those_of_others(void **state)
{
    (void)state;
    _Atomic uint64_t bodies_size = 0;
    struct http_server_options options = patient;
    options.bodies_size_bytes = &bodies_size;
    options.bodies_size_bytes_max = 6;
    open_http2_server(&options);
    connect_http2();
    const int32_t id = http2_open(&client, "/echo", NULL, NULL);
    http2_frame(&client, NGHTTP2_DATA, 0, id, "held", 4);
    H2_AWAIT(bodies_size == 4);

    const int32_t other = http2_request(&client, "POST", "/echo", "too");
    await_end(other);

    assert_int_equal(RESULT(other)->status, 503);
    H2_AWAIT(bodies_size == 4);
    http2_frame(&client, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, id, ", and let go of", 15);
    expect_answer(id, 200, "held, and let go of"); /* one alone may be larger */
    H2_AWAIT(bodies_size == 0);
}

static void client_has_the_address_of_its_connection(void **state)
{
    static const uint8_t loopback[] = {127, 0, 0, 1};
    (void)state;
    (void)http2_request(&client, "POST", "/later", "1");
    H2_AWAIT(fixture.waiting != NULL);

    const struct bytes address = http_exchange_address(fixture.waiting);

    assert_true(bytes_equal(address, bytes_of(loopback, sizeof(loopback))));
}

static void connection_that_was_promised_to_http_2_hears_no_http_1(void **state)
{
    (void)state;
    http2_flush(&client);
    AWAIT(connections() == 1);
    http2_close(&client);
    AWAIT(connections() == 0);
    raw_connect(&fixture.client, fixture.loop, http_server_port(fixture.server));
    AWAIT(connections() == 1);
    LIST_ITEM(fixture.server->connections.head.next, struct http_connection, link)
        ->expects_http2 = true; /* as after ALPN */

    raw_send(&fixture.client, GET_ROOT);

    (void)raw_await_end(&fixture.client);
    assert_int_equal(fixture.client.size, 0);
    assert_int_equal(fixture.headers_count, 0);
}

static void idle_connection_makes_room(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.connection_count_max = 1;
    open_http2_server(&options);
    connect_http2();
    expect_answer(http2_request(&client, "POST", "/echo", "hi"), 200, "hi");

    raw_connect(&fixture.client, fixture.loop, http_server_port(fixture.server));
    raw_send(&fixture.client, GET_ROOT);

    assert_true(raw_await(&fixture.client, "done\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HTTP2(stream_that_is_reset_is_gone_and_the_others_stay),
        WITH_HTTP2(client_that_leaves_is_gone_on_every_stream),
        WITH_HTTP2(client_killed_at_every_byte_leaves_nothing),
        cmocka_unit_test(server_closed_at_every_byte_leaves_nothing),
        WITH_HTTP2(drain_says_so_twice_and_finishes_what_is_under_way),
        WITH_HTTP2(request_that_crosses_the_first_goaway_is_answered),
        WITH_HTTP2(idle_connection_is_drained_even_if_the_client_is_silent),
        WITH_HTTP2(goaway_of_the_client_ends_it_when_all_is_answered),
        WITH_HTTP2(response_that_closes_lets_others_finish),
        WITH_HTTP2(end_of_the_clients_sending_lets_answers_leave),
        WITH_OWN_HTTP2(slow_head_ends_the_connection),
        WITH_OWN_HTTP2(slow_body_is_408_and_the_others_go_on),
        WITH_OWN_HTTP2(idle_connection_is_closed_with_a_goaway),
        WITH_OWN_HTTP2(pings_do_not_keep_an_idle_connection),
        WITH_OWN_HTTP2(handler_may_take_longer_than_any_timeout),
        WITH_OWN_HTTP2(stream_with_a_shut_window_is_reset),
        WITH_OWN_HTTP2(client_that_does_not_read_is_dropped),
        WITH_OWN_HTTP2(bodies_are_counted_byte_by_byte_with_those_of_others),
        WITH_HTTP2(client_has_the_address_of_its_connection),
        WITH_HTTP2(connection_that_was_promised_to_http_2_hears_no_http_1),
        WITH_OWN_HTTP2(idle_connection_makes_room),
    };
    return cmocka_run_group_tests_name("http2_server_limits", tests, NULL, NULL);
}
