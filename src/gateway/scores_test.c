/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/scores.h"

#include <math.h>

#include "expect.h"

static const char *const labels[] = {"a", "b"};
static const struct contract plain = {.labels = labels, .label_count = 2};
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 65536);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static void rows_are_read_in_either_precision(void **state)
{
    (void)state;
    static const float singles[] = {0.25F, 0.75F, 0.5F, 0.125F};
    static const double doubles[] = {0.25, 0.75, 0.5, 0.125};
    struct galen_tensor tensor = {.name = "scores",
                                  .datatype = GALEN_FP32,
                                  .rank = 3,
                                  .shape = {1, 2, 2},
                                  .bytes = singles,
                                  .size_bytes = sizeof(singles)};
    double row[2];

    EXPECT_OK(scores_check(&plain, &tensor, 3, NULL));
    EXPECT_OK(scores_read(&plain, &tensor, 1, row, NULL));
    assert_true(row[0] == 0.5 && row[1] == 0.125);

    tensor.datatype = GALEN_FP64;
    tensor.bytes = doubles;
    tensor.size_bytes = sizeof(doubles);
    EXPECT_OK(scores_check(&plain, &tensor, 3, NULL));
    EXPECT_OK(scores_read(&plain, &tensor, 0, row, NULL));
    assert_true(row[0] == 0.25 && row[1] == 0.75);
}

static void scores_may_stand_at_any_address(void **state)
{
    (void)state;
    static const float values[] = {0.25F, 0.75F};
    uint8_t shifted[sizeof(values) + 1];
    double row[2];
    memcpy(shifted + 1, values, sizeof(values));
    const struct galen_tensor tensor = {.name = "scores",
                                        .datatype = GALEN_FP32,
                                        .rank = 2,
                                        .shape = {1, 2},
                                        .bytes = shifted + 1,
                                        .size_bytes = sizeof(values)};

    EXPECT_OK(scores_read(&plain, &tensor, 0, row, NULL));

    assert_true(row[0] == 0.25 && row[1] == 0.75);
}

static enum galen_status activate(enum contract_activation activation, float first,
                                  float second, double *out_row)
{
    const float values[] = {first, second};
    const struct contract contract = {
        .labels = labels, .label_count = 2, .output.activation = activation};
    const struct galen_tensor tensor = {.name = "scores",
                                        .datatype = GALEN_FP32,
                                        .rank = 2,
                                        .shape = {1, 2},
                                        .bytes = values,
                                        .size_bytes = sizeof(values)};
    return scores_read(&contract, &tensor, 0, out_row, NULL);
}

static void activations_make_probabilities(void **state)
{
    (void)state;
    double row[2];
    EXPECT_OK(activate(ACTIVATION_SOFTMAX, 1001, 1000, row));
    assert_true(fabs(row[0] - 0.7310586) < 1e-7 && fabs(row[0] + row[1] - 1) < 1e-12);
    EXPECT_OK(activate(ACTIVATION_SOFTMAX, 0, -INFINITY, row));
    assert_true(row[0] == 1 && row[1] == 0);
    EXPECT_OK(activate(ACTIVATION_SIGMOID, 1, -1000, row));
    assert_true(fabs(row[0] - 0.7310586) < 1e-7 && row[1] == 0);
    EXPECT_OK(activate(ACTIVATION_NONE, -1e-7F, 1.0000001F, row));
    assert_true(row[0] == 0 && row[1] == 1);
}

static void what_is_no_probability_is_refused(void **state)
{
    (void)state;
    double row[2];
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, activate(ACTIVATION_SOFTMAX, NAN, 0, row));
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, activate(ACTIVATION_SOFTMAX, 0, INFINITY, row));
    EXPECT_STATUS(GALEN_BAD_UPSTREAM,
                  activate(ACTIVATION_SOFTMAX, -INFINITY, -INFINITY, row));
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, activate(ACTIVATION_SIGMOID, 0, NAN, row));
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, activate(ACTIVATION_NONE, 0, NAN, row));
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, activate(ACTIVATION_NONE, 0, 1.01F, row));
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, activate(ACTIVATION_NONE, -0.01F, 1, row));
}

static void what_the_contract_does_not_say_is_refused(void **state)
{
    (void)state;
    static const float values[8] = {0};
    const struct galen_tensor right = {.name = "scores",
                                       .datatype = GALEN_FP32,
                                       .rank = 2,
                                       .shape = {4, 2},
                                       .bytes = values,
                                       .size_bytes = sizeof(values)};
    struct galen_tensor wrong[] = {right, right, right, right};
    wrong[0].datatype = GALEN_INT64;
    wrong[1].rank = 3;
    wrong[2].shape[1] = 4;
    wrong[3].size_bytes = 4;
    EXPECT_OK(scores_check(&plain, &right, 2, NULL));
    for (size_t i = 0; i < 4; i++) {
        EXPECT_STATUS(GALEN_BAD_UPSTREAM, scores_check(&plain, &wrong[i], 2, NULL));
    }
}

static void pools_follow_their_rule(void **state)
{
    (void)state;
    static const double rows[3][2] = {{0.6, 0.4}, {0.1, 0.9}, {0.5, 0.5}};
    static const struct {
        enum score_rule rule;
        double expected[2];
    } cases[] = {
        {SCORES_FIRST, {0.6, 0.4}}, {SCORES_MEAN, {0.4, 0.6}}, {SCORES_MAX, {0.1, 0.9}}};
    for (size_t i = 0; i < 3; i++) {
        struct score_pool pool;
        EXPECT_OK(score_pool_init(&pool, cases[i].rule, 2, &arena));
        for (size_t turn = 0; turn < 2; turn++) { /* a cleared pool is a new one */
            score_pool_clear(&pool);
            for (size_t row = 0; row < 3; row++) {
                score_pool_add(&pool, rows[row]);
            }
            score_pool_end(&pool);
            assert_true(fabs(pool.scores[0] - cases[i].expected[0]) < 1e-12);
            assert_true(fabs(pool.scores[1] - cases[i].expected[1]) < 1e-12);
        }
    }
}

static void first_row_decides_where_it_is_the_rule(void **state)
{
    (void)state;
    static const enum score_rule rules[] = {SCORES_FIRST, SCORES_MEAN, SCORES_MAX};
    for (size_t i = 0; i < 3; i++) {
        struct score_pool pool;
        EXPECT_OK(score_pool_init(&pool, rules[i], 2, &arena));
        assert_false(score_pool_is_decided(&pool));
        score_pool_add(&pool, (double[]){0.6, 0.4});
        assert_int_equal(score_pool_is_decided(&pool), rules[i] == SCORES_FIRST);
        score_pool_clear(&pool);
        assert_false(score_pool_is_decided(&pool));
    }
}

static void first_of_equals_is_best(void **state)
{
    (void)state;
    assert_int_equal(scores_best((double[]){0.2, 0.4, 0.4}, 3), 1);
    assert_int_equal(scores_best((double[]){0.5}, 1), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_are_read_in_either_precision),
        TEST(scores_may_stand_at_any_address),
        TEST(activations_make_probabilities),
        TEST(what_is_no_probability_is_refused),
        TEST(what_the_contract_does_not_say_is_refused),
        TEST(pools_follow_their_rule),
        TEST(first_row_decides_where_it_is_the_rule),
        TEST(first_of_equals_is_best),
    };
    return cmocka_run_group_tests_name("scores", tests, NULL, NULL);
}
