/* SPDX-License-Identifier: Apache-2.0 */
/* Each rule of sections 3.2 and 3.3 of W3C Trace Context (level 2), the cases of its test
 * suite among them. */
#include "service/trace_context.h"

#include <stdio.h>

#include "base/limits.h"
#include "expect.h"

#define TRACE "12345678901234567890123456789012"
#define SPAN "1234567890123456"
#define VALID "00-" TRACE "-" SPAN "-01"

enum { HEADER_COUNT_MAX = 3 };

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static void expect_ids(const struct trace_context *context)
{
    char text[TRACE_PARENT_SIZE + 1];
    trace_context_write(context, text);
    assert_memory_equal(text, "00-" TRACE "-" SPAN "-",
                        sizeof("00-" TRACE "-" SPAN "-") - 1);
}

static void parents_are_read_as_far_as_their_version_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint8_t flags;
    } cases[] = {
        {VALID, TRACE_SAMPLED},
        {"00-" TRACE "-" SPAN "-00", 0},
        {"00-" TRACE "-" SPAN "-02", TRACE_RANDOM},
        {"00-" TRACE "-" SPAN "-03", TRACE_SAMPLED | TRACE_RANDOM},
        {"00-" TRACE "-" SPAN "-ff", TRACE_SAMPLED | TRACE_RANDOM},
        {"00-" TRACE "-" SPAN "-fc", 0},
        {"cc-" TRACE "-" SPAN "-01", TRACE_SAMPLED},
        {"cc-" TRACE "-" SPAN "-03", TRACE_SAMPLED},
        {"cc-" TRACE "-" SPAN "-01-what-the-future-will-be-like", TRACE_SAMPLED},
        {"01-" TRACE "-" SPAN "-00-", 0},
        {"fe-" TRACE "-" SPAN "-01", TRACE_SAMPLED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trace_context context;
        assert_true(trace_context_parse(bytes_from_string(cases[i].text), &context));
        expect_ids(&context);
        assert_int_equal(context.flags, cases[i].flags);
    }
}

static void malformed_parents_are_none(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "00",
        "00-" TRACE "-" SPAN,
        "00-" TRACE "-" SPAN "-",
        /* version */
        "ff-" TRACE "-" SPAN "-01",
        ".0-" TRACE "-" SPAN "-01",
        "0.-" TRACE "-" SPAN "-01",
        "CC-" TRACE "-" SPAN "-01",
        "000-" TRACE "-" SPAN "-01",
        "0000-" TRACE "-" SPAN "-01",
        "0-" TRACE "-" SPAN "-01",
        VALID ".",
        VALID "-what-the-future-will-be-like",
        "cc-" TRACE "-" SPAN "-01.what-the-future-will-be-like",
        /* trace-id */
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-.2345678901234567890123456789012-" SPAN "-01",
        "00-1234567890123456789012345678901.-" SPAN "-01",
        "00-A2345678901234567890123456789012-" SPAN "-01",
        "00-" TRACE "3-" SPAN "-01",
        "00-1234567890123456789012345678901-" SPAN "-01",
        /* parent-id */
        "00-" TRACE "-0000000000000000-01",
        "00-" TRACE "-.234567890123456-01",
        "00-" TRACE "-123456789012345.-01",
        "00-" TRACE "-123456789012345F-01",
        "00-" TRACE "-" SPAN "7-01",
        "00-" TRACE "-123456789012345-01",
        /* trace-flags */
        "00-" TRACE "-" SPAN "-.0",
        "00-" TRACE "-" SPAN "-0.",
        "00-" TRACE "-" SPAN "-0A",
        "00-" TRACE "-" SPAN "-001",
        "00-" TRACE "-" SPAN "-1",
        /* what stands between them */
        "00_" TRACE "-" SPAN "-01",
        "00-" TRACE "_" SPAN "-01",
        "00-" TRACE "-" SPAN "_01",
        " " VALID,
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trace_context context = {.flags = 0x55};
        assert_false(trace_context_parse(bytes_from_string(cases[i]), &context));
        assert_int_equal(context.flags, 0x55);
    }
}

