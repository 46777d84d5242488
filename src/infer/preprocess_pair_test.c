/* SPDX-License-Identifier: Apache-2.0 */
#include "infer/preprocess_pair.h"

#include "base/clock.h"
#include "expect.h"
#include "infer/fake.h"
#include "infer/preprocess_contract.h"
#include "manual_mailbox.h"

static const char *const numbers[] = {"1"};
static const struct galen_tensor_spec specs[] = {
    {.name = PREPROCESS_INPUT, .datatype = GALEN_BYTES, .rank = 1, .shape = {1}},
    {.name = PREPROCESS_CONTENT_TYPE, .datatype = GALEN_BYTES, .rank = 1, .shape = {1}},
};
static const struct v2_model served = {.name = "m",
                                       .versions = numbers,
                                       .version_count = 1,
                                       .platform = "test",
                                       .inputs = specs,
                                       .input_count = 2};

struct rig {
    struct infer_fake images;
    struct infer_fake others;
    struct preprocess_pair pair;
    struct manual_mailbox mailbox;
    struct arena arena;
    struct galen_tensor inputs[2];
    struct infer_call call;
    size_t done_count;
};

static struct rig rig;

static void count_done(struct infer_call *call)
{
    (void)call;
    rig.done_count++;
}

static int set_up(void **state)
{
    (void)state;
    rig = (struct rig){.done_count = 0};
    infer_fake_init(&rig.images, &served);
    infer_fake_init(&rig.others, &served);
    manual_mailbox_init(&rig.mailbox);
    arena_init(&rig.arena, 65536);
    preprocess_pair_init(&rig.pair, &rig.images.base, &rig.others.base);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    infer_call_clear(&rig.call);
    infer_service_close(&rig.pair.base);
    assert_false(rig.images.closed || rig.others.closed);
    manual_mailbox_deinit(&rig.mailbox);
    arena_deinit(&rig.arena);
    return 0;
}

static void run_mailbox(void)
{
    while (manual_mailbox_run(&rig.mailbox) > 0) {
    }
}

static void submit(enum infer_operation operation, size_t input_count)
{
    rig.call = (struct infer_call){
        .operation = operation,
        .request = {.model = "m",
                    .version = "1",
                    .id = "",
                    .deadline_ns = CLOCK_NEVER,
                    .inputs = rig.inputs,
                    .input_count = input_count},
        .arena = &rig.arena,
        .mailbox = &rig.mailbox.base,
        .done = count_done,
    };
    infer_submit(&rig.pair.base, &rig.call);
}

/* text: with its length in front, as elements of BYTES have. */
static void run_as(const char *text, size_t size)
{
    static const char input[] = "\x01\0\0\0x";
    rig.inputs[0] = (struct galen_tensor){PREPROCESS_INPUT, GALEN_BYTES, 1, {1}, input,
                                          sizeof(input) - 1};
    rig.inputs[1] =
        (struct galen_tensor){PREPROCESS_CONTENT_TYPE, GALEN_BYTES, 1, {1}, text, size};
    submit(INFER_RUN, 2);
    run_mailbox();
    assert_int_equal(rig.done_count, 1);
    EXPECT_OK(rig.call.status);
}

#define RUN_AS(text) run_as(text, sizeof(text) - 1)

static void images_go_to_the_one(void **state)
{
    (void)state;
    RUN_AS("\x09\0\0\0Image/PNG");
    assert_int_equal(rig.images.submit_count, 1);
    assert_int_equal(rig.others.submit_count, 0);
}

static void all_else_goes_to_the_other(void **state)
{
    (void)state;
    RUN_AS("\x0a\0\0\0text/plain");
    assert_int_equal(rig.images.submit_count, 0);
    assert_int_equal(rig.others.submit_count, 1);
}

static void what_only_begins_like_an_image_is_none(void **state)
{
    (void)state;
    RUN_AS("\x05\0\0\0image");
    assert_int_equal(rig.images.submit_count, 0);
}

static void it_is_ready_when_both_are(void **state)
{
    (void)state;
    submit(INFER_READY, 0);
    run_mailbox();
    assert_int_equal(rig.done_count, 1);
    EXPECT_OK(rig.call.status);
    assert_int_equal(rig.images.submit_count, 1);
    assert_int_equal(rig.others.submit_count, 1);
}

static void who_is_not_ready_says_why(void **state)
{
    (void)state;
    struct infer_fake *const fakes[] = {&rig.images, &rig.others};
    for (size_t i = 0; i < 2; i++) {
        fakes[i]->status = GALEN_UNAVAILABLE;
        fakes[i]->why = i == 0 ? "no images" : "no notes";
        submit(INFER_READY, 0);
        run_mailbox();
        EXPECT_STATUS(GALEN_UNAVAILABLE, rig.call.status);
        assert_string_equal(rig.call.error.text, fakes[i]->why);
        fakes[i]->status = GALEN_OK;
    }
    assert_int_equal(rig.done_count, 2);
}

static void a_question_is_cancelled_at_whom_it_waits_for(void **state)
{
    (void)state;
    struct infer_fake *const fakes[] = {&rig.others, &rig.images};
    for (size_t i = 0; i < 2; i++) {
        fakes[i]->holds = true;
        submit(INFER_READY, 0);
        run_mailbox();
        assert_int_equal(rig.done_count, i);
        infer_cancel(&rig.call);
        run_mailbox();
        assert_int_equal(rig.done_count, i + 1);
        assert_int_equal(rig.call.status, GALEN_CANCELLED);
        assert_int_equal(fakes[i]->cancel_count, 1);
        fakes[i]->holds = false;
    }
}

static void a_run_is_cancelled_where_it_went(void **state)
{
    (void)state;
    rig.others.holds = true;
    submit(INFER_DESCRIBE, 0);
    infer_cancel(&rig.call);
    run_mailbox();
    assert_int_equal(rig.done_count, 1);
    assert_int_equal(rig.others.cancel_count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(images_go_to_the_one),
        TEST(all_else_goes_to_the_other),
        TEST(what_only_begins_like_an_image_is_none),
        TEST(it_is_ready_when_both_are),
        TEST(who_is_not_ready_says_why),
        TEST(a_question_is_cancelled_at_whom_it_waits_for),
        TEST(a_run_is_cancelled_where_it_went),
    };
    return cmocka_run_group_tests_name("preprocess_pair", tests, NULL, NULL);
}
