/* SPDX-License-Identifier: Apache-2.0 */
/* A client, a server of ours, and a bare socket. Only for the tests of the client. */
#pragma once

#include "expect.h"

#include "base/clock.h"
#include "net/http_client.h"
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

#define AWAIT(condition) AWAIT_ON(fixture.loop, condition)

/* The server */

static inline void answer(struct http_exchange *exchange)
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

static inline void on_headers(void *context, struct http_exchange *exchange)
{
    const struct http_body_options options = {2 * (size_t)LARGE_SIZE, 0};
    (void)context;
    http_exchange_read_body(exchange, &options);
}

static inline void on_body(void *context, struct http_exchange *exchange)
{
    (void)context;
    if (bytes_equal_string(http_exchange_head(exchange)->path, "/later")) {
        fixture.waiting[fixture.waiting_count++] = http_exchange_ref(exchange);
    } else {
        answer(exchange);
    }
}

static inline void on_refuse(void *context, int status, struct bytes path,
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

static inline void on_closed(struct task *task)
{
    (void)task;
    fixture.closed_count++;
}

/* The fixture */

static inline struct http_client_options patient_to(uint16_t port)
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

static inline int open_all(void **state)
{
    (void)state;
    fixture = (struct fixture){.closed.run = on_closed, .server_closed.run = on_closed};
    EXPECT_OK(loop_create(&fixture.loop));
    struct http_server_options secured = server_options;
#ifdef RAW_CLIENT_TLS
    secured.tls =
        (struct http_server_tls){.source = raw_tls_source(), .handshake_timeout_ms = 20000};
#endif
    EXPECT_OK(http_server_open(fixture.loop, &secured, &handler, &fixture.server, NULL));
    fixture.listener = raw_listen(&fixture.listener_port);
    fixture.peer.descriptor = -1;
    return 0;
}

static inline void open_client(const struct http_client_options *options)
{
    struct http_client_options secured = *options;
#ifdef RAW_CLIENT_TLS
    secured.tls.source = raw_tls_trust();
#endif
    EXPECT_OK(http_client_create(fixture.loop, &secured, &fixture.client));
}

static inline void open_client_to_server(void)
{
    const struct http_client_options options = patient_to(http_server_port(fixture.server));
    open_client(&options);
}

static inline void open_client_to_peer(void)
{
    const struct http_client_options options = patient_to(fixture.listener_port);
    open_client(&options);
}

static inline int close_all(void **state)
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

static inline void on_done(struct http_call *call)
{
    assert_false(fixture.inside_a_call);
    fixture.done_order[fixture.done_count++] = (size_t)(call - fixture.calls);
}

static inline struct http_call *prepare(size_t index, const char *target, const char *body)
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

static inline void send_call(struct http_call *call)
{
    fixture.inside_a_call = true;
    http_client_send(fixture.client, call);
    fixture.inside_a_call = false;
}

static inline void cancel(struct http_call *call)
{
    fixture.inside_a_call = true;
    http_client_cancel(call);
    fixture.inside_a_call = false;
}

static inline struct http_call *start(size_t index, const char *target, const char *body)
{
    struct http_call *call = prepare(index, target, body);
    send_call(call);
    return call;
}

static inline void expect_body(const struct http_call *call, const char *body)
{
    EXPECT_OK(call->status);
    assert_true(bytes_equal_string(
        bytes_of(blob_data(call->response_body), blob_size(call->response_body)), body));
}

static inline size_t server_connections(void)
{
    return http_server_connection_count(fixture.server);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_all, close_all)
