/* SPDX-License-Identifier: Apache-2.0 */
/* A receiver on a real socket that answers as the test wants it to. */
#include "service/trace_export.h"

#include "base/clock.h"
#include "expect.h"
#include "net/http_server.h"
#include "raw_client.h"

enum { SPAN_COUNT_MAX = 64, BATCH_COUNT_MAX = 4, ANSWER_COUNT_MAX = 8 };

/* The next answers of the receiver; the last one goes on. status 0: none at all. */
struct answer {
    int status;
    const char *retry_after; /* NULL: it does not say */
    const char *body;        /* NULL: "{}" */
};

static struct fixture {
    struct loop *loop;
    struct http_server *server;
    struct trace_export *export;
    struct trace_span spans[2][SPAN_COUNT_MAX];
    struct trace_lane lane;
    struct trace_lane other_lane;
    struct answer answers[ANSWER_COUNT_MAX];
    size_t answer_count;
    size_t request_count;
    size_t span_count; /* that came with them */
    uint64_t came_ns[ANSWER_COUNT_MAX];
    bool is_right;
    struct task export_closed;
    struct task server_closed;
    size_t closed_count;
} fixture;

#define AWAIT(condition) AWAIT_ON(fixture.loop, condition)

static void on_headers(void *context, struct http_exchange *exchange)
{
    const struct http_body_options options = {1 << 20, 0};
    (void)context;
    http_exchange_read_body(exchange, &options);
}

static size_t count_spans(struct bytes text)
{
    size_t count = 0;
    while (text.size > 0) {
        count += bytes_starts_with(text, BYTES("\"spanId\":"));
        text = bytes_from(text, 1);
    }
    return count;
}

static void respond(struct http_exchange *exchange, const struct answer *answer)
{
    const struct http_header header = {
        BYTES("Retry-After"),
        bytes_from_string(answer->retry_after == NULL ? "" : answer->retry_after)};
    const struct http_response response = {
        .status = answer->status,
        .headers = &header,
        .header_count = answer->retry_after == NULL ? 0 : 1,
        .parts = {{bytes_from_string(answer->body == NULL ? "{}" : answer->body), NULL}},
        .part_count = 1,
    };
    http_exchange_respond(exchange, &response);
}

static void on_body(void *context, struct http_exchange *exchange)
{
    (void)context;
    const struct http_request_head *head = http_exchange_head(exchange);
    struct blob *body = http_exchange_body(exchange);
    const size_t number = fixture.request_count++;
    const struct answer *answer =
        &fixture.answers[number < fixture.answer_count ? number : fixture.answer_count - 1];
    struct bytes type;
    fixture.span_count += count_spans(bytes_of(blob_data(body), blob_size(body)));
    fixture.is_right = head->method == HTTP_POST &&
                       bytes_equal_string(head->path, "/v1/traces") &&
                       http_exchange_header(exchange, "Content-Type", &type) &&
                       bytes_equal_string(type, "application/json");
    if (number < ANSWER_COUNT_MAX) {
        fixture.came_ns[number] = clock_monotonic_ns();
    }
    if (answer->status != 0) {
        respond(exchange, answer);
    }
}

static void on_refuse(void *context, int status, struct bytes path,
                      const struct error *error, struct http_response *out_response)
{
    (void)context, (void)status, (void)path, (void)error, (void)out_response;
}

static void on_closed(struct task *task)
{
    (void)task;
    fixture.closed_count++;
}

static void numbers(void *context, uint8_t *out_bytes, size_t size)
{
    (void)context;
    memset(out_bytes, 7, size);
}

static void open_lanes(void)
{
    struct trace_lane_options options = {.spans = fixture.spans[0],
                                         .span_count_max = SPAN_COUNT_MAX,
                                         .sample_ratio = 1,
                                         .random = numbers};
    trace_lane_init(&fixture.lane, &options);
    options.spans = fixture.spans[1];
    trace_lane_init(&fixture.other_lane, &options);
}

static void open_export(uint16_t port, uint64_t interval_ns)
{
    struct trace_lane *lanes[] = {&fixture.lane, &fixture.other_lane};
    const struct http_client_options client_options = {
        .host = "127.0.0.1",
        .port = port,
        .connection_count_max = 1,
        .waiting_count_max = 1,
        .connect_timeout_ms = 2000,
        .idle_timeout_ms = 2000,
        .response_size_bytes_max = 1 << 16,
    };
    struct trace_export_options options = {
        .loop = fixture.loop,
        .target = "/v1/traces",
        .resource = {"galen", "0", "test"},
        .lanes = lanes,
        .lane_count = 2,
        .span_count_max = BATCH_COUNT_MAX,
        .interval_ns = interval_ns,
        .timeout_ns = 20 * NS_PER_S,
        .retry_ns = 5 * NS_PER_MS,
        .linger_ns = 20 * NS_PER_MS,
    };
    EXPECT_OK(http_client_create(fixture.loop, &client_options, &options.client));
    EXPECT_OK(trace_export_create(&options, &fixture.export));
}

