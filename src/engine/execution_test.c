/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/execution.h"

#include "base/clock.h"
#include "base/limits.h"
#include "engine/configuration.h"
#include "expect.h"
#include "heap.h"

enum { CALL_COUNT = 4 };

static const struct galen_tensor_spec input_specs[] = {
    {.name = "x", .datatype = GALEN_FP32, .rank = 2, .shape = {-1, 2}},
    {.name = "s", .datatype = GALEN_BYTES, .rank = 1, .shape = {-1}}};
static const struct galen_tensor_spec output_specs[] = {
    {.name = "y", .datatype = GALEN_FP32, .rank = 2, .shape = {-1, 2}},
    {.name = "t", .datatype = GALEN_BYTES, .rank = 1, .shape = {-1}}};
static const struct galen_model_spec spec = {.platform = "scripted",
                                             .inputs = input_specs,
                                             .input_count = 2,
                                             .outputs = output_specs,
                                             .output_count = 2};

/* Answers y = x and t = s, unless the test wants otherwise. */
static struct {
    struct galen_backend base;
    bool dislikes_negative;
    bool forgets_second_output;
    bool gives_first_twice;
    int64_t row_count_more; /* than it was given */
    enum galen_status status;
    size_t run_count;
    size_t row_count;        /* of the last run */
    const void *input_bytes; /* of the last run */
} backend;

static const struct galen_model_spec *describe(const struct galen_backend *self)
{
    (void)self;
    return &spec;
}

/* The rows of the input, or as many more or fewer of zeros. */
static enum galen_status emit(struct galen_sink *sink, const struct galen_tensor *input,
                              const char *name)
{
    struct galen_tensor output = *input;
    void *bytes;
    output.name = name;
    output.shape[0] += backend.row_count_more;
    if (backend.row_count_more != 0) {
        const size_t row_size = output.datatype == GALEN_FP32 ? 8 : 4;
        output.size_bytes = (size_t)output.shape[0] * row_size;
    }
    TRY(galen_sink_output(sink, &output, &bytes));
    if (backend.row_count_more != 0) {
        memset(bytes, 0, output.size_bytes);
    } else {
        memcpy(bytes, input->bytes, input->size_bytes);
    }
    return GALEN_OK;
}

static bool has_negative(const struct galen_tensor *input)
{
    const float *values = input->bytes;
    for (int64_t i = 0; i < 2 * input->shape[0]; i++) {
        if (values[i] < 0) {
            return true;
        }
    }
    return false;
}

static enum galen_status run(struct galen_backend *self, const struct galen_batch *batch,
                             struct galen_sink *sink, struct galen_error *out_error)
{
    (void)self;
    backend.run_count++;
    backend.row_count = (size_t)batch->inputs[0].shape[0];
    backend.input_bytes = batch->inputs[0].bytes;
    if (backend.status != GALEN_OK) {
        return backend.status;
    }
    if (backend.dislikes_negative && has_negative(&batch->inputs[0])) {
        return galen_error_set(out_error, GALEN_INVALID, "no negative values");
    }
    if (batch->wanted_outputs[0]) {
        TRY(emit(sink, &batch->inputs[0], "y"));
    }
    if (backend.gives_first_twice) {
        return emit(sink, &batch->inputs[0], "y");
    }
    if (batch->wanted_outputs[1] && !backend.forgets_second_output) {
        TRY(emit(sink, &batch->inputs[1], "t"));
    }
    return GALEN_OK;
}

static const struct galen_backend_ops ops = {
    .abi = GALEN_BACKEND_ABI, .name = "scripted", .describe = describe, .run = run};

static struct configuration fixture_configuration; /* says nothing */

struct fixture {
    struct model model;
    struct arena arenas[CALL_COUNT];
    struct infer_call calls[CALL_COUNT];
    float x[CALL_COUNT][4];
    uint8_t s[CALL_COUNT][12];
    struct galen_tensor inputs[CALL_COUNT][2];
    struct inference *inferences[CALL_COUNT];
    struct batch batch;
    struct compute_times times;
};

