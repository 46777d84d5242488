/* SPDX-License-Identifier: Apache-2.0 */
#include "infer/validate.h"

#include "expect.h"

static const struct galen_tensor_spec inputs[] = {
    {.name = "INPUT0", .datatype = GALEN_INT32, .rank = 2, .shape = {-1, 4}},
    {.name = "INPUT1", .datatype = GALEN_BYTES, .rank = 2, .shape = {-1, -1}}};
static const struct galen_tensor_spec outputs[] = {
    {.name = "OUTPUT0", .datatype = GALEN_INT32, .rank = 2, .shape = {-1, 4}},
    {.name = "OUTPUT1", .datatype = GALEN_INT32, .rank = 1, .shape = {-1}}};
static const struct v2_model simple = {.name = "simple",
                                       .platform = "none",
                                       .inputs = inputs,
                                       .input_count = 2,
                                       .outputs = outputs,
                                       .output_count = 2};
static const struct infer_rules rules = {.model = &simple, .row_count_max = 8};

static const int32_t integers[16];
static const uint8_t strings[16]; /* four empty ones */

struct fixture {
    struct arena arena;
    struct galen_tensor tensors[3];
    const char *wanted[2];
    struct infer_call call;
    struct infer_plan plan;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){
        .tensors = {{.name = "INPUT0",
                     .datatype = GALEN_INT32,
                     .rank = 2,
                     .shape = {2, 4},
                     .bytes = integers,
                     .size_bytes = 32},
                    {.name = "INPUT1",
                     .datatype = GALEN_BYTES,
                     .rank = 2,
                     .shape = {2, 2},
                     .bytes = strings,
                     .size_bytes = 16}},
        .call = {.request = {.model = "simple", .version = "", .input_count = 2}}};
    fixture.call.request.inputs = fixture.tensors;
    fixture.call.request.outputs = fixture.wanted;
    arena_init(&fixture.arena, 65536);
    fixture.call.arena = &fixture.arena;
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    arena_deinit(&fixture->arena);
    return 0;
}

static enum galen_status validate(struct fixture *fixture)
{
    return infer_validate(&fixture->call, &rules, &fixture->plan);
}

static void expect_invalid(struct fixture *fixture, const char *pointer, const char *text)
{
    EXPECT_STATUS(GALEN_INVALID, validate(fixture));
    assert_string_equal(fixture->call.error.text, text);
    assert_string_equal(fixture->call.error.pointer, pointer);
}

static void inputs_come_in_the_models_order(void **state)
{
    struct fixture *fixture = *state;
    const struct galen_tensor first = fixture->tensors[0];
    fixture->tensors[0] = fixture->tensors[1];
    fixture->tensors[1] = first;

    EXPECT_OK(validate(fixture));

    assert_string_equal(fixture->plan.inputs[0].name, "INPUT0");
    assert_ptr_equal(fixture->plan.inputs[0].bytes, integers);
    assert_string_equal(fixture->plan.inputs[1].name, "INPUT1");
    assert_int_equal(fixture->plan.row_count, 2);
}

static void no_wanted_outputs_are_all(void **state)
{
    struct fixture *fixture = *state;

    EXPECT_OK(validate(fixture));

    assert_int_equal(fixture->plan.wanted_outputs, 3);
}

static void wanted_outputs_are_a_set(void **state)
{
    struct fixture *fixture = *state;
    fixture->wanted[0] = "OUTPUT1";
    fixture->call.request.output_count = 1;

    EXPECT_OK(validate(fixture));

    assert_int_equal(fixture->plan.wanted_outputs, 2);
}

static void wrong_datatype_is_named(void **state)
{
    struct fixture *fixture = *state;
    fixture->tensors[0].datatype = GALEN_FP32;
    expect_invalid(
        fixture, "/inputs/0/datatype",
        "inference input 'INPUT0' data-type is 'FP32', but model 'simple' expects 'INT32'");
}

