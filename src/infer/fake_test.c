/* SPDX-License-Identifier: Apache-2.0 */
#include "infer/fake.h"

#include "base/clock.h"
#include "expect.h"
#include "infer_conformance.h"
#include "manual_mailbox.h"

static const struct galen_tensor_spec input_specs[] = {
    {.name = "x", .datatype = GALEN_FP32, .rank = 2, .shape = {-1, 2}},
    {.name = "y", .datatype = GALEN_UINT8, .rank = 1, .shape = {-1}}};
static const struct galen_tensor_spec output_specs[] = {
    {.name = "score", .datatype = GALEN_FP32, .rank = 1, .shape = {-1}},
    {.name = "label", .datatype = GALEN_UINT8, .rank = 1, .shape = {-1}}};
static const char *const versions[] = {"1", "3"};
static const struct v2_model model = {.name = "scripted",
                                      .platform = "fake",
                                      .versions = versions,
                                      .version_count = 2,
                                      .inputs = input_specs,
                                      .input_count = 2,
                                      .outputs = output_specs,
                                      .output_count = 2};

static const float x[] = {0.5F, 0.25F};
static const float score[] = {0.75F};
static const struct galen_tensor inputs[] = {{.name = "x",
                                              .datatype = GALEN_FP32,
                                              .rank = 2,
                                              .shape = {1, 2},
                                              .bytes = x,
                                              .size_bytes = 8},
                                             {.name = "y",
                                              .datatype = GALEN_UINT8,
                                              .rank = 1,
                                              .shape = {1},
                                              .bytes = "\1",
                                              .size_bytes = 1}};
static const struct galen_tensor outputs[] = {{.name = "score",
                                               .datatype = GALEN_FP32,
                                               .rank = 1,
                                               .shape = {1},
                                               .bytes = score,
                                               .size_bytes = 4},
                                              {.name = "label",
                                               .datatype = GALEN_UINT8,
                                               .rank = 1,
                                               .shape = {1},
                                               .bytes = "\2",
                                               .size_bytes = 1}};

struct fixture {
    struct infer_fake fake;
    struct manual_mailbox mailbox;
    struct arena arena;
    struct infer_call call;
    size_t done_count;
};

static void count_done(struct infer_call *call)
{
    struct fixture *fixture = call->context;
    fixture->done_count++;
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    infer_fake_init(&fixture.fake, &model);
    fixture.fake.outputs = outputs;
    fixture.fake.output_count = 2;
    manual_mailbox_init(&fixture.mailbox);
    arena_init(&fixture.arena, 65536);
    fixture.call = (struct infer_call){.operation = INFER_RUN,
                                       .arena = &fixture.arena,
                                       .mailbox = &fixture.mailbox.base,
                                       .done = count_done,
                                       .context = &fixture,
                                       .request = {.model = "scripted",
                                                   .version = "",
                                                   .id = "",
                                                   .deadline_ns = CLOCK_NEVER,
                                                   .inputs = inputs,
                                                   .input_count = 2}};
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    infer_call_clear(&fixture->call);
    infer_service_close(&fixture->fake.base);
    arena_deinit(&fixture->arena);
    manual_mailbox_deinit(&fixture->mailbox);
    return 0;
}

static void expect_done(struct fixture *fixture, enum galen_status status)
{
    manual_mailbox_run(&fixture->mailbox);
    assert_int_equal(fixture->done_count, 1);
    EXPECT_STATUS(status, fixture->call.status);
}

static void held_call_waits_for_its_answer(void **state)
{
    struct fixture *fixture = *state;
    fixture->fake.holds = true;

    infer_submit(&fixture->fake.base, &fixture->call);
    assert_int_equal(manual_mailbox_run(&fixture->mailbox), 0);
    assert_ptr_equal(infer_fake_next(&fixture->fake), &fixture->call);
    infer_fake_answer(&fixture->fake, &fixture->call);

    expect_done(fixture, GALEN_OK);
    assert_null(infer_fake_next(&fixture->fake));
    assert_int_equal(fixture->fake.submit_count, 1);
    assert_int_equal(fixture->fake.answer_count, 1);
}

