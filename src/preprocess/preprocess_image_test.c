/* SPDX-License-Identifier: Apache-2.0 */
/* The service with a model of images: what its answers wait for is another process. */
#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "image_stub.h"
#include "infer_conformance.h"
#include "manual_mailbox.h"
#include "preprocess/preprocess.h"

enum { TENSOR_SIZE = IMAGE_STUB_SIDE * IMAGE_STUB_SIDE, PUMP_MS = 50 };

static const char *const png_only[] = {"image/png"};
static const struct contract contract = {
    .task = TASK_IMAGE_CLASSIFICATION,
    .media_types = png_only,
    .media_type_count = 1,
    .input = {"pixels", GALEN_UINT8},
    .image = {.channels = CHANNELS_GRAY,
              .width = IMAGE_STUB_SIDE,
              .height = IMAGE_STUB_SIDE},
};
static struct repository_version version_1 = {.number = 1,
                                              .number_text = "1",
                                              .contract = &contract,
                                              .usable = true,
                                              .reference_count_ = 1};
static struct repository_version *const versions[] = {&version_1};
static const struct repository_tag tags[] = {{"current", 1, 0}};
static const struct repository_model models[] = {{.name = "shades",
                                                  .versions = versions,
                                                  .version_count = 1,
                                                  .tags = tags,
                                                  .tag_count = 1,
                                                  .choice = &version_1,
                                                  .usable = true}};
static struct repository repository = {
    .path = "models", .models = models, .model_count = 1, .reference_count_ = 1};

static const char file_text[] = "\x02\0\0\0fA";
static const char type_text[] = "\x09\0\0\0image/png";
static const struct galen_tensor inputs[] = {
    {"input", GALEN_BYTES, 1, {1}, file_text, sizeof(file_text) - 1},
    {"content_type", GALEN_BYTES, 1, {1}, type_text, sizeof(type_text) - 1},
};
static uint8_t pixels[TENSOR_SIZE];
static const struct galen_tensor outputs[] = {
    {"pixels",
     GALEN_UINT8,
     4,
     {1, 1, IMAGE_STUB_SIDE, IMAGE_STUB_SIDE},
     pixels,
     sizeof(pixels)},
    {"galen.warnings", GALEN_BYTES, 1, {0}, "", 0},
};

static struct manual_mailbox mailbox;

static struct infer_service *open_with(const char *const *command, size_t queue_count_max)
{
    const struct preprocess_options options = {
        .repository = &repository,
        .now_ns = clock_monotonic_ns,
        .image_worker_command = command,
        .image_worker_count = 1,
        .image_queue_count_max = queue_count_max,
        .image_size_bytes_max = 4096,
    };
    struct infer_service *service = NULL;
    EXPECT_OK(preprocess_create(&options, &service));
    return service;
}

static struct infer_service *open_subject(struct infer_subject *subject)
{
    (void)subject;
    return open_with(image_stub_command, 64);
}

static void pump(struct infer_subject *subject)
{
    (void)subject;
    (void)manual_mailbox_wait(&mailbox, PUMP_MS);
}

/* The only child that we have; whoever opens the service starts it. */
static pid_t worker_id(void)
{
    char path[64];
    int id = 0;
    (void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
    FILE *children = fopen(path, "r");
    assert_non_null(children);
    assert_int_equal(fscanf(children, "%d", &id), 1);
    (void)fclose(children);
    return id;
}

static void hold(struct infer_subject *subject, bool held)
{
    (void)subject;
    assert_int_equal(kill(worker_id(), held ? SIGSTOP : SIGCONT), 0);
}

struct question {
    struct arena arena;
    struct infer_call call;
    bool is_done;
};

static void on_done(struct infer_call *call)
{
    ((struct question *)call->context)->is_done = true;
}

static void ask(struct infer_service *service, struct question *question,
                uint64_t deadline_ns)
{
    arena_init(&question->arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    question->is_done = false;
    question->call = (struct infer_call){
        .operation = INFER_RUN,
        .request = {.model = "shades",
                    .version = "",
                    .id = "",
                    .deadline_ns = deadline_ns,
                    .inputs = inputs,
                    .input_count = 2},
        .arena = &question->arena,
        .mailbox = &mailbox.base,
        .done = on_done,
        .context = question,
    };
    infer_submit(service, &question->call);
}

static enum galen_status answer(struct question *question)
{
    while (!question->is_done) {
        (void)manual_mailbox_wait(&mailbox, PUMP_MS);
    }
    const enum galen_status status = question->call.status;
    infer_call_clear(&question->call);
    arena_deinit(&question->arena);
    return status;
}

static void full_queue_is_busy_and_what_waits_is_cancelled(void **state)
{
    (void)state;
    static struct question questions[8];
    struct infer_service *service = open_with(image_stub_command, 2);
    size_t busy_count = 0;
    hold(NULL, true);
    for (size_t i = 0; i < 8; i++) {
        ask(service, &questions[i], CLOCK_NEVER);
    }
    for (size_t i = 0; i < 8; i++) {
        infer_cancel(&questions[i].call);
    }
    hold(NULL, false);
    for (size_t i = 0; i < 8; i++) {
        const enum galen_status status = answer(&questions[i]);
        busy_count += status == GALEN_BUSY;
        assert_true(status == GALEN_BUSY || status == GALEN_CANCELLED);
    }
    assert_in_range(busy_count, 5, 6); /* the thread has taken one already, or not */
    infer_service_close(service);
}

static void what_waited_too_long_is_late(void **state)
{
    (void)state;
    static struct question questions[2];
    struct infer_service *service = open_with(image_stub_command, 2);
    hold(NULL, true);
    const uint64_t deadline_ns = clock_monotonic_ns() + 50 * NS_PER_MS;
    ask(service, &questions[0], deadline_ns);
    ask(service, &questions[1], deadline_ns);
    assert_int_equal(answer(&questions[0]), GALEN_TIMEOUT);
    assert_int_equal(answer(&questions[1]), GALEN_TIMEOUT);
    infer_service_close(service);
}

static void without_workers_it_is_not_ready(void **state)
{
    (void)state;
    static const char *const false_command[] = {"/bin/false", NULL};
    const char *const *const commands[] = {false_command, NULL};
    static struct question question;
    for (size_t i = 0; i < 2; i++) {
        struct infer_service *service = open_with(commands[i], 2);
        ask(service, &question, CLOCK_NEVER);
        assert_int_equal(answer(&question), GALEN_UNAVAILABLE);
        assert_non_null(strstr(question.call.error.text, "image worker"));
        infer_service_close(service);
    }
}

int main(int argument_count, char **arguments)
{
    image_stub_main(argument_count, arguments);
    struct infer_subject subject = {
        .name = "preprocess of images, conformance",
        .open = open_subject,
        .mailbox = &mailbox.base,
        .pump = pump,
        .hold = hold,
        .model = "shades",
        .version = "1",
        .inputs = inputs,
        .input_count = 2,
        .outputs = outputs,
        .output_count = 2,
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_queue_is_busy_and_what_waits_is_cancelled),
        cmocka_unit_test(what_waited_too_long_is_late),
        cmocka_unit_test(without_workers_it_is_not_ready),
    };
    memset(pixels, 'A', sizeof(pixels));
    manual_mailbox_init(&mailbox);
    const int failed_count =
        cmocka_run_group_tests_name("preprocess of images", tests, NULL, NULL) +
        infer_conformance_run(&subject);
    manual_mailbox_deinit(&mailbox);
    return failed_count;
}
