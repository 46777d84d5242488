/* SPDX-License-Identifier: Apache-2.0 */
#include "infer_conformance.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "expect.h"

enum { IDLE_PUMP_COUNT_MAX = 200, CALL_COUNT = 40 };

static struct infer_subject
    *subject_now; /* cmocka's group functions take no argument of ours */

struct check {
    struct infer_subject *subject;
    struct infer_service *service;
    bool inside; /* a call of the service is on the stack */
};

struct client {
    struct infer_call call;
    struct arena arena;
    struct check *check;
    size_t done_count;
    size_t again_count; /* submits that done is still to make */
};

static void client_done(struct infer_call *call)
{
    struct client *client = LIST_ITEM(call, struct client, call);
    assert_false(client->check->inside);
    assert_null(call->service);
    client->done_count++;
    if (client->again_count > 0) {
        client->again_count--;
        infer_call_clear(call);
        infer_submit(client->check->service, call);
    }
}

static void client_init(struct client *client, struct check *check,
                        enum infer_operation operation)
{
    const struct infer_subject *subject = check->subject;
    *client = (struct client){.check = check};
    arena_init(&client->arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    client->call = (struct infer_call){
        .operation = operation,
        .arena = &client->arena,
        .mailbox = subject->mailbox,
        .done = client_done,
        .request = {.model = subject->model,
                    .version = subject->version,
                    .id = "",
                    .deadline_ns = CLOCK_NEVER,
                    .inputs = operation == INFER_RUN ? subject->inputs : NULL,
                    .input_count = operation == INFER_RUN ? subject->input_count : 0}};
}

static void client_deinit(struct client *client)
{
    infer_call_clear(&client->call);
    arena_deinit(&client->arena);
}

static void client_submit(struct client *client)
{
    client->check->inside = true;
    infer_submit(client->check->service, &client->call);
    client->check->inside = false;
}

static void client_cancel(struct client *client)
{
    client->check->inside = true;
    infer_cancel(&client->call);
    client->check->inside = false;
}

static void client_wait(struct client *client, size_t done_count)
{
    struct infer_subject *subject = client->check->subject;
    for (size_t i = 0; client->done_count < done_count && i < IDLE_PUMP_COUNT_MAX; i++) {
        subject->pump(subject);
    }
    assert_int_equal(client->done_count, done_count);
}

static void expect_answer(const struct client *client)
{
    const struct infer_subject *subject = client->check->subject;
    const struct infer_response *response = &client->call.response;
    EXPECT_OK(client->call.status);
    assert_string_equal(response->version, subject->version);
    assert_int_equal(response->output_count, subject->output_count);
    for (size_t i = 0; i < subject->output_count; i++) {
        const struct galen_tensor *wanted = &subject->outputs[i];
        const struct galen_tensor *got = &response->outputs[i].tensor;
        assert_string_equal(got->name, wanted->name);
        assert_int_equal(got->datatype, wanted->datatype);
        assert_int_equal(got->rank, wanted->rank);
        assert_memory_equal(got->shape, wanted->shape, wanted->rank * sizeof(int64_t));
        assert_int_equal(got->size_bytes, wanted->size_bytes);
        assert_memory_equal(got->bytes, wanted->bytes, wanted->size_bytes);
    }
}

static void expect_refusal(struct client *client, enum galen_status status)
{
    client_submit(client);
    client_wait(client, 1);
    EXPECT_STATUS(status, client->call.status);
    assert_int_not_equal(client->call.error.text[0], '\0');
    assert_int_equal(client->call.response.output_count, 0);
}

/* The request with these inputs is INVALID, and the pointer begins so. */
static void expect_invalid(struct check *check, const struct galen_tensor *inputs,
                           size_t count, const char *pointer)
{
    struct client client;
    client_init(&client, check, INFER_RUN);
    client.call.request.inputs = inputs;
    client.call.request.input_count = count;
    expect_refusal(&client, GALEN_INVALID);
    assert_memory_equal(client.call.error.pointer, pointer, strlen(pointer));
    client_deinit(&client);
}

static void expect_not_found(struct check *check, enum infer_operation operation,
                             const char *model, const char *version)
{
    struct client client;
    client_init(&client, check, operation);
    client.call.request.model = model;
    client.call.request.version = version;
    expect_refusal(&client, GALEN_NOT_FOUND);
    client_deinit(&client);
}

static size_t copy_inputs(const struct check *check, struct galen_tensor *out_inputs)
{
    const struct infer_subject *subject = check->subject;
    assert_true(subject->input_count <= LIMIT_TENSOR_COUNT_MAX);
    memcpy(out_inputs, subject->inputs, subject->input_count * sizeof(out_inputs[0]));
    return subject->input_count;
}

static void call_is_answered_once_and_late(void **state)
{
    struct client client;
    client_init(&client, *state, INFER_RUN);

    client_submit(&client);
    assert_int_equal(client.done_count, 0);
    client_wait(&client, 1);

    expect_answer(&client);
    client_deinit(&client);
}

static void version_is_the_services_choice_when_none_is_given(void **state)
{
    struct client client;
    client_init(&client, *state, INFER_RUN);
    client.call.request.version = "";

    client_submit(&client);
    client_wait(&client, 1);

    EXPECT_OK(client.call.status);
    assert_int_not_equal(client.call.response.version[0], '\0');
    client_deinit(&client);
}

static void many_calls_are_each_answered_once(void **state)
{
    static struct client clients[CALL_COUNT];
    for (size_t i = 0; i < CALL_COUNT; i++) {
        client_init(&clients[i], *state, INFER_RUN);
        client_submit(&clients[i]);
    }

    for (size_t i = 0; i < CALL_COUNT; i++) {
        client_wait(&clients[i], 1);
    }

    for (size_t i = 0; i < CALL_COUNT; i++) {
        assert_int_equal(clients[i].done_count, 1);
        expect_answer(&clients[i]);
        client_deinit(&clients[i]);
    }
}

static void call_may_be_submitted_again_from_done(void **state)
{
    struct client client;
    client_init(&client, *state, INFER_RUN);
    client.again_count = 3;

    client_submit(&client);
    client_wait(&client, 4);

    expect_answer(&client);
    client_deinit(&client);
}

static void answer_outlives_the_service(void **state)
{
    struct check *check = *state;
    struct client client;
    client_init(&client, check, INFER_RUN);
    client_submit(&client);
    client_wait(&client, 1);

    infer_service_close(check->service);
    check->service = NULL;

    expect_answer(&client);
    client_deinit(&client);
}

static void cancel_without_submit_is_harmless(void **state)
{
    struct client client;
    client_init(&client, *state, INFER_RUN);

    client_cancel(&client);

    assert_int_equal(client.done_count, 0);
    client_deinit(&client);
}

static void cancel_after_done_is_harmless(void **state)
{
    struct client client;
    client_init(&client, *state, INFER_RUN);
    client_submit(&client);
    client_wait(&client, 1);

    client_cancel(&client);

    assert_int_equal(client.done_count, 1);
    expect_answer(&client);
    client_deinit(&client);
}

static void cancelled_call_is_done_once_and_late(void **state)
{
    struct client client;
    client_init(&client, *state, INFER_RUN);
    client_submit(&client);

    client_cancel(&client);
    client_cancel(&client);
    assert_int_equal(client.done_count, 0);
    client_wait(&client, 1);

    if (client.call.status == GALEN_OK) { /* the answer was on its way */
        expect_answer(&client);
    } else {
        EXPECT_STATUS(GALEN_CANCELLED, client.call.status);
        assert_int_equal(client.call.response.output_count, 0);
    }
    client_deinit(&client);
}

static void cancelled_while_held_is_cancelled(void **state)
{
    struct check *check = *state;
    struct infer_subject *subject = check->subject;
    struct client client;
    client_init(&client, check, INFER_RUN);
    subject->hold(subject, true);
    client_submit(&client);

    client_cancel(&client);
    subject->hold(subject, false);
    client_wait(&client, 1);

    EXPECT_STATUS(GALEN_CANCELLED, client.call.status);
    client_deinit(&client);
}

static void cancel_leaves_other_calls_alone(void **state)
{
    struct client clients[3];
    for (size_t i = 0; i < 3; i++) {
        client_init(&clients[i], *state, INFER_RUN);
        client_submit(&clients[i]);
    }

    client_cancel(&clients[1]);
    for (size_t i = 0; i < 3; i++) {
        client_wait(&clients[i], 1);
    }

    expect_answer(&clients[0]);
    expect_answer(&clients[2]);
    for (size_t i = 0; i < 3; i++) {
        client_deinit(&clients[i]);
    }
}

static void unknown_model_is_not_found(void **state)
{
    expect_not_found(*state, INFER_RUN, "no-such-model", "");
    expect_not_found(*state, INFER_DESCRIBE, "no-such-model", "");
    expect_not_found(*state, INFER_READY, "no-such-model", "");
}

static void unknown_version_is_not_found(void **state)
{
    struct check *check = *state;
    expect_not_found(check, INFER_RUN, check->subject->model, "987654");
    expect_not_found(check, INFER_DESCRIBE, check->subject->model, "987654");
    expect_not_found(check, INFER_READY, check->subject->model, "987654");
}

static void input_of_a_wrong_shape_is_invalid(void **state)
{
    struct galen_tensor inputs[LIMIT_TENSOR_COUNT_MAX];
    const size_t count = copy_inputs(*state, inputs);
    inputs[0].shape[inputs[0].rank] = 1;
    inputs[0].rank++; /* as many elements, one dimension more */

    expect_invalid(*state, inputs, count, "/inputs/0");
}

static void input_of_a_wrong_datatype_is_invalid(void **state)
{
    struct galen_tensor inputs[LIMIT_TENSOR_COUNT_MAX];
    const size_t count = copy_inputs(*state, inputs);
    const struct galen_tensor other = {.name = inputs[0].name,
                                       .datatype = GALEN_UINT8,
                                       .rank = 1,
                                       .shape = {1},
                                       .bytes = "",
                                       .size_bytes = 1};
    const enum galen_datatype was = inputs[0].datatype;
    inputs[0] = other;
    inputs[0].datatype = was == GALEN_UINT8 ? GALEN_INT8 : GALEN_UINT8;

    expect_invalid(*state, inputs, count, "/inputs/0");
}

static void missing_input_is_invalid(void **state)
{
    struct galen_tensor inputs[LIMIT_TENSOR_COUNT_MAX];
    const size_t count = copy_inputs(*state, inputs);

    expect_invalid(*state, inputs, count - 1, "/inputs");
}

static void unexpected_input_is_invalid(void **state)
{
    struct galen_tensor inputs[LIMIT_TENSOR_COUNT_MAX];
    const size_t count = copy_inputs(*state, inputs);
    inputs[count - 1].name = "no-such-input";

    expect_invalid(*state, inputs, count, "/inputs/");
}

static void input_given_twice_is_invalid(void **state)
{
    struct galen_tensor inputs[LIMIT_TENSOR_COUNT_MAX + 1];
    const size_t count = copy_inputs(*state, inputs);
    inputs[count] = inputs[0];

    expect_invalid(*state, inputs, count + 1, "/inputs/");
}

static void unknown_output_is_invalid(void **state)
{
    const char *const wanted[] = {"no-such-output"};
    struct client client;
    client_init(&client, *state, INFER_RUN);
    client.call.request.outputs = wanted;
    client.call.request.output_count = 1;

    expect_refusal(&client, GALEN_INVALID);

    assert_memory_equal(client.call.error.pointer, "/outputs/0", strlen("/outputs/0"));
    client_deinit(&client);
}

static void raw_request_that_cannot_be_deduced_is_invalid(void **state)
{
    const struct galen_tensor raw = {.name = "", .bytes = "odd", .size_bytes = 3};
    struct client client;
    client_init(&client, *state, INFER_RUN);
    client.call.request.inputs = &raw;
    client.call.request.input_count = 1;
    client.call.request.is_raw = true;

    expect_refusal(&client, GALEN_INVALID);

    client_deinit(&client);
}

static void only_wanted_outputs_are_given(void **state)
{
    struct check *check = *state;
    const char *const wanted[] = {check->subject->outputs[0].name};
    struct client client;
    client_init(&client, check, INFER_RUN);
    client.call.request.outputs = wanted;
    client.call.request.output_count = 1;

    client_submit(&client);
    client_wait(&client, 1);

    EXPECT_OK(client.call.status);
    assert_int_equal(client.call.response.output_count, 1);
    assert_string_equal(client.call.response.outputs[0].tensor.name, wanted[0]);
    client_deinit(&client);
}

static void output_may_be_wanted_as_classes(void **state)
{
    struct check *check = *state;
    const struct galen_tensor *output = &check->subject->outputs[0];
    const uint64_t class_count = 1;
    struct client client;
    client_init(&client, check, INFER_RUN);
    client.call.request.outputs = &output->name;
    client.call.request.class_counts = &class_count;
    client.call.request.output_count = 1;

    client_submit(&client);
    client_wait(&client, 1);

    if (infer_has_classes(output->datatype)) {
        EXPECT_OK(client.call.status);
        assert_int_equal(client.call.response.outputs[0].tensor.datatype, GALEN_BYTES);
        EXPECT_OK(galen_tensor_check(&client.call.response.outputs[0].tensor));
    } else {
        EXPECT_STATUS(GALEN_INVALID, client.call.status);
    }
    client_deinit(&client);
}

static void passed_deadline_is_a_timeout(void **state)
{
    struct client client;
    client_init(&client, *state, INFER_RUN);
    client.call.request.deadline_ns = 1; /* after boot */

    expect_refusal(&client, GALEN_TIMEOUT);

    client_deinit(&client);
}

static void describe_names_versions_and_tensors(void **state)
{
    struct check *check = *state;
    struct client client;
    client_init(&client, check, INFER_DESCRIBE);

    client_submit(&client);
    client_wait(&client, 1);

    EXPECT_OK(client.call.status);
    const struct v2_model *model = &client.call.response.model;
    assert_string_equal(model->name, check->subject->model);
    assert_int_not_equal(model->platform[0], '\0');
    assert_int_equal(model->input_count, check->subject->input_count);
    assert_int_equal(model->output_count, check->subject->output_count);
    bool listed = false;
    for (size_t i = 0; i < model->version_count; i++) {
        listed |= strcmp(model->versions[i], check->subject->version) == 0;
    }
    assert_true(listed);
    client_deinit(&client);
}

static void service_and_model_are_ready(void **state)
{
    struct check *check = *state;
    const char *const models[] = {"", check->subject->model};
    for (size_t i = 0; i < 2; i++) {
        struct client client;
        client_init(&client, check, INFER_READY);
        client.call.request.model = models[i];
        client.call.request.version = "";

        client_submit(&client);
        client_wait(&client, 1);

        EXPECT_OK(client.call.status);
        client_deinit(&client);
    }
}

static int open_service(void **state)
{
    struct check *check = calloc(1, sizeof(*check));
    if (check == NULL) {
        return -1;
    }
    check->subject = subject_now;
    check->service = subject_now->open(subject_now);
    *state = check;
    return check->service == NULL ? -1 : 0;
}

static int close_service(void **state)
{
    struct check *check = *state;
    infer_service_close(check->service);
    if (check->subject->closed != NULL) {
        check->subject->closed(check->subject);
    }
    free(check);
    return 0;
}

#define CHECK(function) \
    cmocka_unit_test_setup_teardown(function, open_service, close_service)

int infer_conformance_run(struct infer_subject *subject)
{
    const struct CMUnitTest checks[] = {
        CHECK(call_is_answered_once_and_late),
        CHECK(version_is_the_services_choice_when_none_is_given),
        CHECK(many_calls_are_each_answered_once),
        CHECK(call_may_be_submitted_again_from_done),
        CHECK(answer_outlives_the_service),
        CHECK(cancel_without_submit_is_harmless),
        CHECK(cancel_after_done_is_harmless),
        CHECK(cancelled_call_is_done_once_and_late),
        CHECK(cancel_leaves_other_calls_alone),
        CHECK(unknown_model_is_not_found),
        CHECK(unknown_version_is_not_found),
        CHECK(input_of_a_wrong_shape_is_invalid),
        CHECK(input_of_a_wrong_datatype_is_invalid),
        CHECK(missing_input_is_invalid),
        CHECK(unexpected_input_is_invalid),
        CHECK(input_given_twice_is_invalid),
        CHECK(unknown_output_is_invalid),
        CHECK(raw_request_that_cannot_be_deduced_is_invalid),
        CHECK(only_wanted_outputs_are_given),
        CHECK(output_may_be_wanted_as_classes),
        CHECK(passed_deadline_is_a_timeout),
        CHECK(describe_names_versions_and_tensors),
        CHECK(service_and_model_are_ready),
        CHECK(cancelled_while_held_is_cancelled), /* the last: not every subject can hold */
    };
    const size_t count = sizeof(checks) / sizeof(checks[0]) - (subject->hold == NULL);
    subject_now = subject;
    return _cmocka_run_group_tests(subject->name, checks, count, NULL, NULL);
}