/* Call i has the values 10 i + 1 and so on, and the strings "" or "i". */
static void init_call(struct fixture *fixture, size_t i)
{
    for (size_t k = 0; k < 4; k++) {
        fixture->x[i][k] = (float)(10 * i + k + 1);
    }
    memcpy(fixture->s[i], (const uint8_t[]){1, 0, 0, 0, (uint8_t)('0' + i), 0, 0, 0, 0}, 9);
    arena_init(&fixture->arenas[i], LIMIT_ARENA_SIZE_BYTES_MAX);
    fixture->calls[i] = (struct infer_call){.operation = INFER_RUN,
                                            .arena = &fixture->arenas[i],
                                            .request = {.model = "m",
                                                        .version = "",
                                                        .deadline_ns = CLOCK_NEVER,
                                                        .inputs = fixture->inputs[i],
                                                        .input_count = 2}};
}

static void set_rows(struct fixture *fixture, size_t i, int64_t row_count)
{
    fixture->inputs[i][0] = (struct galen_tensor){.name = "x",
                                                  .datatype = GALEN_FP32,
                                                  .rank = 2,
                                                  .shape = {row_count, 2},
                                                  .bytes = fixture->x[i],
                                                  .size_bytes = 8 * (size_t)row_count};
    fixture->inputs[i][1] = (struct galen_tensor){.name = "s",
                                                  .datatype = GALEN_BYTES,
                                                  .rank = 1,
                                                  .shape = {row_count},
                                                  .bytes = fixture->s[i],
                                                  .size_bytes = row_count == 1 ? 5 : 9};
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.model = {.name = "m",
                                         .version = "7",
                                         .backend = &backend.base,
                                         .spec = describe(&backend.base),
                                         .configuration = &fixture_configuration,
                                         .row_count_max = 64,
                                         .metadata = {.name = "m",
                                                      .platform = "scripted",
                                                      .inputs = input_specs,
                                                      .input_count = 2,
                                                      .outputs = output_specs,
                                                      .output_count = 2}}};
    memset(&backend, 0, sizeof(backend));
    backend.base.ops = &ops;
    list_init(&fixture.batch.entries);
    for (size_t i = 0; i < CALL_COUNT; i++) {
        init_call(&fixture, i);
        set_rows(&fixture, i, 1);
    }
    *state = &fixture;
    return heap_reset(state);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < CALL_COUNT; i++) {
        infer_call_clear(&fixture->calls[i]);
        arena_deinit(&fixture->arenas[i]);
    }
    return 0;
}

static void run_calls(struct fixture *fixture, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct inference **inference = &fixture->inferences[i];
        EXPECT_OK(model_prepare(&fixture->model, &fixture->calls[i], inference));
        list_append(&fixture->batch.entries, &(*inference)->entry.waiting.link);
        fixture->batch.row_count += (*inference)->entry.waiting.row_count;
    }
    execution_run(&fixture->model, &fixture->batch, &fixture->times);
}

static void expect_own_answer(const struct fixture *fixture, size_t i)
{
    const struct infer_response *response = &fixture->calls[i].response;
    EXPECT_OK(fixture->inferences[i]->entry.status);
    assert_string_equal(response->version, "7");
    assert_int_equal(response->output_count, 2);
    for (size_t k = 0; k < 2; k++) {
        const struct galen_tensor *output = &response->outputs[k].tensor;
        const struct galen_tensor *input = &fixture->inputs[i][k];
        assert_string_equal(output->name, output_specs[k].name);
        assert_int_equal(output->shape[0], input->shape[0]);
        assert_int_equal(output->size_bytes, input->size_bytes);
        assert_memory_equal(output->bytes, input->bytes, input->size_bytes);
    }
}

static void expect_failure(const struct fixture *fixture, size_t i,
                           enum galen_status status, const char *text)
{
    EXPECT_STATUS(status, fixture->inferences[i]->entry.status);
    assert_string_equal(fixture->calls[i].error.text, text);
}

/* Clients see a configuration's dimension of 1 that the network does not have, and the
 * outputs that it lists. */