static void every_cut_of_a_parent_is_none(void **state)
{
    (void)state;
    struct trace_context context;
    for (size_t size = 0; size < TRACE_PARENT_SIZE; size++) {
        assert_false(trace_context_parse(bytes_of(VALID, size), &context));
    }
}

static void a_context_is_written_as_it_was_read(void **state)
{
    (void)state;
    char text[TRACE_PARENT_SIZE + 1];
    struct trace_context context;
    assert_true(trace_context_parse(
        BYTES("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03"), &context));
    trace_context_write(&context, text);
    assert_string_equal(text, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03");
}

static struct http_header header(const char *name, const char *value)
{
    return (struct http_header){bytes_from_string(name), bytes_from_string(value)};
}

static void the_headers_name_may_be_in_any_case_but_not_another(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool is_it;
    } cases[] = {{"traceparent", true},   {"TraceParent", true},   {"TrAcEpArEnT", true},
                 {"TRACEPARENT", true},   {"trace-parent", false}, {"trace.parent", false},
                 {"traceparents", false}, {"traceparen", false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct http_header headers[] = {header("Host", "a"),
                                              header(cases[i].name, VALID)};
        struct trace_context context;
        assert_int_equal(trace_context_read(headers, 2, &context), cases[i].is_it);
    }
}

static void two_parents_are_none(void **state)
{
    (void)state;
    const struct http_header headers[] = {header("traceparent", VALID),
                                          header("Traceparent", VALID)};
    struct trace_context context;
    assert_false(trace_context_read(headers, 2, &context));
    assert_true(trace_context_read(headers, 1, &context));
    assert_false(trace_context_read(headers, 0, &context));
}

/* -- tracestate --------------------------------------------------------------------------
 */

/* The values end with NULL. */
static struct bytes read_state(const char *const *values)
{
    struct http_header headers[HEADER_COUNT_MAX];
    size_t count = 0;
    while (values[count] != NULL) {
        headers[count] = header("tracestate", values[count]);
        count++;
    }
    return trace_state_read(headers, count, &arena);
}

static void expect_state(const char *value, const char *expected)
{
    const struct bytes state = read_state((const char *const[]){value, NULL});
    assert_true(bytes_equal_string(state, expected));
}

static void lists_are_passed_on_in_their_order(void **state)
{
    (void)state;
    static const struct {
        const char *values[HEADER_COUNT_MAX + 1];
        const char *expected;
    } cases[] = {
        {{"foo=1"}, "foo=1"},
        {{"foo=1,bar=2"}, "foo=1,bar=2"},
        {{"foo=1,bar=2", "rojo=1,congo=2", "baz=3"}, "foo=1,bar=2,rojo=1,congo=2,baz=3"},
        {{"foo=1", ""}, "foo=1"},
        {{"", "foo=1"}, "foo=1"},
        {{"foo=1 \t , \t bar=2, \t baz=3"}, "foo=1,bar=2,baz=3"},
        {{"foo=1\t \t,\t \tbar=2,\t \tbaz=3"}, "foo=1,bar=2,baz=3"},
        {{" foo=1\t"}, "foo=1"},
        {{"foo=1,,bar=2, ,"}, "foo=1,bar=2"},
        {{"foo=1,foo=2"}, "foo=1,foo=2"},
        {{"0_-*/@a= !\"#$%&'()*+-./:;<>?@[\\]^_`{|}~"},
         "0_-*/@a= !\"#$%&'()*+-./:;<>?@[\\]^_`{|}~"},
        {{"fw529a3039@dt=FfAAAAC,t@v=1"}, "fw529a3039@dt=FfAAAAC,t@v=1"},
        {{""}, ""},
        {{","}, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(bytes_equal_string(read_state(cases[i].values), cases[i].expected));
    }
}

static void a_list_with_one_wrong_member_is_none(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "foo",         "foo=",       "foo=,bar=3",    "=1",        "foo =1",
        "FOO=1",       "foo.bar=1",  "@foo=1,b=2",    "_foo=1",    "foo=b=c",
        "foo=1,BAR=2", "foo=b\x01r", "foo=b\xC3\xA9", "foo=b\x7F", "foo=b\tr",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect_state(cases[i], "");
    }
    assert_int_equal(read_state((const char *const[]){"a=1", "B=2", NULL}).size, 0);
}

static void its_name_may_be_in_any_case_but_not_another(void **state)
{
    (void)state;
    const struct http_header headers[] = {header("TrAcEsTaTe", "a=1"),
                                          header("trace-state", "b=2"),
                                          header("trace.state", "c=3")};
    assert_true(bytes_equal_string(trace_state_read(headers, 3, &arena), "a=1"));
}

/* key_size of 'z', then =1 */
static void put_key(char *out_text, size_t key_size)
{
    memset(out_text, 'z', key_size);
    memcpy(out_text + key_size, "=1", sizeof("=1"));
}

static void a_key_has_at_most_256_characters(void **state)
{
    (void)state;
    char text[260];
    put_key(text, 256);
    expect_state(text, text);
    put_key(text, 257);
    expect_state(text, "");
}

static void a_value_has_at_most_256_characters(void **state)
{
    (void)state;
    char text[260] = "a=";
    memset(text + 2, 'v', 256);
    text[258] = '\0';
    expect_state(text, text);
    memcpy(text + 258, "v", 2);
    expect_state(text, "");
}

static void a_list_has_at_most_32_members(void **state)
{
    (void)state;
    char text[256];
    size_t size = 0;
    for (unsigned i = 0; i < 32; i++) {
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%sb%u=1",
                                 i == 0 ? "" : ",", i);
    }
    expect_state(text, text);
    assert_int_equal(read_state((const char *const[]){text, "c=1", NULL}).size, 0);
}

