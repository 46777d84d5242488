/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/preprocess.h"

#include "base/limits.h"
#include "expect.h"
#include "infer_conformance.h"
#include "manual_mailbox.h"

static const char *const json_only[] = {"application/json"};
static const struct contract_feature features[] = {
    {.name = "age", .unit = "a", .max = 120}};
static const struct contract contract = {
    .media_types = json_only,
    .media_type_count = 1,
    .input = {"features", GALEN_FP64},
    .features = features,
    .feature_count = 1,
};
static struct repository_version numbers[] = {
    {.number = 1, .number_text = "1", .usable = true, .reference_count_ = 1},
    {.number = 2,
     .number_text = "2",
     .contract = &contract,
     .usable = false,
     .why_not = {.text = "broken"},
     .reference_count_ = 1},
    {.number = 3,
     .number_text = "3",
     .contract = &contract,
     .usable = true,
     .reference_count_ = 1},
};
static struct repository_version *const versions[] = {&numbers[0], &numbers[1],
                                                      &numbers[2]};
static const struct repository_tag tags[] = {{"current", 3, 0}};
static const struct repository_model models[] = {{.name = "ages",
                                                  .versions = versions,
                                                  .version_count = 3,
                                                  .tags = tags,
                                                  .tag_count = 1,
                                                  .choice = &numbers[2],
                                                  .usable = true}};
static struct repository repository = {
    .path = "models", .models = models, .model_count = 1, .reference_count_ = 1};

static const char age_text[] = "\x0a\0\0\0{\"age\":42}";
static const char type_text[] = "\x10\0\0\0application/json";
static const struct galen_tensor inputs[] = {
    {"input", GALEN_BYTES, 1, {1}, age_text, sizeof(age_text) - 1},
    {"content_type", GALEN_BYTES, 1, {1}, type_text, sizeof(type_text) - 1},
};
static const double age = 42;
static const struct galen_tensor outputs[] = {
    {"features", GALEN_FP64, 2, {1, 1}, &age, sizeof(age)},
    {"galen.warnings", GALEN_BYTES, 1, {0}, "", 0},
};

static struct manual_mailbox mailbox;

static uint64_t soon_after_boot(void)
{
    return 1000;
}

static struct infer_service *open_preprocess(struct infer_subject *subject)
{
    (void)subject;
    struct infer_service *service = NULL;
    const struct preprocess_options options = {.repository = &repository,
                                               .now_ns = soon_after_boot};
    EXPECT_OK(preprocess_create(&options, &service));
    return service;
}

static void pump(struct infer_subject *subject)
{
    (void)subject;
    manual_mailbox_run(&mailbox);
}

struct question {
    struct arena arena;
    struct infer_call call;
    struct galen_tensor inputs[2];
    size_t done_count;
};

static void on_done(struct infer_call *call)
{
    ((struct question *)call->context)->done_count++;
}

static void ask(struct question *question, const char *version)
{
    struct infer_service *service = open_preprocess(NULL);
    question->call = (struct infer_call){
        .operation = INFER_RUN,
        .request = {.model = "ages",
                    .version = version,
                    .id = "",
                    .deadline_ns = UINT64_MAX,
                    .inputs = question->inputs,
                    .input_count = 2},
        .arena = &question->arena,
        .mailbox = &mailbox.base,
        .done = on_done,
        .context = question,
    };
    question->done_count = 0;
    infer_submit(service, &question->call);
    manual_mailbox_run(&mailbox);
    assert_int_equal(question->done_count, 1);
    infer_service_close(service);
}

static int set_up(void **state)
{
    static struct question question;
    question = (struct question){.inputs = {inputs[0], inputs[1]}};
    arena_init(&question.arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    *state = &question;
    return 0;
}

static int tear_down(void **state)
{
    struct question *question = *state;
    infer_call_clear(&question->call);
    arena_deinit(&question->arena);
    return 0;
}

static void version_is_the_one_that_was_asked_for(void **state)
{
    struct question *question = *state;

    ask(question, "current");

    EXPECT_OK(question->call.status);
    assert_string_equal(question->call.response.version, "3");
}

static void version_without_a_contract_is_a_conflict(void **state)
{
    struct question *question = *state;
    ask(question, "1");
    EXPECT_STATUS(GALEN_NO_CONTRACT, question->call.status);
}

static void broken_version_is_unavailable_and_says_why(void **state)
{
    struct question *question = *state;
    ask(question, "2");
    EXPECT_STATUS(GALEN_UNAVAILABLE, question->call.status);
    assert_string_equal(question->call.error.text, "broken");
}

static void other_media_types_are_refused(void **state)
{
    struct question *question = *state;
    question->inputs[1].bytes = "\x0a\0\0\0text/plain";
    question->inputs[1].size_bytes = 14;

    ask(question, "3");

    EXPECT_STATUS(GALEN_UNSUPPORTED_TYPE, question->call.status);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    struct infer_subject subject = {
        .name = "preprocess conformance",
        .open = open_preprocess,
        .mailbox = &mailbox.base,
        .pump = pump,
        .model = "ages",
        .version = "3",
        .inputs = inputs,
        .input_count = 2,
        .outputs = outputs,
        .output_count = 2,
    };
    const struct CMUnitTest tests[] = {
        TEST(version_is_the_one_that_was_asked_for),
        TEST(version_without_a_contract_is_a_conflict),
        TEST(broken_version_is_unavailable_and_says_why),
        TEST(other_media_types_are_refused),
    };
    manual_mailbox_init(&mailbox);
    const int failed_count = cmocka_run_group_tests_name("preprocess", tests, NULL, NULL) +
                             infer_conformance_run(&subject);
    manual_mailbox_deinit(&mailbox);
    return failed_count;
}
