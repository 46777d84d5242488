/* SPDX-License-Identifier: Apache-2.0 */
#include "service/trace.h"

#include <pthread.h>

#include "expect.h"
#include "manual_mailbox.h"

#define TRACE "12345678901234567890123456789012"
#define PARENT "00-" TRACE "-1234567890123456-"

enum { SPAN_COUNT_MAX = 8, MANY = 200000 };

static struct trace_span storage[SPAN_COUNT_MAX];
static struct trace_lane lane;
static struct arena arena;
static uint64_t random_state;

static void fill(void *context, uint8_t *out_bytes, size_t size)
{
    (void)context;
    for (size_t i = 0; i < size; i++) {
        random_state = random_state * 6364136223846793005U + 1442695040888963407U;
        out_bytes[i] = (uint8_t)(random_state >> 56);
    }
}

static void zeros(void *context, uint8_t *out_bytes, size_t size)
{
    (void)context;
    memset(out_bytes, 0, size);
}

static struct trace_lane_options options_with(double ratio, bool follows_parents)
{
    return (struct trace_lane_options){.spans = storage,
                                       .span_count_max = SPAN_COUNT_MAX,
                                       .sample_ratio = ratio,
                                       .follows_parents = follows_parents,
                                       .random = fill};
}

static void open_lane(double ratio, bool follows_parents)
{
    const struct trace_lane_options options = options_with(ratio, follows_parents);
    trace_lane_init(&lane, &options);
}

