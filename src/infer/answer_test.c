/* SPDX-License-Identifier: Apache-2.0 */
#include "infer/answer.h"

#include "expect.h"

struct fixture {
    struct arena arena;
    struct infer_call call;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.call = {.request = {.model = "simple", .version = ""}}};
    fixture.call.arena = &fixture.arena;
    arena_init(&fixture.arena, 65536);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    infer_call_clear(&fixture->call);
    arena_deinit(&fixture->arena);
    return 0;
}

static void unknown_model_is_refused_in_tritons_words(void **state)
{
    struct fixture *fixture = *state;
    EXPECT_STATUS(GALEN_NOT_FOUND, infer_refuse_unknown(&fixture->call, false));
    assert_string_equal(fixture->call.error.text,
                        "Request for unknown model: 'simple' is not found");
}

static void unknown_version_is_refused_in_tritons_words(void **state)
{
    struct fixture *fixture = *state;
    fixture->call.request.version = "9";
    EXPECT_STATUS(GALEN_NOT_FOUND, infer_refuse_unknown(&fixture->call, true));
    assert_string_equal(fixture->call.error.text,
                        "Request for unknown model: 'simple' version 9 is not found");
}

static void described_model_is_a_deep_copy(void **state)
{
    struct fixture *fixture = *state;
    char name[] = "simple";
    char input_name[] = "x";
    char version[] = "7";
    const char *versions[] = {version};
    struct galen_tensor_spec input = {.name = input_name, .rank = 1, .shape = {-1}};
    const struct v2_model model = {.name = name,
                                   .platform = "none",
                                   .versions = versions,
                                   .version_count = 1,
                                   .inputs = &input,
                                   .input_count = 1};

    EXPECT_OK(infer_answer_model(&fixture->call, &model));
    name[0] = '!';
    input_name[0] = '!';
    version[0] = '!';
    input.rank = 5;

    const struct v2_model *copy = &fixture->call.response.model;
    assert_string_equal(copy->name, "simple");
    assert_string_equal(copy->versions[0], "7");
    assert_string_equal(copy->inputs[0].name, "x");
    assert_int_equal(copy->inputs[0].rank, 1);
}

static void full_arena_is_no_memory_and_leaks_nothing(void **state)
{
    struct fixture *fixture = *state;
    const struct galen_tensor tensor = {.name = "y"};
    const struct v2_model model = {.name = "simple", .platform = "none"};
    fixture->arena.size_bytes_max = 0;

    EXPECT_STATUS(GALEN_NO_MEMORY,
                  infer_answer_output(&fixture->call, &tensor, blob_create(4, 0)));
    EXPECT_STATUS(GALEN_NO_MEMORY, infer_answer_version(&fixture->call, "1"));
    EXPECT_STATUS(GALEN_NO_MEMORY, infer_answer_model(&fixture->call, &model));
    assert_int_equal(fixture->call.response.output_count, 0);
}

static void output_that_is_wanted_as_classes_becomes_text(void **state)
{
    struct fixture *fixture = *state;
    static const char *const wanted[] = {"p", "q"};
    static const uint64_t class_counts[] = {0, 1};
    const struct galen_tensor tensor = {"q", GALEN_UINT8, 2, {1, 2}, "\1\7", 2};
    static struct infer_output outputs[1];
    fixture->call.request.outputs = wanted;
    fixture->call.request.output_count = 2;
    fixture->call.request.class_counts = class_counts;
    fixture->call.classing.has_rows = true;
    fixture->call.response.outputs = outputs;

    EXPECT_OK(infer_answer_output(&fixture->call, &tensor, blob_create(2, 0)));

    assert_string_equal("q", outputs[0].tensor.name);
    assert_int_equal(GALEN_BYTES, outputs[0].tensor.datatype);
    assert_memory_equal("\3\0\0\0007:1", outputs[0].tensor.bytes, 7);
    assert_ptr_equal(blob_data(outputs[0].storage), outputs[0].tensor.bytes);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unknown_model_is_refused_in_tritons_words),
        TEST(unknown_version_is_refused_in_tritons_words),
        TEST(described_model_is_a_deep_copy),
        TEST(output_that_is_wanted_as_classes_becomes_text),
        TEST(full_arena_is_no_memory_and_leaks_nothing),
    };
    return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
