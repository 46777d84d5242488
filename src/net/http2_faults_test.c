/* SPDX-License-Identifier: Apache-2.0 */
/* A request of HTTP/2 to our server, with each of its allocations failing once, and with a
 * secret in every place that patient data may take. */
#include <stdlib.h>

#include "base/clock.h"
#include "expect.h"
#include "heap.h"
#include "http2_client.h"
#include "net/http_server.h"

enum { BODY_SIZE = 100000 };

struct fixture {
    struct loop *loop;
    struct http_server *server;
    bool closed;
    struct task server_closed;
};

static struct fixture fixture;
static struct http2_client client;
static char body[BODY_SIZE + 1];

#define AWAIT(condition) AWAIT_ON(fixture.loop, condition)

static void on_headers(void *context, struct http_exchange *exchange)
{
    const struct http_body_options options = {1000000, 16};
    (void)context;
    http_exchange_read_body(exchange, &options);
}

static void on_body(void *context, struct http_exchange *exchange)
{
    struct blob *came = http_exchange_body(exchange);
    struct http_header headers[2] = {{BYTES("X-Echo"), http_exchange_head(exchange)->query},
                                     {BYTES("X-Odd"), BYTES("a\n" HEAP_SECRET)}};
    struct http_response response = {
        .status = 200, .headers = headers, .header_count = 2, .part_count = 1};
    (void)context;
    response.parts[0] =
        (struct http_part){bytes_of(blob_data(came), blob_size(came)), blob_ref(came)};
    http_exchange_respond(exchange, &response);
}

static void on_refuse(void *context, int status, struct bytes path,
                      const struct error *error, struct http_response *out_response)
{
    (void)context, (void)status, (void)path, (void)error, (void)out_response;
}

static void on_closed(struct task *task)
{
    (void)task;
    fixture.closed = true;
}

static void open_server(void)
{
    static const struct http_handler handler = {
        .headers = on_headers, .body = on_body, .refuse = on_refuse};
    const struct http_server_options options = {
        .address = "127.0.0.1",
        .connection_count_max = 10,
        .header_timeout_ms = 20000,
        .body_timeout_ms = 20000,
        .idle_timeout_ms = 20000,
        .write_timeout_ms = 20000,
        .http2_stream_count_max = 10,
    };
    fixture = (struct fixture){.server_closed.run = on_closed};
    EXPECT_OK(loop_create(&fixture.loop));
    EXPECT_OK(http_server_open(fixture.loop, &options, &handler, &fixture.server, NULL));
}

static void close_server(void)
{
    http_server_close(fixture.server, &fixture.server_closed);
    AWAIT(fixture.closed);
    loop_destroy(fixture.loop);
}

/* Whether it was answered. */
static bool ask_with_secrets(void)
{
    const nghttp2_nv fields[] = {
        http2_field(":method", "POST"),         http2_field(":scheme", "http"),
        http2_field(":authority", "h"),         http2_field(":path", "/?MRN%2000-11-22-33"),
        http2_field("x-subject", HEAP_SECRET),  http2_field("x-more", HEAP_SECRET " again"),
        http2_field("content-length", "100000")};
    http2_connect(&client, fixture.loop, http_server_port(fixture.server));
    for (size_t count = 6; count <= 7; count++) {
        const int32_t id = http2_submit(&client, fields, count, body, BODY_SIZE);
        HTTP2_AWAIT(&client, http2_result(&client, id)->closed || http2_is_over(&client));
    }
    const bool is_answered = http2_result(&client, 3)->status == 200 &&
                             http2_result(&client, 3)->body_size == BODY_SIZE &&
                             http2_result(&client, 1)->body_size == BODY_SIZE;
    http2_close(&client);
    AWAIT(http_server_connection_count(fixture.server) == 0);
    return is_answered;
}

static int begin(void **state)
{
    for (size_t i = 0; i + sizeof(HEAP_SECRET) <= BODY_SIZE; i += sizeof(HEAP_SECRET)) {
        memcpy(body + i, HEAP_SECRET, sizeof(HEAP_SECRET));
    }
    return heap_reset(state);
}

/* What opening and closing leave in the count: blocks of calloc are freed but not counted.
 */
static size_t live_count_without_requests(void)
{
    heap.live_count = 0;
    open_server();
    close_server();
    const size_t count = heap.live_count;
    heap.live_count = 0;
    return count;
}

static void no_block_is_freed_with_what_a_client_sent(void **state)
{
    (void)state;
    const size_t live_count = live_count_without_requests();
    open_server();
    for (int i = 0; i < 3; i++) { /* storage is used again from the second on */
        assert_true(ask_with_secrets());
    }
    close_server();

    assert_false(heap.freed_with_secret);
    assert_int_equal(heap.live_count, live_count);
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    const size_t live_count = live_count_without_requests();
    bool went_through = false;
    size_t failed_count = 0;
    for (size_t n = 1; !went_through; n++) {
        heap.live_count = 0;
        open_server();
        heap.fail_at = n;
        failed_count += !ask_with_secrets();
        went_through = heap.fail_at > 0; /* it was not needed */
        heap.fail_at = 0;

        assert_true(ask_with_secrets()); /* and the next is served again */
        close_server();
        assert_int_equal(heap.live_count, live_count);
    }
    assert_true(failed_count >= 30);
    assert_false(heap.freed_with_secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(no_block_is_freed_with_what_a_client_sent, begin),
        cmocka_unit_test_setup(each_allocation_may_fail, begin),
    };
    return cmocka_run_group_tests_name("http2_faults", tests, NULL, NULL);
}