static int set_up(void **state)
{
    (void)state;
    random_state = 1;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    open_lane(1, true);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

/* parent NULL: none */
static struct trace begin(const struct trace_lane *on, const char *parent, bool may_begin)
{
    struct trace trace;
    const struct http_header headers[] = {
        {BYTES("traceparent"), bytes_from_string(parent == NULL ? "" : parent)},
        {BYTES("tracestate"), BYTES("a=1")}};
    const struct trace_source source = {
        .headers = headers, .header_count = 2, .arena = &arena, .may_begin = may_begin};
    trace_begin(on, &source, &trace);
    return trace;
}

static void expect_text(const struct trace_context *context, const char *expected)
{
    char text[TRACE_PARENT_SIZE + 1];
    trace_context_write(context, text);
    assert_string_equal(text, expected);
}

static void a_request_without_a_trace_begins_one(void **state)
{
    (void)state;
    static const uint8_t none[TRACE_SPAN_ID_SIZE];
    const struct trace first = begin(&lane, NULL, true);
    const struct trace second = begin(&lane, "00-malformed", true);
    assert_true(first.is_known && first.is_sampled);
    assert_int_equal(first.context.flags, TRACE_SAMPLED | TRACE_RANDOM);
    assert_memory_equal(first.parent_id, none, TRACE_SPAN_ID_SIZE);
    assert_memory_not_equal(first.context.trace_id, second.context.trace_id, TRACE_ID_SIZE);
    assert_int_equal(first.state.size, 0); /* without its parent it means nothing */
}

static void a_request_goes_on_with_its_trace(void **state)
{
    (void)state;
    static const uint8_t parent[] = {0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56};
    char text[TRACE_PARENT_SIZE + 1];
    const struct trace trace = begin(&lane, PARENT "03", true);
    trace_context_write(&trace.context, text);
    assert_memory_equal(text, "00-" TRACE "-", sizeof("00-" TRACE "-") - 1);
    assert_memory_equal(trace.parent_id, parent, sizeof(parent));
    assert_memory_not_equal(trace.context.span_id, parent, sizeof(parent));
    assert_int_equal(trace.context.flags, TRACE_SAMPLED | TRACE_RANDOM);
    assert_true(bytes_equal_string(trace.state, "a=1"));
}

static void whoever_asks_says_what_is_recorded(void **state)
{
    (void)state;
    for (int ratio = 0; ratio <= 1; ratio++) {
        open_lane(ratio, true);
        assert_true(begin(&lane, PARENT "01", true).is_sampled);
        assert_true(begin(&lane, PARENT "01", false).is_sampled);
        assert_false(begin(&lane, PARENT "00", true).is_sampled);
        assert_int_equal(begin(&lane, PARENT "00", true).context.flags, 0);
    }
}

static void parents_that_are_not_followed_keep_their_trace_and_nothing_else(void **state)
{
    (void)state;
    open_lane(0, false);
    assert_false(begin(&lane, PARENT "01", true).is_sampled);
    assert_int_equal(begin(&lane, PARENT "01", true).context.flags, 0);
    open_lane(1, false);
    assert_true(begin(&lane, PARENT "00", true).is_sampled);
    assert_int_equal(begin(&lane, PARENT "00", true).context.flags, TRACE_SAMPLED);
}

static void what_begins_no_trace_is_not_recorded(void **state)
{
    (void)state;
    const struct trace trace = begin(&lane, NULL, false);
    assert_true(trace.is_known);
    assert_false(trace.is_sampled);
    assert_int_equal(trace.context.flags, TRACE_RANDOM);
}

static void a_ratio_is_met(void **state)
{
    (void)state;
    for (int follows = 0; follows <= 1; follows++) {
        size_t count = 0;
        open_lane(0.25, follows == 1);
        for (size_t i = 0; i < 20000; i++) {
            count += begin(&lane, follows == 1 ? NULL : PARENT "00", true).is_sampled;
        }
        assert_in_range(count, 4700, 5300);
    }
}

static void nothing_is_sampled_at_0_and_all_at_1(void **state)
{
    (void)state;
    open_lane(0, true);
    lane.options_.random = zeros;
    assert_false(begin(&lane, NULL, true).is_sampled);
    open_lane(1, true);
    for (size_t i = 0; i < 1000; i++) {
        assert_true(begin(&lane, NULL, true).is_sampled);
    }
}

static void no_id_is_zero(void **state)
{
    (void)state;
    uint8_t ids[2][TRACE_SPAN_ID_SIZE];
    lane.options_.random = zeros;
    const struct trace trace = begin(&lane, NULL, true);
    expect_text(&trace.context, "00-01000000000000000000000000000000-0100000000000000-03");
    trace_make_ids(&lane, ids, 2);
    assert_int_equal(ids[1][0], 1);
}

static void where_nobody_records_a_trace_is_passed_on_as_it_came(void **state)
{
    (void)state;
    const struct trace trace = begin(NULL, PARENT "01", true);
    assert_true(trace.is_known);
    assert_false(trace.is_sampled);
    expect_text(&trace.context, PARENT "01");
    assert_true(bytes_equal_string(trace.state, "a=1"));
    assert_false(begin(NULL, NULL, true).is_known);
}

/* -- lanes -------------------------------------------------------------------------------
 */

static void push(uint64_t number)
{
    trace_lane_push(&lane, &(struct trace_span){.began_ns = number});
}

static void spans_are_taken_in_their_order(void **state)
{
    (void)state;
    struct trace_span spans[SPAN_COUNT_MAX];
    uint64_t next = 0;
    for (uint64_t i = 0; i < 50; i++) {
        push(i);
        if (i % 3 == 2) {
            const size_t count = trace_lane_take(&lane, spans, SPAN_COUNT_MAX);
            for (size_t k = 0; k < count; k++) {
                assert_int_equal(spans[k].began_ns, next++);
            }
        }
    }
    assert_int_equal(trace_lane_take(&lane, spans, 1), 1);
    assert_int_equal(spans[0].began_ns, next);
    assert_int_equal(trace_lane_dropped_count(&lane), 0);
}

static void what_does_not_fit_is_dropped_and_counted(void **state)
{
    (void)state;
    struct trace_span spans[2 * SPAN_COUNT_MAX];
    for (uint64_t i = 0; i < SPAN_COUNT_MAX + 3; i++) {
        push(i);
    }
    assert_int_equal(trace_lane_dropped_count(&lane), 3);
    assert_int_equal(trace_lane_take(&lane, spans, sizeof(spans) / sizeof(spans[0])),
                     SPAN_COUNT_MAX);
    assert_int_equal(spans[SPAN_COUNT_MAX - 1].began_ns, SPAN_COUNT_MAX - 1);
}

static size_t wake_count;

static void wake(void *context)
{
    assert_ptr_equal(context, &wake_count);
    wake_count++;
}

static void the_exporter_is_woken_once_when_the_lane_is_half_full(void **state)
{
    (void)state;
    struct manual_mailbox mailbox;
    const struct trace_exporter exporter = {&mailbox.base, wake, &wake_count};
    wake_count = 0;
    manual_mailbox_init(&mailbox);
    trace_lane_connect(&lane, &exporter);
    for (uint64_t i = 0; i < SPAN_COUNT_MAX / 2; i++) {
        push(i);
    }
    assert_int_equal(manual_mailbox_run(&mailbox), 0);
    push(0);
    push(0);
    assert_int_equal(manual_mailbox_run(&mailbox), 1);
    assert_int_equal(wake_count, 1);
    push(0);
    assert_int_equal(manual_mailbox_run(&mailbox), 1);
    push(0);
    assert_int_equal(manual_mailbox_run(&mailbox), 1);
    push(0); /* dropped: whoever was woken knows */
    assert_int_equal(manual_mailbox_run(&mailbox), 0);
    manual_mailbox_deinit(&mailbox);
}

static void *push_many(void *context)
{
    (void)context;
    for (uint64_t i = 1; i <= MANY; i++) {
        push(i);
    }
    return NULL;
}

static void another_thread_takes_what_one_pushes(void **state)
{
    (void)state;
    struct trace_span spans[3];
    uint64_t last = 0;
    size_t taken = 0;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, push_many, NULL), 0);
    while (taken + trace_lane_dropped_count(&lane) < MANY) {
        const size_t count = trace_lane_take(&lane, spans, 3);
        for (size_t i = 0; i < count; i++) {
            assert_true(spans[i].began_ns > last);
            last = spans[i].began_ns;
        }
        taken += count;
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(taken + trace_lane_dropped_count(&lane), MANY);
}

#define TRACE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRACE_TEST(a_request_without_a_trace_begins_one),
        TRACE_TEST(a_request_goes_on_with_its_trace),
        TRACE_TEST(whoever_asks_says_what_is_recorded),
        TRACE_TEST(parents_that_are_not_followed_keep_their_trace_and_nothing_else),
        TRACE_TEST(what_begins_no_trace_is_not_recorded),
        TRACE_TEST(a_ratio_is_met),
        TRACE_TEST(nothing_is_sampled_at_0_and_all_at_1),
        TRACE_TEST(no_id_is_zero),
        TRACE_TEST(where_nobody_records_a_trace_is_passed_on_as_it_came),
        TRACE_TEST(spans_are_taken_in_their_order),
        TRACE_TEST(what_does_not_fit_is_dropped_and_counted),
        TRACE_TEST(the_exporter_is_woken_once_when_the_lane_is_half_full),
        TRACE_TEST(another_thread_takes_what_one_pushes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
