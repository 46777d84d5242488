/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "expect.h"
#include "preprocess/transform.h"
#include "small_tokenizer.h"

static struct contract contract;
static void *prepared;
static struct arena arena;
static struct transform_outputs outputs;
static struct error error;

static int set_up(void **state)
{
    (void)state;
    contract = (struct contract){
        .task = TASK_TOKEN_CLASSIFICATION,
        .input = {"ids", GALEN_INT64},
        .text = {.tokenizer = "t.json",
                 .mask = "mask",
                 .max_length = 8,
                 .longer = LONGER_WINDOW,
                 .stride = 2,
                 .bucket = 4},
    };
    error_clear(&error);
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    return text_transform.prepare(&contract, bytes_from_string(small_tokenizer), &prepared,
                                  &error) == GALEN_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    text_transform.unprepare(prepared);
    arena_deinit(&arena);
    return 0;
}

static enum galen_status run(const char *text)
{
    const struct transform_run work = {
        .contract = &contract,
        .prepared = prepared,
        .input = phi_hide(bytes_from_string(text)),
        .arena = &arena,
    };
    return text_transform.run(&work, &outputs, &error);
}

static const struct galen_tensor *output(const char *name)
{
    for (size_t i = 0; i < outputs.count; i++) {
        if (strcmp(outputs.tensors[i].name, name) == 0) {
            EXPECT_OK(galen_tensor_check(&outputs.tensors[i]));
            return &outputs.tensors[i];
        }
    }
    fail_msg("there is no output %s", name);
    return NULL;
}

static void expect_rows(const char *name, int64_t rows, int64_t length,
                        const int64_t *expected)
{
    const struct galen_tensor *tensor = output(name);
    assert_int_equal(tensor->shape[0], rows);
    assert_int_equal(tensor->shape[1], length);
    for (int64_t i = 0; i < rows * length; i++) {
        int64_t value = 0; /* little-endian, whatever its size */
        const size_t size = galen_datatype_size(tensor->datatype);
        memcpy(&value, (const uint8_t *)tensor->bytes + (size_t)i * size, size);
        value = tensor->datatype == GALEN_INT32 ? (int32_t)value : value;
        assert_int_equal(value, expected[i]);
    }
}

static void a_text_becomes_one_row_padded_to_its_bucket(void **state)
{
    (void)state;
    EXPECT_OK(run("Ab cat"));
    expect_rows("ids", 1, 8, (int64_t[]){2, 4, 7, 8, 3, 0, 0, 0});
    expect_rows("mask", 1, 8, (int64_t[]){1, 1, 1, 1, 1, 0, 0, 0});
    expect_rows("galen.words", 1, 8, (int64_t[]){-1, 0, 0, 1, -1, -1, -1, -1});
    expect_rows("galen.special", 1, 8, (int64_t[]){1, 0, 0, 0, 1, 1, 1, 1});
    expect_rows("galen.offsets", 1, 8, (int64_t[]){0, 0, 0, 1, 1, 2, 3, 6});
    assert_int_equal(output("galen.warnings")->shape[0], 0);
}

/* Which is what lets the engine's batcher join them: tensors of equal shapes. */
static void texts_of_one_bucket_have_one_shape(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t length;
    } cases[] = {{"a", 4}, {"a b", 4}, {"a b a", 8}, {"ab cat ab a", 8}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        EXPECT_OK(run(cases[i].text));
        assert_int_equal(output("ids")->shape[1], cases[i].length);
        assert_int_equal(output("mask")->shape[1], cases[i].length);
        assert_int_equal(output("galen.offsets")->shape[1], cases[i].length);
    }
}

static void a_long_text_becomes_windows_that_share_tokens(void **state)
{
    (void)state;
    EXPECT_OK(run("a b cat a b cat a b"));
    expect_rows("ids", 2, 8, (int64_t[]){2, 4, 5, 8, 4, 5, 8, 3, 2, 5, 8, 4, 5, 3, 0, 0});
    expect_rows("galen.words", 2, 8,
                (int64_t[]){-1, 0, 1, 2, 3, 4, 5, -1, -1, 4, 5, 6, 7, -1, -1, -1});
    const struct galen_tensor *warnings = output("galen.warnings");
    assert_int_equal(warnings->shape[0], 1);
    assert_memory_equal(warnings->bytes, "\x8\0\0\0windowed", 12);
}

