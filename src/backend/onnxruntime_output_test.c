/* SPDX-License-Identifier: Apache-2.0 */
/* Where outputs go, and what becomes of networks that do not keep to what they declare: on
 * the models of tests/data/odd, made by tests/data/models/make.py. */
#include <stdio.h>
#include <string.h>

#include "backend/builtin.h"
#include "backend/memory_sink.h"
#include "base/log.h"
#include "expect.h"

enum { OUTPUT_SIZE_MAX = 1 << 20 };

static struct galen_backend *backend;
static struct memory_sink sink;
static struct galen_error error;

static void open_model(const char *path)
{
    char full[128];
    (void)snprintf(full, sizeof(full), "tests/data/%s/1/model.onnx", path);
    const struct galen_open_options options = {.path = full, .thread_count_max = 1};
    EXPECT_OK(galen_backend_open(&onnxruntime_backend, &options, &backend, &error));
}

static int set_up(void **state)
{
    (void)state;
    memory_sink_init(&sink, OUTPUT_SIZE_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memory_sink_deinit(&sink);
    galen_backend_close(backend);
    return 0;
}

/* With what came before gone. */
static enum galen_status run(struct galen_tensor input)
{
    const struct galen_batch batch = {&input, 1, NULL};
    memory_sink_clear(&sink);
    return galen_backend_run(backend, &batch, &sink.base, &error);
}

static enum galen_status run_floats(const float *values, int64_t rows, int64_t columns)
{
    return run((struct galen_tensor){"INPUT0",
                                     GALEN_FP32,
                                     columns == 0 ? 1 : 2,
                                     {rows, columns},
                                     values,
                                     (size_t)(rows * (columns == 0 ? 1 : columns)) * 4});
}

static enum galen_status run_indexes(const int64_t *values, int64_t count)
{
    return run((struct galen_tensor){
        "INPUT0", GALEN_INT64, 1, {count}, values, (size_t)count * 8});
}

static void a_known_output_is_asked_for_before_the_network_runs(void **state)
{
    (void)state;
    const int64_t good[] = {2, 0};
    const int64_t bad[] = {0, 77};
    open_model("models/lookup");
    EXPECT_OK(run_indexes(good, 2)); /* shows that the name of the size can be relied on */

    EXPECT_STATUS(GALEN_INVALID, run_indexes(bad, 2));
    assert_int_equal(1, sink.output_count);

    EXPECT_OK(run_indexes(good, 2));
    assert_int_equal(1, sink.output_count);
    assert_true(((const float *)sink.outputs[0].bytes)[0] == 12);
    assert_true(((const float *)sink.outputs[0].bytes)[1] == 10);
}

static void a_size_that_no_run_has_shown_is_not_relied_on(void **state)
{
    (void)state;
    const int64_t bad[] = {0, 77};
    open_model("models/lookup");

    EXPECT_STATUS(GALEN_INVALID, run_indexes(bad, 2));

    assert_int_equal(0, sink.output_count);
}

static void another_shape_than_the_declared_one_is_refused(void **state)
{
    (void)state;
    static const int64_t shapes[][2] = {{3, 3}, {2, 3}, {1, 4}, {0, 2}, {1, 1}};
    const int64_t declared[] = {2, 2};
    open_model("odd/fixed");
    EXPECT_OK(run_indexes(declared, 2));

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        EXPECT_STATUS(GALEN_INTERNAL, run_indexes(shapes[i], 2));
        assert_non_null(strstr(error.text, "is not what the network declares"));
        EXPECT_OK(run_indexes(declared, 2));
        assert_int_equal(16, sink.outputs[0].size_bytes);
    }
}

static void a_name_that_does_not_hold_is_refused_once_and_then_copied(void **state)
{
    (void)state;
    const float zeros[] = {0, 0, 0};
    const float mixed[] = {1, 0, 1};
    open_model("odd/misnamed");
    EXPECT_OK(run_floats(zeros, 3, 0));

    EXPECT_STATUS(GALEN_INTERNAL, run_floats(mixed, 3, 0));
    assert_non_null(strstr(error.text, "is not what the network declares"));

    EXPECT_OK(run_floats(mixed, 3, 0));
    assert_int_equal(1, sink.outputs[0].shape[0]);
    assert_int_equal(1, *(const int64_t *)sink.outputs[0].bytes);
}

static void a_name_that_never_held_is_copied(void **state)
{
    (void)state;
    const float mixed[] = {1, 0, 1};
    open_model("odd/misnamed");

    EXPECT_OK(run_floats(mixed, 3, 0));
    EXPECT_OK(run_floats(mixed, 2, 0));

    assert_int_equal(1, sink.outputs[0].shape[0]);
    assert_int_equal(1, *(const int64_t *)sink.outputs[0].bytes);
}

static void an_output_that_is_an_input_comes_back(void **state)
{
    (void)state;
    const float values[] = {1, 2, 3, 4};
    open_model("odd/through");

    for (int i = 0; i < 3; i++) {
        EXPECT_OK(run_floats(values, 2, 2));
        assert_memory_equal(values, memory_sink_find(&sink, "INPUT0")->bytes, 16);
        assert_true(((const float *)memory_sink_find(&sink, "OUTPUT1")->bytes)[3] == -4);
    }
}

static void a_known_output_may_be_empty(void **state)
{
    (void)state;
    const float values[] = {1, 2, 3, 4};
    open_model("models/identity_fp32");
    EXPECT_OK(run_floats(values, 2, 2));

    EXPECT_OK(run((struct galen_tensor){"INPUT0", GALEN_FP32, 2, {1, 0}, NULL, 0}));

    assert_int_equal(1, sink.output_count);
    assert_int_equal(1, sink.outputs[0].shape[0]);
    assert_int_equal(0, sink.outputs[0].shape[1]);
    assert_int_equal(0, sink.outputs[0].size_bytes);
}

static void a_constant_output_comes_each_time(void **state)
{
    (void)state;
    const float values[] = {1, 2, 3, 4};
    const float constant[] = {5, 6};
    open_model("odd/constant");

    for (int i = 0; i < 3; i++) {
        EXPECT_OK(run_floats(values, 2, 2));
        assert_memory_equal(values, memory_sink_find(&sink, "OUTPUT0")->bytes, 16);
        assert_memory_equal(constant, memory_sink_find(&sink, "OUTPUT1")->bytes, 8);
    }
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_known_output_is_asked_for_before_the_network_runs),
        TEST(a_size_that_no_run_has_shown_is_not_relied_on),
        TEST(another_shape_than_the_declared_one_is_refused),
        TEST(a_name_that_does_not_hold_is_refused_once_and_then_copied),
        TEST(a_name_that_never_held_is_copied),
        TEST(an_output_that_is_an_input_comes_back),
        TEST(a_known_output_may_be_empty),
        TEST(a_constant_output_comes_each_time),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests_name("onnxruntime_output", tests, NULL, NULL);
}
