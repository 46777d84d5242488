/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/vector.h"

#include <math.h>

#include "expect.h"

static const struct contract_unit months[] = {{"mo", 1.0 / 12}};
static const struct contract_feature features[] = {
    {.name = "age", .unit = "a", .units = months, .unit_count = 1, .min = 0, .max = 120},
    {.name = "weight/kg",
     .unit = "kg",
     .min = 1,
     .max = 400,
     .missing = MISSING_REPLACE,
     .missing_value = 70},
    {.name = "level", .unit = "1", .min = -INFINITY, .max = INFINITY},
    {.name = "dose", .unit = "1", .max = 2, .missing = MISSING_REPLACE},
};
static const struct contract contract = {
    .input = {"features", GALEN_FP32},
    .features = features,
    .feature_count = 4,
};

struct fixture {
    struct arena arena;
    struct vector vector;
    struct error error;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    arena_init(&fixture.arena, 1 << 20);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    arena_deinit(&((struct fixture *)*state)->arena);
    return 0;
}

static enum galen_status read_text(struct fixture *fixture, const char *text)
{
    return vector_from_json(&contract, phi_hide(bytes_from_string(text)), &fixture->arena,
                            &fixture->vector, &fixture->error);
}

static void expect_values(const struct fixture *fixture, float a, float b, float c)
{
    const float expected[] = {a, b, c, 0};
    assert_int_equal(fixture->vector.tensor.size_bytes, sizeof(expected));
    assert_memory_equal(fixture->vector.tensor.bytes, expected, sizeof(expected));
}

static void features_come_in_the_contracts_order_whatever_the_clients(void **state)
{
    struct fixture *fixture = *state;

    EXPECT_OK(
        read_text(fixture, "{\"level\":-2.5,\"age\":40,\"weight/kg\":81.25,\"dose\":0}"));

    expect_values(fixture, 40, 81.25F, -2.5F);
    assert_string_equal(fixture->vector.tensor.name, "features");
    assert_int_equal(fixture->vector.tensor.rank, 2);
    assert_int_equal(fixture->vector.tensor.shape[0], 1);
    assert_int_equal(fixture->vector.tensor.shape[1], 4);
    assert_int_equal(fixture->vector.replaced_count, 0);
}

static void another_unit_of_the_contract_is_converted(void **state)
{
    struct fixture *fixture = *state;

    EXPECT_OK(read_text(fixture,
                        "{\"age\":{\"value\":18,\"unit\":\"mo\"},\"level\":"
                        "{\"value\":1,\"unit\":\"1\"},\"weight/kg\":1,\"dose\":0}"));

    expect_values(fixture, 1.5F, 1, 1);
}

static void missing_value_is_replaced_where_the_contract_says_so(void **state)
{
    struct fixture *fixture = *state;

    EXPECT_OK(read_text(fixture, "{\"age\":1,\"level\":0,\"dose\":0}"));
    expect_values(fixture, 1, 70, 0);
    assert_int_equal(fixture->vector.replaced_count, 1);

    EXPECT_OK(read_text(fixture, "{\"age\":1,\"level\":0,\"weight/kg\":null}"));
    expect_values(fixture, 1, 70, 0);
}

static void what_does_not_meet_the_contract_is_named_by_its_pointer(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        const char *pointer;
        const char *why;
    } cases[] = {
        {"{\"age\":121,\"level\":0}", "/age", "age: is outside [0, 120] a"},
        {"{\"age\":{\"value\":1500,\"unit\":\"mo\"},\"level\":0}", "/age",
         "age: is outside [0, 120] a"},
        {"{\"age\":1,\"level\":0,\"weight/kg\":0}", "/weight~1kg",
         "weight/kg: is outside [1, 400] kg"},
        {"{\"age\":1,\"level\":0,\"dose\":3}", "/dose", "dose: is outside [0, 2]"},
        {"{\"age\":\"40\",\"level\":0}", "/age", "age: is not a number"},
        {"{\"age\":true,\"level\":0}", "/age", "age: is not a number"},
        {"{\"age\":[1],\"level\":0}", "/age", "age: is not a number"},
        {"{\"level\":0}", "/age", "age: is missing"},
        {"{\"age\":null,\"level\":0}", "/age", "age: is missing"},
        {"{\"age\":1,\"level\":1e39}", "/level",
         "level: does not fit into the tensor's datatype"},
        {"{\"age\":1,\"level\":1e400}", "/level", "level: does not fit into FP64"},
        {"{\"age\":{\"value\":1,\"unit\":\"wk\"},\"level\":0}", "/age",
         "age: the unit is not one that the model takes"},
        {"{\"age\":{\"value\":1},\"level\":0}", "/age",
         "age: a quantity has a number \"value\" and a text \"unit\""},
        {"{\"age\":1,\"level\":0,\"Secret Name\":2}", "",
         "member 2 is no feature of this model"},
        {"[1,2,3]", "", "is not an object of features"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        EXPECT_STATUS(GALEN_UNPROCESSABLE, read_text(fixture, cases[i].text));
        assert_string_equal(fixture->error.text, cases[i].why);
        assert_string_equal(fixture->error.pointer, cases[i].pointer);
    }
}

static void text_that_is_not_json_is_refused(void **state)
{
    struct fixture *fixture = *state;
    EXPECT_STATUS(GALEN_INVALID, read_text(fixture, "{\"age\":1,\"age\":2,\"level\":0}"));
    EXPECT_STATUS(GALEN_INVALID, read_text(fixture, "{\"age\":1"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(features_come_in_the_contracts_order_whatever_the_clients),
        TEST(another_unit_of_the_contract_is_converted),
        TEST(missing_value_is_replaced_where_the_contract_says_so),
        TEST(what_does_not_meet_the_contract_is_named_by_its_pointer),
        TEST(text_that_is_not_json_is_refused),
    };
    return cmocka_run_group_tests_name("vector", tests, NULL, NULL);
}