static void network_has_its_own_dimensions_and_outputs(void **state)
{
    struct fixture *fixture = *state;
    static const struct galen_tensor_spec listed[] = {
        {.name = "t", .datatype = GALEN_BYTES, .rank = 2, .shape = {-1, 1}}};
    static const struct galen_tensor_spec seen[] = {
        {.name = "x", .datatype = GALEN_FP32, .rank = 2, .shape = {-1, 2}},
        {.name = "s", .datatype = GALEN_BYTES, .rank = 2, .shape = {-1, 1}}};
    fixture->model.metadata.inputs = seen;
    fixture->model.squeezed_inputs = 2;
    fixture->model.squeezed_outputs = 1;
    fixture->model.metadata.outputs = listed;
    fixture->model.metadata.output_count = 1;
    fixture->inputs[0][1].rank = 2;
    fixture->inputs[0][1].shape[1] = 1;

    run_calls(fixture, 1);

    EXPECT_OK(fixture->inferences[0]->entry.status);
    const struct infer_response *response = &fixture->calls[0].response;
    assert_int_equal(response->output_count, 1);
    assert_string_equal(response->outputs[0].tensor.name, "t");
    assert_int_equal(response->outputs[0].tensor.rank, 2);
    assert_int_equal(response->outputs[0].tensor.shape[1], 1);
}

static void lone_request_is_not_copied(void **state)
{
    struct fixture *fixture = *state;

    run_calls(fixture, 1);

    expect_own_answer(fixture, 0);
    assert_ptr_equal(backend.input_bytes, fixture->x[0]);
    const struct infer_output *output = &fixture->calls[0].response.outputs[0];
    assert_ptr_equal(output->tensor.bytes, blob_data(output->storage));
}

static void joined_requests_run_once_and_get_their_own_rows(void **state)
{
    struct fixture *fixture = *state;
    set_rows(fixture, 1, 2);
    set_rows(fixture, 3, 2);

    run_calls(fixture, CALL_COUNT);

    assert_int_equal(backend.run_count, 1);
    assert_int_equal(backend.row_count, 6);
    for (size_t i = 0; i < CALL_COUNT; i++) {
        expect_own_answer(fixture, i);
    }
}

static void times_of_a_run_add_up_from_when_it_left_the_queue(void **state)
{
    struct fixture *fixture = *state;
    const struct compute_times *times = &fixture->times;
    fixture->batch.left_ns = clock_monotonic_ns();

    run_calls(fixture, 2);

    const uint64_t sum_ns = times->input_ns + times->infer_ns + times->output_ns;
    assert_true(times->input_ns > 0 && times->infer_ns > 0 && times->output_ns > 0);
    assert_true(sum_ns <= clock_monotonic_ns() - fixture->batch.left_ns);
}

static void joining_nothing_takes_no_time(void **state)
{
    struct fixture *fixture = *state;

    run_calls(fixture, 1);

    assert_int_equal(fixture->times.input_ns, 0);
}

static void joined_requests_get_the_outputs_they_wanted(void **state)
{
    struct fixture *fixture = *state;
    static const char *const wanted[] = {"t"};
    fixture->calls[0].request.outputs = wanted;
    fixture->calls[0].request.output_count = 1;

    run_calls(fixture, 2);

    assert_int_equal(backend.run_count, 1);
    assert_int_equal(fixture->calls[0].response.output_count, 1);
    assert_string_equal(fixture->calls[0].response.outputs[0].tensor.name, "t");
    expect_own_answer(fixture, 1);
}

static void one_bad_request_fails_alone(void **state)
{
    struct fixture *fixture = *state;
    backend.dislikes_negative = true;
    fixture->x[2][0] = -1;

    run_calls(fixture, CALL_COUNT);

    assert_int_equal(backend.run_count, 1 + CALL_COUNT);
    expect_own_answer(fixture, 0);
    expect_own_answer(fixture, 1);
    expect_failure(fixture, 2, GALEN_INVALID, "model 'm' version 7: no negative values");
    expect_own_answer(fixture, 3);
}

static void network_without_the_rows_of_its_input_is_internal(void **state)
{
    struct fixture *fixture = *state;
    backend.row_count_more = 1;

    run_calls(fixture, 2);

    for (size_t i = 0; i < 2; i++) {
        expect_failure(fixture, i, GALEN_INTERNAL,
                       "output 'y' of model 'm' does not have the rows of its input");
    }
}