static void wrong_shape_is_named(void **state)
{
    struct fixture *fixture = *state;
    fixture->tensors[0].shape[1] = 8;
    expect_invalid(
        fixture, "/inputs/0/shape",
        "unexpected shape for input 'INPUT0' for model 'simple'. Expected "
        "[-1,4], got [2,8]. NOTE: Setting a non-zero max_batch_size in the model "
        "config requires a batch dimension to be prepended to each input shape.");
}

static void negative_dimension_is_a_wrong_shape(void **state)
{
    struct fixture *fixture = *state;
    fixture->tensors[1].shape[1] = -1;
    expect_invalid(
        fixture, "/inputs/1/shape",
        "unexpected shape for input 'INPUT1' for model 'simple'. Expected "
        "[-1,-1], got [2,-1]. NOTE: Setting a non-zero max_batch_size in the model "
        "config requires a batch dimension to be prepended to each input shape.");
}

static void rank_beyond_the_maximum_is_a_wrong_shape(void **state)
{
    struct fixture *fixture = *state;
    fixture->tensors[0].rank = UINT32_MAX;
    EXPECT_STATUS(GALEN_INVALID, validate(fixture));
    assert_string_equal(fixture->call.error.pointer, "/inputs/0/shape");
}

static void too_many_rows_are_refused(void **state)
{
    struct fixture *fixture = *state;
    fixture->tensors[0].shape[0] = 9;
    expect_invalid(fixture, "/inputs/0/shape",
                   "inference request batch-size must be <= 8 for 'simple'");
}

static void no_rows_are_refused(void **state)
{
    struct fixture *fixture = *state;
    fixture->tensors[0].shape[0] = 0;
    expect_invalid(fixture, "/inputs/0/shape",
                   "inference request batch-size must be >= 1 for 'simple'");
}

static void inputs_with_different_rows_are_refused(void **state)
{
    struct fixture *fixture = *state;
    fixture->tensors[1].shape[0] = 4;
    fixture->tensors[1].shape[1] = 1;
    expect_invalid(fixture, "/inputs/1/shape",
                   "input 'INPUT1' batch size does not match other inputs for 'simple'");
}

static void bytes_that_do_not_fit_the_shape_are_refused(void **state)
{
    struct fixture *fixture = *state;
    fixture->tensors[1].size_bytes = 15;
    expect_invalid(fixture, "/inputs/1",
                   "input byte size mismatch for input 'INPUT1' for model 'simple'");
}

static void missing_input_is_named(void **state)
{
    struct fixture *fixture = *state;
    fixture->call.request.input_count = 1;
    expect_invalid(fixture, "/inputs",
                   "expected 2 inputs but got 1 inputs for model 'simple'. Got input(s) "
                   "['INPUT0'], but missing required input(s) ['INPUT1']. Please "
                   "provide all required input(s).");
}

static void unexpected_input_is_named(void **state)
{
    struct fixture *fixture = *state;
    fixture->tensors[1].name = "other";
    expect_invalid(fixture, "/inputs/1/name",
                   "unexpected inference input 'other' for model 'simple'");
}

static void name_that_is_no_name_is_not_quoted(void **state)
{
    struct fixture *fixture = *state;
    fixture->tensors[1].name = "Jane Doe, born 1970";
    expect_invalid(fixture, "/inputs/1/name",
                   "unexpected inference input '?' for model 'simple'");
}

static void input_given_twice_is_named(void **state)
{
    struct fixture *fixture = *state;
    fixture->tensors[1] = fixture->tensors[0];
    expect_invalid(fixture, "/inputs/1/name", "input 'INPUT0' already exists in request");
}

static void unexpected_output_is_named(void **state)
{
    struct fixture *fixture = *state;
    fixture->wanted[0] = "ZZ";
    fixture->call.request.output_count = 1;
    expect_invalid(fixture, "/outputs/0/name",
                   "unexpected inference output 'ZZ' for model 'simple'");
}

