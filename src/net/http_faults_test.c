/* SPDX-License-Identifier: Apache-2.0 */
/* A call of our client to our server, with each allocation of both failing once, and with a
 * secret in every place that patient data may take. */
#include <stdlib.h>

#include "base/clock.h"
#include "expect.h"
#include "heap.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "raw_client.h"

struct fixture {
    struct loop *loop;
    struct http_server *server;
    struct http_client *client;
    struct http_call call;
    size_t done_count;
    size_t closed_count;
    struct task server_closed;
    struct task client_closed;
};

static struct fixture fixture;

#define AWAIT(condition) AWAIT_ON(fixture.loop, condition)

static void on_headers(void *context, struct http_exchange *exchange)
{
    const struct http_body_options options = {1000000, 16};
    (void)context;
    http_exchange_read_body(exchange, &options);
}

static void on_body(void *context, struct http_exchange *exchange)
{
    struct blob *body = http_exchange_body(exchange);
    const struct http_header header = {BYTES("X-Echo"),
                                       http_exchange_head(exchange)->query};
    struct http_response response = {.status = 200,
                                     .headers = &header,
                                     .header_count = 1,
                                     .part_count = 1,
                                     .chunked = true};
    (void)context;
    response.parts[0] =
        (struct http_part){bytes_of(blob_data(body), blob_size(body)), blob_ref(body)};
    http_exchange_respond(exchange, &response);
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

static void on_done(struct http_call *call)
{
    (void)call;
    fixture.done_count++;
}

static void on_closed(struct task *task)
{
    (void)task;
    fixture.closed_count++;
}

static void open_both(void)
{
    static const struct http_handler handler = {
        .headers = on_headers, .body = on_body, .refuse = on_refuse};
    struct http_server_options server_options = {
        .address = "127.0.0.1",
        .connection_count_max = 10,
        .header_timeout_ms = 20000,
        .body_timeout_ms = 20000,
        .idle_timeout_ms = 20000,
        .write_timeout_ms = 20000,
    };
    struct http_client_options client_options = {
        .host = "127.0.0.1",
        .connection_count_max = 2,
        .waiting_count_max = 2,
        .connect_timeout_ms = 20000,
        .idle_timeout_ms = 20000,
        .response_size_bytes_max = 1000000,
    };
    fixture =
        (struct fixture){.server_closed.run = on_closed, .client_closed.run = on_closed};
#ifdef RAW_CLIENT_TLS
    server_options.tls =
        (struct http_server_tls){.source = raw_tls_source(), .handshake_timeout_ms = 20000};
    client_options.tls.source = raw_tls_trust();
#endif
    EXPECT_OK(loop_create(&fixture.loop));
    EXPECT_OK(
        http_server_open(fixture.loop, &server_options, &handler, &fixture.server, NULL));
    client_options.port = http_server_port(fixture.server);
    EXPECT_OK(http_client_create(fixture.loop, &client_options, &fixture.client));
}

static void close_both(void)
{
    http_call_clear(&fixture.call);
    http_client_close(fixture.client, &fixture.client_closed);
    http_server_close(fixture.server, &fixture.server_closed);
    AWAIT(fixture.closed_count == 2);
    loop_destroy(fixture.loop);
}

static void call_with_secrets(void)
{
    static const struct http_header headers[] = {
        {{(const uint8_t *)"X-Subject", 9},
         {(const uint8_t *)HEAP_SECRET, sizeof(HEAP_SECRET) - 1}}};
    struct blob *body = blob_create(100000, 0); /* beyond one read */
    assert_non_null(body);
    for (size_t i = 0; i + sizeof(HEAP_SECRET) <= blob_size(body);
         i += sizeof(HEAP_SECRET)) {
        memcpy(blob_data(body) + i, HEAP_SECRET, sizeof(HEAP_SECRET));
    }
    fixture.done_count = 0;
    fixture.call = (struct http_call){
        .method = HTTP_POST,
        .target = BYTES("/?MRN%2000-11-22-33"),
        .headers = headers,
        .header_count = 1,
        .parts[0] = {bytes_of(blob_data(body), blob_size(body)), body},
        .part_count = 1,
        .chunked = true,
        .deadline_ns = clock_monotonic_ns() + RAW_PATIENCE_NS,
        .done = on_done,
    };
}

static void send_and_await(void)
{
    http_client_send(fixture.client, &fixture.call);
    AWAIT(fixture.done_count == 1);
}

/* What opening and closing leave in the count: blocks of calloc are freed but not counted.
 */
static size_t live_count_without_calls(void)
{
    heap.live_count = 0;
    open_both();
    close_both();
    const size_t count = heap.live_count;
    heap.live_count = 0;
    return count;
}

static void no_block_is_freed_with_what_a_client_sent(void **state)
{
    (void)state;
    const size_t live_count = live_count_without_calls();
    open_both();
    for (int i = 0; i < 3; i++) { /* storage is used again from the second on */
        call_with_secrets();
        send_and_await();
        EXPECT_OK(fixture.call.status);
        assert_int_equal(fixture.call.http_status, 200);
        assert_int_equal(blob_size(fixture.call.response_body), 100000);
        http_call_clear(&fixture.call);
    }
    close_both();

    assert_false(heap.freed_with_secret);
    assert_int_equal(heap.live_count, live_count);
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    const size_t live_count = live_count_without_calls();
    bool went_through = false;
    size_t failed_count = 0;
    for (size_t n = 1; !went_through; n++) {
        heap.live_count = 0;
        open_both();
        call_with_secrets();
        heap.fail_at = n;
        send_and_await();
        went_through = heap.fail_at > 0; /* it was not needed */
        heap.fail_at = 0;
        failed_count += fixture.call.status != GALEN_OK || fixture.call.http_status != 200;
        http_call_clear(&fixture.call);

        call_with_secrets(); /* and the next is served again */
        send_and_await();
        EXPECT_OK(fixture.call.status);
        assert_int_equal(fixture.call.http_status, 200);
        close_both();
        assert_int_equal(heap.live_count, live_count);
    }
    assert_true(failed_count >= 8);
    assert_false(heap.freed_with_secret);
}

#ifdef RAW_CLIENT_TLS

/* OpenSSL's own heap: what it frees is looked at, and it never fails. */

static void *openssl_malloc(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return heap_real_malloc(size);
}

static void openssl_free(void *block, const char *file, int line)
{
    (void)file, (void)line;
    if (block != NULL) {
        heap.live_count++; /* heap_free counts it off again */
        heap_free(block);
    }
}

static void *openssl_realloc(void *block, size_t size, const char *file, int line)
{
    void *larger = size == 0 ? NULL : openssl_malloc(size, file, line);
    if (larger != NULL && block != NULL) {
        const size_t before = malloc_usable_size(block);
        memcpy(larger, block, before < size ? before : size);
    }
    if (larger != NULL || size == 0) {
        openssl_free(block, file, line);
    }
    return larger;
}

#endif

int main(void)
{
#ifdef RAW_CLIENT_TLS
    if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1) {
        return 1;
    }
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(no_block_is_freed_with_what_a_client_sent, heap_reset),
        cmocka_unit_test_setup(each_allocation_may_fail, heap_reset),
    };
    return cmocka_run_group_tests_name("http_faults", tests, NULL, NULL);
}