static void model_without_batch_dimension_may_change_the_rows(void **state)
{
    struct fixture *fixture = *state;
    fixture->model.row_count_max = 0;
    backend.row_count_more = 1;

    run_calls(fixture, 1);

    EXPECT_OK(fixture->inferences[0]->entry.status);
    assert_int_equal(fixture->calls[0].response.outputs[0].tensor.shape[0], 2);
}

static void forgotten_output_is_internal(void **state)
{
    struct fixture *fixture = *state;
    backend.forgets_second_output = true;

    run_calls(fixture, 1);

    expect_failure(fixture, 0, GALEN_INTERNAL,
                   "model 'm' version 7 did not give all outputs");
}

static void output_given_twice_is_internal(void **state)
{
    struct fixture *fixture = *state;
    backend.gives_first_twice = true;

    run_calls(fixture, 1);

    expect_failure(fixture, 0, GALEN_INTERNAL,
                   "the network gave an output twice or one that it does not have");
}

static void status_that_backends_do_not_have_is_internal(void **state)
{
    struct fixture *fixture = *state;
    backend.status = GALEN_WRONG_METHOD;

    run_calls(fixture, 1);

    expect_failure(fixture, 0, GALEN_INTERNAL, "model 'm' version 7: internal error");
}

static void full_arena_of_one_fails_that_one(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < 2; i++) {
        struct inference **inference = &fixture->inferences[i];
        EXPECT_OK(model_prepare(&fixture->model, &fixture->calls[i], inference));
        list_append(&fixture->batch.entries, &(*inference)->entry.waiting.link);
    }
    fixture->batch.row_count = 2;
    fixture->arenas[0].size_bytes_max = fixture->arenas[0].size_bytes;
    while (arena_alloc(&fixture->arenas[0], 16) != NULL) {
    }

    execution_run(&fixture->model, &fixture->batch, &fixture->times);

    EXPECT_STATUS(GALEN_NO_MEMORY, fixture->inferences[0]->entry.status);
    expect_own_answer(fixture, 1);
}

/* Runs all calls with the n-th allocation failing; how many calls failed for it. */
static size_t run_with_failure_at(struct fixture *fixture, size_t n)
{
    size_t failed_count = 0;
    for (size_t i = 0; i < CALL_COUNT; i++) {
        struct inference **inference = &fixture->inferences[i];
        EXPECT_OK(model_prepare(&fixture->model, &fixture->calls[i], inference));
        list_append(&fixture->batch.entries, &(*inference)->entry.waiting.link);
    }
    fixture->batch.row_count = CALL_COUNT;
    heap.fail_at = n;
    execution_run(&fixture->model, &fixture->batch, &fixture->times);
    heap.fail_at = 0;
    for (size_t i = 0; i < CALL_COUNT; i++) {
        failed_count += fixture->inferences[i]->entry.status != GALEN_OK;
        if (fixture->inferences[i]->entry.status == GALEN_OK) {
            expect_own_answer(fixture, i);
        }
    }
    return failed_count;
}

static void failed_allocation_costs_one_call_at_most_and_leaks_nothing(void **state)
{
    struct fixture *fixture = *state;
    for (size_t n = 1; n <= 30; n++) {
        assert_true(run_with_failure_at(fixture, n) <= 1);
        (void)tear_down(state);
        assert_int_equal(heap.live_count, 0);
        (void)set_up(state);
    }
}

static void probe_sees_whether_rows_come_back(void **state)
{
    struct fixture *fixture = *state;
    const struct probe two_rows = {.row_count = 2, .length = 1};
    bool denied = true;

    EXPECT_OK(execution_probe(&fixture->model, two_rows, &denied));
    assert_false(denied);
    assert_int_equal(backend.row_count, 2);

    backend.row_count_more = -1;
    EXPECT_OK(execution_probe(&fixture->model, two_rows, &denied));
    assert_true(denied);

    backend.status = GALEN_INVALID;
    EXPECT_STATUS(GALEN_INVALID, execution_probe(&fixture->model, two_rows, &denied));
}

/* Of call 0's inputs, the other way round. */
static struct warm_up_sample make_sample(struct fixture *fixture,
                                         struct galen_tensor *inputs)
{
    inputs[0] = fixture->inputs[0][1];
    inputs[1] = fixture->inputs[0][0];
    return (struct warm_up_sample){.name = "first", .inputs = inputs, .input_count = 2};
}

