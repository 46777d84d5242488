/* SPDX-License-Identifier: Apache-2.0 */
/* The seam's own guarantees, proven with the smallest service there is. */
#include "infer/infer.h"

#include "base/clock.h"
#include "expect.h"
#include "manual_mailbox.h"

struct fixture {
    struct infer_service service;
    struct manual_mailbox mailbox;
    struct arena arena;
    struct infer_call call;
    struct infer_call *submitted;
    size_t cancel_count;
    size_t done_count;
};

static struct fixture fixture;

static void remember(struct infer_service *service, struct infer_call *call)
{
    assert_ptr_equal(service, &fixture.service);
    fixture.submitted = call;
}

static void count_cancel(struct infer_service *service, struct infer_call *call)
{
    assert_ptr_equal(service, &fixture.service);
    assert_ptr_equal(call, &fixture.call);
    fixture.cancel_count++;
}

static void close_nothing(struct infer_service *service)
{
    fixture.submitted = NULL;
    service->ops = NULL;
}

static const struct infer_service_ops ops = {
    .name = "smallest", .submit = remember, .cancel = count_cancel, .close = close_nothing};

static void count_done(struct infer_call *call)
{
    assert_null(call->service);
    fixture.done_count++;
}

static int set_up(void **state)
{
    (void)state;
    fixture = (struct fixture){.service = {.ops = &ops}};
    manual_mailbox_init(&fixture.mailbox);
    arena_init(&fixture.arena, 65536);
    fixture.call = (struct infer_call){.arena = &fixture.arena,
                                       .mailbox = &fixture.mailbox.base,
                                       .done = count_done,
                                       .request = {.deadline_ns = CLOCK_NEVER}};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    infer_call_clear(&fixture.call);
    arena_deinit(&fixture.arena);
    manual_mailbox_deinit(&fixture.mailbox);
    return 0;
}

static void add_output(struct infer_call *call)
{
    call->response.outputs = arena_alloc_array(call->arena, 1, sizeof(struct infer_output));
    assert_non_null(call->response.outputs);
    call->response.outputs[0].storage = blob_create(8, 0);
    call->response.output_count = 1;
}

static void done_runs_in_the_mailbox_and_not_in_finish(void **state)
{
    (void)state;
    infer_submit(&fixture.service, &fixture.call);

    infer_call_finish(fixture.submitted, GALEN_OK);
    assert_int_equal(fixture.done_count, 0);
    manual_mailbox_run(&fixture.mailbox);

    assert_int_equal(fixture.done_count, 1);
    EXPECT_OK(fixture.call.status);
}

static void cancel_reaches_the_service_until_done(void **state)
{
    (void)state;
    infer_cancel(&fixture.call);
    assert_int_equal(fixture.cancel_count, 0);

    infer_submit(&fixture.service, &fixture.call);
    infer_cancel(&fixture.call);
    infer_call_finish(&fixture.call, GALEN_CANCELLED);
    infer_cancel(&fixture.call);
    manual_mailbox_run(&fixture.mailbox);
    infer_cancel(&fixture.call);

    assert_int_equal(fixture.cancel_count, 2);
}

static void submit_forgets_the_last_answer(void **state)
{
    (void)state;
    infer_submit(&fixture.service, &fixture.call);
    (void)error_set(&fixture.call.error, GALEN_INTERNAL, "once");
    infer_call_finish(&fixture.call, GALEN_INTERNAL);
    manual_mailbox_run(&fixture.mailbox);

    infer_submit(&fixture.service, &fixture.call);

    assert_string_equal(fixture.call.error.text, "");
    assert_string_equal(fixture.call.response.version, "");
    infer_call_finish(&fixture.call, GALEN_OK);
    manual_mailbox_run(&fixture.mailbox);
}

static void clear_gives_outputs_back(void **state)
{
    (void)state;
    infer_submit(&fixture.service, &fixture.call);
    add_output(&fixture.call);
    infer_call_finish(&fixture.call, GALEN_OK);
    manual_mailbox_run(&fixture.mailbox);
    struct blob *storage = blob_ref(fixture.call.response.outputs[0].storage);

    infer_call_clear(&fixture.call);

    assert_int_equal(fixture.call.response.output_count, 0);
    blob_unref(storage); /* the last reference: LeakSanitizer would see another */
}

static void failure_has_no_outputs(void **state)
{
    (void)state;
    infer_submit(&fixture.service, &fixture.call);
    add_output(&fixture.call);

    infer_call_finish(&fixture.call, GALEN_TIMEOUT);
    manual_mailbox_run(&fixture.mailbox);

    assert_int_equal(fixture.call.response.output_count, 0);
}

static void close_of_nothing_is_allowed(void **state)
{
    (void)state;
    infer_service_close(NULL);
    infer_service_close(&fixture.service);
    assert_null(fixture.service.ops);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(done_runs_in_the_mailbox_and_not_in_finish),
        TEST(cancel_reaches_the_service_until_done),
        TEST(submit_forgets_the_last_answer),
        TEST(clear_gives_outputs_back),
        TEST(failure_has_no_outputs),
        TEST(close_of_nothing_is_allowed),
    };
    return cmocka_run_group_tests_name("infer", tests, NULL, NULL);
}
