/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/http1.h"

#include "expect.h"
#include "http1_record.h"
#include "requests.h"

static struct http1_record whole;
static struct http1_record cut;

static const char *events_of(enum http1_kind kind, struct bytes bytes)
{
    http1_record_deinit(&whole);
    http1_record_run(&whole, kind, bytes, http1_cut_nowhere, NULL);
    writer_put_byte(&whole.events, '\0');
    return (const char *)writer_bytes(&whole.events).data;
}

static const char *request_events(const char *text)
{
    return events_of(HTTP1_REQUEST, bytes_from_string(text));
}

static const char *response_events(const char *text)
{
    return events_of(HTTP1_RESPONSE, bytes_from_string(text));
}

static bool has(const char *events, const char *wanted)
{
    if (strstr(events, wanted) == NULL) {
        print_message("no '%s' in: %s\n", wanted, events);
        return false;
    }
    return true;
}

static int status_of(const struct http1_record *record)
{
    return record->message_count > 0 && record->last != HTTP1_REFUSED ? 200
           : record->last == HTTP1_REFUSED ? record->parser.refusal.status
                                           : record->parser.head->status;
}

/* The refused one included. */
static size_t message_count_of(const struct http1_record *record)
{
    return record->message_count + (record->last == HTTP1_REFUSED ? 1 : 0);
}

static void each_raw_request_is_understood_or_refused_as_listed(void **state)
{
    (void)state;
    static struct raw_request request;
    size_t wrong_count = 0;
    FILE *file = fopen(REQUESTS_PATH, "r");
    assert_non_null(file);

    while (request_read(file, &request)) {
        (void)events_of(HTTP1_REQUEST, bytes_of(request.data, request.size));
        if (status_of(&whole) != request.status ||
            message_count_of(&whole) != request.message_count) {
            wrong_count++;
            print_message("%s: %zu, then %d, not %zu, then %d\n", request.name,
                          message_count_of(&whole), status_of(&whole),
                          request.message_count, request.status);
        }
    }

    (void)fclose(file);
    assert_int_equal(wrong_count, 0);
}

static void cuts_change_nothing(void **state)
{
    (void)state;
    static struct raw_request request;
    uint64_t seed = 1;
    FILE *file = fopen(REQUESTS_PATH, "r");
    assert_non_null(file);

    while (request_read(file, &request)) {
        const struct bytes bytes = bytes_of(request.data, request.size);
        const char *expected = events_of(HTTP1_REQUEST, bytes);
        for (int i = 0; i < 3; i++) {
            http1_record_run(&cut, HTTP1_REQUEST, bytes,
                             i == 0 ? http1_cut_everywhere : http1_cut_at_random, &seed);
            writer_put_byte(&cut.events, '\0');
            assert_string_equal(expected, (const char *)writer_bytes(&cut.events).data);
            http1_record_deinit(&cut);
        }
    }

    (void)fclose(file);
}

static void head_has_the_parts_of_the_target_and_the_headers(void **state)
{
    (void)state;
    const char *events =
        request_events("POST /v2/a%20b?x=1&y=2?3 HTTP/1.1\r\nHost: h\r\n"
                       "X-One:  two words \t\r\nContent-Length: 3\r\n\r\nabc");

    assert_true(has(events, "method=2 status=0 minor=1 keep_alive=1 continue=0 length=3 "
                            "path[/v2/a%20b] query[x=1&y=2?3] name[Host] value[h] "
                            "name[X-One] value[two words] name[Content-Length] value[3] "
                            "body[abc] finish event=0 "));
}

static void url_as_target_is_cut_to_its_path(void **state)
{
    (void)state;
    assert_true(has(request_events("GET http://h:1/a/b?c HTTP/1.1\r\nHost: h\r\n\r\n"),
                    "path[/a/b] query[c]"));
    assert_true(has(request_events("GET http://h?c HTTP/1.1\r\nHost: h\r\n\r\n"),
                    "path[/] query[c]"));
}

