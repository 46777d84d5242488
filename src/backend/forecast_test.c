/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/forecast.h"

#include "expect.h"

/* ids[batch, tokens], mask[batch, tokens], image[3, 8] give scores[batch, tokens, 5],
 * count[4], open[batch, ?], strange[batch, other], mask itself, and words in BYTES. */
static const struct galen_tensor_spec inputs[] = {
    {"ids", GALEN_INT64, 2, {-1, -1}},
    {"mask", GALEN_INT64, 2, {-1, -1}},
    {"image", GALEN_FP32, 2, {3, 8}},
};
static const struct size_names input_names[] = {
    {{"batch", "tokens"}}, {{"batch", "tokens"}}, {{"", NULL}}};
static const struct galen_tensor_spec outputs[] = {
    {"scores", GALEN_FP32, 3, {-1, -1, 5}}, {"count", GALEN_INT64, 1, {4}},
    {"open", GALEN_FP32, 2, {-1, -1}},      {"strange", GALEN_FP32, 2, {-1, -1}},
    {"mask", GALEN_INT64, 2, {-1, -1}},     {"words", GALEN_BYTES, 1, {-1}},
    {"scalar", GALEN_FP32, 0, {0}},
};
static const struct size_names output_names[] = {
    {{"batch", "tokens", ""}}, {{""}},      {{"batch", ""}}, {{"batch", "other"}},
    {{"batch", "tokens"}},     {{"batch"}}, {{""}},
};
static const struct galen_model_spec spec = {"test", inputs, 3, outputs, 7};

enum { SCORES, COUNT, OPEN, STRANGE, MASK, WORDS, SCALAR };

static struct arena arena;
static struct forecast forecast;
static struct galen_tensor given[3];
static struct galen_tensor meta;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 16);
    EXPECT_OK(forecast_init(&forecast, &spec, input_names, output_names, &arena));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static void give(int64_t batch, int64_t tokens)
{
    given[0] = (struct galen_tensor){"ids", GALEN_INT64, 2, {batch, tokens}, NULL, 0};
    given[1] = given[0];
    given[2] = (struct galen_tensor){"image", GALEN_FP32, 2, {3, 8}, NULL, 0};
}

/* A run with these sizes gave scores of these. */
static void show(int64_t batch, int64_t tokens, int64_t rows, int64_t columns)
{
    const struct galen_tensor scores = {"scores",           GALEN_FP32, 3,
                                        {rows, columns, 5}, NULL,       0};
    give(batch, tokens);
    forecast_learn(&forecast, given, SCORES, &scores);
}

static bool foretells(size_t index)
{
    return forecast_output(&forecast, given, index, &meta);
}

static void fixed_sizes_need_no_run(void **state)
{
    (void)state;
    give(2, 7);

    assert_true(foretells(COUNT));

    assert_string_equal("count", meta.name);
    assert_int_equal(GALEN_INT64, meta.datatype);
    assert_int_equal(1, meta.rank);
    assert_int_equal(4, meta.shape[0]);
    assert_int_equal(32, meta.size_bytes);
}

static void names_count_once_a_run_has_shown_them(void **state)
{
    (void)state;
    give(2, 7);
    assert_false(foretells(SCORES));

    show(2, 7, 2, 7);

    give(3, 9);
    assert_true(foretells(SCORES));
    assert_int_equal(3, meta.shape[0]);
    assert_int_equal(9, meta.shape[1]);
    assert_int_equal(5, meta.shape[2]);
    assert_int_equal(3 * 9 * 5 * 4, meta.size_bytes);
}

static void a_size_of_one_or_none_shows_nothing(void **state)
{
    (void)state;
    show(1, 7, 1, 7);
    assert_false(foretells(SCORES));
    show(0, 7, 0, 7);
    assert_false(foretells(SCORES));

    show(2, 1, 2, 1);

    assert_true(foretells(SCORES));
}

static void an_output_that_came_otherwise_is_never_foretold(void **state)
{
    (void)state;
    show(2, 7, 2, 6);
    show(2, 7, 2, 7);

    assert_false(foretells(SCORES));
}

static void an_output_that_is_refuted_is_not_foretold_again(void **state)
{
    (void)state;
    show(2, 7, 2, 7);
    assert_true(foretells(SCORES));

    forecast_refute(&forecast, SCORES);

    assert_false(foretells(SCORES));
    show(2, 7, 2, 7);
    assert_false(foretells(SCORES));
}

static void what_inputs_do_not_say_is_not_foretold(void **state)
{
    (void)state;
    for (size_t index = OPEN; index <= SCALAR; index++) {
        give(2, 7);
        const struct galen_tensor output = {
            outputs[index].name, GALEN_FP32, outputs[index].rank, {2, 7}, NULL, 0};
        forecast_learn(&forecast, given, index, &output);
        assert_false(foretells(index));
    }
}

static void inputs_that_disagree_on_a_name_have_no_forecast(void **state)
{
    (void)state;
    give(2, 7);
    assert_true(forecast_applies(&forecast, given));

    given[1].shape[1] = 8;

    assert_false(forecast_applies(&forecast, given));
}

static void sizes_that_overflow_are_not_foretold(void **state)
{
    (void)state;
    show(2, 7, 2, 7);

    give(INT64_C(1) << 40, INT64_C(1) << 40);
    assert_false(foretells(SCORES));
    give(INT64_C(1) << 30, INT64_C(1) << 30);
    assert_false(foretells(SCORES));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(fixed_sizes_need_no_run),
        TEST(names_count_once_a_run_has_shown_them),
        TEST(a_size_of_one_or_none_shows_nothing),
        TEST(an_output_that_came_otherwise_is_never_foretold),
        TEST(an_output_that_is_refuted_is_not_foretold_again),
        TEST(what_inputs_do_not_say_is_not_foretold),
        TEST(inputs_that_disagree_on_a_name_have_no_forecast),
        TEST(sizes_that_overflow_are_not_foretold),
    };
    return cmocka_run_group_tests_name("forecast", tests, NULL, NULL);
}
