/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/tagged_words.h"

#include <math.h>

#include "expect.h"
#include "token_tensors.h"

static const char *const labels[] = {"O", "B-X", "I-X"};
static struct token_tensors tensors;
static struct contract contract;
static struct tagged_words words;
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 65536);
    contract = (struct contract){.labels = labels, .label_count = 3};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static enum galen_status read_words(size_t text_size)
{
    const struct tagged_tensors view = token_tensors_view(&tensors);
    return tagged_words_read(&contract, &view, text_size, &arena, &words, NULL);
}

static void every_word_gets_its_best_label(void **state)
{
    (void)state;
    token_tensors_make(&tensors, 3, 4, 0, 3);
    token_tensors_tag(&tensors, 2, 1, 0.75F);

    EXPECT_OK(read_words(6));

    assert_int_equal(words.count, 3);
    assert_int_equal(words.items[0].label, 0);
    assert_int_equal(words.items[1].label, 1);
    assert_true(fabs(words.items[1].score - 0.75) < 1e-6);
    assert_int_equal(words.items[1].start, 2);
    assert_int_equal(words.items[1].end, 3);
}

/* Token 2 is the last of the first row's three and the first of the second's. */
static void overlaps_are_merged_as_the_contract_says(void **state)
{
    (void)state;
    static const struct {
        enum contract_merge merge;
        uint32_t label;
        double score;
    } cases[] = {
        {MERGE_FIRST, 1, 0.6},
        {MERGE_MAX, 2, 0.9},
        {MERGE_MEAN, 2, 0.55}, /* (0.2 + 0.9) / 2 */
        {MERGE_CENTER, 2, 0.9},
    };
    contract.text.stride = 2;
    token_tensors_make(&tensors, 6, 4, 2, 3); /* rows 0-3 and 2-5 */
    token_tensors_tag(&tensors, 4, 1, 0.6F);  /* token 3: last of row 0 */
    token_tensors_tag(&tensors, 8, 2, 0.9F);  /* token 3: second of row 1 */
    for (size_t i = 0; i < 4; i++) {
        contract.text.merge = cases[i].merge;
        EXPECT_OK(read_words(12));
        assert_int_equal(words.count, 6);
        assert_int_equal(words.items[3].label, cases[i].label);
        assert_true(fabs(words.items[3].score - cases[i].score) < 1e-6);
    }
}

static void tokens_of_a_word_speak_as_the_contract_says(void **state)
{
    (void)state;
    static const struct {
        enum contract_words words;
        uint32_t label;
        double score;
    } cases[] = {{WORDS_FIRST, 0, 0.6}, {WORDS_MEAN, 1, 0.55}, {WORDS_MAX, 1, 0.9}};
    token_tensors_make(&tensors, 3, 4, 0, 3);
    tensors.word_values[2] = 0; /* tokens 0 and 1 are one word */
    tensors.word_values[3] = 5; /* indices may leave some out */
    token_tensors_tag(&tensors, 1, 0, 0.6F);
    token_tensors_tag(&tensors, 2, 1, 0.9F);
    for (size_t i = 0; i < 3; i++) {
        contract.entities.words = cases[i].words;
        EXPECT_OK(read_words(6));
        assert_int_equal(words.count, 2);
        assert_int_equal(words.items[0].start, 0);
        assert_int_equal(words.items[0].end, 3);
        assert_int_equal(words.items[0].label, cases[i].label);
        assert_true(fabs(words.items[0].score - cases[i].score) < 1e-6);
    }
}

static void token_that_does_not_speak_is_not_read(void **state)
{
    (void)state;
    token_tensors_make(&tensors, 3, 4, 0, 3);
    tensors.word_values[2] = 0; /* tokens 0 and 1 are one word */
    tensors.score_values[6] = NAN;
    contract.entities.words = WORDS_FIRST;
    EXPECT_OK(read_words(6));
    contract.entities.words = WORDS_MEAN;
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, read_words(6));
}

static void words_out_of_order_are_refused(void **state)
{
    (void)state;
    token_tensors_make(&tensors, 3, 4, 0, 3);
    tensors.offset_values[4] = 0;
    tensors.offset_values[5] = 0; /* the second word ends before the first */
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, read_words(6));

    token_tensors_make(&tensors, 3, 4, 0, 3);
    tensors.offset_values[2] = 3;
    tensors.offset_values[3] = 3; /* the first starts behind the second */
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, read_words(6));
}

/* As normalization makes them of one sign. */
static void words_may_stand_on_one_place(void **state)
{
    (void)state;
    token_tensors_make(&tensors, 3, 4, 0, 3);
    tensors.offset_values[4] = 0;
    tensors.offset_values[5] = 1;
    EXPECT_OK(read_words(6));
    assert_int_equal(words.count, 3);
    assert_int_equal(words.items[1].start, 0);
}

static void scores_of_another_shape_are_refused(void **state)
{
    (void)state;
    token_tensors_make(&tensors, 3, 4, 0, 3);
    tensors.scores.shape[1]--;
    tensors.scores.size_bytes -= 3 * sizeof(float);
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, read_words(6));
    token_tensors_make(&tensors, 3, 4, 0, 3);
    tensors.scores.shape[2] = 2;
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, read_words(6));
    token_tensors_make(&tensors, 3, 4, 0, 3);
    tensors.score_values[4] = NAN;
    EXPECT_STATUS(GALEN_BAD_UPSTREAM, read_words(6));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_word_gets_its_best_label),
        TEST(overlaps_are_merged_as_the_contract_says),
        TEST(tokens_of_a_word_speak_as_the_contract_says),
        TEST(token_that_does_not_speak_is_not_read),
        TEST(words_out_of_order_are_refused),
        TEST(words_may_stand_on_one_place),
        TEST(scores_of_another_shape_are_refused),
    };
    return cmocka_run_group_tests_name("tagged_words", tests, NULL, NULL);
}
