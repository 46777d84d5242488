/* SPDX-License-Identifier: Apache-2.0 */
#include "model/hugging_face.h"

#include <stdio.h>

#include "expect.h"

static const char tagger[] =
    "{\"architectures\":[\"BertForTokenClassification\"],\"model_type\":\"bert\","
    "\"id2label\":{\"1\":\"B-DRUG\",\"0\":\"O\",\"2\":\"I-DRUG\"},"
    "\"max_position_embeddings\":512,\"unknown\":{\"a\":[1]}}";

static const struct galen_tensor_spec inputs[] = {
    {"attention_mask", GALEN_INT64, 2, {-1, -1}},
    {"input_ids", GALEN_INT64, 2, {-1, -1}},
    {"token_type_ids", GALEN_INT64, 2, {-1, -1}},
};
static const struct galen_tensor_spec tags[] = {{"logits", GALEN_FP32, 3, {-1, -1, 3}}};
static const struct galen_tensor_spec classes[] = {{"scores", GALEN_FP32, 2, {-1, 3}}};

static struct arena arena;
static struct error error;
static struct contract contract;
static struct hugging_face files;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1U << 20);
    error_clear(&error);
    files = (struct hugging_face){
        .inputs = inputs, .input_count = 3, .outputs = tags, .output_count = 1};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static enum galen_status read_config(const char *config)
{
    files.config = bytes_from_string(config);
    return hugging_face_read(&files, &arena, &contract, &error);
}

static void a_tagger_is_read_whole(void **state)
{
    (void)state;
    EXPECT_OK(read_config(tagger));
    assert_int_equal(contract.task, TASK_TOKEN_CLASSIFICATION);
    assert_string_equal(contract.media_types[0], "text/plain");
    assert_string_equal(contract.input.tensor, "input_ids");
    assert_int_equal(contract.input.datatype, GALEN_INT64);
    assert_string_equal(contract.text.mask, "attention_mask");
    assert_string_equal(contract.text.types, "token_type_ids");
    assert_int_equal(contract.text.max_length, 512);
    assert_int_equal(contract.text.longer, LONGER_WINDOW);
    assert_int_equal(contract.text.stride, 128);
    assert_int_equal(contract.text.bucket, 8);
    assert_int_equal(contract.text.merge, MERGE_CENTER);
    assert_int_equal(contract.entities.scheme, SCHEME_BIO);
    assert_string_equal(contract.output.tensor, "logits");
    assert_int_equal(contract.output.activation, ACTIVATION_SOFTMAX);
    assert_int_equal(contract.label_count, 3);
    assert_string_equal(contract.labels[1], "B-DRUG");
}

static void a_classifier_of_several_labels_is_read(void **state)
{
    (void)state;
    files.outputs = classes;
    EXPECT_OK(read_config("{\"architectures\":[\"RobertaForSequenceClassification\"],"
                          "\"model_type\":\"roberta\",\"pad_token_id\":1,"
                          "\"problem_type\":\"multi_label_classification\","
                          "\"id2label\":{\"0\":\"a\",\"1\":\"b\",\"2\":\"c\"},"
                          "\"max_position_embeddings\":514}"));
    assert_int_equal(contract.task, TASK_TEXT_CLASSIFICATION);
    assert_int_equal(contract.text.max_length, 512);
    assert_int_equal(contract.text.merge, MERGE_MEAN);
    assert_string_equal(contract.output.tensor, "scores");
    assert_int_equal(contract.output.activation, ACTIVATION_SIGMOID);
}

static void the_tokenizer_may_take_less_but_not_more(void **state)
{
    (void)state;
    files.tokenizer_config = BYTES("{\"model_max_length\":256}");
    EXPECT_OK(read_config(tagger));
    assert_int_equal(contract.text.max_length, 256);
    files.tokenizer_config =
        BYTES("{\"model_max_length\":1000000000000000019884624838656}");
    EXPECT_OK(read_config(tagger));
    assert_int_equal(contract.text.max_length, 512);
}