static void scripted_failure_has_its_text_and_pointer(void **state)
{
    struct fixture *fixture = *state;
    fixture->fake.status = GALEN_UNPROCESSABLE;
    fixture->fake.why = "above its maximum";
    fixture->fake.why_at = "/input/mean radius";

    infer_submit(&fixture->fake.base, &fixture->call);

    expect_done(fixture, GALEN_UNPROCESSABLE);
    assert_string_equal(fixture->call.error.text, "above its maximum");
    assert_string_equal(fixture->call.error.pointer, "/input/mean radius");
}

static void held_call_can_fail_on_its_own(void **state)
{
    struct fixture *fixture = *state;
    fixture->fake.holds = true;
    infer_submit(&fixture->fake.base, &fixture->call);

    infer_fake_fail(&fixture->fake, &fixture->call, GALEN_BUSY, "the queue is full");

    expect_done(fixture, GALEN_BUSY);
}

static void late_cancel_waits_for_the_answer(void **state)
{
    struct fixture *fixture = *state;
    fixture->fake.holds = true;
    fixture->fake.cancels_late = true;
    infer_submit(&fixture->fake.base, &fixture->call);

    infer_cancel(&fixture->call);
    assert_int_equal(manual_mailbox_run(&fixture->mailbox), 0);
    infer_fake_answer(&fixture->fake, &fixture->call);

    expect_done(fixture, GALEN_CANCELLED);
    assert_int_equal(fixture->fake.cancel_count, 1);
}

static void deadline_passes_with_the_fakes_clock(void **state)
{
    struct fixture *fixture = *state;
    fixture->fake.holds = true;
    fixture->call.request.deadline_ns = 100;
    infer_submit(&fixture->fake.base, &fixture->call);

    infer_fake_advance(&fixture->fake, 99);
    assert_int_equal(manual_mailbox_run(&fixture->mailbox), 0);
    infer_fake_advance(&fixture->fake, 100);

    expect_done(fixture, GALEN_TIMEOUT);
}

static void last_version_is_the_choice(void **state)
{
    struct fixture *fixture = *state;

    infer_submit(&fixture->fake.base, &fixture->call);

    expect_done(fixture, GALEN_OK);
    assert_string_equal(fixture->call.response.version, "3");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

static int run_own_tests(void)
{
    const struct CMUnitTest tests[] = {
        TEST(held_call_waits_for_its_answer),
        TEST(scripted_failure_has_its_text_and_pointer),
        TEST(held_call_can_fail_on_its_own),
        TEST(late_cancel_waits_for_the_answer),
        TEST(deadline_passes_with_the_fakes_clock),
        TEST(last_version_is_the_choice),
    };
    return cmocka_run_group_tests_name("fake", tests, NULL, NULL);
}

struct conformance {
    struct infer_subject subject;
    struct infer_fake fake;
    struct manual_mailbox mailbox;
};

static struct conformance *conformance_of(struct infer_subject *subject)
{
    return LIST_ITEM(subject, struct conformance, subject);
}

static struct infer_service *open_fake(struct infer_subject *subject)
{
    struct infer_fake *fake = &conformance_of(subject)->fake;
    infer_fake_init(fake, &model);
    fake->outputs = outputs;
    fake->output_count = 2;
    fake->now_ns = 1000;
    return &fake->base;
}

static void pump_mailbox(struct infer_subject *subject)
{
    manual_mailbox_run(&conformance_of(subject)->mailbox);
}

static void hold_fake(struct infer_subject *subject, bool held)
{
    conformance_of(subject)->fake.holds = held;
}

static int run_conformance(void)
{
    static struct conformance conformance;
    conformance.subject = (struct infer_subject){.name = "fake conformance",
                                                 .open = open_fake,
                                                 .mailbox = &conformance.mailbox.base,
                                                 .pump = pump_mailbox,
                                                 .hold = hold_fake,
                                                 .model = "scripted",
                                                 .version = "3",
                                                 .inputs = inputs,
                                                 .input_count = 2,
                                                 .outputs = outputs,
                                                 .output_count = 2};
    manual_mailbox_init(&conformance.mailbox);
    const int failed_count = infer_conformance_run(&conformance.subject);
    manual_mailbox_deinit(&conformance.mailbox);
    return failed_count;
}

int main(void)
{
    return run_own_tests() + run_conformance();
}
