/* SPDX-License-Identifier: Apache-2.0 */
#include "service/trace_otlp.h"

#include "expect.h"

static const struct trace_resource resource = {"galen-gateway", "0.1.0", "host-1"};

#define BEGIN                                                                     \
    "{\"resourceSpans\":[{\"resource\":{\"attributes\":["                         \
    "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"galen-gateway\"}},"   \
    "{\"key\":\"service.version\",\"value\":{\"stringValue\":\"0.1.0\"}},"        \
    "{\"key\":\"service.instance.id\",\"value\":{\"stringValue\":\"host-1\"}}]}," \
    "\"scopeSpans\":[{\"scope\":{\"name\":\"galen\",\"version\":\"0.1.0\"},\"spans\":["
#define END "]}]}]}"

static void expect_spans(const struct trace_span *spans, size_t count, const char *expected)
{
    struct writer out;
    writer_init(&out, 1 << 16);
    trace_otlp_write(&resource, spans, count, 1000, &out);
    const struct bytes text = writer_bytes(&out);
    assert_int_equal(out.status, GALEN_OK);
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.data, expected, text.size);
    writer_deinit(&out);
}

static void a_request_has_the_attributes_of_http(void **state)
{
    (void)state;
    const struct trace_span span = {
        .trace_id = {0x0a, 0xf7, [15] = 0x9c},
        .id = {0xb7, [7] = 0x31},
        .parent_id = {1},
        .kind = TRACE_SERVER,
        .method = "POST",
        .route = "/infer",
        .http_status = 200,
        .model = "breast-cancer",
        .model_version = 3,
        .began_ns = 5,
        .ended_ns = 18446744073709550000U,
    };
    expect_spans(&span, 1,
                 BEGIN
                 "{\"traceId\":\"0af7000000000000000000000000009c\","
                 "\"spanId\":\"b700000000000031\",\"parentSpanId\":\"0100000000000000\","
                 "\"name\":\"POST /infer\",\"kind\":2,\"startTimeUnixNano\":\"1005\","
                 "\"endTimeUnixNano\":\"18446744073709551000\",\"attributes\":["
                 "{\"key\":\"http.request.method\",\"value\":{\"stringValue\":\"POST\"}},"
                 "{\"key\":\"http.route\",\"value\":{\"stringValue\":\"/infer\"}},"
                 "{\"key\":\"http.response.status_code\",\"value\":{\"intValue\":\"200\"}},"
                 "{\"key\":\"galen.model.name\",\"value\":{\"stringValue\":"
                 "\"breast-cancer\"}},"
                 "{\"key\":\"galen.model.version\",\"value\":{\"intValue\":\"3\"}}]}" END);
}

static void a_part_of_it_has_its_name_and_no_more_than_it_knows(void **state)
{
    (void)state;
    const struct trace_span spans[] = {
        {.trace_id = {1},
         .id = {2},
         .kind = TRACE_INTERNAL,
         .name = "compute",
         .row_count = 4},
        {.trace_id = {1}, .id = {3}, .kind = TRACE_SERVER, .method = "GET"},
    };
    expect_spans(spans, 2,
                 BEGIN
                 "{\"traceId\":\"01000000000000000000000000000000\","
                 "\"spanId\":\"0200000000000000\",\"name\":\"compute\",\"kind\":1,"
                 "\"startTimeUnixNano\":\"1000\",\"endTimeUnixNano\":\"1000\","
                 "\"attributes\":[{\"key\":\"galen.batch.rows\",\"value\":{\"intValue\":"
                 "\"4\"}}]},"
                 "{\"traceId\":\"01000000000000000000000000000000\","
                 "\"spanId\":\"0300000000000000\",\"name\":\"GET\",\"kind\":2,"
                 "\"startTimeUnixNano\":\"1000\",\"endTimeUnixNano\":\"1000\","
                 "\"attributes\":[{\"key\":\"http.request.method\",\"value\":{"
                 "\"stringValue\":\"GET\"}}]}" END);
}

static bool is_error(enum trace_kind kind, enum galen_status status, int http_status)
{
    struct writer out;
    const struct trace_span span = {
        .kind = kind, .name = "a", .status = status, .http_status = http_status};
    writer_init(&out, 1 << 16);
    trace_otlp_write(&resource, &span, 1, 0, &out);
    writer_put_byte(&out, '\0');
    const char *text = (const char *)writer_bytes(&out).data;
    const bool is_error = strstr(text, "\"status\":{\"code\":2}") != NULL;
    assert_int_equal(strstr(text, "error.type") != NULL, status != GALEN_OK);
    writer_deinit(&out);
    return is_error;
}

static void errors_are_the_servers_own(void **state)
{
    (void)state;
    assert_false(is_error(TRACE_SERVER, GALEN_OK, 200));
    assert_false(is_error(TRACE_SERVER, GALEN_UNPROCESSABLE, 422));
    assert_true(is_error(TRACE_SERVER, GALEN_TIMEOUT, 504));
    assert_false(is_error(TRACE_CLIENT, GALEN_OK, 0));
    assert_true(is_error(TRACE_CLIENT, GALEN_BAD_UPSTREAM, 0));
}

static void the_rejected_are_counted_as_far_as_they_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        uint64_t count;
    } cases[] = {
        {"{\"partialSuccess\":{\"rejectedSpans\":\"3\",\"errorMessage\":\"x\"}}", 3},
        {"{\"partialSuccess\":{\"rejectedSpans\":4}}", 4},
        {"{\"partialSuccess\":{\"rejectedSpans\":-1}}", 0},
        {"{\"partialSuccess\":{\"rejectedSpans\":null}}", 0},
        {"{\"partialSuccess\":{}}", 0},
        {"{\"partialSuccess\":7}", 0},
        {"{}", 0},
        {"[]", 0},
        {"", 0},
        {"<html>", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena arena;
        arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
        assert_int_equal(
            trace_otlp_rejected_count(bytes_from_string(cases[i].body), &arena),
            cases[i].count);
        arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_has_the_attributes_of_http),
        cmocka_unit_test(a_part_of_it_has_its_name_and_no_more_than_it_knows),
        cmocka_unit_test(errors_are_the_servers_own),
        cmocka_unit_test(the_rejected_are_counted_as_far_as_they_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
