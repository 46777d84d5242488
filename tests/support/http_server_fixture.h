/* SPDX-License-Identifier: Apache-2.0 */
/* A server with a handler that does what the path asks for, and a raw client of it. Only
 * for the tests of the server. */
#pragma once

#include "expect.h"

#include "base/clock.h"
#include "base/invariant.h"
#include "net/http_server.h"
#include "raw_client.h"

#define HEAD(method_and_path) method_and_path " HTTP/1.1\r\nHost: h\r\n"
#define GET_ROOT HEAD("GET /") "\r\n"

/* What the handler does, by path: "/echo…" answers with the body, "/early" before the body,
 * "/later" and "/body-later" when the test says so, "/large" with LARGE_SIZE bytes,
 * "/read-later" reads the body when the test says so. */
enum { LARGE_SIZE = 8 * 1024 * 1024, BODY_SIZE_MAX = 100000 };

struct fixture {
    struct loop *loop;
    struct http_server *server;
    struct raw_client client;
    struct http_exchange *waiting; /* counted */
    size_t headers_count;
    size_t body_count;
    size_t gone_count;
    int gone_refusal;
    size_t lead;
    size_t body_size_max;
    bool body_is_aligned;
    bool inside_a_call;
    bool drained;
    bool closed;
    struct task drained_task;
    struct task closed_task;
};

static struct fixture fixture;

static inline void answer(struct http_exchange *exchange, int status, struct blob *body)
{
    const struct http_header headers[] = {{BYTES("X-From"), BYTES("test")}};
    struct http_response response = {
        .status = status, .headers = headers, .header_count = 1, .part_count = 1};
    response.parts[0].blob = body;
    response.parts[0].bytes =
        body == NULL ? BYTES("done\n") : bytes_of(blob_data(body), blob_size(body));
    response.chunked =
        bytes_starts_with(http_exchange_head(exchange)->query, BYTES("chunked"));
    fixture.inside_a_call = true;
    http_exchange_respond(exchange, &response);
    fixture.inside_a_call = false;
}

static inline void read_body(struct http_exchange *exchange)
{
    const struct http_body_options options = {fixture.body_size_max, fixture.lead};
    fixture.inside_a_call = true;
    http_exchange_read_body(exchange, &options);
    fixture.inside_a_call = false;
}

static inline struct blob *large_blob(void)
{
    struct blob *blob = blob_create(LARGE_SIZE, 0);
    INVARIANT(blob != NULL);
    memset(blob_data(blob), 'x', LARGE_SIZE);
    return blob;
}

static inline void on_headers(void *context, struct http_exchange *exchange)
{
    const struct bytes path = http_exchange_head(exchange)->path;
    assert_ptr_equal(context, &fixture);
    assert_false(fixture.inside_a_call);
    fixture.headers_count++;
    if (bytes_equal_string(path, "/early")) {
        answer(exchange, 403, NULL);
    } else if (bytes_equal_string(path, "/large")) {
        answer(exchange, 200, large_blob());
    } else if (bytes_equal_string(path, "/read-later")) {
        fixture.waiting = http_exchange_ref(exchange);
    } else {
        read_body(exchange);
    }
}

static inline void on_body(void *context, struct http_exchange *exchange)
{
    const struct bytes path = http_exchange_head(exchange)->path;
    struct blob *body = http_exchange_body(exchange);
    (void)context;
    assert_false(fixture.inside_a_call);
    fixture.body_count++;
    fixture.body_is_aligned = (uintptr_t)(blob_data(body) + fixture.lead) % 64 == 0;
    if (bytes_equal_string(path, "/later") || bytes_equal_string(path, "/read-later")) {
        if (fixture.waiting == NULL) {
            fixture.waiting = http_exchange_ref(exchange);
        }
        return;
    }
    answer(exchange, 200, bytes_starts_with(path, BYTES("/echo")) ? blob_ref(body) : NULL);
}

static inline void on_gone(void *context, struct http_exchange *exchange)
{
    (void)context;
    assert_false(fixture.inside_a_call);
    fixture.gone_count++;
    fixture.gone_refusal = http_exchange_refusal(exchange);
}

static inline void on_refuse(void *context, int status, struct bytes path,
                             const struct error *error, struct http_response *out_response)
{
    (void)context;
    (void)path;
    assert_true(strlen(error->text) > 0);
    assert_true(status >= 400);
    out_response->parts[0].bytes = BYTES("refused\n");
    out_response->part_count = 1;
}

static const struct http_handler handler = {
    .context = &fixture,
    .headers = on_headers,
    .body = on_body,
    .gone = on_gone,
    .refuse = on_refuse,
};

static inline void on_drained(struct task *task)
{
    (void)task;
    fixture.drained = true;
}

static inline void on_closed(struct task *task)
{
    (void)task;
    fixture.closed = true;
}

static const struct http_server_options patient = {
    .address = "127.0.0.1",
    .connection_count_max = 100,
    .header_timeout_ms = 20000,
    .body_timeout_ms = 20000,
    .idle_timeout_ms = 20000,
    .write_timeout_ms = 20000,
};

static inline void open_server(const struct http_server_options *options)
{
    fixture = (struct fixture){.drained_task.run = on_drained,
                               .closed_task.run = on_closed,
                               .body_size_max = BODY_SIZE_MAX};
    struct http_server_options secured = *options;
#ifdef RAW_CLIENT_TLS
    secured.tls =
        (struct http_server_tls){.source = raw_tls_source(), .handshake_timeout_ms = 20000};
#endif
    EXPECT_OK(loop_create(&fixture.loop));
    EXPECT_OK(http_server_open(fixture.loop, &secured, &handler, &fixture.server, NULL));
    fixture.client.descriptor = -1;
}

static inline void connect_client(void)
{
    raw_close(&fixture.client);
    raw_connect(&fixture.client, fixture.loop, http_server_port(fixture.server));
}

static inline int open_patient_server(void **state)
{
    (void)state;
    open_server(&patient);
    connect_client();
    return 0;
}

#define AWAIT(condition) AWAIT_ON(fixture.loop, condition)

static inline int close_server(void **state)
{
    (void)state;
    http_exchange_unref(fixture.waiting);
    raw_close(&fixture.client);
    http_server_close(fixture.server, &fixture.closed_task);
    AWAIT(fixture.closed);
    loop_destroy(fixture.loop);
    return 0;
}

static inline size_t connections(void)
{
    return http_server_connection_count(fixture.server);
}

static inline int forget(void **state)
{
    (void)state;
    return 0;
}

#define WITH_SERVER(test) \
    cmocka_unit_test_setup_teardown(test, open_patient_server, close_server)
#define WITH_OWN_SERVER(test) cmocka_unit_test_setup_teardown(test, forget, close_server)
