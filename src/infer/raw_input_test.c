/* SPDX-License-Identifier: Apache-2.0 */
#include "infer/raw_input.h"

#include "expect.h"

enum { ARENA_SIZE_BYTES = 4096 };

struct fixture {
    struct arena arena;
    struct galen_tensor_spec specs[2];
    struct v2_model model;
    struct infer_rules rules;
    struct galen_tensor input;
    struct error error;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){
        .specs = {{"image", GALEN_FP32, 3, {GALEN_DIMENSION_ANY, 2, 3}}, {.name = "other"}},
        .model = {.name = "m", .inputs = fixture.specs, .input_count = 1},
        .rules = {.model = &fixture.model, .row_count_max = 8}};
    arena_init(&fixture.arena, ARENA_SIZE_BYTES);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    arena_deinit(&fixture->arena);
    return 0;
}

static enum galen_status resolve(struct fixture *fixture, struct bytes raw)
{
    return infer_raw_input(&fixture->rules, raw, &fixture->arena, &fixture->input,
                           &fixture->error);
}

static void expect_invalid(struct fixture *fixture, struct bytes raw, const char *why)
{
    EXPECT_STATUS(GALEN_INVALID, resolve(fixture, raw));
    assert_non_null(strstr(fixture->error.text, why));
    assert_null(fixture->input.name);
}

static void the_bytes_are_one_row_of_the_only_input(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t raw[24];

    EXPECT_OK(resolve(fixture, bytes_of(raw, sizeof(raw))));

    assert_string_equal("image", fixture->input.name);
    assert_int_equal(GALEN_FP32, fixture->input.datatype);
    assert_int_equal(3, fixture->input.rank);
    assert_memory_equal(((int64_t[]){1, 2, 3}), fixture->input.shape, 3 * sizeof(int64_t));
    assert_ptr_equal(raw, fixture->input.bytes);
    assert_int_equal(sizeof(raw), fixture->input.size_bytes);
}

static void one_dimension_is_as_long_as_there_are_bytes(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t raw[60];
    fixture->specs[0].shape[1] = GALEN_DIMENSION_ANY;

    EXPECT_OK(resolve(fixture, bytes_of(raw, sizeof(raw))));
    assert_memory_equal(((int64_t[]){1, 5, 3}), fixture->input.shape, 3 * sizeof(int64_t));

    EXPECT_OK(resolve(fixture, BYTES_NONE));
    assert_memory_equal(((int64_t[]){1, 0, 3}), fixture->input.shape, 3 * sizeof(int64_t));
}

static void without_rows_the_first_dimension_varies_like_any(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t raw[48];
    fixture->rules.row_count_max = 0;

    EXPECT_OK(resolve(fixture, bytes_of(raw, sizeof(raw))));

    assert_memory_equal(((int64_t[]){2, 2, 3}), fixture->input.shape, 3 * sizeof(int64_t));
}

static void text_gets_its_length_in_front(void **state)
{
    struct fixture *fixture = *state;
    fixture->specs[0] =
        (struct galen_tensor_spec){"text", GALEN_BYTES, 2, {GALEN_DIMENSION_ANY, 1}};

    EXPECT_OK(resolve(fixture, BYTES("ab")));

    assert_int_equal(6, fixture->input.size_bytes);
    assert_memory_equal("\2\0\0\0ab", fixture->input.bytes, 6);
    EXPECT_OK(galen_tensor_check(&fixture->input));
}

static void what_cannot_be_deduced_is_refused(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t raw[24];
    const struct bytes right = bytes_of(raw, sizeof(raw));
    expect_invalid(fixture, bytes_first(right, 20), "20 bytes, but the model takes 24");

    fixture->specs[0].shape[1] = GALEN_DIMENSION_ANY;
    expect_invalid(fixture, bytes_first(right, 20), "takes a multiple of 12");

    fixture->specs[0].shape[2] = GALEN_DIMENSION_ANY;
    expect_invalid(fixture, right, "more than one variable-sized dimension");

    fixture->specs[0] =
        (struct galen_tensor_spec){"text", GALEN_BYTES, 2, {GALEN_DIMENSION_ANY, 2}};
    expect_invalid(fixture, right, "must have input shape [1]");

    fixture->specs[0].shape[1] = GALEN_DIMENSION_ANY;
    expect_invalid(fixture, right, "must have input shape [1]");

    fixture->model.input_count = 2;
    expect_invalid(fixture, right, "got 2 inputs in 'm'");
}

static void memory_may_end(void **state)
{
    struct fixture *fixture = *state;
    fixture->specs[0] = (struct galen_tensor_spec){"text", GALEN_BYTES, 1, {1}};
    fixture->rules.row_count_max = 0;
    arena_deinit(&fixture->arena);
    arena_init(&fixture->arena, 0);
    EXPECT_STATUS(GALEN_NO_MEMORY, resolve(fixture, BYTES("ab")));
}

int main(void)
{
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(the_bytes_are_one_row_of_the_only_input),
        WITH_FIXTURE(one_dimension_is_as_long_as_there_are_bytes),
        WITH_FIXTURE(without_rows_the_first_dimension_varies_like_any),
        WITH_FIXTURE(text_gets_its_length_in_front),
        WITH_FIXTURE(what_cannot_be_deduced_is_refused),
        WITH_FIXTURE(memory_may_end),
    };
    return cmocka_run_group_tests_name("raw_input", tests, NULL, NULL);
}
