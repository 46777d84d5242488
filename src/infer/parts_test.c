/* SPDX-License-Identifier: Apache-2.0 */
#include "infer/parts.h"

#include "base/clock.h"
#include "expect.h"
#include "infer/answer.h"
#include "manual_mailbox.h"

enum { ROW_COUNT_MAX = 2, COLUMN_COUNT = 2, ROWS_MAX = 8 };

/* Answers each run with the sum of each row, or as the test says. */
struct adder {
    struct infer_service base;
    size_t row_counts[ROWS_MAX]; /* of each submit */
    size_t submit_count;
    size_t fails_at;    /* this submit; counts from 1, 0: none */
    size_t strange_at;  /* this one answers a row too few */
    size_t troubled_at; /* this one was asked elsewhere first, in vain */
    bool holds;
    struct infer_call *held;
};

struct fixture {
    struct adder adder;
    struct infer_parts parts;
    struct manual_mailbox mailbox;
    struct arena arena;
    struct infer_call call;
    int32_t values[ROWS_MAX * COLUMN_COUNT];
    struct galen_tensor input;
    size_t done_count;
};

static struct fixture fixture;

static enum galen_status add_rows(struct adder *adder, struct infer_call *call)
{
    const struct galen_tensor *input = &call->request.inputs[0];
    size_t count = (size_t)input->shape[0];
    count -= adder->submit_count == adder->strange_at;
    struct blob *storage = blob_create(count * sizeof(int32_t), 0);
    int32_t *sums = (int32_t *)(void *)blob_data(storage);
    const int32_t *values = input->bytes;
    for (size_t i = 0; i < count; i++) {
        sums[i] = values[2 * i] + values[2 * i + 1];
    }
    const struct galen_tensor output = {
        "sums", GALEN_INT32, 1, {(int64_t)count}, sums, count * sizeof(int32_t)};
    call->response.outputs = arena_alloc_array(call->arena, 1, sizeof(struct infer_output));
    EXPECT_OK(infer_answer_version(call, "7"));
    return infer_answer_output(call, &output, storage);
}

static void submit(struct infer_service *service, struct infer_call *call)
{
    struct adder *adder = (struct adder *)(void *)service;
    static const struct infer_trouble trouble = {"a:1", "late"};
    adder->row_counts[adder->submit_count++] = (size_t)call->request.inputs[0].shape[0];
    const bool is_troubled = adder->submit_count == adder->troubled_at;
    call->route = (struct infer_route){.endpoint = "b:1",
                                       .attempt_count = 1 + is_troubled,
                                       .troubles = is_troubled ? &trouble : NULL,
                                       .trouble_count = is_troubled};
    if (adder->holds) {
        adder->held = call;
    } else if (adder->submit_count == adder->fails_at) {
        infer_call_finish(call, error_set(&call->error, GALEN_BUSY, "full"));
    } else {
        infer_call_finish(call, add_rows(adder, call));
    }
}

static void cancel(struct infer_service *service, struct infer_call *call)
{
    struct adder *adder = (struct adder *)(void *)service;
    if (adder->held == call) {
        adder->held = NULL;
        infer_call_finish(call, infer_refuse_cancelled(call));
    }
}

static void close_nothing(struct infer_service *service)
{
    (void)service;
}

static const struct infer_service_ops adder_ops = {
    .name = "adder", .submit = submit, .cancel = cancel, .close = close_nothing};

static void count_done(struct infer_call *call)
{
    (void)call;
    fixture.done_count++;
}

