/* SPDX-License-Identifier: Apache-2.0 */
/* What the conformance test cannot ask of every backend: datatypes, shapes, refusals and
 * failures inside a network, on the models of tests/data/models/make.py. */
#include <stdio.h>
#include <string.h>

#include "backend/builtin.h"
#include "backend/memory_sink.h"
#include "base/log.h"
#include "expect.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) /* GCC */
#define UNDER_SANITIZER
#elif defined(__has_feature) /* clang */
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define UNDER_SANITIZER
#endif
#endif

enum { OUTPUT_SIZE_MAX = 1 << 20 };

static enum galen_status open_model(const char *path, struct galen_backend **out_backend,
                                    struct galen_error *out_error)
{
    char full[256];
    (void)snprintf(full, sizeof(full), "tests/data/%s/1/model.onnx", path);
    const struct galen_open_options options = {.path = full, .thread_count_max = 1};
    return galen_backend_open(&onnxruntime_backend, &options, out_backend, out_error);
}

/* Opens, runs once, closes. */
static enum galen_status run_model(const char *path, const struct galen_tensor *inputs,
                                   size_t input_count, struct memory_sink *sink,
                                   struct galen_error *out_error)
{
    struct galen_backend *backend = NULL;
    const struct galen_batch batch = {inputs, input_count, NULL};
    memory_sink_init(sink, OUTPUT_SIZE_MAX);
    EXPECT_OK(open_model(path, &backend, out_error));
    const enum galen_status status =
        galen_backend_run(backend, &batch, &sink->base, out_error);
    galen_backend_close(backend);
    return status;
}

static void sums_and_differences_are_right(void **state)
{
    (void)state;
    int32_t a[32];
    int32_t b[32];
    struct memory_sink sink;
    struct galen_error error;
    for (int32_t i = 0; i < 32; i++) {
        a[i] = i * 1000;
        b[i] = 7 - i;
    }
    const struct galen_tensor inputs[] = {
        {"INPUT0", GALEN_INT32, 2, {2, 16}, a, sizeof(a)},
        {"INPUT1", GALEN_INT32, 2, {2, 16}, b, sizeof(b)},
    };

    EXPECT_OK(run_model("models/simple", inputs, 2, &sink, &error));

    const int32_t *sum = memory_sink_find(&sink, "OUTPUT0")->bytes;
    const int32_t *difference = memory_sink_find(&sink, "OUTPUT1")->bytes;
    for (int32_t i = 0; i < 32; i++) {
        assert_int_equal(a[i] + b[i], sum[i]);
        assert_int_equal(a[i] - b[i], difference[i]);
    }
    memory_sink_deinit(&sink);
}

/* Two rows of three elements, every byte different but for BOOL. */
static size_t fill(uint8_t *bytes, enum galen_datatype datatype)
{
    static const uint8_t strings[] = "\0\0\0\0"
                                     "\1\0\0\0\0"
                                     "\3\0\0\0a\0b"
                                     "\2\0\0\0\xFF\xFE"
                                     "\0\0\0\0"
                                     "\5\0\0\0\0\0\0\0\0";
    const size_t size = 6 * galen_datatype_size(datatype);
    if (datatype == GALEN_BYTES) {
        memcpy(bytes, strings, sizeof(strings) - 1);
        return sizeof(strings) - 1;
    }
    for (size_t i = 0; i < size; i++) {
        bytes[i] = datatype == GALEN_BOOL ? i % 2 : (uint8_t)(i * 37 + 11);
    }
    return size;
}

static void every_datatype_comes_back_bit_for_bit(void **state)
{
    (void)state;
    static const char *const models[] = {
        [GALEN_BOOL] = "bool",     [GALEN_UINT8] = "uint8",   [GALEN_UINT16] = "uint16",
        [GALEN_UINT32] = "uint32", [GALEN_UINT64] = "uint64", [GALEN_INT8] = "int8",
        [GALEN_INT16] = "int16",   [GALEN_INT32] = "int32",   [GALEN_INT64] = "int64",
        [GALEN_FP16] = "fp16",     [GALEN_BF16] = "bf16",     [GALEN_FP32] = "fp32",
        [GALEN_FP64] = "fp64",     [GALEN_BYTES] = "bytes",
    };
    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
        uint64_t storage[16];
        uint8_t *bytes = (uint8_t *)storage;
        const enum galen_datatype datatype = (enum galen_datatype)i;
        struct memory_sink sink;
        struct galen_error error;
        char path[64];
        (void)snprintf(path, sizeof(path), "models/identity_%s", models[i]);
        const size_t size = fill(bytes, datatype);
        const struct galen_tensor input = {"INPUT0", datatype, 2, {2, 3}, bytes, size};

        EXPECT_OK(run_model(path, &input, 1, &sink, &error));

        assert_int_equal(1, sink.output_count);
        assert_int_equal(datatype, sink.outputs[0].datatype);
        assert_int_equal(2, sink.outputs[0].shape[0]);
        assert_int_equal(3, sink.outputs[0].shape[1]);
        assert_int_equal(size, sink.outputs[0].size_bytes);
        assert_memory_equal(bytes, sink.outputs[0].bytes, size);
        memory_sink_deinit(&sink);
    }
}

