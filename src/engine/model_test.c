/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model.h"

#include "backend/builtin.h"
#include "base/clock.h"
#include "expect.h"
#include "scratch.h"

/* A network that gives one row, however many go in: the sum of x. */
static const struct galen_tensor_spec sum_input = {
    .name = "x", .datatype = GALEN_INT32, .rank = 1, .shape = {-1}};
static const struct galen_tensor_spec sum_output = {
    .name = "sum", .datatype = GALEN_INT32, .rank = 1, .shape = {-1}};
static const struct galen_model_spec sum_spec = {.platform = "sum",
                                                 .inputs = &sum_input,
                                                 .input_count = 1,
                                                 .outputs = &sum_output,
                                                 .output_count = 1};

static enum galen_status sum_open(const struct galen_open_options *options,
                                  struct galen_backend **out_backend,
                                  struct galen_error *out_error)
{
    static struct galen_backend backend;
    (void)options;
    (void)out_error;
    *out_backend = &backend;
    return GALEN_OK;
}

static const struct galen_model_spec *sum_describe(const struct galen_backend *backend)
{
    (void)backend;
    return &sum_spec;
}

static enum galen_status sum_run(struct galen_backend *backend,
                                 const struct galen_batch *batch, struct galen_sink *sink,
                                 struct galen_error *out_error)
{
    const int32_t *values = batch->inputs[0].bytes;
    const struct galen_tensor meta = {
        .name = "sum", .datatype = GALEN_INT32, .rank = 1, .shape = {1}, .size_bytes = 4};
    void *bytes;
    int32_t sum = 0;
    (void)backend;
    (void)out_error;
    for (int64_t i = 0; i < batch->inputs[0].shape[0]; i++) {
        sum += values[i];
    }
    TRY(galen_sink_output(sink, &meta, &bytes));
    memcpy(bytes, &sum, sizeof(sum));
    return GALEN_OK;
}

static void sum_close(struct galen_backend *backend)
{
    (void)backend;
}

static const struct galen_backend_ops sum_backend = {.abi = GALEN_BACKEND_ABI,
                                                     .name = "sum",
                                                     .file_name = "model.sum",
                                                     .open = sum_open,
                                                     .describe = sum_describe,
                                                     .run = sum_run,
                                                     .close = sum_close};
static const struct galen_backend_ops *const backends[] = {&sum_backend, &identity_backend,
                                                           NULL};

struct fixture {
    struct scratch scratch;
    struct model *model;
    struct error error;
    uint64_t quick_ns_max;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    scratch_create(&fixture.scratch);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    model_close(fixture->model);
    scratch_remove(&fixture->scratch);
    return 0;
}

static enum galen_status open_model(struct fixture *fixture, const char *file,
                                    const char *text)
{
    const struct model_options options = {.name = "simple",
                                          .version = 3,
                                          .path = fixture->scratch.path,
                                          .backends = backends,
                                          .thread_count = 1,
                                          .row_count_max = 8,
                                          .quick_ns_max = fixture->quick_ns_max};
    scratch_write(&fixture->scratch, file, text);
    return model_open(&options, &fixture->model, &fixture->error);
}

static void file_in_the_folder_chooses_the_backend(void **state)
{
    struct fixture *fixture = *state;

    EXPECT_OK(open_model(fixture, "model.identity", "X Y FP32 -1,2\n"));

    assert_string_equal(fixture->model->name, "simple");
    assert_string_equal(fixture->model->version, "3");
    assert_string_equal(fixture->model->metadata.inputs[0].name, "X");
    assert_string_equal(fixture->model->metadata.outputs[0].name, "Y");
    assert_int_equal(fixture->model->row_count_max, 8);
}

static void folder_without_a_known_file_is_not_found(void **state)
{
    struct fixture *fixture = *state;

    EXPECT_STATUS(GALEN_NOT_FOUND, open_model(fixture, "model.unknown", ""));

    assert_string_equal(
        fixture->error.text,
        "model 'simple' version 3: its folder has none of: model.sum, model.identity");
    assert_null(fixture->model);
}

static void broken_file_is_named_with_its_reason(void **state)
{
    struct fixture *fixture = *state;

    EXPECT_STATUS(GALEN_INVALID, open_model(fixture, "model.identity", "X Y NONSENSE 1\n"));

    assert_non_null(strstr(fixture->error.text, "model 'simple' version 3: identity: "));
    assert_null(fixture->model);
}