/* Members "a=xx…", each of that size, with commas between them. */
static size_t put_members(char *out_text, char name, size_t count, size_t member_size)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        if (size > 0) {
            out_text[size++] = ',';
        }
        memset(out_text + size, 'x', member_size);
        out_text[size] = (char)(name + (char)i);
        out_text[size + 1] = '=';
        size += member_size;
    }
    out_text[size] = '\0';
    return size;
}

static void lists_of_512_bytes_are_passed_on_whole(void **state)
{
    (void)state;
    char text[600];
    assert_int_equal(put_members(text, 'a', 9, 56), 512);
    expect_state(text, text);
}

static void the_last_members_of_a_longer_list_are_left_out(void **state)
{
    (void)state;
    char text[700];
    char shorter[700];
    (void)put_members(text, 'a', 10, 56);
    (void)put_members(shorter, 'a', 9, 56);
    expect_state(text, shorter);
}

static void large_members_are_left_out_first(void **state)
{
    (void)state;
    char small[300];
    char large[200];
    (void)put_members(small, 'a', 2, 128);
    (void)put_members(large, 'l', 1, 129);
    char text[1200];
    (void)snprintf(text, sizeof(text), "%s,%s,%s", large, small, large);
    char expected[1200];
    (void)snprintf(expected, sizeof(expected), "%s,%s", large, small);
    expect_state(text, expected);
}

#define CONTEXT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parents_are_read_as_far_as_their_version_is_known),
        cmocka_unit_test(malformed_parents_are_none),
        cmocka_unit_test(every_cut_of_a_parent_is_none),
        cmocka_unit_test(a_context_is_written_as_it_was_read),
        cmocka_unit_test(the_headers_name_may_be_in_any_case_but_not_another),
        cmocka_unit_test(two_parents_are_none),
        CONTEXT_TEST(lists_are_passed_on_in_their_order),
        CONTEXT_TEST(a_list_with_one_wrong_member_is_none),
        CONTEXT_TEST(its_name_may_be_in_any_case_but_not_another),
        CONTEXT_TEST(a_key_has_at_most_256_characters),
        CONTEXT_TEST(a_value_has_at_most_256_characters),
        CONTEXT_TEST(a_list_has_at_most_32_members),
        CONTEXT_TEST(lists_of_512_bytes_are_passed_on_whole),
        CONTEXT_TEST(the_last_members_of_a_longer_list_are_left_out),
        CONTEXT_TEST(large_members_are_left_out_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