static void warm_up_runs_what_a_client_would_send(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct galen_tensor inputs[2];
    const struct warm_up_sample sample = make_sample(fixture, inputs);

    EXPECT_OK(execution_warm_up(&fixture->model, &sample, 1, &error));

    assert_int_equal(backend.run_count, 1);
    assert_int_equal(backend.row_count, 1);
    assert_ptr_equal(backend.input_bytes, fixture->x[0]);
}

static void warm_up_joins_requests_and_repeats_runs(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct galen_tensor inputs[2];
    struct warm_up_sample samples[2] = {make_sample(fixture, inputs),
                                        make_sample(fixture, inputs)};
    samples[1].request_count = 5;
    samples[1].run_count = 3;

    EXPECT_OK(execution_warm_up(&fixture->model, samples, 2, &error));

    assert_int_equal(backend.run_count, 4);
    assert_int_equal(backend.row_count, 5);
    assert_int_equal(heap.live_count, 0);
}

static void expect_no_warm_up(struct fixture *fixture, const struct warm_up_sample *sample,
                              enum galen_status status, const char *text)
{
    struct error error;
    EXPECT_STATUS(status, execution_warm_up(&fixture->model, sample, 1, &error));
    assert_string_equal(error.text, text);
}

static void sample_that_does_not_fit_the_model_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct galen_tensor inputs[2];
    struct warm_up_sample sample = make_sample(fixture, inputs);

    sample.request_count = 65;
    expect_no_warm_up(fixture, &sample, GALEN_INVALID,
                      "warm-up 'first': a batch has 64 rows at most");
    fixture->model.row_count_max = 0;
    sample.request_count = 2;
    expect_no_warm_up(fixture, &sample, GALEN_INVALID,
                      "warm-up 'first': the model has no batch dimension");
    inputs[1].datatype = GALEN_INT32;
    expect_no_warm_up(fixture, &sample, GALEN_INVALID,
                      "warm-up 'first': inference input 'x' data-type is 'INT32', but "
                      "model 'm' expects 'FP32'");
    assert_int_equal(backend.run_count, 0);
}

static void warm_up_that_fails_says_which_and_why(void **state)
{
    struct fixture *fixture = *state;
    struct galen_tensor inputs[2];
    struct warm_up_sample sample = make_sample(fixture, inputs);
    sample.request_count = 2;

    backend.row_count_more = 1;
    expect_no_warm_up(fixture, &sample, GALEN_INTERNAL,
                      "warm-up 'first': output 'y' of model 'm' does not have the rows of "
                      "its input");
    backend.status = GALEN_UNAVAILABLE;
    sample.run_count = 9;
    expect_no_warm_up(fixture, &sample, GALEN_UNAVAILABLE,
                      "warm-up 'first': model 'm' version 7: not available now");
    assert_int_equal(backend.run_count, 2);
    assert_int_equal(heap.live_count, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(network_has_its_own_dimensions_and_outputs),
        TEST(lone_request_is_not_copied),
        TEST(joined_requests_run_once_and_get_their_own_rows),
        TEST(times_of_a_run_add_up_from_when_it_left_the_queue),
        TEST(joining_nothing_takes_no_time),
        TEST(joined_requests_get_the_outputs_they_wanted),
        TEST(one_bad_request_fails_alone),
        TEST(network_without_the_rows_of_its_input_is_internal),
        TEST(model_without_batch_dimension_may_change_the_rows),
        TEST(forgotten_output_is_internal),
        TEST(output_given_twice_is_internal),
        TEST(status_that_backends_do_not_have_is_internal),
        TEST(full_arena_of_one_fails_that_one),
        TEST(failed_allocation_costs_one_call_at_most_and_leaks_nothing),
        TEST(probe_sees_whether_rows_come_back),
        TEST(warm_up_runs_what_a_client_would_send),
        TEST(warm_up_joins_requests_and_repeats_runs),
        TEST(sample_that_does_not_fit_the_model_is_refused),
        TEST(warm_up_that_fails_says_which_and_why),
    };
    return cmocka_run_group_tests_name("execution", tests, NULL, NULL);
}