static int set_up(void **state)
{
    (void)state;
    const struct http_handler handler = {
        .headers = on_headers, .body = on_body, .refuse = on_refuse};
    const struct http_server_options options = {
        .address = "127.0.0.1",
        .connection_count_max = 10,
        .header_timeout_ms = 20000,
        .body_timeout_ms = 20000,
        .idle_timeout_ms = 20000,
        .write_timeout_ms = 20000,
    };
    fixture = (struct fixture){.answers = {{.status = 200}}, .answer_count = 1};
    fixture.export_closed.run = on_closed;
    fixture.server_closed.run = on_closed;
    EXPECT_OK(loop_create(&fixture.loop));
    EXPECT_OK(http_server_open(fixture.loop, &options, &handler, &fixture.server, NULL));
    open_lanes();
    open_export(http_server_port(fixture.server), NS_PER_MS);
    return 0;
}

static void close_export(void)
{
    const size_t before = fixture.closed_count;
    trace_export_close(fixture.export, &fixture.export_closed);
    AWAIT(fixture.closed_count == before + 1);
    fixture.export = NULL;
}

static int tear_down(void **state)
{
    (void)state;
    if (fixture.export != NULL) {
        close_export();
    }
    const size_t before = fixture.closed_count;
    http_server_close(fixture.server, &fixture.server_closed);
    AWAIT(fixture.closed_count == before + 1);
    loop_destroy(fixture.loop);
    return 0;
}

static void push(struct trace_lane *lane, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        trace_lane_push(
            lane, &(struct trace_span){.trace_id = {1}, .id = {1}, .kind = 1, .name = "a"});
    }
}

static void expect_counts(uint64_t exported, uint64_t full, uint64_t failed)
{
    struct trace_export_statistics statistics;
    trace_export_read(fixture.export, &statistics);
    assert_int_equal(statistics.exported_count, exported);
    assert_int_equal(statistics.full_count, full);
    assert_int_equal(statistics.failed_count, failed);
}

static uint64_t exported_count(void)
{
    struct trace_export_statistics statistics;
    trace_export_read(fixture.export, &statistics);
    return statistics.exported_count;
}

static uint64_t failed_count(void)
{
    struct trace_export_statistics statistics;
    trace_export_read(fixture.export, &statistics);
    return statistics.failed_count;
}

static void spans_of_all_lanes_are_sent(void **state)
{
    (void)state;
    push(&fixture.lane, 1);
    push(&fixture.other_lane, 2);
    AWAIT(exported_count() == 3);
    assert_int_equal(fixture.span_count, 3);
    assert_true(fixture.is_right);
}

static void nothing_is_sent_where_there_is_nothing(void **state)
{
    (void)state;
    const uint64_t began_ns = clock_monotonic_ns();
    AWAIT(clock_monotonic_ns() - began_ns > 10 * NS_PER_MS);
    assert_int_equal(fixture.request_count, 0);
}

static void many_spans_go_in_batches_one_after_another(void **state)
{
    (void)state;
    push(&fixture.lane, 10);
    AWAIT(exported_count() == 10);
    assert_int_equal(fixture.request_count, 3);
}

static void a_lane_that_is_half_full_is_looked_at_at_once(void **state)
{
    (void)state;
    close_export();
    open_export(http_server_port(fixture.server), 3600 * NS_PER_S);
    push(&fixture.lane, SPAN_COUNT_MAX / 2 + 1);
    AWAIT(exported_count() == SPAN_COUNT_MAX / 2 + 1);
}

static void what_is_refused_for_a_while_is_sent_again(void **state)
{
    (void)state;
    static const int statuses[] = {429, 502, 503, 504};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        fixture.answers[i].status = statuses[i];
    }
    fixture.answers[4].status = 200;
    fixture.answer_count = 5;
    push(&fixture.lane, 2);
    AWAIT(exported_count() == 2);
    assert_int_equal(fixture.request_count, 5);
    for (size_t i = 1; i < 5; i++) { /* later and later */
        assert_true(fixture.came_ns[i] - fixture.came_ns[i - 1] >=
                    (UINT64_C(5) << (i - 1)) * NS_PER_MS);
    }
}