static void fixed_first_dimension_is_no_batch(void **state)
{
    struct fixture *fixture = *state;
    EXPECT_OK(open_model(fixture, "model.identity", "X Y FP32 4,2\n"));
    assert_int_equal(fixture->model->row_count_max, 0);
}

static void network_that_does_not_keep_the_rows_has_no_batch(void **state)
{
    struct fixture *fixture = *state;
    EXPECT_OK(open_model(fixture, "model.sum", ""));
    assert_int_equal(fixture->model->row_count_max, 0);
}

/* The join key of a request with one FP32 input of this shape. */
static struct bytes join_key(const struct fixture *fixture, struct arena *arena,
                             int64_t row_count, int64_t width)
{
    static const float values[64];
    const struct galen_tensor input = {.name = "X",
                                       .datatype = GALEN_FP32,
                                       .rank = 2,
                                       .shape = {row_count, width},
                                       .bytes = values,
                                       .size_bytes = 4 * (size_t)(row_count * width)};
    struct infer_call call = {.operation = INFER_RUN,
                              .arena = arena,
                              .request = {.model = "simple",
                                          .version = "",
                                          .deadline_ns = 77,
                                          .priority = 3,
                                          .inputs = &input,
                                          .input_count = 1}};
    struct inference *inference = NULL;
    EXPECT_OK(model_prepare(fixture->model, &call, &inference));
    assert_int_equal(inference->entry.waiting.row_count, row_count);
    assert_int_equal(inference->entry.waiting.deadline_ns, 77);
    assert_int_equal(inference->entry.waiting.priority, 3);
    return inference->entry.waiting.join_key;
}

static void requests_alike_but_for_their_rows_can_be_joined(void **state)
{
    struct fixture *fixture = *state;
    struct arena arena;
    arena_init(&arena, 65536);
    EXPECT_OK(open_model(fixture, "model.identity", "X Y FP32 -1,-1\n"));

    const struct bytes key = join_key(fixture, &arena, 1, 5);
    assert_true(bytes_equal(key, join_key(fixture, &arena, 3, 5)));
    assert_false(bytes_equal(key, join_key(fixture, &arena, 1, 6)));

    arena_deinit(&arena);
}

static void fixed_shapes_need_no_key(void **state)
{
    struct fixture *fixture = *state;
    struct arena arena;
    arena_init(&arena, 65536);
    EXPECT_OK(open_model(fixture, "model.identity", "X Y FP32 -1,2\n"));

    assert_int_equal(join_key(fixture, &arena, 2, 2).size, 0);

    arena_deinit(&arena);
}

static void request_as_large_as_the_measured_one_is_quick(void **state)
{
    struct fixture *fixture = *state;
    struct arena arena;
    static const float values[4];
    arena_init(&arena, 65536);
    fixture->quick_ns_max = 10 * NS_PER_S; /* whatever the machine does meanwhile */
    EXPECT_OK(open_model(fixture, "model.identity", "X Y FP32 -1,2\n"));
    assert_int_equal(fixture->model->quick_size_bytes, 8);

    for (int64_t row_count = 1; row_count <= 2; row_count++) {
        const struct galen_tensor input = {.name = "X",
                                           .datatype = GALEN_FP32,
                                           .rank = 2,
                                           .shape = {row_count, 2},
                                           .bytes = values,
                                           .size_bytes = 8 * (size_t)row_count};
        struct infer_call call = {
            .arena = &arena,
            .request = {
                .model = "simple", .version = "", .inputs = &input, .input_count = 1}};
        struct inference *inference = NULL;
        EXPECT_OK(model_prepare(fixture->model, &call, &inference));
        assert_int_equal(inference->is_quick, row_count == 1);
    }
    arena_deinit(&arena);
}

static void rows_are_quick_up_to_the_longest_measured(void **state)
{
    struct fixture *fixture = *state;
    fixture->quick_ns_max = 10 * NS_PER_S;
    EXPECT_OK(open_model(fixture, "model.identity", "X Y FP32 -1,-1\n"));
    assert_int_equal(fixture->model->quick_size_bytes, 512 * sizeof(float));
}