static void the_spec_is_what_the_file_says(void **state)
{
    (void)state;
    struct galen_backend *backend = NULL;
    EXPECT_OK(open_model("models/nonzero", &backend, NULL));

    const struct galen_model_spec *spec = galen_backend_describe(backend);

    assert_string_equal("onnxruntime_onnx", spec->platform);
    assert_int_equal(GALEN_FP32, spec->inputs[0].datatype);
    assert_int_equal(2, spec->inputs[0].rank);
    assert_int_equal(GALEN_DIMENSION_ANY, spec->inputs[0].shape[0]);
    assert_int_equal(GALEN_DIMENSION_ANY, spec->inputs[0].shape[1]);
    assert_int_equal(GALEN_INT64, spec->outputs[0].datatype);
    assert_int_equal(2, spec->outputs[0].shape[0]);
    assert_int_equal(GALEN_DIMENSION_ANY, spec->outputs[0].shape[1]);
    galen_backend_close(backend);
}

static void a_scalar_has_no_dimensions(void **state)
{
    (void)state;
    const float value = 2.5F;
    const struct galen_tensor input = {"INPUT0", GALEN_FP32, 0, {0}, &value, sizeof(value)};
    struct memory_sink sink;
    struct galen_error error;

    EXPECT_OK(run_model("models/scalar", &input, 1, &sink, &error));

    assert_int_equal(0, sink.outputs[0].rank);
    assert_int_equal(4, sink.outputs[0].size_bytes);
    assert_true(*(const float *)sink.outputs[0].bytes == -2.5F);
    memory_sink_deinit(&sink);
}

static void the_values_may_decide_the_output_shape(void **state)
{
    (void)state;
    const float values[] = {0, 1, 0, 0, 0, 2, 3, 0};
    const int64_t found[] = {0, 1, 1, 1, 1, 2};
    const struct galen_tensor input = {"INPUT0", GALEN_FP32, 2,
                                       {2, 4},   values,     sizeof(values)};
    struct memory_sink sink;
    struct galen_error error;

    EXPECT_OK(run_model("models/nonzero", &input, 1, &sink, &error));

    assert_int_equal(2, sink.outputs[0].shape[0]);
    assert_int_equal(3, sink.outputs[0].shape[1]);
    assert_memory_equal(found, sink.outputs[0].bytes, sizeof(found));
    memory_sink_deinit(&sink);
}

static void a_sample_without_findings_has_an_empty_output(void **state)
{
    (void)state;
    const float values[] = {0, 0};
    const struct galen_tensor input = {"INPUT0", GALEN_FP32, 2,
                                       {1, 2},   values,     sizeof(values)};
    struct memory_sink sink;
    struct galen_error error;

    EXPECT_OK(run_model("models/nonzero", &input, 1, &sink, &error));

    assert_int_equal(0, sink.outputs[0].shape[1]);
    assert_int_equal(0, sink.outputs[0].size_bytes);
    memory_sink_deinit(&sink);
}

static void a_failing_node_is_named_and_no_value_is(void **state)
{
    (void)state;
    const int64_t indexes[] = {1, 424242};
    const struct galen_tensor input = {"INPUT0", GALEN_INT64, 1,
                                       {2},      indexes,     sizeof(indexes)};
    struct memory_sink sink;
    struct galen_error error;

    EXPECT_STATUS(GALEN_INVALID, run_model("models/lookup", &input, 1, &sink, &error));

    assert_string_equal("the network refused its inputs at Gather node. Name:'embedding'",
                        error.text);
    assert_int_equal(0, sink.output_count);
    memory_sink_deinit(&sink);
}

static void inputs_that_do_not_fit_each_other_are_refused(void **state)
{
    (void)state;
    const int32_t rows[48] = {0};
    const struct galen_tensor inputs[] = {
        {"INPUT0", GALEN_INT32, 2, {3, 16}, rows, sizeof(rows)},
        {"INPUT1", GALEN_INT32, 2, {2, 16}, rows, 128},
    };
    struct memory_sink sink;
    struct galen_error error;

    EXPECT_STATUS(GALEN_INVALID, run_model("models/simple", inputs, 2, &sink, &error));

    assert_null(strchr(error.text, '\n'));
    memory_sink_deinit(&sink);
}

