/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/entities.h"

#include <stdio.h>

#include "expect.h"

static const char *const bio[] = {"O", "B-X", "I-X", "B-Y", "I-Y", NULL};
static const char *const bilou[] = {"O", "B-X", "I-X", "L-X", "U-X", "L-Y", NULL};
static const char *const io[] = {"O", "X", "I-X", "Y", "B-Y", NULL};

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

static uint32_t index_of(const char *const *labels, const char *label)
{
    uint32_t index = 0;
    while (strcmp(labels[index], label) != 0) {
        index++;
    }
    return index;
}

/* Words of "B-X I-X O" at [2i, 2i + 1), with these scores; the entities as "X[0,3) ". */
static const char *merged(enum contract_scheme scheme, const char *const *labels,
                          const char *tags)
{
    static char text[256];
    struct tagged_word items[8];
    struct tagged_words words = {.items = items};
    struct entities entities;
    const struct contract contract = {.entities = {.scheme = scheme}, .labels = labels};
    struct bytes rest = bytes_from_string(tags);
    while (rest.size > 0) {
        struct bytes tag;
        char label[8];
        rest = bytes_split(rest, ' ', &tag);
        (void)snprintf(label, sizeof(label), "%.*s", BYTES_PRINT(tag));
        const uint32_t at = 2 * (uint32_t)words.count;
        items[words.count++] =
            (struct tagged_word){at, at + 1, index_of(labels, label), 0.5};
    }
    EXPECT_OK(entities_from_words(&contract, &words, &arena, &entities));
    text[0] = '\0';
    for (size_t i = 0; i < entities.count; i++) {
        const struct entity *entity = &entities.items[i];
        const size_t size = strlen(text);
        (void)snprintf(text + size, sizeof(text) - size, "%.*s[%u,%u) ",
                       BYTES_PRINT(entity->label), entity->start, entity->end);
    }
    return text;
}

static void schemes_say_where_entities_begin_and_end(void **state)
{
    (void)state;
    static const struct {
        enum contract_scheme scheme;
        const char *const *labels;
        const char *tags;
        const char *expected;
    } cases[] = {
        {SCHEME_BIO, bio, "O O", ""},
        {SCHEME_BIO, bio, "B-X I-X O", "X[0,3) "},
        {SCHEME_BIO, bio, "B-X B-X", "X[0,1) X[2,3) "},
        {SCHEME_BIO, bio, "I-X I-X", "X[0,3) "}, /* goes on nothing: begins */
        {SCHEME_BIO, bio, "B-X I-Y I-Y", "X[0,1) Y[2,5) "},
        {SCHEME_BIO, bio, "B-X O I-X", "X[0,1) X[4,5) "},
        {SCHEME_BILOU, bilou, "B-X I-X L-X", "X[0,5) "},
        {SCHEME_BILOU, bilou, "B-X L-X L-X", "X[0,3) X[4,5) "},
        {SCHEME_BILOU, bilou, "U-X U-X I-X", "X[0,1) X[2,3) X[4,5) "},
        {SCHEME_BILOU, bilou, "B-X L-Y I-X", "X[0,1) Y[2,3) X[4,5) "},
        {SCHEME_BILOU, bilou, "B-X U-X", "X[0,1) X[2,3) "},
        {SCHEME_IO, io, "X I-X O X", "X[0,3) X[6,7) "},
        {SCHEME_IO, io, "X Y Y", "X[0,1) Y[2,5) "},
        {SCHEME_IO, io, "Y B-Y", "Y[0,1) B-Y[2,3) "}, /* a name like any other */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(merged(cases[i].scheme, cases[i].labels, cases[i].tags),
                            cases[i].expected);
    }
}

static void an_entity_below_the_threshold_is_left_out(void **state)
{
    (void)state;
    struct tagged_word items[] = {{0, 1, 1, 0.9}, {2, 3, 2, 0.5}, {4, 5, 3, 0.6}};
    const struct tagged_words words = {items, 3};
    struct contract contract = {.labels = bio, .threshold = 0.7};
    struct entities entities;

    EXPECT_OK(entities_from_words(&contract, &words, &arena, &entities));
    assert_int_equal(entities.count, 1);
    assert_true(entities.items[0].score == 0.7 && entities.left_out);

    contract.threshold = 0.6;
    EXPECT_OK(entities_from_words(&contract, &words, &arena, &entities));
    assert_int_equal(entities.count, 2);
    assert_false(entities.left_out);
}

static struct bytes written(const struct entities *entities, const struct bytes *text)
{
    struct writer out;
    writer_init(&out, 4096);
    struct json_writer json = json_writer_on(&out);
    struct answer_writer answer = answer_writer_on(&json, NULL);
    json_begin_object(&json);
    entities_put(entities, text, &answer);
    json_end_object(&json);
    EXPECT_OK(out.status);
    const struct bytes whole = writer_bytes(&out);
    const char *copy = arena_copy_string(&arena, whole);
    writer_deinit(&out);
    return bytes_of(copy, whole.size);
}

static void quotes_are_cut_at_code_points(void **state)
{
    (void)state;
    const struct bytes text = BYTES("\xc3\xa9 \xf0\x9f\xa9\xba fi\xe2\x82\xac");
    struct entity items[] = {{BYTES("X"), 0, 1, 0.5},
                             {BYTES("X"), 2, 3, 0.25},
                             {BYTES("Y"), 2, 3, 0.75},
                             {BYTES("Y"), 4, 7, 1}};
    const struct entities entities = {items, 4, false, true};
    static const char *const expected =
        "{\"entities\":["
        "{\"label\":\"X\",\"start\":0,\"end\":1,\"text\":\"\xc3\xa9\",\"score\":0.5},"
        "{\"label\":\"X\",\"start\":2,\"end\":3,\"text\":\"\xf0\x9f\xa9\xba\",\"score\":0."
        "25},"
        "{\"label\":\"Y\",\"start\":2,\"end\":3,\"text\":\"\xf0\x9f\xa9\xba\",\"score\":0."
        "75},"
        "{\"label\":\"Y\",\"start\":4,\"end\":7,\"text\":\"fi\xe2\x82\xac\",\"score\":1.0}]"
        "}";

    assert_string_equal((const char *)written(&entities, &text).data, expected);
}

static void nothing_is_quoted_unless_it_is_asked_for(void **state)
{
    (void)state;
    struct entity items[] = {{BYTES("X"), 0, 9, 0.5}};
    const struct entities entities = {items, 1, false, true};

    assert_true(bytes_equal_string(
        written(&entities, NULL),
        "{\"entities\":[{\"label\":\"X\",\"start\":0,\"end\":9,\"score\":0.5}]}"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(schemes_say_where_entities_begin_and_end),
        TEST(an_entity_below_the_threshold_is_left_out),
        TEST(quotes_are_cut_at_code_points),
        TEST(nothing_is_quoted_unless_it_is_asked_for),
    };
    return cmocka_run_group_tests_name("entities", tests, NULL, NULL);
}