static void slow_model_is_not_quick(void **state)
{
    struct fixture *fixture = *state;
    fixture->quick_ns_max = 1;
    EXPECT_OK(open_model(fixture, "model.identity", "X Y FP32 -1,2\n"));
    assert_int_equal(fixture->model->quick_size_bytes, 0);
}

static void request_that_does_not_fit_is_invalid(void **state)
{
    struct fixture *fixture = *state;
    struct arena arena;
    struct inference *inference = NULL;
    arena_init(&arena, 65536);
    EXPECT_OK(open_model(fixture, "model.identity", "X Y FP32 -1,2\n"));
    struct infer_call call = {.operation = INFER_RUN,
                              .arena = &arena,
                              .request = {.model = "simple", .version = ""}};

    EXPECT_STATUS(GALEN_INVALID, model_prepare(fixture->model, &call, &inference));

    assert_string_equal(call.error.pointer, "/inputs");
    assert_null(inference);
    arena_deinit(&arena);
}

/* The times of a request that has a timeout of its own, beside a model's configuration. */
static struct batcher_entry prepare_with_timeout(struct fixture *fixture,
                                                 struct arena *arena, const char *config)
{
    static const float row[] = {1, 2};
    static const struct galen_tensor input = {.name = "X",
                                              .datatype = GALEN_FP32,
                                              .rank = 2,
                                              .shape = {1, 2},
                                              .bytes = row,
                                              .size_bytes = 8};
    char path[128];
    struct inference *inference = NULL;
    (void)snprintf(path, sizeof(path), "%s/3", fixture->scratch.path);
    scratch_write(&fixture->scratch, "3/model.identity", "X Y FP32 -1,2\n");
    scratch_write(&fixture->scratch, "config.pbtxt", config);
    const struct model_options options = {.name = "simple",
                                          .version = 3,
                                          .path = path,
                                          .backends = backends,
                                          .thread_count = 1,
                                          .row_count_max = 8};
    struct infer_call call = {.operation = INFER_RUN,
                              .arena = arena,
                              .request = {.model = "simple",
                                          .version = "",
                                          .deadline_ns = 70,
                                          .queue_timeout_ns = 20,
                                          .until_ns = 1000,
                                          .inputs = &input,
                                          .input_count = 1}};
    EXPECT_OK(model_open(&options, &fixture->model, &fixture->error));
    EXPECT_OK(model_prepare(fixture->model, &call, &inference));
    return inference->entry.waiting;
}

static void timeout_of_a_request_is_its_deadline(void **state)
{
    struct arena arena;
    arena_init(&arena, 65536);

    const struct batcher_entry entry =
        prepare_with_timeout(*state, &arena, "max_batch_size: 8 dynamic_batching { }");

    assert_int_equal(entry.deadline_ns, 70);
    assert_int_equal(entry.queue_timeout_ns, 0);
    arena_deinit(&arena);
}

static void timeout_of_a_request_is_its_wait_where_the_model_allows_that(void **state)
{
    struct arena arena;
    arena_init(&arena, 65536);

    const struct batcher_entry entry =
        prepare_with_timeout(*state, &arena,
                             "max_batch_size: 8 dynamic_batching { default_queue_policy { "
                             "allow_timeout_override: true } }");

    assert_int_equal(entry.deadline_ns, 1000);
    assert_int_equal(entry.queue_timeout_ns, 20);
    arena_deinit(&arena);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(file_in_the_folder_chooses_the_backend),
        TEST(folder_without_a_known_file_is_not_found),
        TEST(broken_file_is_named_with_its_reason),
        TEST(fixed_first_dimension_is_no_batch),
        TEST(network_that_does_not_keep_the_rows_has_no_batch),
        TEST(requests_alike_but_for_their_rows_can_be_joined),
        TEST(fixed_shapes_need_no_key),
        TEST(request_as_large_as_the_measured_one_is_quick),
        TEST(rows_are_quick_up_to_the_longest_measured),
        TEST(slow_model_is_not_quick),
        TEST(request_that_does_not_fit_is_invalid),
        TEST(timeout_of_a_request_is_its_deadline),
        TEST(timeout_of_a_request_is_its_wait_where_the_model_allows_that),
    };
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
