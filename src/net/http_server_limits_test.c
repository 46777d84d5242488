/* SPDX-License-Identifier: Apache-2.0 */
/* Timeouts, room for connections, and drain. */
#include "expect.h"
#include "http_server_fixture.h"

/* Timeouts */

static void expect_408_after(const char *sent)
{
    connect_client();
    raw_send(&fixture.client, sent);
    assert_true(raw_await(&fixture.client, "HTTP/1.1 408 Request Timeout\r\n"));
    assert_true(raw_await_end(&fixture.client));
}

static void slow_head_is_408(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.header_timeout_ms = 30;
    open_server(&options);

    expect_408_after("G");
    expect_408_after(HEAD("GET /"));
}

/* Until something comes back. */
static void drip(const char *byte, uint64_t pause_ms)
{
    while (!fixture.client.has_ended && !fixture.client.was_reset &&
           fixture.client.size == 0) {
        raw_send(&fixture.client, byte);
        raw_receive(&fixture.client);
        const uint64_t next_ns = clock_monotonic_ns() + pause_ms * NS_PER_MS;
        AWAIT(clock_monotonic_ns() > next_ns);
    }
}

static void slow_head_is_408_however_busily_it_drips(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.header_timeout_ms = 50;
    open_server(&options);
    connect_client();
    raw_send(&fixture.client, "GET / HTTP/1.1\r\nHost: ");

    drip("h", 1); /* until the limit of the head, or of time */

    assert_true(raw_await(&fixture.client, "HTTP/1.1 408 "));
}

static void slow_body_is_408_and_the_handler_hears_of_it(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.body_timeout_ms = 30;
    open_server(&options);

    expect_408_after(HEAD("POST /echo") "Content-Length: 5\r\n\r\nhell");

    assert_int_equal(fixture.gone_count, 1);
}

static void slow_body_is_408_however_long_it_drips(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.body_timeout_ms = 60;
    open_server(&options);
    connect_client();
    raw_send(&fixture.client, HEAD("POST /echo") "Content-Length: 90000\r\n\r\n");

    drip("b", 20); /* never silent for the time of the timeout */

    assert_true(raw_await(&fixture.client, "HTTP/1.1 408 "));
    assert_int_equal(fixture.gone_count, 1);
}

static void body_that_comes_steadily_may_take_longer_than_its_timeout(void **state)
{
    (void)state;
    enum { STEP_COUNT = 20 };
    struct http_server_options options = patient;
    options.body_timeout_ms = 100;
    open_server(&options);
    connect_client();
    raw_send(&fixture.client, HEAD("POST /echo") "Content-Length: 2000\r\n\r\n");
    const uint64_t start_ns = clock_monotonic_ns();
    char piece[101];
    memset(piece, 'b', sizeof(piece) - 1);
    piece[sizeof(piece) - 1] = '\0';

    for (uint64_t i = 0; i < STEP_COUNT; i++) {
        AWAIT(clock_monotonic_ns() > start_ns + i * 15 * NS_PER_MS);
        raw_send(&fixture.client, piece);
    }

    assert_true(raw_await(&fixture.client, "HTTP/1.1 200 "));
}

static void idle_connection_is_closed_without_a_word(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.idle_timeout_ms = 30;
    open_server(&options);
    connect_client();
    assert_true(raw_await_end(&fixture.client));
    assert_int_equal(fixture.client.size, 0);

    connect_client();
    raw_send(&fixture.client, GET_ROOT);
    assert_true(raw_await(&fixture.client, "done\n"));
    const size_t size = fixture.client.size;

    assert_true(raw_await_end(&fixture.client));
    assert_int_equal(fixture.client.size, size);
}

static void handler_may_take_longer_than_any_timeout(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.header_timeout_ms = options.body_timeout_ms = options.idle_timeout_ms = 10;
    open_server(&options);
    connect_client();
    raw_send(&fixture.client, HEAD("POST /later") "Content-Length: 2\r\n\r\nhi");
    AWAIT(fixture.waiting != NULL);

    const uint64_t later_ns = clock_monotonic_ns() + 40 * NS_PER_MS;
    AWAIT(clock_monotonic_ns() > later_ns);
    answer(fixture.waiting, 200, NULL);

    assert_true(raw_await(&fixture.client, "done\n"));
}

