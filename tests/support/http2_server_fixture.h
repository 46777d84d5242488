/* SPDX-License-Identifier: Apache-2.0 */
/* http_server_fixture.h for a server that speaks HTTP/2, and a client of it that does. */
#pragma once

#include "http2_client.h"
#include "http_server_fixture.h"

enum { STREAM_COUNT_MAX = 128 };

static struct http2_client client;

static inline void open_http2_server(const struct http_server_options *given)
{
    struct http_server_options options = *given;
    options.http2_stream_count_max = STREAM_COUNT_MAX;
    open_server(&options);
    client.session = NULL;
    client.raw.descriptor = -1;
}

static inline void connect_http2(void)
{
    http2_connect(&client, fixture.loop, http_server_port(fixture.server));
}

static inline int open_patient_http2_server(void **state)
{
    (void)state;
    open_http2_server(&patient);
    connect_http2();
    return 0;
}

static inline int close_http2_server(void **state)
{
    http2_close(&client);
    return close_server(state);
}

#define H2_AWAIT(condition) HTTP2_AWAIT(&client, condition)
#define RESULT(id) http2_result(&client, id)

static inline void await_end(int32_t id)
{
    H2_AWAIT(RESULT(id)->closed || RESULT(id)->ended);
}

static inline void expect_answer(int32_t id, int status, const char *body)
{
    await_end(id);
    assert_int_equal(RESULT(id)->status, status);
    assert_string_equal(RESULT(id)->body, body);
    assert_int_equal(RESULT(id)->error, 0);
    assert_true(RESULT(id)->ended);
}

static inline void expect_refusal(int32_t id, int status)
{
    await_end(id);
    assert_int_equal(RESULT(id)->status, status);
    assert_string_equal(RESULT(id)->body, "refused\n");
    assert_int_equal(RESULT(id)->error, 0);
    expect_answer(http2_request(&client, "POST", "/echo", "still"), 200, "still");
}

#define WITH_HTTP2(test) \
    cmocka_unit_test_setup_teardown(test, open_patient_http2_server, close_http2_server)
#define WITH_OWN_HTTP2(test) \
    cmocka_unit_test_setup_teardown(test, forget, close_http2_server)
