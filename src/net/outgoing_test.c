/* SPDX-License-Identifier: Apache-2.0 */
#include "net/outgoing.h"

#include "expect.h"

static struct arena arena;
static struct outgoing outgoing;
static char text[4096];

static int open_arena(void **state)
{
    (void)state;
    arena_init(&arena, 65536);
    outgoing = (struct outgoing){.part_count = 0};
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    outgoing_deinit(&outgoing);
    arena_deinit(&arena);
    return 0;
}

static const char *written(void)
{
    size_t size = 0;
    for (unsigned i = 0; i < outgoing.buffer_count; i++) {
        memcpy(text + size, outgoing.buffers[i].base, outgoing.buffers[i].len);
        size += outgoing.buffers[i].len;
    }
    text[size] = '\0';
    return text;
}

static void take_parts(const char *first, const char *second, const char *third)
{
    struct http_part parts[3] = {{.bytes = bytes_from_string(first)},
                                 {.bytes = bytes_from_string(second)},
                                 {.bytes = bytes_from_string(third)}};
    outgoing_take_parts(&outgoing, parts, 3);
}

static void head_and_parts_follow_each_other(void **state)
{
    (void)state;
    const struct http_header headers[] = {{BYTES("A"), BYTES("b")},
                                          {BYTES("C"), BYTES("")}};
    take_parts("one", "", "two");
    EXPECT_OK(outgoing_open(&outgoing, &arena, headers, 2, 10));
    outgoing_put_string(&outgoing, "FIRST\r\n");
    outgoing_put_headers(&outgoing, headers, 2);

    outgoing_finish(&outgoing, OUTGOING_LENGTH);

    assert_string_equal(written(),
                        "FIRST\r\nA: b\r\nC: \r\nContent-Length: 6\r\n\r\nonetwo");
    assert_int_equal(outgoing.buffer_count, 3); /* nothing is copied */
}

static void chunks_are_framed_and_empty_parts_are_none(void **state)
{
    (void)state;
    take_parts("0123456789abcdef", "", "x");
    EXPECT_OK(outgoing_open(&outgoing, &arena, NULL, 0, 0));

    outgoing_finish(&outgoing, OUTGOING_CHUNKED);

    assert_string_equal(written(), "Transfer-Encoding: chunked\r\n\r\n"
                                   "10\r\n0123456789abcdef\r\n1\r\nx\r\n0\r\n\r\n");
}

static void length_alone_and_nothing_leave_the_body_out(void **state)
{
    (void)state;
    take_parts("one", "two", "three");
    EXPECT_OK(outgoing_open(&outgoing, &arena, NULL, 0, 0));
    outgoing_finish(&outgoing, OUTGOING_LENGTH_ONLY);
    assert_string_equal(written(), "Content-Length: 11\r\n\r\n");

    EXPECT_OK(outgoing_open(&outgoing, &arena, NULL, 0, 0));
    outgoing_finish(&outgoing, OUTGOING_NOTHING);
    assert_string_equal(written(), "\r\n");
}

static void as_many_parts_as_there_may_be_have_room(void **state)
{
    (void)state;
    struct http_part parts[HTTP_PART_COUNT_MAX];
    for (size_t i = 0; i < HTTP_PART_COUNT_MAX; i++) {
        parts[i] = (struct http_part){.bytes = BYTES("0123456789abcdef")};
    }
    outgoing_take_parts(&outgoing, parts, HTTP_PART_COUNT_MAX);
    EXPECT_OK(outgoing_open(&outgoing, &arena, NULL, 0, 0));

    outgoing_finish(&outgoing, OUTGOING_CHUNKED);

    assert_true(outgoing.buffer_count <= OUTGOING_BUFFER_COUNT_MAX);
    assert_int_equal(outgoing_body_size(&outgoing), 16 * HTTP_PART_COUNT_MAX);
}

static void nothing_can_be_injected(void **state)
{
    (void)state;
    const struct http_header headers[] = {{BYTES("A\r\nB"), BYTES("c\r\nD: e\0f\x7fg\th")}};
    EXPECT_OK(outgoing_open(&outgoing, &arena, headers, 1, 0));

    outgoing_put_headers(&outgoing, headers, 1);
    outgoing_finish(&outgoing, OUTGOING_NOTHING);

    assert_string_equal(written(), "A  B: c  D: e f g\th\r\n\r\n");
}

static void numbers_are_decimal(void **state)
{
    (void)state;
    EXPECT_OK(outgoing_open(&outgoing, &arena, NULL, 0, 40));

    outgoing_put_number(&outgoing, 0);
    outgoing_put(&outgoing, BYTES(" "));
    outgoing_put_number(&outgoing, UINT64_MAX);
    outgoing_finish(&outgoing, OUTGOING_NOTHING);

    assert_string_equal(written(), "0 18446744073709551615\r\n");
}

static void head_that_does_not_fit_the_arena_is_no_memory(void **state)
{
    (void)state;
    EXPECT_STATUS(GALEN_NO_MEMORY, outgoing_open(&outgoing, &arena, NULL, 0, 70000));
}

static void references_of_parts_are_released(void **state)
{
    (void)state;
    struct blob *blob = blob_create(3, 0);
    const struct http_part part = {bytes_of(blob_data(blob), 3), blob};
    outgoing_take_parts(&outgoing, &part, 1);

    outgoing_deinit(&outgoing); /* LeakSanitizer sees it otherwise */

    assert_int_equal(outgoing.part_count, 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(head_and_parts_follow_each_other),
        TEST(chunks_are_framed_and_empty_parts_are_none),
        TEST(length_alone_and_nothing_leave_the_body_out),
        TEST(as_many_parts_as_there_may_be_have_room),
        TEST(nothing_can_be_injected),
        TEST(numbers_are_decimal),
        TEST(head_that_does_not_fit_the_arena_is_no_memory),
        TEST(references_of_parts_are_released),
    };
    return cmocka_run_group_tests_name("outgoing", tests, NULL, NULL);
}