static int set_up(void **state)
{
    (void)state;
    fixture = (struct fixture){.adder = {.base = {.ops = &adder_ops}}};
    manual_mailbox_init(&fixture.mailbox);
    arena_init(&fixture.arena, 65536);
    infer_parts_init(&fixture.parts, &fixture.adder.base, ROW_COUNT_MAX);
    for (int32_t i = 0; i < ROWS_MAX * COLUMN_COUNT; i++) {
        fixture.values[i] = i;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    infer_call_clear(&fixture.call);
    infer_service_close(&fixture.parts.base);
    manual_mailbox_deinit(&fixture.mailbox);
    arena_deinit(&fixture.arena);
    return 0;
}

static void run_mailbox(void)
{
    while (manual_mailbox_run(&fixture.mailbox) > 0) {
    }
}

static void submit_rows(int64_t row_count)
{
    fixture.input =
        (struct galen_tensor){"x",
                              GALEN_INT32,
                              2,
                              {row_count, COLUMN_COUNT},
                              fixture.values,
                              (size_t)row_count * COLUMN_COUNT * sizeof(int32_t)};
    fixture.call = (struct infer_call){
        .operation = INFER_RUN,
        .request = {.model = "adder",
                    .version = "",
                    .id = "",
                    .deadline_ns = CLOCK_NEVER,
                    .inputs = &fixture.input,
                    .input_count = 1},
        .arena = &fixture.arena,
        .mailbox = &fixture.mailbox.base,
        .done = count_done,
    };
    infer_submit(&fixture.parts.base, &fixture.call);
}

static void ask(int64_t row_count)
{
    submit_rows(row_count);
    run_mailbox();
    assert_int_equal(fixture.done_count, 1);
}

static void many_rows_go_in_parts_and_come_back_whole(void **state)
{
    (void)state;
    ask(5);

    EXPECT_OK(fixture.call.status);
    assert_int_equal(fixture.adder.submit_count, 3);
    assert_int_equal(fixture.adder.row_counts[0], 2);
    assert_int_equal(fixture.adder.row_counts[2], 1);
    assert_string_equal(fixture.call.response.version, "7");
    const struct galen_tensor *sums = &fixture.call.response.outputs[0].tensor;
    assert_int_equal(sums->shape[0], 5);
    assert_int_equal(sums->size_bytes, 5 * sizeof(int32_t));
    for (int32_t i = 0; i < 5; i++) {
        assert_int_equal(((const int32_t *)sums->bytes)[i], 4 * i + 1);
    }
}

static void what_one_part_found_in_vain_is_told_of_the_whole(void **state)
{
    (void)state;
    fixture.adder.troubled_at = 2;
    ask(5);

    EXPECT_OK(fixture.call.status);
    assert_int_equal(fixture.call.route.attempt_count, 4);
    assert_int_equal(fixture.call.route.trouble_count, 1);
    assert_string_equal(fixture.call.route.troubles[0].endpoint, "a:1");
}

static void few_rows_go_through(void **state)
{
    (void)state;
    ask(2);
    EXPECT_OK(fixture.call.status);
    assert_int_equal(fixture.adder.submit_count, 1);
}

static void the_first_failure_is_the_answer(void **state)
{
    (void)state;
    fixture.adder.fails_at = 2;
    ask(8);
    EXPECT_STATUS(GALEN_BUSY, fixture.call.status);
    assert_string_equal(fixture.call.error.text, "full");
    assert_int_equal(fixture.adder.submit_count, 2);
    assert_int_equal(fixture.call.response.output_count, 0);
}

static void parts_that_do_not_fit_are_the_upstreams_fault(void **state)
{
    (void)state;
    fixture.adder.strange_at = 2;
    ask(6);
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, fixture.call.status);
    assert_int_equal(fixture.call.response.output_count, 0);
}

static void cancelling_ends_the_part_that_is_under_way(void **state)
{
    (void)state;
    fixture.adder.holds = true;
    submit_rows(6);
    infer_cancel(&fixture.call);
    infer_cancel(&fixture.call);
    assert_int_equal(fixture.done_count, 0);
    run_mailbox();
    assert_int_equal(fixture.done_count, 1);
    EXPECT_STATUS(GALEN_CANCELLED, fixture.call.status);
    assert_int_equal(fixture.adder.submit_count, 1);
}

/* A part whose answer was on its way when the whole was cancelled. */
static void no_part_follows_a_cancelled_one(void **state)
{
    (void)state;
    submit_rows(6);
    infer_cancel(&fixture.call);
    run_mailbox();
    EXPECT_STATUS(GALEN_CANCELLED, fixture.call.status);
    assert_int_equal(fixture.adder.submit_count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(many_rows_go_in_parts_and_come_back_whole),
        TEST(what_one_part_found_in_vain_is_told_of_the_whole),
        TEST(few_rows_go_through),
        TEST(the_first_failure_is_the_answer),
        TEST(parts_that_do_not_fit_are_the_upstreams_fault),
        TEST(cancelling_ends_the_part_that_is_under_way),
        TEST(no_part_follows_a_cancelled_one),
    };
    return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
