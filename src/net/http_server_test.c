/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_server.h"

#include <stdio.h>

#include "expect.h"
#include "http_server_fixture.h"
#include "requests.h"

static void request_with_a_body_is_echoed(void **state)
{
    (void)state;
    raw_send(&fixture.client, HEAD("POST /echo") "Content-Length: 5\r\n\r\nhello");

    assert_true(raw_await(&fixture.client, "\r\n\r\nhello"));

    assert_true(strncmp(fixture.client.answer, "HTTP/1.1 200 OK\r\nDate: ", 23) == 0);
    assert_non_null(strstr(fixture.client.answer, " GMT\r\nX-From: test\r\n"
                                                  "Content-Length: 5\r\n\r\nhello"));
    assert_null(strstr(fixture.client.answer, "Connection"));
}

static void connection_serves_many_requests(void **state)
{
    (void)state;
    for (size_t i = 1; i <= 100; i++) {
        raw_send(&fixture.client, HEAD("POST /echo") "Content-Length: 2\r\n\r\nhi");
        assert_true(raw_await_count(&fixture.client, "\r\n\r\nhi", i));
    }
    assert_int_equal(connections(), 1);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    raw_send(
        &fixture.client,
        HEAD("POST /echo") "Content-Length: 1\r\n\r\n1" HEAD(
            "POST /later") "Content-Length: 1\r\n\r\n2" HEAD("POST /echo") "Content-Length:"
                                                                           " 1\r\n\r\n3");
    assert_true(raw_await(&fixture.client, "\r\n\r\n1"));
    AWAIT(fixture.waiting != NULL);
    assert_int_equal(fixture.headers_count,
                     2); /* the third waits for the second's answer */

    answer(fixture.waiting, 200, NULL);

    assert_true(raw_await(&fixture.client, "\r\n\r\n3"));
    const char *first = strstr(fixture.client.answer, "\r\n\r\n1");
    const char *second = strstr(fixture.client.answer, "\r\n\r\ndone");
    assert_true(first < second);
    assert_true(second < strstr(fixture.client.answer, "\r\n\r\n3"));
}

static void pipelined_bytes_without_end_are_not_hoarded(void **state)
{
    (void)state;
    raw_send(&fixture.client, HEAD("POST /later") "Content-Length: 1\r\n\r\n2");
    AWAIT(fixture.waiting != NULL);
    static const uint8_t flood[65536];
    size_t sent = 0;
    size_t rounds_without = 0;

    while (rounds_without < 100) { /* until the socket's own buffers are full */
        const size_t size = raw_send_some(&fixture.client, bytes_of(flood, sizeof(flood)));
        rounds_without = size == 0 ? rounds_without + 1 : 0;
        sent += size;
        loop_poll(fixture.loop);
    }

    assert_true(sent < (size_t)64 * 1024 * 1024);
    assert_int_equal(fixture.headers_count, 1);
}

static void chunked_body_is_put_together(void **state)
{
    (void)state;
    fixture.lead = 7;
    raw_send(&fixture.client, HEAD("POST /echo") "Transfer-Encoding: chunked\r\n\r\n"
                                                 "5\r\nhello\r\n6;x=y\r\n world\r\n");
    raw_send(&fixture.client, "0\r\nTrailer: x\r\n\r\n");

    assert_true(raw_await(&fixture.client, "Content-Length: 11\r\n\r\nhello world"));

    assert_true(fixture.body_is_aligned);
}

static void large_bodies_arrive_whole_and_aligned(void **state)
{
    (void)state;
    static char body[BODY_SIZE_MAX];
    memset(body, 'b', sizeof(body));
    static char head[256];
    fixture.lead = 33;
    for (int chunked = 0; chunked < 2; chunked++) {
        connect_client();
        (void)snprintf(head, sizeof(head),
                       chunked
                           ? HEAD("POST /later") "Transfer-Encoding: chunked\r\n\r\n%zx\r\n"
                           : HEAD("POST /later") "Content-Length: %zu\r\n\r\n",
                       sizeof(body));
        raw_send(&fixture.client, head);
        raw_send_bytes(&fixture.client, bytes_of(body, sizeof(body)));
        raw_send(&fixture.client, chunked ? "\r\n0\r\n\r\n" : "");
        AWAIT(fixture.waiting != NULL);

        struct blob *arrived = http_exchange_body(fixture.waiting);
        assert_int_equal(blob_size(arrived), sizeof(body));
        assert_memory_equal(blob_data(arrived), body, sizeof(body));
        assert_true(fixture.body_is_aligned);

        answer(fixture.waiting, 200, NULL);
        http_exchange_unref(take(&fixture.waiting));
        assert_true(raw_await(&fixture.client, "done\n"));
    }
}

