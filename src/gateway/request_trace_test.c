/* SPDX-License-Identifier: Apache-2.0 */
/* The spans of whole requests, on fakes, and what services are told. */
#include "gateway/request_trace.h"

#include "crypto/hmac.h"
#include "request_rig.h"
#include "service/audit/fake.h"

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"

enum { SPAN_COUNT_MAX = 16 };

static struct trace_span storage[SPAN_COUNT_MAX];
static struct trace_lane lane;
static struct trace_span spans[SPAN_COUNT_MAX];
static size_t span_count;
static uint64_t clock_ns;
static uint8_t last_random;

/* Later each time it is asked. */
static uint64_t ticking(void *context)
{
    (void)context;
    return clock_ns += 10;
}

static void count_up(void *context, uint8_t *out_bytes, size_t size)
{
    (void)context;
    memset(out_bytes, ++last_random, size);
}

static void open_lane(struct rig *rig, double ratio)
{
    const struct trace_lane_options options = {.spans = storage,
                                               .span_count_max = SPAN_COUNT_MAX,
                                               .sample_ratio = ratio,
                                               .follows_parents = true,
                                               .random = count_up};
    trace_lane_init(&lane, &options);
    rig->gateway.trace = &lane;
}

static int set_up_trace(void **state)
{
    const int result = set_up(state);
    struct rig *rig = *state;
    clock_ns = 1000;
    last_random = 0;
    rig->gateway.now_ns = ticking;
    open_lane(rig, 1);
    return result;
}

static void take_spans(void)
{
    span_count = trace_lane_take(&lane, spans, SPAN_COUNT_MAX);
}

/* One that is called so; fails where there are several. */
static const struct trace_span *find(const char *name)
{
    const struct trace_span *found = NULL;
    for (size_t i = 0; i < span_count; i++) {
        if (spans[i].name == NULL ? name == NULL
                                  : name != NULL && strcmp(spans[i].name, name) == 0) {
            assert_null(found);
            found = &spans[i];
        }
    }
    assert_non_null(found);
    return found;
}

static void expect_child(const struct trace_span *child, const struct trace_span *parent)
{
    assert_memory_equal(child->trace_id, parent->trace_id, TRACE_ID_SIZE);
    assert_memory_equal(child->parent_id, parent->id, TRACE_SPAN_ID_SIZE);
    assert_true(parent->began_ns <= child->began_ns);
    assert_true(child->began_ns <= child->ended_ns);
    assert_true(child->ended_ns <= parent->ended_ns);
}

static void post_with(struct rig *rig, const char *parent, const char *body)
{
    rig->headers[0] =
        (struct http_header){BYTES("Content-Type"), BYTES("application/json")};
    rig->headers[1] = (struct http_header){BYTES("traceparent"), bytes_from_string(parent)};
    rig->headers[2] = (struct http_header){BYTES("tracestate"), BYTES("congo=1")};
    rig->head.header_count = 3;
    begin(rig, HTTP_POST, "/infer");
    request_receive(&rig->request, bytes_from_string(body));
    pump(rig);
}

static void a_request_and_its_phases_are_one_tree(void **state)
{
    struct rig *rig = *state;
    static const uint8_t none[TRACE_SPAN_ID_SIZE];
    post(rig, "/infer", "application/json", right_body);
    take_spans();
    assert_int_equal(span_count, 3);
    const struct trace_span *request = find(NULL);
    assert_string_equal(request->method, "POST");
    assert_string_equal(request->route, "/infer");
    assert_int_equal(request->kind, TRACE_SERVER);
    assert_int_equal(request->http_status, 200);
    assert_string_equal(request->model, "breast");
    assert_int_equal(request->model_version, 2);
    assert_memory_equal(request->parent_id, none, TRACE_SPAN_ID_SIZE);
    expect_child(find("preprocess"), request);
    expect_child(find("infer"), request);
    assert_int_equal(find("infer")->kind, TRACE_INTERNAL);
    assert_true(find("preprocess")->ended_ns <= find("infer")->began_ns);
}

static void what_ran_in_this_process_says_what_it_did(void **state)
{
    struct rig *rig = *state;
    rig->engine.timing =
        (struct infer_timing){.queued_ns = 1, .began_ns = 2, .ended_ns = 3, .row_count = 4};
    rig->preprocess.timing = (struct infer_timing){.began_ns = 2, .ended_ns = 3};
    post(rig, "/infer", "application/json", right_body);
    take_spans();
    assert_int_equal(span_count, 6);
    const struct trace_span *queue = find("queue");
    assert_memory_equal(queue->parent_id, find("infer")->id, TRACE_SPAN_ID_SIZE);
    assert_int_equal(queue->began_ns, 1);
    assert_int_equal(queue->ended_ns, 2);
}

static void a_wait_for_the_record_is_a_phase(void **state)
{
    struct rig *rig = *state;
    const uint8_t key[HMAC_KEY_SIZE] = {0};
    struct audit_fake audit;
    struct audit_lane audit_lane;
    struct hmac *hmac;
    EXPECT_OK(hmac_create(key, &hmac));
    audit_fake_init(&audit);
    audit_lane_init(&audit_lane, &audit.base, hmac, &rig->mailbox.base);
    rig->gateway.audit = &audit_lane;
    audit.status = GALEN_AUDIT_UNAVAILABLE;
    post(rig, "/infer", "application/json", right_body);
    take_spans();
    expect_child(find("audit"), find(NULL));
    assert_int_equal(find("audit")->status, GALEN_AUDIT_UNAVAILABLE);
    assert_int_equal(find(NULL)->http_status, 503);
    hmac_destroy(hmac);
}