/* Runs `grow` at this size, then at a small one. */
static enum galen_status grow_to(int64_t rows, int64_t columns,
                                 struct galen_error *out_error)
{
    const int64_t size[] = {rows, columns};
    const int64_t small[] = {1, 2};
    struct galen_tensor input = {"INPUT0", GALEN_INT64, 1, {2}, size, sizeof(size)};
    const struct galen_batch batch = {&input, 1, NULL};
    struct galen_backend *backend = NULL;
    struct memory_sink sink;
    memory_sink_init(&sink, OUTPUT_SIZE_MAX);
    EXPECT_OK(open_model("models/grow", &backend, NULL));

    const enum galen_status status =
        galen_backend_run(backend, &batch, &sink.base, out_error);
    assert_int_equal(0, sink.output_count);
    input.bytes = small;
    EXPECT_OK(galen_backend_run(backend, &batch, &sink.base, NULL));
    assert_int_equal(8, sink.outputs[0].size_bytes);

    memory_sink_deinit(&sink);
    galen_backend_close(backend);
    return status;
}

static void a_size_that_overflows_fails_the_run_only(void **state)
{
    (void)state;
    struct galen_error error;

    EXPECT_STATUS(GALEN_INVALID, grow_to(INT64_C(1) << 40, INT64_C(1) << 40, &error));

    assert_string_equal(
        "the network refused its inputs at ConstantOfShape node. Name:'grow'", error.text);
}

static void more_memory_than_there_is_fails_the_run_only(void **state)
{
    (void)state;
    struct galen_error error;
#ifdef UNDER_SANITIZER
    skip(); /* sanitizers end the process where operator new would throw */
#endif
    EXPECT_STATUS(GALEN_NO_MEMORY, grow_to(1 << 24, 1 << 24, &error));

    assert_non_null(strstr(error.text, "more memory"));
}

static void an_output_beyond_the_sink_is_its_failure(void **state)
{
    (void)state;
    const int64_t size[] = {1024, 1024};
    const struct galen_tensor input = {"INPUT0", GALEN_INT64, 1, {2}, size, sizeof(size)};
    struct memory_sink sink;
    struct galen_error error;

    EXPECT_STATUS(GALEN_NO_MEMORY, run_model("models/grow", &input, 1, &sink, &error));

    memory_sink_deinit(&sink);
}

static void what_v2_cannot_express_is_refused_by_name(void **state)
{
    static const struct {
        const char *path;
        const char *error;
    } cases[] = {
        {"refused/sequence", "output 'OUTPUT0' is a sequence"},
        {"refused/optional", "input 'INPUT0' is an optional"},
        {"refused/complex", "complex64"},
        {"refused/rank9", "input 'INPUT0' has 9 dimensions"},
        {"refused/external", "escapes model directory"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct galen_backend *backend = NULL;
        struct galen_error error;

        EXPECT_STATUS(GALEN_INVALID, open_model(cases[i].path, &backend, &error));

        assert_null(backend);
        if (strstr(error.text, cases[i].error) == NULL) {
            fail_msg("%s: %s", cases[i].path, error.text);
        }
    }
}

static void a_model_may_use_more_than_one_thread(void **state)
{
    (void)state;
    const struct galen_open_options options = {.path = "tests/data/models/add/1/model.onnx",
                                               .thread_count_max = 3};
    const float row[16] = {1, 2, 3};
    const struct galen_tensor inputs[] = {
        {"INPUT0", GALEN_FP32, 2, {1, 16}, row, sizeof(row)},
        {"INPUT1", GALEN_FP32, 2, {1, 16}, row, sizeof(row)},
    };
    const struct galen_batch batch = {inputs, 2, NULL};
    struct galen_backend *backend = NULL;
    struct memory_sink sink;
    memory_sink_init(&sink, OUTPUT_SIZE_MAX);
    EXPECT_OK(galen_backend_open(&onnxruntime_backend, &options, &backend, NULL));

    EXPECT_OK(galen_backend_run(backend, &batch, &sink.base, NULL));

    assert_true(((const float *)sink.outputs[0].bytes)[2] == 6);
    memory_sink_deinit(&sink);
    galen_backend_close(backend);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_and_differences_are_right),
        cmocka_unit_test(every_datatype_comes_back_bit_for_bit),
        cmocka_unit_test(the_spec_is_what_the_file_says),
        cmocka_unit_test(a_scalar_has_no_dimensions),
        cmocka_unit_test(the_values_may_decide_the_output_shape),
        cmocka_unit_test(a_sample_without_findings_has_an_empty_output),
        cmocka_unit_test(a_failing_node_is_named_and_no_value_is),
        cmocka_unit_test(inputs_that_do_not_fit_each_other_are_refused),
        cmocka_unit_test(a_size_that_overflows_fails_the_run_only),
        cmocka_unit_test(more_memory_than_there_is_fails_the_run_only),
        cmocka_unit_test(an_output_beyond_the_sink_is_its_failure),
        cmocka_unit_test(what_v2_cannot_express_is_refused_by_name),
        cmocka_unit_test(a_model_may_use_more_than_one_thread),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests_name("onnxruntime", tests, NULL, NULL);
}