static void empty_body_is_delivered_too(void **state)
{
    (void)state;
    raw_send(&fixture.client, GET_ROOT);

    assert_true(raw_await(&fixture.client, "done\n"));

    assert_int_equal(fixture.body_count, 1);
}

static void response_in_chunks(void **state)
{
    (void)state;
    raw_send(&fixture.client, HEAD("POST /echo?chunked") "Content-Length: 17\r\n\r\n"
                                                         "01234567890123456");

    assert_true(raw_await(&fixture.client, "Transfer-Encoding: chunked\r\n\r\n"
                                           "11\r\n01234567890123456\r\n0\r\n\r\n"));
}

static void response_in_chunks_of_nothing_has_one_end(void **state)
{
    (void)state;
    raw_send(&fixture.client, HEAD("POST /echo?chunked") "Content-Length: 0\r\n\r\n" HEAD(
                                  "POST /echo") "Content-Length: 2\r\n\r\nhi");

    assert_true(raw_await(&fixture.client, "chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK"));
}

static void chunks_are_not_sent_to_http_1_0(void **state)
{
    (void)state;
    raw_send(&fixture.client, "POST /echo?chunked HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi");

    assert_true(raw_await(&fixture.client, "Content-Length: 2\r\n\r\nhi"));
}

static void answer_to_head_has_a_length_and_no_body(void **state)
{
    (void)state;
    raw_send(&fixture.client, HEAD("HEAD /") "\r\n" GET_ROOT);

    assert_true(raw_await(&fixture.client, "Content-Length: 5\r\n\r\nHTTP/1.1 200 OK"));
}