static void a_network_of_one_length_gets_rows_of_it(void **state)
{
    (void)state;
    static const struct galen_tensor_spec fixed[] = {
        {"input_ids", GALEN_INT32, 2, {-1, 64}},
        {"attention_mask", GALEN_INT32, 2, {-1, 64}}};
    files.inputs = fixed;
    files.input_count = 2;
    EXPECT_OK(read_config(tagger));
    assert_int_equal(contract.text.max_length, 64);
    assert_int_equal(contract.text.bucket, 64);
    assert_null(contract.text.types);

    files.input_count = 1; /* no mask: nothing can be padded */
    EXPECT_STATUS(GALEN_NOT_IMPLEMENTED, read_config(tagger));
}

static void the_scheme_is_found_in_the_labels(void **state)
{
    (void)state;
    static const struct {
        const char *labels;
        enum galen_status status;
        enum contract_scheme scheme;
    } cases[] = {
        {"{\"0\":\"O\",\"1\":\"U-X\",\"2\":\"L-X\"}", GALEN_OK, SCHEME_BILOU},
        {"{\"0\":\"O\",\"1\":\"drug\",\"2\":\"dose\"}", GALEN_OK, SCHEME_IO},
        {"{\"0\":\"O\",\"1\":\"B-X\",\"2\":\"S-X\"}", GALEN_NOT_IMPLEMENTED, SCHEME_BIO},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char config[256];
        (void)snprintf(config, sizeof(config),
                       "{\"architectures\":[\"XForTokenClassification\"],"
                       "\"n_positions\":128,\"id2label\":%s}",
                       cases[i].labels);
        EXPECT_STATUS(cases[i].status, read_config(config));
        if (cases[i].status == GALEN_OK) {
            assert_int_equal(contract.entities.scheme, cases[i].scheme);
        }
    }
}

static void what_is_not_served_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *config;
        enum galen_status status;
        const char *why;
    } cases[] = {
        {"{", GALEN_INVALID, "config.json: byte offset 1"},
        {"[]", GALEN_INVALID, "config.json: is no object"},
        {"{}", GALEN_INVALID, "config.json: architectures: does not name"},
        {"{\"architectures\":[]}", GALEN_INVALID, "config.json: architectures: does not"},
        {"{\"architectures\":[\"BertForMaskedLM\"]}", GALEN_NOT_IMPLEMENTED,
         "config.json: architectures: BertForMaskedLM is not served"},
        {"{\"architectures\":[\"XForTokenClassification\"]}", GALEN_INVALID,
         "config.json: id2label: does not name labels"},
        {"{\"architectures\":[\"XForTokenClassification\"],\"id2label\":{\"1\":\"O\"}}",
         GALEN_INVALID, "config.json: id2label: does not name labels"},
        {"{\"architectures\":[\"XForTokenClassification\"],"
         "\"id2label\":{\"0\":\"O\",\"1\":\"B-X\"},\"n_positions\":9}",
         GALEN_INVALID, "the network's output 'logits' is not one score for each of the 2"},
        {"{\"architectures\":[\"XForTokenClassification\"],"
         "\"id2label\":{\"0\":\"O\",\"1\":\"B-X\",\"2\":\"I-X\"}}",
         GALEN_INVALID, "config.json: neither max_position_embeddings nor n_positions"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        EXPECT_STATUS(cases[i].status, read_config(cases[i].config));
        if (strncmp(error.text, cases[i].why, strlen(cases[i].why)) != 0) {
            assert_string_equal(error.text, cases[i].why);
        }
    }
}

static void inputs_that_nobody_makes_are_named(void **state)
{
    (void)state;
    static const struct galen_tensor_spec strange[] = {
        {"input_ids", GALEN_INT64, 2, {-1, -1}},
        {"position_ids", GALEN_INT64, 2, {-1, -1}}};
    files.inputs = strange;
    files.input_count = 2;
    EXPECT_STATUS(GALEN_NOT_IMPLEMENTED, read_config(tagger));
    assert_non_null(strstr(error.text, "'position_ids'"));
    files.input_count = 0;
    EXPECT_STATUS(GALEN_NOT_IMPLEMENTED, read_config(tagger));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_tagger_is_read_whole),
        TEST(a_classifier_of_several_labels_is_read),
        TEST(the_tokenizer_may_take_less_but_not_more),
        TEST(a_network_of_one_length_gets_rows_of_it),
        TEST(the_scheme_is_found_in_the_labels),
        TEST(what_is_not_served_is_named),
        TEST(inputs_that_nobody_makes_are_named),
    };
    return cmocka_run_group_tests_name("hugging_face", tests, NULL, NULL);
}
