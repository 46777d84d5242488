/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of one row, which go through kept values once two rows have shown what the names of
 * sizes mean. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "backend/builtin.h"
#include "backend/memory_sink.h"
#include "base/log.h"
#include "expect.h"

enum { COLUMNS = 16, THREADS = 4, RUNS = 500, OUTPUT_SIZE_MAX = 1 << 16 };

static struct galen_backend *backend;
static struct galen_error error;

static void open_model(const char *path)
{
    char full[128];
    (void)snprintf(full, sizeof(full), "tests/data/%s/1/model.onnx", path);
    const struct galen_open_options options = {.path = full, .thread_count_max = 1};
    EXPECT_OK(galen_backend_open(&onnxruntime_backend, &options, &backend, &error));
}

static int close_model(void **state)
{
    (void)state;
    galen_backend_close(backend);
    return 0;
}

/* So many rows of n and of 1. */
static enum galen_status run_simple(int32_t n, int64_t rows, const bool *wanted,
                                    struct galen_sink *sink)
{
    int32_t a[2 * COLUMNS];
    int32_t b[2 * COLUMNS];
    const size_t size = (size_t)rows * COLUMNS * sizeof(a[0]);
    for (size_t i = 0; i < 2 * (size_t)COLUMNS; i++) {
        a[i] = n;
        b[i] = 1;
    }
    const struct galen_tensor inputs[] = {
        {"INPUT0", GALEN_INT32, 2, {rows, COLUMNS}, a, size},
        {"INPUT1", GALEN_INT32, 2, {rows, COLUMNS}, b, size},
    };
    const struct galen_batch batch = {inputs, 2, wanted};
    return galen_backend_run(backend, &batch, sink, NULL);
}

static bool is_filled(const struct galen_tensor *output, int64_t rows, int32_t value)
{
    bool same = output != NULL && output->rank == 2 && output->shape[0] == rows &&
                output->shape[1] == COLUMNS &&
                output->size_bytes == (size_t)rows * COLUMNS * sizeof(value) &&
                (uintptr_t)output->bytes % 64 == 0;
    for (int64_t i = 0; i < rows * COLUMNS && same; i++) {
        same = ((const int32_t *)output->bytes)[i] == value;
    }
    return same;
}

static bool answers(struct memory_sink *sink, int32_t n, int64_t rows)
{
    const bool is_right = run_simple(n, rows, NULL, &sink->base) == GALEN_OK &&
                          sink->output_count == 2 &&
                          is_filled(memory_sink_find(sink, "OUTPUT0"), rows, n + 1) &&
                          is_filled(memory_sink_find(sink, "OUTPUT1"), rows, n - 1);
    memory_sink_clear(sink);
    return is_right;
}

static void rows_of_different_values_do_not_mix(void **state)
{
    (void)state;
    struct memory_sink sink;
    memory_sink_init(&sink, OUTPUT_SIZE_MAX);
    open_model("models/simple");
    assert_true(answers(&sink, 3, 2));

    for (int32_t i = 0; i < 10; i++) {
        assert_true(answers(&sink, i * 1000, 1));
        assert_true(answers(&sink, i * 10, 1 + i % 2));
    }
    memory_sink_deinit(&sink);
}

static void one_output_of_a_row_may_be_wanted(void **state)
{
    (void)state;
    const bool wanted[] = {false, true};
    struct memory_sink sink;
    memory_sink_init(&sink, OUTPUT_SIZE_MAX);
    open_model("models/simple");
    assert_true(answers(&sink, 3, 2));
    assert_true(answers(&sink, 4, 1));

    EXPECT_OK(run_simple(7, 1, wanted, &sink.base));

    assert_int_equal(1, sink.output_count);
    assert_true(is_filled(memory_sink_find(&sink, "OUTPUT1"), 1, 6));
    memory_sink_deinit(&sink);
}

static enum galen_status refuse_output(struct galen_sink *sink,
                                       const struct galen_tensor *meta, void **out_bytes)
{
    (void)sink, (void)meta, (void)out_bytes;
    return GALEN_TOO_LARGE;
}

static void a_row_that_the_sink_refuses_spoils_none_after_it(void **state)
{
    (void)state;
    struct galen_sink refusing = {refuse_output};
    struct memory_sink sink;
    memory_sink_init(&sink, OUTPUT_SIZE_MAX);
    open_model("models/simple");
    assert_true(answers(&sink, 3, 2));
    assert_true(answers(&sink, 4, 1));

    EXPECT_STATUS(GALEN_TOO_LARGE, run_simple(5, 1, NULL, &refusing));

    assert_true(answers(&sink, 6, 1));
    memory_sink_deinit(&sink);
}

static enum galen_status run_misnamed(float value, int64_t rows, struct memory_sink *sink)
{
    const float values[] = {value, value};
    const struct galen_tensor input = {"INPUT0", GALEN_FP32, 1,
                                       {rows},   values,     (size_t)rows * sizeof(value)};
    const struct galen_batch batch = {&input, 1, NULL};
    memory_sink_clear(sink);
    return galen_backend_run(backend, &batch, &sink->base, &error);
}

static void a_row_whose_output_is_not_one_is_refused_once_and_then_copied(void **state)
{
    (void)state;
    struct memory_sink sink;
    memory_sink_init(&sink, OUTPUT_SIZE_MAX);
    open_model("odd/misnamed");
    EXPECT_OK(run_misnamed(0, 2, &sink));
    EXPECT_OK(run_misnamed(0, 1, &sink));

    EXPECT_STATUS(GALEN_INTERNAL, run_misnamed(5, 1, &sink));
    assert_non_null(strstr(error.text, "is not what the network declares"));
    assert_int_equal(0, sink.output_count);

    EXPECT_OK(run_misnamed(5, 1, &sink));
    assert_int_equal(0, sink.outputs[0].shape[0]);
    memory_sink_deinit(&sink);
}

struct runner {
    pthread_t thread;
    int32_t seed;
    bool all_right;
};

static void *run_often(void *argument)
{
    struct runner *runner = argument;
    struct memory_sink sink;
    memory_sink_init(&sink, OUTPUT_SIZE_MAX);
    runner->all_right = true;
    for (int32_t i = 0; i < RUNS; i++) {
        runner->all_right =
            runner->all_right && answers(&sink, runner->seed * 10000 + i, 1 + (i % 8 == 7));
    }
    memory_sink_deinit(&sink);
    return NULL;
}

static void rows_at_the_same_time_do_not_mix(void **state)
{
    (void)state;
    struct runner runners[THREADS];
    open_model("models/simple");
    for (int32_t i = 0; i < THREADS; i++) {
        runners[i] = (struct runner){.seed = i + 1};
        assert_int_equal(0,
                         pthread_create(&runners[i].thread, NULL, run_often, &runners[i]));
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(0, pthread_join(runners[i].thread, NULL));
        assert_true(runners[i].all_right);
    }
}

int main(void)
{
#define TEST(function) cmocka_unit_test_teardown(function, close_model)
    const struct CMUnitTest tests[] = {
        TEST(rows_of_different_values_do_not_mix),
        TEST(one_output_of_a_row_may_be_wanted),
        TEST(a_row_that_the_sink_refuses_spoils_none_after_it),
        TEST(a_row_whose_output_is_not_one_is_refused_once_and_then_copied),
        TEST(rows_at_the_same_time_do_not_mix),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests_name("onnxruntime_lane", tests, NULL, NULL);
}