static void continue_is_sent_only_when_the_handler_reads_the_body(void **state)
{
    (void)state;
    raw_send(&fixture.client,
             HEAD("POST /read-later") "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    AWAIT(fixture.waiting != NULL);
    raw_receive(&fixture.client);
    assert_int_equal(fixture.client.size, 0);

    read_body(fixture.waiting);
    assert_true(raw_await(&fixture.client, "HTTP/1.1 100 Continue\r\n\r\n"));
    raw_send(&fixture.client, "hi");
    AWAIT(fixture.body_count == 1);
    answer(fixture.waiting, 200, NULL);

    assert_true(
        raw_await(&fixture.client, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
}

static void refusal_before_the_body_sends_no_continue(void **state)
{
    (void)state;
    raw_send(&fixture.client,
             HEAD("POST /early") "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");

    assert_true(raw_await(&fixture.client, "HTTP/1.1 403 Forbidden\r\n"));

    assert_null(strstr(fixture.client.answer, "100 Continue"));
    assert_non_null(strstr(fixture.client.answer, "Connection: close\r\n"));
    assert_true(raw_await_end(&fixture.client));
}

static void body_that_has_come_needs_no_continue(void **state)
{
    (void)state;
    raw_send(&fixture.client,
             HEAD("POST /echo") "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi");

    assert_true(raw_await(&fixture.client, "\r\n\r\nhi"));

    assert_null(strstr(fixture.client.answer, "100 Continue"));
}

static void body_read_later_comes_from_what_waited(void **state)
{
    (void)state;
    raw_send(&fixture.client, HEAD("POST /read-later") "Content-Length: 5\r\n\r\n");
    AWAIT(fixture.waiting != NULL);
    raw_send(&fixture.client, "hello" GET_ROOT);
    AWAIT(fixture.headers_count == 1);

    read_body(fixture.waiting);
    assert_int_equal(fixture.body_count, 0); /* late, never inside the call */
    AWAIT(fixture.body_count == 1);
    assert_true(bytes_equal_string(
        bytes_of(blob_data(http_exchange_body(fixture.waiting)), 5), "hello"));
    answer(fixture.waiting, 200, NULL);

    assert_true(raw_await_count(&fixture.client, "done\n", 2));
}

static void small_body_that_nobody_read_does_not_cost_the_connection(void **state)
{
    (void)state;
    raw_send(&fixture.client, HEAD("POST /early") "Content-Length: 2\r\n\r\nhi" GET_ROOT);

    assert_true(raw_await(&fixture.client, "done\nHTTP/1.1 200 OK"));

    assert_int_equal(fixture.body_count, 1); /* of the second */
}

static void answer_before_the_body_has_come_closes_without_a_reset(void **state)
{
    (void)state;
    static const uint8_t body[1024 * 1024];
    raw_send(&fixture.client, HEAD("POST /early") "Content-Length: 1048576\r\n\r\n");
    raw_send_bytes(&fixture.client, bytes_of(body, sizeof(body))); /* as urllib does */

    assert_true(raw_await(&fixture.client, "HTTP/1.1 403 Forbidden\r\n"));

    assert_true(raw_await_end(&fixture.client));
    raw_close(&fixture.client);
    AWAIT(connections() == 0);
}

static void body_beyond_the_maximum_is_413_before_it_is_read(void **state)
{
    (void)state;
    raw_send(&fixture.client, HEAD("POST /echo") "Content-Length: 100001\r\n\r\n");

    assert_true(raw_await(&fixture.client, "HTTP/1.1 413 Content Too Large\r\n"));

    assert_non_null(strstr(fixture.client.answer, "Connection: close\r\n"));
    assert_true(raw_await_end(&fixture.client));
    assert_int_equal(fixture.gone_count, 1);
    assert_int_equal(fixture.body_count, 0);
}

static void chunks_beyond_the_maximum_are_413(void **state)
{
    (void)state;
    static const uint8_t body[BODY_SIZE_MAX + 1];
    raw_send(&fixture.client,
             HEAD("POST /echo") "Transfer-Encoding: chunked\r\n\r\n186a1\r\n");
    raw_send_bytes(&fixture.client, bytes_of(body, sizeof(body)));

    assert_true(raw_await(&fixture.client, "HTTP/1.1 413 Content Too Large\r\n"));

    assert_true(raw_await_end(&fixture.client));
    assert_int_equal(fixture.gone_count, 1);
}

static void answer_of_the_handler_comes_before_the_servers_refusal(void **state)
{
    (void)state;
    raw_send(&fixture.client, HEAD("POST /read-later") "Content-Length: 100001\r\n\r\n");
    AWAIT(fixture.waiting != NULL);

    read_body(fixture.waiting);
    answer(fixture.waiting, 403, NULL);

    assert_true(raw_await_end(&fixture.client));
    assert_non_null(strstr(fixture.client.answer, "HTTP/1.1 403 "));
    assert_null(strstr(fixture.client.answer, "HTTP/1.1 413 "));
    assert_int_equal(fixture.gone_count, 0);
}

static void largest_length_of_all_is_413(void **state)
{
    (void)state;
    raw_send(&fixture.client,
             HEAD("POST /echo") "Content-Length: 18446744073709551615\r\n\r\n");

    assert_true(raw_await(&fixture.client, "HTTP/1.1 4"));
    assert_int_equal(fixture.body_count, 0);
}

static void malformed_chunk_is_400_and_the_handler_hears_of_it(void **state)
{
    (void)state;
    raw_send(&fixture.client, HEAD("POST /echo") "Transfer-Encoding: chunked\r\n\r\nx\r\n");

    assert_true(raw_await(&fixture.client, "HTTP/1.1 400 Bad Request\r\n"));

    assert_int_equal(fixture.gone_count, 1);
    assert_int_equal(fixture.gone_refusal, 400);
    assert_non_null(strstr(fixture.client.answer, "\r\n\r\nrefused\n"));
}

static void each_raw_request_gets_the_status_that_is_listed(void **state)
{
    (void)state;
    static struct raw_request request;
    char expected[32];
    size_t wrong_count = 0;
    FILE *file = fopen(REQUESTS_PATH, "r");
    assert_non_null(file);

    while (request_read(file, &request)) {
        const int status =
            request.first_status == 200 ? 200 : request.server_status; /* no routes here */
        connect_client();
        raw_send_bytes(&fixture.client, bytes_of(request.data, request.size));
        (void)snprintf(expected, sizeof(expected), "HTTP/1.1 %d ", status);
        const bool answered = raw_await(&fixture.client, expected);
        if (!answered || strncmp(fixture.client.answer, expected, strlen(expected)) != 0 ||
            (status != 200 && !raw_await_end(&fixture.client))) {
            wrong_count++;
            print_message("%s: not %d: %.40s\n", request.name, status,
                          fixture.client.answer);
        }
    }

    (void)fclose(file);
    assert_int_equal(wrong_count, 0);
}

static void http_1_0_is_kept_alive_only_when_it_asks(void **state)
{
    (void)state;
    raw_send(&fixture.client, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_true(raw_await(&fixture.client, "done\n"));
    assert_non_null(strstr(fixture.client.answer, "Connection: keep-alive\r\n"));

    raw_send(&fixture.client, "GET / HTTP/1.0\r\n\r\n");

    assert_true(raw_await(&fixture.client, "Connection: close\r\n"));
    assert_true(raw_await_end(&fixture.client));
}

static void close_is_granted(void **state)
{
    (void)state;
    raw_send(&fixture.client, HEAD("GET /") "Connection: close\r\n\r\n");

    assert_true(raw_await(&fixture.client, "Connection: close\r\n"));
    assert_true(raw_await_end(&fixture.client));
    AWAIT(connections() == 0);
}

static void client_that_leaves_before_the_answer_is_reported_once(void **state)
{
    (void)state;
    raw_send(&fixture.client, HEAD("POST /later") "Content-Length: 2\r\n\r\nhi");
    AWAIT(fixture.waiting != NULL);

    raw_close(&fixture.client);
    AWAIT(connections() == 0);
    assert_int_equal(fixture.gone_count, 1);
    assert_int_equal(fixture.gone_refusal, 0);
    answer(fixture.waiting, 200, blob_ref(http_exchange_body(fixture.waiting)));

    assert_int_equal(fixture.gone_count, 1); /* and the part is released: LeakSanitizer */
}

static void client_that_leaves_before_the_body_is_reported(void **state)
{
    (void)state;
    raw_send(&fixture.client, HEAD("POST /read-later") "Content-Length: 2\r\n\r\n");
    AWAIT(fixture.waiting != NULL);

    raw_close(&fixture.client);
    AWAIT(connections() == 0);
    read_body(fixture.waiting);

    assert_int_equal(fixture.gone_count, 1);
    assert_int_equal(fixture.body_count, 0);
}

/* Done-when of the skeleton: killing a client at any byte of a request leaks nothing. */
static void client_killed_at_every_byte_leaves_nothing(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "POST /echo?x HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\nhello, world",
        "\r\nPOST /later HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5;a=b\r\nhello\r\n0\r\nT: x\r\n\r\n",
        "POST /read-later HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
        "Content-Length: 4\r\n\r\nbody",
        "POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody",
        "GET /large HTTP/1.1\r\nHost: h\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        for (size_t size = 0; size <= strlen(requests[i]); size++) {
            connect_client();
            raw_send_bytes(&fixture.client, bytes_of(requests[i], size));
            AWAIT(connections() > 0 || size == 0);
            loop_poll(fixture.loop);
            raw_close(&fixture.client);
            AWAIT(connections() == 0);
            http_exchange_unref(take(&fixture.waiting));
        }
    }
    assert_true(fixture.gone_count > 0);
}

static void server_closed_at_every_byte_leaves_nothing(void **state)
{
    (void)state;
    static const char request[] =
        "POST /later HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n0\r\n\r\nGET /";
    for (size_t size = 0; size < sizeof(request); size++) {
        open_server(&patient);
        connect_client();
        raw_send_bytes(&fixture.client, bytes_of(request, size));
        loop_poll(fixture.loop);
        (void)close_server(NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(request_with_a_body_is_echoed),
        WITH_SERVER(connection_serves_many_requests),
        WITH_SERVER(pipelined_requests_are_answered_in_order),
        WITH_SERVER(pipelined_bytes_without_end_are_not_hoarded),
        WITH_SERVER(chunked_body_is_put_together),
        WITH_SERVER(large_bodies_arrive_whole_and_aligned),
        WITH_SERVER(empty_body_is_delivered_too),
        WITH_SERVER(response_in_chunks),
        WITH_SERVER(response_in_chunks_of_nothing_has_one_end),
        WITH_SERVER(chunks_are_not_sent_to_http_1_0),
        WITH_SERVER(answer_to_head_has_a_length_and_no_body),
        WITH_SERVER(continue_is_sent_only_when_the_handler_reads_the_body),
        WITH_SERVER(refusal_before_the_body_sends_no_continue),
        WITH_SERVER(body_that_has_come_needs_no_continue),
        WITH_SERVER(body_read_later_comes_from_what_waited),
        WITH_SERVER(small_body_that_nobody_read_does_not_cost_the_connection),
        WITH_SERVER(answer_before_the_body_has_come_closes_without_a_reset),
        WITH_SERVER(body_beyond_the_maximum_is_413_before_it_is_read),
        WITH_SERVER(chunks_beyond_the_maximum_are_413),
        WITH_SERVER(answer_of_the_handler_comes_before_the_servers_refusal),
        WITH_SERVER(largest_length_of_all_is_413),
        WITH_SERVER(malformed_chunk_is_400_and_the_handler_hears_of_it),
        WITH_SERVER(each_raw_request_gets_the_status_that_is_listed),
        WITH_SERVER(http_1_0_is_kept_alive_only_when_it_asks),
        WITH_SERVER(close_is_granted),
        WITH_SERVER(client_that_leaves_before_the_answer_is_reported_once),
        WITH_SERVER(client_that_leaves_before_the_body_is_reported),
        WITH_SERVER(client_killed_at_every_byte_leaves_nothing),
        cmocka_unit_test(server_closed_at_every_byte_leaves_nothing),
    };
    return cmocka_run_group_tests_name("http_server", tests, NULL, NULL);
}
