/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/identity_spec.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "expect.h"

struct fixture {
    struct arena arena;
    struct galen_model_spec spec;
    struct galen_error error;
};

static int setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.error = {""}};
    arena_init(&fixture.arena, 1 << 20);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    arena_deinit(&((struct fixture *)*state)->arena);
    return 0;
}

static enum galen_status parse(struct fixture *fixture, const char *text)
{
    return identity_spec_parse(bytes_from_string(text), &fixture->arena, &fixture->spec,
                               &fixture->error);
}

static void a_line_is_an_input_and_its_output(void **state)
{
    struct fixture *fixture = *state;

    EXPECT_OK(
        parse(fixture, "# first contact\n\n in\tout FP32 -1,16 # rows of 16\nx y BYTES -"));

    const struct galen_model_spec *spec = &fixture->spec;
    assert_string_equal("galen_identity", spec->platform);
    assert_int_equal(2, spec->input_count);
    assert_int_equal(2, spec->output_count);
    assert_string_equal("in", spec->inputs[0].name);
    assert_string_equal("out", spec->outputs[0].name);
    assert_int_equal(GALEN_FP32, spec->outputs[0].datatype);
    assert_int_equal(2, spec->inputs[0].rank);
    assert_int_equal(GALEN_DIMENSION_ANY, spec->inputs[0].shape[0]);
    assert_int_equal(16, spec->outputs[0].shape[1]);
    assert_string_equal("x", spec->inputs[1].name);
    assert_int_equal(GALEN_BYTES, spec->inputs[1].datatype);
    assert_int_equal(0, spec->inputs[1].rank);
}

static void what_is_wrong_is_named_by_its_line(void **state)
{
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
        {"", "line 0: no tensor"},
        {"\n# nothing\n", "line 2: no tensor"},
        {"a b FP32", "line 1: expected INPUT OUTPUT DATATYPE SHAPE"},
        {"a b FP32 - more", "line 1: expected INPUT OUTPUT DATATYPE SHAPE"},
        {"\na b fp32 -", "line 2: no such datatype"},
        {"a b FP32 -2", "line 1: a dimension is"},
        {"a b FP32 1,", "line 1: a dimension is"},
        {"a b FP32 ,1", "line 1: a dimension is"},
        {"a b FP32 01", "line 1: a dimension is"},
        {"a b FP32 9223372036854775808", "line 1: a dimension is"},
        {"a b FP32 1\r\n", "line 1: a dimension is"},
        {"a b FP32 1,2,3,4,5,6,7,8,9", "line 1: too many dimensions"},
        {"a\x01 b FP32 1", "line 1: a name holds control characters"},
        {"a b\x7F FP32 1", "line 1: a name holds control characters"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        EXPECT_STATUS(GALEN_INVALID, parse(fixture, cases[i].text));
        assert_ptr_equal(fixture->error.text, strstr(fixture->error.text, cases[i].error));
    }
}

static void a_name_ends_where_its_field_does(void **state)
{
    static const uint8_t text[] = "a\0z b FP32 1";
    struct fixture *fixture = *state;

    EXPECT_STATUS(GALEN_INVALID,
                  identity_spec_parse(bytes_of(text, sizeof(text) - 1), &fixture->arena,
                                      &fixture->spec, &fixture->error));
}

static void one_tensor_too_many_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char text[LIMIT_TENSOR_COUNT_MAX * 16 + 16] = "";
    size_t size = 0;
    for (int i = 0; i < LIMIT_TENSOR_COUNT_MAX; i++) {
        size +=
            (size_t)snprintf(text + size, sizeof(text) - size, "i%d o%d INT8 -\n", i, i);
    }
    EXPECT_OK(parse(fixture, text));
    assert_int_equal(LIMIT_TENSOR_COUNT_MAX, fixture->spec.input_count);

    (void)snprintf(text + size, sizeof(text) - size, "x y INT8 -\n");
    EXPECT_STATUS(GALEN_INVALID, parse(fixture, text));
}

static void an_arena_that_is_full_is_no_memory(void **state)
{
    struct fixture *fixture = *state;
    arena_deinit(&fixture->arena);
    arena_init(&fixture->arena, 8192);

    EXPECT_STATUS(GALEN_NO_MEMORY, parse(fixture, "a b FP32 1"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_line_is_an_input_and_its_output),  TEST(what_is_wrong_is_named_by_its_line),
        TEST(a_name_ends_where_its_field_does),   TEST(one_tensor_too_many_is_refused),
        TEST(an_arena_that_is_full_is_no_memory),
    };
    return cmocka_run_group_tests_name("identity_spec", tests, NULL, NULL);
}