static void a_long_text_is_cut_or_refused_where_the_contract_says_so(void **state)
{
    (void)state;
    contract.text.stride = 0;
    contract.text.longer = LONGER_TRUNCATE;
    EXPECT_OK(run("a b cat a b cat a b"));
    expect_rows("ids", 1, 8, (int64_t[]){2, 4, 5, 8, 4, 5, 8, 3});
    assert_memory_equal(output("galen.warnings")->bytes, "\x9\0\0\0truncated", 13);

    contract.text.longer = LONGER_REFUSE;
    EXPECT_STATUS(GALEN_UNPROCESSABLE, run("a b cat a b cat a b"));
    assert_string_equal(error.text, "has 8 tokens, and the model takes 6 at most");
}

static void offsets_count_code_points_of_the_text_as_sent(void **state)
{
    (void)state;
    EXPECT_OK(run("\xf0\x9f\xa9\xba  B\xcc\x81 cat"));
    expect_rows("ids", 1, 8, (int64_t[]){2, 1, 1, 8, 3, 0, 0, 0});
    expect_rows("galen.offsets", 1, 8, (int64_t[]){0, 0, 0, 1, 3, 5, 6, 9});
}

static void ids_may_be_of_32_bits_and_types_be_asked_for(void **state)
{
    (void)state;
    contract.input.datatype = GALEN_INT32;
    contract.text.types = "types";
    EXPECT_OK(run("a"));
    assert_int_equal(output("ids")->datatype, GALEN_INT32);
    expect_rows("ids", 1, 4, (int64_t[]){2, 4, 3, 0});
    expect_rows("types", 1, 4, (int64_t[]){0, 0, 0, 0});
}

static void what_is_no_text_is_refused(void **state)
{
    (void)state;
    EXPECT_STATUS(GALEN_UNPROCESSABLE, run(""));
    EXPECT_STATUS(GALEN_UNPROCESSABLE, run(" \n"));
    EXPECT_STATUS(GALEN_INVALID, run("a \xff"));
    assert_string_equal(error.text, "is not UTF-8 at byte offset 2");
}

static void a_row_without_room_is_refused_when_it_is_prepared(void **state)
{
    (void)state;
    void *other = NULL;
    contract.text.max_length = 4;
    EXPECT_STATUS(GALEN_INVALID,
                  text_transform.prepare(&contract, bytes_from_string(small_tokenizer),
                                         &other, &error));
    assert_null(other);
}

static void what_is_described_is_what_is_made(void **state)
{
    (void)state;
    const struct galen_tensor_spec *specs = NULL;
    size_t count = 0;
    contract.text.types = "types";
    EXPECT_OK(run("a b cat a b cat a b"));
    EXPECT_OK(text_transform.describe(&contract, &arena, &specs, &count));
    assert_int_equal(count, outputs.count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(specs[i].name, outputs.tensors[i].name);
        assert_int_equal(specs[i].datatype, outputs.tensors[i].datatype);
        assert_int_equal(specs[i].rank, outputs.tensors[i].rank);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_text_becomes_one_row_padded_to_its_bucket),
        TEST(texts_of_one_bucket_have_one_shape),
        TEST(a_long_text_becomes_windows_that_share_tokens),
        TEST(a_long_text_is_cut_or_refused_where_the_contract_says_so),
        TEST(offsets_count_code_points_of_the_text_as_sent),
        TEST(ids_may_be_of_32_bits_and_types_be_asked_for),
        TEST(what_is_no_text_is_refused),
        TEST(a_row_without_room_is_refused_when_it_is_prepared),
        TEST(what_is_described_is_what_is_made),
    };
    return cmocka_run_group_tests_name("text_transform", tests, NULL, NULL);
}