static void pipelined_requests_come_one_by_one(void **state)
{
    (void)state;
    const char *events =
        request_events("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
                       "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"
                       "POST /3 HTTP/1.1\r\nHost: h\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
                       "GET /4 HTTP/1.1\r\nHost: h\r\n\r\n");

    assert_int_equal(whole.message_count, 4);
    assert_true(has(events, "path[/2] query[] name[Host] value[h] name[Content-Length] "
                            "value[2] body[hi] "));
    assert_true(has(events, "value[chunked] body[ab] "));
    assert_true(has(events, "path[/4]"));
}

static void parser_stops_after_the_head_until_it_is_asked_again(void **state)
{
    (void)state;
    struct http1_parser parser;
    struct http1_head head;
    struct arena arena;
    arena_init(&arena, 4 * (size_t)LIMIT_HEADER_SIZE_BYTES_MAX);
    struct bytes bytes = BYTES("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
                               "chunked\r\n\r\n2\r\nab\r\n0\r\n\r\nGET");
    http1_parser_init(&parser, HTTP1_REQUEST);
    http1_parser_begin(&parser, &head, &arena);
    assert_true(http1_parser_is_fresh(&parser));

    assert_int_equal(http1_parser_next(&parser, &bytes), HTTP1_HEAD);
    assert_int_equal(bytes.size, 15);
    assert_false(http1_parser_is_fresh(&parser));
    assert_int_equal(http1_parser_next(&parser, &bytes), HTTP1_BODY);
    assert_true(bytes_equal_string(parser.body, "ab"));
    assert_int_equal(http1_parser_next(&parser, &bytes), HTTP1_END);
    assert_true(bytes_equal_string(bytes, "GET"));

    arena_deinit(&arena);
}

static void connection_and_version_say_whether_to_go_on(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "keep_alive=1"},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "keep_alive=0"},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", "keep_alive=0"},
        {"GET / HTTP/1.0\r\n\r\n", "keep_alive=0"},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep_alive=1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(has(request_events(cases[i].text), cases[i].expected));
    }
}

static void long_head_survives_the_moves_of_its_text(void **state)
{
    (void)state;
    static char text[LIMIT_HEADER_SIZE_BYTES_MAX + 1];
    size_t size =
        (size_t)snprintf(text, sizeof(text), "GET /%0*d HTTP/1.1\r\nHost: h\r\n", 1500, 7);
    for (int i = 0; i < 60; i++) {
        size +=
            (size_t)snprintf(text + size, sizeof(text) - size, "X-%d: %0*d\r\n", i, 400, i);
    }
    (void)snprintf(text + size, sizeof(text) - size, "\r\n");

    (void)request_events(text);

    assert_int_equal(whole.message_count, 1);
    char value[512];
    for (int i = 0; i < 60; i++) {
        (void)snprintf(value, sizeof(value), "name[X-%d] value[%0*d]", i, 400, i);
        assert_true(has((const char *)writer_bytes(&whole.events).data, value));
    }
}

static void arena_that_is_too_small_refuses_with_503(void **state)
{
    (void)state;
    struct http1_parser parser;
    struct http1_head head;
    struct arena arena;
    arena_init(&arena, 0);
    struct bytes bytes = BYTES("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    http1_parser_init(&parser, HTTP1_REQUEST);
    http1_parser_begin(&parser, &head, &arena);

    assert_int_equal(http1_parser_next(&parser, &bytes), HTTP1_REFUSED);

    assert_int_equal(parser.refusal.status, 503);
    assert_int_equal(http1_parser_next(&parser, &bytes), HTTP1_REFUSED); /* for good */
}

static void input_that_ends_inside_a_message_is_cut_off(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "G",
        "GET / HTTP/1.1\r\nHost: a\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nh",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_true(has(request_events(texts[i]), "why[the message is cut off]"));
    }
    assert_true(has(request_events(""), "finish event=0"));
}

