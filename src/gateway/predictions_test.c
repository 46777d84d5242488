/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/predictions.h"

#include <math.h>

#include "expect.h"

static const char *const labels[] = {"malignant", "benign", "unclear"};
static const struct contract plain = {.labels = labels, .label_count = 3};

static struct galen_tensor row_of(const float *values)
{
    return (struct galen_tensor){.name = "scores",
                                 .datatype = GALEN_FP32,
                                 .rank = 2,
                                 .shape = {1, 3},
                                 .bytes = values,
                                 .size_bytes = 3 * sizeof(float)};
}

static enum galen_status predict(const struct contract *contract, const float *values,
                                 struct arena *arena, struct predictions *out_predictions)
{
    const struct galen_tensor tensor = row_of(values);
    return predictions_from_tensor(contract, &tensor, 1, arena, out_predictions, NULL);
}

static int set_up(void **state)
{
    static struct arena arena;
    arena_init(&arena, 65536);
    *state = &arena;
    return 0;
}

static int tear_down(void **state)
{
    arena_deinit(*state);
    return 0;
}

static void the_best_label_comes_first(void **state)
{
    struct predictions predictions = {0};

    EXPECT_OK(predict(&plain, (float[]){0.2F, 0.7F, 0.1F}, *state, &predictions));

    assert_int_equal(predictions.count, 3);
    assert_string_equal(predictions.items[0].label, "benign");
    assert_true((float)predictions.items[0].score == 0.7F && predictions.are_f32);
    assert_string_equal(predictions.items[2].label, "unclear");
    assert_false(predictions.abstained);
}

static void softmax_and_sigmoid_make_probabilities(void **state)
{
    struct contract contract = plain;
    struct predictions predictions = {0};

    contract.output.activation = ACTIVATION_SOFTMAX;
    EXPECT_OK(predict(&contract, (float[]){1000, 1000, -1000}, *state, &predictions));
    assert_true(fabs(predictions.items[0].score - 0.5) < 1e-12);
    assert_true(fabs(predictions.items[1].score - 0.5) < 1e-12);

    contract.output.activation = ACTIVATION_SIGMOID;
    EXPECT_OK(predict(&contract, (float[]){0, 100, -100}, *state, &predictions));
    assert_true(predictions.items[0].score > 0.999);
    assert_true(fabs(predictions.items[1].score - 0.5) < 1e-12);
}

static void it_abstains_below_the_threshold(void **state)
{
    struct contract contract = plain;
    struct predictions predictions = {0};
    contract.threshold = 0.75;

    EXPECT_OK(predict(&contract, (float[]){0.2F, 0.7F, 0.1F}, *state, &predictions));
    assert_true(predictions.abstained);
    EXPECT_OK(predict(&contract, (float[]){0.2F, 0.75F, 0.05F}, *state, &predictions));
    assert_false(predictions.abstained);
}

static void what_is_no_probability_is_the_upstreams_fault(void **state)
{
    struct predictions predictions = {0};
    EXPECT_STATUS(GALEN_BAD_UPSTREAM,
                  predict(&plain, (float[]){NAN, 0, 1}, *state, &predictions));
    EXPECT_STATUS(GALEN_BAD_UPSTREAM,
                  predict(&plain, (float[]){1.5F, 0, 0}, *state, &predictions));
    EXPECT_STATUS(GALEN_BAD_UPSTREAM,
                  predict(&plain, (float[]){-0.5F, 1, 0}, *state, &predictions));
    EXPECT_STATUS(GALEN_BAD_UPSTREAM,
                  predict(&plain, (float[]){INFINITY, 0, 0}, *state, &predictions));
}

static void rounding_beyond_one_is_cut(void **state)
{
    struct predictions predictions = {0};
    EXPECT_OK(predict(&plain, (float[]){1.0000001F, 0, 0}, *state, &predictions));
    assert_true(predictions.items[0].score == 1);
}

static void another_shape_is_the_upstreams_fault(void **state)
{
    static const float values[6] = {0};
    struct predictions predictions = {0};
    struct galen_tensor two_rows = row_of(values);
    struct galen_tensor integers = row_of(values);
    struct galen_tensor short_row = row_of(values);
    two_rows.shape[0] = 2;
    integers.datatype = GALEN_INT32;
    short_row.size_bytes = 8;
    const struct galen_tensor *const wrong[] = {&two_rows, &integers, &short_row};
    for (size_t i = 0; i < 3; i++) {
        EXPECT_STATUS(
            GALEN_BAD_UPSTREAM,
            predictions_from_tensor(&plain, wrong[i], 1, *state, &predictions, NULL));
    }
}

static struct galen_tensor two_rows_of(const float *values)
{
    struct galen_tensor tensor = row_of(values);
    tensor.shape[0] = 2;
    tensor.size_bytes *= 2;
    return tensor;
}

static void windows_of_a_text_are_merged_as_the_contract_says(void **state)
{
    static const float values[] = {0.5F, 0.3F, 0.2F, 0.1F, 0.9F, 0};
    static const struct {
        enum contract_merge merge;
        const char *label;
        double score;
    } cases[] = {
        {MERGE_CENTER, "benign", 0.6}, /* of which a text has none: the mean */
        {MERGE_MEAN, "benign", 0.6},
        {MERGE_MAX, "benign", 0.9},
        {MERGE_FIRST, "malignant", 0.5},
    };
    const struct galen_tensor tensor = two_rows_of(values);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct contract contract = plain;
        struct predictions predictions = {0};
        contract.text.merge = cases[i].merge;
        EXPECT_OK(
            predictions_from_tensor(&contract, &tensor, 2, *state, &predictions, NULL));
        assert_string_equal(predictions.items[0].label, cases[i].label);
        assert_true(fabs(predictions.items[0].score - cases[i].score) < 1e-6);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_best_label_comes_first),
        TEST(softmax_and_sigmoid_make_probabilities),
        TEST(it_abstains_below_the_threshold),
        TEST(what_is_no_probability_is_the_upstreams_fault),
        TEST(rounding_beyond_one_is_cut),
        TEST(another_shape_is_the_upstreams_fault),
        TEST(windows_of_a_text_are_merged_as_the_contract_says),
    };
    return cmocka_run_group_tests_name("predictions", tests, NULL, NULL);
}