static void client_that_does_not_read_is_dropped(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.write_timeout_ms = 30;
    open_server(&options);
    connect_client();
    raw_send(&fixture.client, HEAD("GET /large") "\r\n");
    AWAIT(fixture.headers_count == 1);

    AWAIT(connections() == 0);

    assert_int_equal(fixture.gone_count, 0); /* the handler has answered */
    raw_receive(&fixture.client);
    while (!fixture.client.was_reset && !fixture.client.has_ended) {
        fixture.client.size = 0;
        raw_receive(&fixture.client);
    }
    assert_true(fixture.client.was_reset); /* what was not sent is not kept for it */
}

/* The whole takes longer than the timeout, each step of it far less. */
static void client_that_reads_slowly_gets_it_all(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.write_timeout_ms = 600;
    open_server(&options);
    raw_close(&fixture.client);
    raw_connect_narrow(&fixture.client, fixture.loop, http_server_port(fixture.server),
                       65536);
    raw_send(&fixture.client, HEAD("GET /large") "\r\n");
    AWAIT(fixture.headers_count == 1);
    const uint64_t start_ns = clock_monotonic_ns();
    uint64_t size = 0;

    while (size < LARGE_SIZE) {
        fixture.client.size = 0;
        const uint64_t next_ns = start_ns + size * 1000 * NS_PER_MS / LARGE_SIZE;
        AWAIT(clock_monotonic_ns() > next_ns);
        raw_receive(&fixture.client);
        size += fixture.client.size;
        assert_false(fixture.client.has_ended || fixture.client.was_reset);
    }

    assert_true(clock_monotonic_ns() - start_ns > 600 * NS_PER_MS);
}

/* Room */

static void connection_beyond_the_maximum_waits_for_one_to_end(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.connection_count_max = 1;
    open_server(&options);
    connect_client();
    raw_send(&fixture.client, HEAD("POST /later") "Content-Length: 2\r\n\r\nhi");
    AWAIT(fixture.waiting != NULL);
    static struct raw_client second;
    raw_connect(&second, fixture.loop, http_server_port(fixture.server));
    raw_send_early(&second, HEAD("GET /second") "Connection: close\r\n\r\n");
    loop_poll(fixture.loop);
    assert_int_equal(connections(), 1);
    assert_int_equal(fixture.headers_count, 1);

    answer(fixture.waiting, 200, NULL);
    assert_true(raw_await(&fixture.client, "done\n"));
    raw_close(&fixture.client);

    assert_true(raw_await(&second, "done\n"));
    raw_close(&second);
}

static void idle_connection_makes_room(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.connection_count_max = 1;
    open_server(&options);
    connect_client();
    raw_send(&fixture.client, GET_ROOT);
    assert_true(raw_await(&fixture.client, "done\n"));
    static struct raw_client second;
    raw_connect(&second, fixture.loop, http_server_port(fixture.server));
    raw_send(&second, GET_ROOT);

    assert_true(raw_await(&second, "done\n"));

    assert_true(raw_await_end(&fixture.client));
    raw_close(&second);
}

static void taken_port_is_named(void **state)
{
    (void)state;
    struct http_server *server = NULL;
    struct error error = {.text = ""};
    struct http_server_options options = patient;
    options.port = http_server_port(fixture.server);

    EXPECT_STATUS(GALEN_UNAVAILABLE,
                  http_server_open(fixture.loop, &options, &handler, &server, &error));

    assert_null(server);
    assert_non_null(strstr(error.text, "127.0.0.1"));
    options.address = "localhost";
    EXPECT_STATUS(GALEN_INVALID,
                  http_server_open(fixture.loop, &options, &handler, &server, &error));
}

static void loops_share_a_port(void **state)
{
    (void)state;
    struct http_server_options options = patient;
    options.share_port = true;
    open_server(&options);
    options.port = http_server_port(fixture.server);
    struct http_server *second = NULL;

    EXPECT_OK(http_server_open(fixture.loop, &options, &handler, &second, NULL));

    assert_int_equal(http_server_port(second), options.port);
    http_server_close(second, &fixture.closed_task);
    AWAIT(fixture.closed);
    fixture.closed = false;
}

/* Drain */