static void services_elsewhere_are_told_of_the_span_that_asks_them(void **state)
{
    struct rig *rig = *state;
    rig->gateway.engines[0].is_remote = true;
    rig->gateway.preprocess_is_remote = true;
    rig->engine.holds = true;
    post_with(rig, "00-" TRACE "-" PARENT "-01", right_body);
    const struct infer_trace *told = infer_fake_next(&rig->engine)->request.trace;
    struct trace_context context;
    assert_true(trace_context_parse(bytes_from_string(told->parent), &context));
    assert_true(bytes_equal_string(told->state, "congo=1"));
    assert_int_equal(context.flags, TRACE_SAMPLED);
    infer_fake_answer(&rig->engine, infer_fake_next(&rig->engine));
    pump(rig);
    take_spans();
    assert_int_equal(span_count, 3);
    assert_int_equal(find("infer")->kind, TRACE_CLIENT);
    assert_int_equal(find("preprocess")->kind, TRACE_CLIENT);
    assert_memory_equal(context.span_id, find("infer")->id, TRACE_SPAN_ID_SIZE);
    assert_memory_equal(context.trace_id, find(NULL)->trace_id, TRACE_ID_SIZE);
    assert_int_equal(find(NULL)->parent_id[0], 0xb7);
}

static void what_is_not_sampled_is_passed_on_and_leaves_nothing(void **state)
{
    struct rig *rig = *state;
    rig->gateway.engines[0].is_remote = true;
    rig->engine.holds = true;
    post_with(rig, "00-" TRACE "-" PARENT "-00", right_body);
    const char *told = infer_fake_next(&rig->engine)->request.trace->parent;
    assert_memory_equal(told, "00-" TRACE "-", 36);
    assert_string_equal(told + 52, "-00");
    assert_memory_not_equal(told + 36, PARENT, 16);
    infer_fake_answer(&rig->engine, infer_fake_next(&rig->engine));
    pump(rig);
    take_spans();
    assert_int_equal(span_count, 0);
}

static void where_traces_are_off_they_are_passed_on_as_they_came(void **state)
{
    struct rig *rig = *state;
    rig->gateway.trace = NULL;
    rig->gateway.engines[0].is_remote = true;
    rig->engine.holds = true;
    post_with(rig, "00-" TRACE "-" PARENT "-01", right_body);
    assert_string_equal(infer_fake_next(&rig->engine)->request.trace->parent,
                        "00-" TRACE "-" PARENT "-01");
    infer_fake_answer(&rig->engine, infer_fake_next(&rig->engine));
    pump(rig);

    post(rig, "/infer", "application/json", right_body);
    assert_null(infer_fake_next(&rig->engine)->request.trace);
    infer_fake_answer(&rig->engine, infer_fake_next(&rig->engine));
    pump(rig);
    assert_int_equal(rig->status, 200);
}

static void probes_begin_no_traces_but_may_be_part_of_one(void **state)
{
    struct rig *rig = *state;
    get(rig, "/healthz");
    get(rig, "/readyz");
    get(rig, "/v2/health/live");
    take_spans();
    assert_int_equal(span_count, 0);
    rig->headers[0] =
        (struct http_header){BYTES("traceparent"), BYTES("00-" TRACE "-" PARENT "-01")};
    rig->head.header_count = 1;
    begin(rig, HTTP_GET, "/v2/health/live");
    request_receive(&rig->request, BYTES_NONE);
    pump(rig);
    take_spans();
    assert_int_equal(span_count, 1);
    assert_string_equal(find(NULL)->route, "/v2/health/live");
}

static void refusals_are_spans_without_a_word_of_the_client(void **state)
{
    struct rig *rig = *state;
    static const char *const bodies[] = {"{", "{\"input\":{},\"model\":\"SECRET\"}",
                                         "{\"input\":{},\"SECRET\":1}"};
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        post(rig, "/infer?SECRET", "application/json", bodies[i]);
        take_spans();
        assert_int_equal(span_count, 1);
        assert_string_equal(find(NULL)->route, "/infer");
        assert_string_equal(find(NULL)->model, "");
        assert_in_range(find(NULL)->http_status, 400, 422);
    }
    get(rig, "/SECRET");
    take_spans();
    assert_null(find(NULL)->route);
    assert_int_equal(find(NULL)->http_status, 404);
}

#define TRACE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_trace, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRACE_TEST(a_request_and_its_phases_are_one_tree),
        TRACE_TEST(what_ran_in_this_process_says_what_it_did),
        TRACE_TEST(a_wait_for_the_record_is_a_phase),
        TRACE_TEST(services_elsewhere_are_told_of_the_span_that_asks_them),
        TRACE_TEST(what_is_not_sampled_is_passed_on_and_leaves_nothing),
        TRACE_TEST(where_traces_are_off_they_are_passed_on_as_they_came),
        TRACE_TEST(probes_begin_no_traces_but_may_be_part_of_one),
        TRACE_TEST(refusals_are_spans_without_a_word_of_the_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