static void response_with_a_length(void **state)
{
    (void)state;
    assert_true(has(response_events("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
                    "status=200 minor=1 keep_alive=1 continue=0 length=2 path[] query[] "
                    "name[Content-Length] value[2] body[hi] finish event=0"));
}

static void response_in_chunks_and_without_a_reason(void **state)
{
    (void)state;
    assert_true(has(response_events("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n"
                                    "2\r\nhi\r\n4\r\n you\r\n0\r\n\r\n"),
                    "body[hi you] finish event=0"));
}

static void response_without_a_length_ends_with_the_input(void **state)
{
    (void)state;
    assert_true(has(response_events("HTTP/1.1 200 OK\r\n\r\nhello"),
                    "keep_alive=0 continue=0 length=18446744073709551615 path[] query[] "
                    "finish event=3 body[hello]"));
}

static void interim_responses_are_passed_over(void **state)
{
    (void)state;
    assert_true(has(response_events("HTTP/1.1 100 Continue\r\n\r\n"
                                    "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                                    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
                    "method=0 status=200 minor=1 keep_alive=1 continue=0 length=0 path[] "
                    "query[] name[Content-Length] value[0] body[] finish event=0"));
    assert_int_equal(whole.message_count, 1);
}

static void responses_204_and_304_have_no_body(void **state)
{
    (void)state;
    (void)response_events("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"
                          "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(whole.message_count, 3);
}

static void answer_to_head_has_no_body(void **state)
{
    (void)state;
    struct http1_parser parser;
    struct http1_head head;
    struct arena arena;
    arena_init(&arena, 4 * (size_t)LIMIT_HEADER_SIZE_BYTES_MAX);
    struct bytes bytes = BYTES("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    http1_parser_init(&parser, HTTP1_RESPONSE);
    http1_parser_begin(&parser, &head, &arena);
    http1_parser_expect_no_body(&parser);

    assert_int_equal(http1_parser_next(&parser, &bytes), HTTP1_HEAD);
    assert_int_equal(http1_parser_next(&parser, &bytes), HTTP1_END);

    arena_deinit(&arena);
}

static void malformed_responses_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/0.9 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 600 X\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 000 X\r\nContent-Length: 0\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding:chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\t\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
    };
    size_t wrong_count = 0;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        wrong_count += has(response_events(texts[i]), "refused=") ? 0 : 1;
    }
    assert_int_equal(wrong_count, 0);
}

static void endless_interim_responses_are_refused(void **state)
{
    (void)state;
    static char text[2 * LIMIT_HEADER_SIZE_BYTES_MAX];
    size_t size = 0;
    while (size + 32 < sizeof(text)) {
        size += (size_t)snprintf(text + size, sizeof(text) - size,
                                 "HTTP/1.1 100 Continue\r\n\r\n");
    }
    assert_true(has(response_events(text), "why[the head is too large]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_raw_request_is_understood_or_refused_as_listed),
        cmocka_unit_test(cuts_change_nothing),
        cmocka_unit_test(head_has_the_parts_of_the_target_and_the_headers),
        cmocka_unit_test(url_as_target_is_cut_to_its_path),
        cmocka_unit_test(pipelined_requests_come_one_by_one),
        cmocka_unit_test(parser_stops_after_the_head_until_it_is_asked_again),
        cmocka_unit_test(connection_and_version_say_whether_to_go_on),
        cmocka_unit_test(long_head_survives_the_moves_of_its_text),
        cmocka_unit_test(arena_that_is_too_small_refuses_with_503),
        cmocka_unit_test(input_that_ends_inside_a_message_is_cut_off),
        cmocka_unit_test(response_with_a_length),
        cmocka_unit_test(response_in_chunks_and_without_a_reason),
        cmocka_unit_test(response_without_a_length_ends_with_the_input),
        cmocka_unit_test(interim_responses_are_passed_over),
        cmocka_unit_test(responses_204_and_304_have_no_body),
        cmocka_unit_test(answer_to_head_has_no_body),
        cmocka_unit_test(malformed_responses_are_refused),
        cmocka_unit_test(endless_interim_responses_are_refused),
    };
    const int failed = cmocka_run_group_tests_name("http1", tests, NULL, NULL);
    http1_record_deinit(&whole);
    return failed;
}