static void drain_finishes_what_is_under_way_and_closes_the_rest(void **state)
{
    (void)state;
    static struct raw_client idle;
    static struct raw_client queued;
    raw_connect(&idle, fixture.loop, http_server_port(fixture.server));
    raw_send(&idle, GET_ROOT);
    assert_true(raw_await(&idle, "done\n"));
    raw_send(&fixture.client, HEAD("POST /later") "Content-Length: 2\r\n\r\nhi");
    AWAIT(fixture.waiting != NULL);
    raw_connect(&queued, fixture.loop,
                http_server_port(fixture.server)); /* not accepted yet */
    raw_send_early(&queued, GET_ROOT);

    http_server_drain(fixture.server, &fixture.drained_task);

    assert_true(raw_await_end(&idle));
    assert_true(raw_await(&queued, "Connection: close\r\n"));
    assert_false(fixture.drained);
    answer(fixture.waiting, 200, NULL);
    assert_true(raw_await(&fixture.client, "Connection: close\r\n"));
    AWAIT(fixture.drained);
    assert_int_equal(connections(), 0);
    assert_int_equal(fixture.gone_count, 0);
    raw_close(&idle);
    raw_close(&queued);
}

static void who_leaves_soon_lets_go_of_each_client_that_it_answers(void **state)
{
    (void)state;
    static atomic_bool leaves;
    struct http_server_options options = patient;
    atomic_store(&leaves, false);
    options.leaves = &leaves;
    open_server(&options);
    raw_connect(&fixture.client, fixture.loop, http_server_port(fixture.server));
    raw_send(&fixture.client, GET_ROOT);
    assert_true(raw_await(&fixture.client, "done\n"));
    assert_null(strstr(fixture.client.answer, "Connection: close"));

    atomic_store(&leaves, true);

    raw_send(&fixture.client, GET_ROOT);
    assert_true(raw_await(&fixture.client, "Connection: close\r\n"));
    assert_true(raw_await_end(&fixture.client));
    raw_close(&fixture.client);
    AWAIT(connections() == 0);
}

static void drain_of_a_server_without_connections_is_over_at_once(void **state)
{
    (void)state;
    open_server(&patient);

    http_server_drain(fixture.server, &fixture.drained_task);

    assert_false(fixture.drained); /* as a task */
    AWAIT(fixture.drained);
}

static void drain_answers_a_request_that_crossed_it(void **state)
{
    (void)state;
    raw_send(&fixture.client, GET_ROOT);
    assert_true(raw_await(&fixture.client, "done\n"));
    (void)raw_send_some(&fixture.client,
                        bytes_from_string(GET_ROOT)); /* still in the socket */

    http_server_drain(fixture.server, &fixture.drained_task);

    assert_true(raw_await_count(&fixture.client, "done\n", 2));
    AWAIT(fixture.drained);
}

static void drain_does_not_wait_for_a_silent_connection(void **state)
{
    (void)state;
    AWAIT(connections() == 1);

    http_server_drain(fixture.server, &fixture.drained_task);

    AWAIT(fixture.drained); /* after LIMIT_DRAIN_FIRST_REQUEST_MS, not after 20 s */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_OWN_SERVER(slow_head_is_408),
        WITH_OWN_SERVER(slow_head_is_408_however_busily_it_drips),
        WITH_OWN_SERVER(slow_body_is_408_and_the_handler_hears_of_it),
        WITH_OWN_SERVER(slow_body_is_408_however_long_it_drips),
        WITH_OWN_SERVER(body_that_comes_steadily_may_take_longer_than_its_timeout),
        WITH_OWN_SERVER(idle_connection_is_closed_without_a_word),
        WITH_OWN_SERVER(handler_may_take_longer_than_any_timeout),
        WITH_OWN_SERVER(client_that_does_not_read_is_dropped),
        WITH_OWN_SERVER(client_that_reads_slowly_gets_it_all),
        WITH_OWN_SERVER(connection_beyond_the_maximum_waits_for_one_to_end),
        WITH_OWN_SERVER(idle_connection_makes_room),
        WITH_SERVER(taken_port_is_named),
        WITH_OWN_SERVER(loops_share_a_port),
        WITH_SERVER(drain_finishes_what_is_under_way_and_closes_the_rest),
        WITH_OWN_SERVER(who_leaves_soon_lets_go_of_each_client_that_it_answers),
        WITH_OWN_SERVER(drain_of_a_server_without_connections_is_over_at_once),
        WITH_SERVER(drain_answers_a_request_that_crossed_it),
        WITH_SERVER(drain_does_not_wait_for_a_silent_connection),
    };
    return cmocka_run_group_tests_name("http_server_limits", tests, NULL, NULL);
}