static void output_wanted_twice_is_named(void **state)
{
    struct fixture *fixture = *state;
    fixture->wanted[0] = "OUTPUT0";
    fixture->wanted[1] = "OUTPUT0";
    fixture->call.request.output_count = 2;
    expect_invalid(fixture, "/outputs/1/name",
                   "output 'OUTPUT0' already exists in request");
}

static void how_classes_are_made_is_noted(void **state)
{
    struct fixture *fixture = *state;
    static const char *const texts[] = {"no", "yes"};
    static const struct infer_labels labels[] = {{"OUTPUT0", texts, 2}};
    struct infer_rules labelled = rules;
    labelled.labels = labels;
    labelled.label_count = 1;
    static const uint64_t counts[] = {2};
    fixture->wanted[0] = "OUTPUT0";
    fixture->call.request.output_count = 1;
    fixture->call.request.class_counts = counts;

    EXPECT_OK(infer_validate(&fixture->call, &labelled, &fixture->plan));

    assert_true(fixture->call.classing.has_rows);
    assert_ptr_equal(fixture->call.classing.labels, labels);
    assert_int_equal(fixture->call.classing.label_count, 1);
}

static void text_cannot_be_wanted_as_classes(void **state)
{
    struct fixture *fixture = *state;
    static const uint64_t counts[] = {2};
    static const struct galen_tensor_spec text = {"OUTPUT0", GALEN_BYTES, 1, {-1}};
    const struct v2_model model = {.name = "simple",
                                   .inputs = inputs,
                                   .input_count = 2,
                                   .outputs = &text,
                                   .output_count = 1};
    const struct infer_rules of_text = {.model = &model};
    fixture->wanted[0] = "OUTPUT0";
    fixture->call.request.output_count = 1;
    fixture->call.request.class_counts = counts;

    EXPECT_STATUS(GALEN_INVALID, infer_validate(&fixture->call, &of_text, &fixture->plan));

    assert_string_equal(fixture->call.error.text,
                        "class result not available for output 'OUTPUT0' due to "
                        "unsupported type 'BYTES'");
    assert_string_equal(fixture->call.error.pointer, "/outputs/0/parameters");
}

static void full_arena_is_no_memory(void **state)
{
    struct fixture *fixture = *state;
    fixture->arena.size_bytes_max = 1;
    EXPECT_STATUS(GALEN_NO_MEMORY, validate(fixture));
}

static void batch_is_there_when_every_tensor_begins_with_any(void **state)
{
    (void)state;
    struct v2_model model = simple;
    assert_true(infer_model_has_batch(&model));
    const struct galen_tensor_spec fixed = {.name = "x", .rank = 1, .shape = {3}};
    model.outputs = &fixed;
    model.output_count = 1;
    assert_false(infer_model_has_batch(&model));
    const struct galen_tensor_spec scalar = {.name = "x"};
    model.outputs = &scalar;
    assert_false(infer_model_has_batch(&model));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(inputs_come_in_the_models_order),
        TEST(no_wanted_outputs_are_all),
        TEST(wanted_outputs_are_a_set),
        TEST(wrong_datatype_is_named),
        TEST(wrong_shape_is_named),
        TEST(negative_dimension_is_a_wrong_shape),
        TEST(rank_beyond_the_maximum_is_a_wrong_shape),
        TEST(too_many_rows_are_refused),
        TEST(no_rows_are_refused),
        TEST(inputs_with_different_rows_are_refused),
        TEST(bytes_that_do_not_fit_the_shape_are_refused),
        TEST(missing_input_is_named),
        TEST(unexpected_input_is_named),
        TEST(name_that_is_no_name_is_not_quoted),
        TEST(input_given_twice_is_named),
        TEST(unexpected_output_is_named),
        TEST(output_wanted_twice_is_named),
        TEST(how_classes_are_made_is_noted),
        TEST(text_cannot_be_wanted_as_classes),
        TEST(full_arena_is_no_memory),
        TEST(batch_is_there_when_every_tensor_begins_with_any),
    };
    return cmocka_run_group_tests_name("validate", tests, NULL, NULL);
}
