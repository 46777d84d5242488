/* SPDX-License-Identifier: Apache-2.0 */
/* What model.yaml says of models that take text. */
#include "contract_lines.h"

#define HASH "947e7cf2fc32fcdcad9c5ba4dcdb3a652cef84f992c156f57b97d274f53904b5"

/* A line of it each, so that a test replaces one and knows its number. */
static const char *const good_lines[] = {
    "task: token-classification",
    "title: Entities of a note",
    "media_types: [text/plain]",
    "input: {tensor: input_ids, datatype: INT64}",
    "text:",
    "  tokenizer: tokenizer.json",
    "  mask: attention_mask",
    "  types: token_type_ids",
    "  max_length: 128",
    "  longer: window",
    "  stride: 32",
    "  bucket: 8",
    "  merge: mean",
    "entities: {scheme: bilou, words: max}",
    "output: {tensor: logits, activation: softmax}",
    "labels: [O, B-DOSE, I-DOSE, L-DOSE, U-DOSE]",
    "files: {model.onnx: " HASH ", tokenizer.json: " HASH "}",
    "card: {demonstration: true, intended_use: none}",
};

enum {
    LINE_COUNT = sizeof(good_lines) / sizeof(good_lines[0]),
    TASK = 1,
    INPUT = 4,
    TOKENIZER = 6,
    MASK = 7,
    TYPES = 8,
    MAX_LENGTH = 9,
    LONGER = 10,
    STRIDE = 11,
    BUCKET = 12,
    MERGE = 13,
    ENTITIES = 14,
    OUTPUT = 15,
    LABELS = 16,
    FILES = 17,
};

static enum galen_status parse_with(const struct change *changes, size_t count)
{
    return parse_lines(good_lines, LINE_COUNT, changes, count);
}

static void text_keys_are_read(void **state)
{
    (void)state;
    EXPECT_OK(parse_with(NULL, 0));
    assert_int_equal(contract.task, TASK_TOKEN_CLASSIFICATION);
    assert_true(contract_takes_text(&contract));
    assert_int_equal(contract.input.datatype, GALEN_INT64);
    assert_string_equal(contract.text.tokenizer, "tokenizer.json");
    assert_string_equal(contract.text.mask, "attention_mask");
    assert_string_equal(contract.text.types, "token_type_ids");
    assert_int_equal(contract.text.max_length, 128);
    assert_int_equal(contract.text.longer, LONGER_WINDOW);
    assert_int_equal(contract.text.stride, 32);
    assert_int_equal(contract.text.bucket, 8);
    assert_int_equal(contract.text.merge, MERGE_MEAN);
    assert_int_equal(contract.entities.scheme, SCHEME_BILOU);
    assert_int_equal(contract.entities.words, WORDS_MAX);
}

static void what_is_absent_has_its_default(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {MASK, ""},   {TYPES, ""}, {LONGER, ""},   {STRIDE, ""},
        {BUCKET, ""}, {MERGE, ""}, {ENTITIES, ""}, {LABELS, "labels: [O, B-X, I-X]"}};
    EXPECT_OK(parse_with(changes, sizeof(changes) / sizeof(changes[0])));
    assert_null(contract.text.mask);
    assert_null(contract.text.types);
    assert_int_equal(contract.text.longer, LONGER_REFUSE);
    assert_int_equal(contract.text.stride, 0);
    assert_int_equal(contract.text.bucket, 1);
    assert_int_equal(contract.text.merge, MERGE_CENTER);
    assert_int_equal(contract.entities.scheme, SCHEME_BIO);
    assert_int_equal(contract.entities.words, WORDS_FIRST);
}

static void a_text_has_any_labels(void **state)
{
    (void)state;
    static const struct change changes[] = {{TASK, "task: text-classification"},
                                            {ENTITIES, ""},
                                            {LABELS, "labels: [urgent, routine]"}};
    EXPECT_OK(parse_with(changes, 3));
    assert_int_equal(contract.task, TASK_TEXT_CLASSIFICATION);
}

static void io_takes_any_labels(void **state)
{
    (void)state;
    static const struct change changes[] = {{ENTITIES, "entities: {scheme: io}"},
                                            {LABELS, "labels: [O, DOSE, I-DRUG]"}};
    EXPECT_OK(parse_with(changes, 2));
}

static void what_does_not_fit_is_refused_at_its_place(void **state)
{
    (void)state;
    static const struct {
        struct change change;
        const char *error;
    } cases[] = {
        {{STRIDE, "  stride: 128"}, "11:11: text.stride: must be less than max_length"},
        {{LONGER, "  longer: truncate"}, "11:11: text.stride: needs longer: window"},
        {{MASK, ""}, "12:11: text.bucket: needs a mask"},
        {{TOKENIZER, "  tokenizer: vocab.txt"}, "6:14: text.tokenizer: is not among files"},
        {{TOKENIZER, ""}, "7:3: text.tokenizer: is required"},
        {{MAX_LENGTH, "  max_length: 0"}, "9:15: text.max_length: "},
        {{MERGE, "  merge: median"}, "13:10: text.merge: "},
        {{LABELS, "labels: [O, DOSE]"}, "16:13: labels[1]: does not fit entities.scheme"},
        {{LABELS, "labels: [O, B-]"}, "16:13: labels[1]: does not fit entities.scheme"},
        {{ENTITIES, "entities: {scheme: bio}"},
         "16:29: labels[3]: does not fit entities.scheme"},
        {{OUTPUT, "output: {tensor: logits, activation: sigmoid}"},
         "15:38: output.activation: of token-classification cannot be sigmoid"},
        {{INPUT, "input: {tensor: input_ids, datatype: FP32}"},
         "4:38: input.datatype: must be INT32 or INT64 for token ids"},
        {{TASK, "task: text-classification"},
         "14:1: entities: does not belong to text-classification"},
        {{ENTITIES, "features: [{name: age}]"},
         "14:1: features: does not belong to token-classification"},
        {{TASK, "task: tabular-classification"},
         "1:7: task: tabular-classification needs features"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char expected[256];
        (void)snprintf(expected, sizeof(expected), "model.yaml:%s", cases[i].error);
        EXPECT_STATUS(GALEN_INVALID, parse_with(&cases[i].change, 1));
        if (strncmp(error.text, expected, strlen(expected)) != 0) {
            assert_string_equal(error.text, expected);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(text_keys_are_read),
        TEST(what_is_absent_has_its_default),
        TEST(a_text_has_any_labels),
        TEST(io_takes_any_labels),
        TEST(what_does_not_fit_is_refused_at_its_place),
    };
    return cmocka_run_group_tests_name("contract_text", tests, NULL, NULL);
}
