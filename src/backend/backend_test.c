/* SPDX-License-Identifier: Apache-2.0 */
/* The checked calls of galen/backend.h over a backend that breaks its promises. */
#include "galen/backend.h"

#include <string.h>

#include "expect.h"

static const char *const model_file = "tests/data/conformance/model.identity";
static const struct galen_tensor_spec scalar = {"x", GALEN_INT8, 0, {0}};

static struct {
    struct galen_backend base;
    struct galen_model_spec spec;
    unsigned run_count;
    unsigned close_count;
    bool has_error;
} toy;

static enum galen_status toy_open(const struct galen_open_options *options,
                                  struct galen_backend **out_backend,
                                  struct galen_error *out_error)
{
    (void)options;
    toy.has_error = out_error != NULL;
    *out_backend = &toy.base;
    return GALEN_OK;
}

static const struct galen_model_spec *toy_describe(const struct galen_backend *backend)
{
    (void)backend;
    return &toy.spec;
}

static enum galen_status toy_run(struct galen_backend *backend,
                                 const struct galen_batch *batch, struct galen_sink *sink,
                                 struct galen_error *out_error)
{
    (void)backend, (void)batch, (void)sink;
    toy.has_error = out_error != NULL && out_error->text[0] == '\0';
    toy.run_count++;
    return GALEN_OK;
}

static void toy_close(struct galen_backend *backend)
{
    (void)backend;
    toy.close_count++;
}

static const struct galen_backend_ops toy_ops = {
    GALEN_BACKEND_ABI, "toy", "toy.file", toy_open, toy_describe, toy_run, toy_close,
};

static int setup(void **state)
{
    (void)state;
    memset(&toy, 0, sizeof(toy));
    toy.spec = (struct galen_model_spec){"toy", &scalar, 1, &scalar, 1};
    return 0;
}

static enum galen_status open_toy(struct galen_backend **out_backend,
                                  struct galen_error *out_error)
{
    const struct galen_open_options options = {.path = model_file, .thread_count_max = 1};
    return galen_backend_open(&toy_ops, &options, out_backend, out_error);
}

static void opening_runs_the_model_once(void **state)
{
    (void)state;
    struct galen_backend *backend = NULL;

    EXPECT_OK(open_toy(&backend, NULL));

    assert_ptr_equal(&toy.base, backend);
    assert_ptr_equal(&toy_ops, backend->ops);
    assert_int_equal(1, toy.run_count);
    galen_backend_close(backend);
    assert_int_equal(1, toy.close_count);
}

static void a_spec_beyond_the_limits_closes_the_backend_again(void **state)
{
    (void)state;
    struct galen_backend *backend = NULL;
    struct galen_error error;
    toy.spec.input_count = 0;

    EXPECT_STATUS(GALEN_INVALID, open_toy(&backend, &error));

    assert_null(backend);
    assert_int_equal(1, toy.close_count);
    assert_int_equal(0, toy.run_count);
    assert_true(strlen(error.text) > 0);
}

static void a_backend_always_has_a_place_for_its_error(void **state)
{
    (void)state;
    const uint8_t byte = 0;
    const struct galen_tensor input = {"x", GALEN_INT8, 0, {0}, &byte, 1};
    const struct galen_batch batch = {&input, 1, NULL};
    struct galen_backend *backend = NULL;
    EXPECT_OK(open_toy(&backend, NULL));
    assert_true(toy.has_error);
    toy.has_error = false;

    EXPECT_OK(galen_backend_run(backend, &batch, NULL, NULL));

    assert_true(toy.has_error);
    galen_backend_close(backend);
}

static void nothing_runs_when_nothing_is_wanted(void **state)
{
    (void)state;
    const uint8_t byte = 0;
    const bool wanted = false;
    const struct galen_tensor input = {"x", GALEN_INT8, 0, {0}, &byte, 1};
    const struct galen_batch batch = {&input, 1, &wanted};
    struct galen_backend *backend = NULL;
    EXPECT_OK(open_toy(&backend, NULL));

    EXPECT_OK(galen_backend_run(backend, &batch, NULL, NULL));

    assert_int_equal(1, toy.run_count); /* the one of opening */
    galen_backend_close(backend);
}

static void closing_nothing_is_allowed(void **state)
{
    (void)state;
    galen_backend_close(NULL);
    assert_int_equal(0, toy.close_count);
}

static void long_details_are_cut_at_a_character(void **state)
{
    (void)state;
    struct galen_error error;
    char text[sizeof(error.text) + 8];
    memset(text, 'x', sizeof(text));
    memcpy(text + sizeof(error.text) - 2, "\xC3\xA9", 3);

    EXPECT_STATUS(GALEN_INVALID, galen_error_set(&error, GALEN_INVALID, "%s", text));

    assert_int_equal(sizeof(error.text) - 2, strlen(error.text));
    EXPECT_STATUS(GALEN_BUSY, galen_error_set(NULL, GALEN_BUSY, "nobody reads this"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(opening_runs_the_model_once, setup),
        cmocka_unit_test_setup(a_spec_beyond_the_limits_closes_the_backend_again, setup),
        cmocka_unit_test_setup(a_backend_always_has_a_place_for_its_error, setup),
        cmocka_unit_test_setup(nothing_runs_when_nothing_is_wanted, setup),
        cmocka_unit_test_setup(closing_nothing_is_allowed, setup),
        cmocka_unit_test_setup(long_details_are_cut_at_a_character, setup),
    };
    return cmocka_run_group_tests_name("backend", tests, NULL, NULL);
}