static void the_receiver_says_how_long_to_wait(void **state)
{
    (void)state;
    fixture.answers[0] = (struct answer){.status = 429, .retry_after = "1"};
    fixture.answers[1].status = 200;
    fixture.answer_count = 2;
    push(&fixture.lane, 1);
    AWAIT(exported_count() == 1);
    assert_true(fixture.came_ns[1] - fixture.came_ns[0] >= NS_PER_S);
}

static void what_is_refused_for_good_is_dropped(void **state)
{
    (void)state;
    static const int statuses[] = {400, 401, 404, 500, 301};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        fixture.request_count = 0;
        fixture.answers[0].status = statuses[i];
        push(&fixture.lane, 1);
        AWAIT(failed_count() == i + 1);
        assert_int_equal(fixture.request_count, 1);
    }
    assert_int_equal(exported_count(), 0);
}

static void after_five_tries_it_goes_on_with_the_next(void **state)
{
    (void)state;
    fixture.answers[0].status = 503;
    push(&fixture.lane, 1);
    AWAIT(failed_count() == 1);
    assert_int_equal(fixture.request_count, 5);
    fixture.request_count = 0;
    fixture.answers[0].status = 200;
    push(&fixture.lane, 1);
    AWAIT(exported_count() == 1);
}

static void part_of_a_batch_may_be_rejected(void **state)
{
    (void)state;
    fixture.answers[0].body = "{\"partialSuccess\":{\"rejectedSpans\":\"1\"}}";
    push(&fixture.lane, 3);
    AWAIT(exported_count() == 2);
    expect_counts(2, 0, 1);
}

static void meanwhile_spans_wait_as_long_as_there_is_room(void **state)
{
    (void)state;
    fixture.answers[0].status = 0;
    push(&fixture.lane, 1);
    AWAIT(fixture.request_count == 1);
    push(&fixture.lane, SPAN_COUNT_MAX + 5);
    expect_counts(0, 5, 0);
}

static void nobody_there_is_waited_for_and_then_done_without(void **state)
{
    (void)state;
    uint16_t port;
    close_export();
    const int listener = raw_listen(&port);
    (void)close(listener);
    open_export(port, NS_PER_MS);
    push(&fixture.lane, 1);
    AWAIT(failed_count() == 1);
}

static void what_is_left_is_sent_at_the_end(void **state)
{
    (void)state;
    close_export();
    open_export(http_server_port(fixture.server), 3600 * NS_PER_S);
    push(&fixture.lane, 10);
    close_export();
    assert_int_equal(fixture.span_count, 10);
}

static void the_end_does_not_wait_for_a_receiver_that_is_silent(void **state)
{
    (void)state;
    fixture.answers[0].status = 0;
    push(&fixture.lane, 1);
    AWAIT(fixture.request_count == 1);
    push(&fixture.lane, 1);
    close_export();
    assert_int_equal(fixture.request_count, 1);
}

static void the_end_tries_once(void **state)
{
    (void)state;
    fixture.answers[0].status = 503;
    close_export();
    open_export(http_server_port(fixture.server), 3600 * NS_PER_S);
    push(&fixture.lane, 1);
    close_export();
    assert_int_equal(fixture.request_count, 1);
}

#define EXPORT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EXPORT_TEST(spans_of_all_lanes_are_sent),
        EXPORT_TEST(nothing_is_sent_where_there_is_nothing),
        EXPORT_TEST(many_spans_go_in_batches_one_after_another),
        EXPORT_TEST(a_lane_that_is_half_full_is_looked_at_at_once),
        EXPORT_TEST(what_is_refused_for_a_while_is_sent_again),
        EXPORT_TEST(the_receiver_says_how_long_to_wait),
        EXPORT_TEST(what_is_refused_for_good_is_dropped),
        EXPORT_TEST(after_five_tries_it_goes_on_with_the_next),
        EXPORT_TEST(part_of_a_batch_may_be_rejected),
        EXPORT_TEST(meanwhile_spans_wait_as_long_as_there_is_room),
        EXPORT_TEST(nobody_there_is_waited_for_and_then_done_without),
        EXPORT_TEST(what_is_left_is_sent_at_the_end),
        EXPORT_TEST(the_end_does_not_wait_for_a_receiver_that_is_silent),
        EXPORT_TEST(the_end_tries_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
