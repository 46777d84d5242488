/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/text/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>

#include "expect.h"

#define HEAD                                                                     \
    "{\"normalizer\":{\"type\":\"BertNormalizer\"},\"pre_tokenizer\":{\"type\":" \
    "\"BertPreTokenizer\"},"
#define ADDED                                                              \
    "\"added_tokens\":[{\"id\":2,\"content\":\"[SEP]\",\"special\":true}," \
    "{\"id\":9,\"content\":\"mg/dl\",\"special\":false}],"
#define FRAME                                                                            \
    "\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":[\"[SEP]\",2],\"cls\":[\"[" \
    "CLS]\",1]},"
#define MODEL                                                                              \
    "\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"vocab\":{\"[PAD]\":5,\"[" \
    "UNK]\":0,"                                                                            \
    "\"[CLS]\":1,\"[SEP]\":2,\"caf\":3,\"##e\":4,\"met\":6,\"##formin\":7,\",\":8}}}"

static const char file[] = HEAD ADDED FRAME MODEL;

struct encoded {
    struct tokenizer *tokenizer;
    struct arena arena;
    struct encoding encoding;
};

static struct encoded encode(const char *text)
{
    struct encoded encoded = {.tokenizer = NULL};
    struct error error = {.text = ""};
    arena_init(&encoded.arena, 1u << 20);
    EXPECT_OK(tokenizer_parse(bytes_from_string(file), &encoded.tokenizer, &error));
    EXPECT_OK(tokenizer_encode(encoded.tokenizer, bytes_from_string(text), &encoded.arena,
                               &encoded.encoding));
    return encoded;
}

static void clear(struct encoded *encoded)
{
    arena_deinit(&encoded->arena);
    tokenizer_destroy(encoded->tokenizer);
}

static void expect_token(const struct encoded *encoded, size_t index, uint32_t id,
                         struct token_span span, int32_t word)
{
    assert_true(index < encoded->encoding.count);
    assert_int_equal(encoded->encoding.ids[index], id);
    assert_int_equal(encoded->encoding.spans[index].start, span.start);
    assert_int_equal(encoded->encoding.spans[index].end, span.end);
    assert_int_equal(encoded->encoding.words[index], word);
}

static void words_fall_into_pieces(void **state)
{
    (void)state;
    struct encoded encoded = encode("Metformin, what");

    assert_int_equal(encoded.encoding.count, 4);
    expect_token(&encoded, 0, 6, (struct token_span){0, 3}, 0);
    expect_token(&encoded, 1, 7, (struct token_span){3, 9}, 0);
    expect_token(&encoded, 2, 8, (struct token_span){9, 10}, 1);
    expect_token(&encoded, 3, 0, (struct token_span){11, 15}, 2);
    clear(&encoded);
}

static void spans_count_code_points_of_what_was_sent(void **state)
{
    (void)state;
    struct encoded encoded = encode("\xe2\x82\xac\x01 Caf\xc3\xa9");

    assert_int_equal(encoded.encoding.count, 3);
    expect_token(&encoded, 0, 0, (struct token_span){0, 1}, 0);
    expect_token(&encoded, 1, 3, (struct token_span){3, 6}, 1);
    expect_token(&encoded, 2, 4, (struct token_span){6, 7}, 1);
    clear(&encoded);
}

static void added_tokens_are_found_where_they_stand(void **state)
{
    (void)state;
    struct encoded encoded = encode("met[SEP]MG/dL");

    assert_int_equal(encoded.encoding.count, 3);
    expect_token(&encoded, 1, 2, (struct token_span){3, 8}, 1);
    expect_token(&encoded, 2, 9, (struct token_span){8, 13}, 2);
    clear(&encoded);
}

static void text_without_words_has_no_tokens(void **state)
{
    (void)state;
    struct encoded encoded = encode(" \n\t ");

    assert_int_equal(encoded.encoding.count, 0);
    clear(&encoded);
}

static void frame_is_the_files(void **state)
{
    (void)state;
    struct encoded encoded = encode("");
    const struct tokenizer_frame *frame = tokenizer_frame(encoded.tokenizer);

    assert_int_equal(frame->before_count, 1);
    assert_int_equal(frame->before[0], 1);
    assert_int_equal(frame->after_count, 1);
    assert_int_equal(frame->after[0], 2);
    assert_int_equal(frame->pad, 5);
    assert_int_equal(tokenizer_id_count(encoded.tokenizer), 10);
    clear(&encoded);
}

static void full_arena_is_too_large(void **state)
{
    (void)state;
    struct encoded encoded = encode("");
    struct arena small;
    arena_init(&small, 64);

    EXPECT_STATUS(GALEN_TOO_LARGE, tokenizer_encode(encoded.tokenizer, BYTES("Metformin"),
                                                    &small, &encoded.encoding));
    arena_deinit(&small);
    clear(&encoded);
}

static void what_is_no_tokenizer_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum galen_status status;
        const char *error;
    } cases[] = {
        {"[]", GALEN_INVALID, "a tokenizer.json is an object"},
        {"{}", GALEN_INVALID, "there is no model"},
        {"{\"model\":{\"type\":\"Unigram\"}}", GALEN_NOT_IMPLEMENTED,
         "model 'Unigram' is not supported"},
        {"{\"normalizer\":{\"type\":\"Nmt\"}}", GALEN_NOT_IMPLEMENTED,
         "normalizer 'Nmt' is not supported"},
        {"{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"a\":0}}}", GALEN_INVALID,
         "the unk_token is not in the vocab"},
        {"{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"a\":-1}}}", GALEN_INVALID,
         "an id is no number below 1048576"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[],\"dropout\":0.1}}",
         GALEN_NOT_IMPLEMENTED, "BPE with dropout is not supported"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tokenizer *tokenizer = NULL;
        struct error error = {.text = ""};
        EXPECT_STATUS(cases[i].status, tokenizer_parse(bytes_from_string(cases[i].text),
                                                       &tokenizer, &error));
        assert_string_equal(error.text, cases[i].error);
        assert_null(tokenizer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_fall_into_pieces),
        cmocka_unit_test(spans_count_code_points_of_what_was_sent),
        cmocka_unit_test(added_tokens_are_found_where_they_stand),
        cmocka_unit_test(text_without_words_has_no_tokens),
        cmocka_unit_test(frame_is_the_files),
        cmocka_unit_test(full_arena_is_too_large),
        cmocka_unit_test(what_is_no_tokenizer_is_refused_by_name),
    };
    return cmocka_run_group_tests_name("tokenizer", tests, NULL, NULL);
}
