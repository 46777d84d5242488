/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/warm_up.h"

#include <string.h>

#include "base/limits.h"
#include "expect.h"

/* A backend that writes down how it was run. */
struct recorder {
    struct galen_backend base;
    struct galen_model_spec spec;
    unsigned run_count;
    int64_t shape[2];
    size_t size_bytes;
    bool all_zero;
};

static const struct galen_model_spec *recorder_describe(const struct galen_backend *backend)
{
    return &((const struct recorder *)backend)->spec;
}

static enum galen_status recorder_run(struct galen_backend *backend,
                                      const struct galen_batch *batch,
                                      struct galen_sink *sink,
                                      struct galen_error *out_error)
{
    struct recorder *recorder = (struct recorder *)backend;
    const struct galen_tensor *input = &batch->inputs[0];
    const uint8_t *bytes = input->bytes;
    (void)sink;
    recorder->run_count++;
    recorder->size_bytes = input->size_bytes;
    recorder->all_zero = true;
    memcpy(recorder->shape, input->shape, sizeof(recorder->shape));
    for (size_t i = 0; i < input->size_bytes; i++) {
        recorder->all_zero = recorder->all_zero && bytes[i] == 0;
    }
    return galen_error_set(out_error, GALEN_INVALID, "zeros are not for me");
}

static const struct galen_backend_ops recorder_ops = {
    .describe = recorder_describe,
    .run = recorder_run,
};

static struct recorder warmed_up(const struct galen_tensor_spec *input)
{
    struct recorder recorder = {
        .base = {&recorder_ops},
        .spec = {"recorder", input, 1, input, 1},
    };
    warm_up(&recorder.base);
    return recorder;
}

static void dimensions_that_vary_are_one(void **state)
{
    (void)state;
    const struct galen_tensor_spec input = {"x", GALEN_INT64, 2, {GALEN_DIMENSION_ANY, 5}};

    const struct recorder recorder = warmed_up(&input);

    assert_int_equal(1, recorder.run_count);
    assert_int_equal(1, recorder.shape[0]);
    assert_int_equal(5, recorder.shape[1]);
    assert_int_equal(40, recorder.size_bytes);
    assert_true(recorder.all_zero);
}

static void bytes_are_empty_elements(void **state)
{
    (void)state;
    const struct galen_tensor_spec input = {"x", GALEN_BYTES, 2, {3, GALEN_DIMENSION_ANY}};

    const struct recorder recorder = warmed_up(&input);

    assert_int_equal(1, recorder.run_count);
    assert_int_equal(12, recorder.size_bytes);
}

static void an_input_beyond_the_limit_is_not_tried(void **state)
{
    (void)state;
    struct galen_tensor_spec input = {"x", GALEN_FP64, 2, {1, LIMIT_TENSOR_SIZE_BYTES_MAX}};

    assert_int_equal(0, warmed_up(&input).run_count);
    input.shape[0] = INT64_MAX;
    assert_int_equal(0, warmed_up(&input).run_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dimensions_that_vary_are_one),
        cmocka_unit_test(bytes_are_empty_elements),
        cmocka_unit_test(an_input_beyond_the_limit_is_not_tried),
    };
    return cmocka_run_group_tests_name("warm_up", tests, NULL, NULL);
}
