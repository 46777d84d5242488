/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/yaml_table.h"

#include <math.h>
#include <stdio.h>

#include "expect.h"

struct pair {
    const char *name;
    double factor;
};

struct item {
    const char *name;
    double min;
};

enum colour { COLOUR_RED, COLOUR_GREEN };
static const char *const colours[] = {"red", "green", NULL};

struct sample {
    const char *title;
    bool flag;
    uint64_t port;
    double ratio;
    enum colour colour;
    struct {
        const char *host;
        uint64_t tries;
    } peer;
    const char *const *labels;
    size_t label_count;
    const struct item *items;
    size_t item_count;
    const struct pair *pairs;
    size_t pair_count;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct yaml_key peer_keys[] = {
    {.name = "host",
     .type = YAML_TYPE_STRING,
     .required = true,
     .offset = offsetof(struct sample, peer.host) - offsetof(struct sample, peer),
     .max = 8},
    {.name = "tries",
     .type = YAML_TYPE_U64,
     .offset = offsetof(struct sample, peer.tries) - offsetof(struct sample, peer),
     .otherwise = "3"},
};

static const struct yaml_key label_key[] = {{.type = YAML_TYPE_STRING}};

static const struct yaml_key item_keys[] = {
    {.name = "name", .type = YAML_TYPE_STRING, .required = true},
    {.name = "min", .type = YAML_TYPE_F64, .offset = offsetof(struct item, min)},
};
static const struct yaml_key item_key[] = {
    {.type = YAML_TYPE_MAPPING, .keys = item_keys, .key_count = COUNT(item_keys)}};

static const struct yaml_key pair_keys[] = {
    {.type = YAML_TYPE_STRING},
    {.type = YAML_TYPE_F64, .offset = offsetof(struct pair, factor)},
};

static const struct yaml_key keys[] = {
    {.name = "title",
     .type = YAML_TYPE_STRING,
     .offset = offsetof(struct sample, title),
     .help = "What it is."},
    {.name = "flag",
     .type = YAML_TYPE_BOOL,
     .offset = offsetof(struct sample, flag),
     .otherwise = "true"},
    {.name = "port",
     .type = YAML_TYPE_U64,
     .offset = offsetof(struct sample, port),
     .min = 1,
     .max = 65535},
    {.name = "ratio",
     .type = YAML_TYPE_F64,
     .offset = offsetof(struct sample, ratio),
     .min = -1,
     .max = 1},
    {.name = "colour",
     .type = YAML_TYPE_ENUM,
     .offset = offsetof(struct sample, colour),
     .otherwise = "green",
     .names = colours},
    {.name = "peer",
     .type = YAML_TYPE_MAPPING,
     .offset = offsetof(struct sample, peer),
     .keys = peer_keys,
     .key_count = COUNT(peer_keys)},
    {.name = "labels",
     .type = YAML_TYPE_SEQUENCE,
     .offset = offsetof(struct sample, labels),
     .min = 1,
     .max = 3,
     .keys = label_key,
     .key_count = 1,
     .count_offset = offsetof(struct sample, label_count),
     .element_size = sizeof(const char *)},
    {.name = "items",
     .type = YAML_TYPE_SEQUENCE,
     .offset = offsetof(struct sample, items),
     .keys = item_key,
     .key_count = 1,
     .count_offset = offsetof(struct sample, item_count),
     .element_size = sizeof(struct item)},
    {.name = "pairs",
     .type = YAML_TYPE_MAP,
     .offset = offsetof(struct sample, pairs),
     .min = 1,
     .max = INFINITY,
     .keys = pair_keys,
     .key_count = COUNT(pair_keys),
     .count_offset = offsetof(struct sample, pair_count),
     .element_size = sizeof(struct pair)},
};

struct fixture {
    struct arena arena;
    struct sample sample;
    struct error error;
};

static enum galen_status read(struct fixture *fixture, const char *text)
{
    struct yaml_document document;
    *fixture = (struct fixture){0};
    arena_init(&fixture->arena, 1u << 20);
    TRY(yaml_parse(bytes_from_string(text), "x.yaml", &fixture->arena, &document,
                   &fixture->error));
    return yaml_read(&document, keys, COUNT(keys), &fixture->arena, &fixture->sample,
                     &fixture->error);
}

static void expect_refused(const char *text, const char *error)
{
    struct fixture fixture;
    EXPECT_STATUS(GALEN_INVALID, read(&fixture, text));
    assert_string_equal(error, fixture.error.text);
    arena_deinit(&fixture.arena);
}

static void every_type_is_read_to_its_place(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct sample *sample = &fixture.sample;

    EXPECT_OK(read(&fixture, "title: a mass of 3 mm\nflag: false\nport: 65535\n"
                             "ratio: -2.5e-1\ncolour: red\npeer: {host: '127'}\n"
                             "labels: [malignant, \"no\"]\n"
                             "items:\n  - name: age\n    min: 0\n  - {name: size}\n"
                             "pairs: {mo: 0.5, \"1\": 2}\n"));

    assert_string_equal(sample->title, "a mass of 3 mm");
    assert_false(sample->flag);
    assert_int_equal(sample->port, 65535);
    assert_true(sample->ratio == -0.25);
    assert_int_equal(sample->colour, COLOUR_RED);
    assert_string_equal(sample->peer.host, "127");
    assert_int_equal(sample->peer.tries, 3);
    assert_int_equal(sample->label_count, 2);
    assert_string_equal(sample->labels[1], "no");
    assert_int_equal(sample->item_count, 2);
    assert_string_equal(sample->items[0].name, "age");
    assert_true(sample->items[0].min == 0);
    assert_true(isnan(sample->items[1].min));
    assert_int_equal(sample->pair_count, 2);
    assert_string_equal(sample->pairs[1].name, "1");
    assert_true(sample->pairs[1].factor == 2);
    arena_deinit(&fixture.arena);
}

static void absent_keys_have_what_their_rows_say(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct sample *sample = &fixture.sample;

    EXPECT_OK(read(&fixture, "{}"));

    assert_null(sample->title);
    assert_true(sample->flag);
    assert_int_equal(sample->port, 0);
    assert_true(isnan(sample->ratio));
    assert_int_equal(sample->colour, COLOUR_GREEN);
    assert_null(sample->peer.host);
    assert_int_equal(sample->peer.tries, 3);
    assert_int_equal(sample->label_count, 0);
    arena_deinit(&fixture.arena);
}

static void unknown_key_is_refused_with_its_place(void **state)
{
    (void)state;
    expect_refused("title: x\nprot: 1\n",
                   "x.yaml:2:1: prot: unknown key; did you mean 'port'?");
    expect_refused("peer:\n  host: x\n  hots: y\n",
                   "x.yaml:3:3: peer.hots: unknown key; did you mean 'host'?");
    expect_refused("items: [{name: x}, {nam: y}]",
                   "x.yaml:1:21: items[1].nam: unknown key; did you mean 'name'?");
    expect_refused("completely: 1", "x.yaml:1:1: completely: unknown key");
    expect_refused("<<: {title: x}", "x.yaml:1:1: ['<<']: unknown key");
}

static void nearest_name_is_found_within_two_edits(void **state)
{
    (void)state;
    const struct yaml_key names[] = {
        {.name = "repository"}, {.name = "report"}, {.name = "at"}};

    assert_string_equal(yaml_nearest_name("reposirory", names, 3), "repository");
    assert_string_equal(yaml_nearest_name("rpeosirory", names, 3), "repository");
    assert_null(yaml_nearest_name("rpeosirroy", names, 3));
    assert_string_equal(yaml_nearest_name("repot", names, 3), "report");
    assert_string_equal(yaml_nearest_name("ta", names, 3), "at");
    assert_null(yaml_nearest_name("xy", names, 3));
    assert_null(yaml_nearest_name("repositoryrepositoryrepositoryrepository", names, 3));
}

static void what_is_no_decimal_whole_number_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "80x", "010", "0x50", "0o17", "1_000", "1.0",  "1e3",   "-1",
        "+1",  "0",   "ten",  "1:20", ".5",    "true", "65536", "99999999999999999999"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "port: %s", wrong[i]);
        expect_refused(text, "x.yaml:1:7: port: needs a whole number from 1 to 65535");
    }
    expect_refused("port: \"80\"", "x.yaml:1:7: port: must not be quoted");
    expect_refused("port: [80]", "x.yaml:1:7: port: needs a single value, not a sequence");
    expect_refused("port: {}", "x.yaml:1:7: port: needs a single value, not a mapping");
}

static void what_is_no_json_number_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {".5",    "5.",   "+0.5",  "00.5", ".inf",
                                        "-.inf", ".nan", "0x1p3", "0,5",  "1.1",
                                        "-1.5",  "half", "inf",   "NaN"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "ratio: %s", wrong[i]);
        expect_refused(text, "x.yaml:1:8: ratio: needs a number from -1 to 1");
    }
    expect_refused("ratio: 1e400", "x.yaml:1:8: ratio: is too large for a binary64 number");
    expect_refused("ratio: '0.5'", "x.yaml:1:8: ratio: must not be quoted");
}

static void only_true_and_false_are_booleans(void **state)
{
    (void)state;
    static const char *const wrong[] = {"yes",   "no", "on",    "off",  "True",
                                        "FALSE", "1",  "maybe", "truee"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "flag: %s", wrong[i]);
        expect_refused(text, "x.yaml:1:7: flag: needs true or false");
    }
    expect_refused("flag: 'true'", "x.yaml:1:7: flag: must not be quoted");
}

static void text_that_others_read_otherwise_must_be_quoted(void **state)
{
    (void)state;
    static const char *const wrong[] = {"12",    "-1.5", "1e3",  "0x1F", ".5",   "1.",
                                        "1_000", "yes",  "No",   "OFF",  "true", "False",
                                        ".inf",  ".NaN", "0b11", "0o17", "+1",   "1.5E+3"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "title: %s", wrong[i]);
        expect_refused(text, "x.yaml:1:8: title: needs text; what looks like a number or a "
                             "word such as no must be quoted");
    }
    expect_refused("pairs: {no: 1}", "x.yaml:1:9: pairs.no: needs text; what looks like a "
                                     "number or a word such as no must be quoted");
}

static void text_that_only_begins_like_a_number_is_text(void **state)
{
    (void)state;
    static const char *const right[] = {
        "1.2.3", "127.0.0.1:8000", "1x",       "none", "nope", "e3", "-",
        ".",     "0xyz",           "0b203ec7", "0o8",  "1e3x", "y",  "_"};
    for (size_t i = 0; i < COUNT(right); i++) {
        char text[64];
        struct fixture fixture;
        (void)snprintf(text, sizeof(text), "title: '%s'", right[i]);
        if (strcmp(right[i], "-") != 0) {
            (void)snprintf(text, sizeof(text), "title: %s", right[i]);
        }
        EXPECT_OK(read(&fixture, text));
        assert_string_equal(fixture.sample.title, right[i]);
        arena_deinit(&fixture.arena);
    }
}

static void values_that_say_nothing_are_refused(void **state)
{
    (void)state;
    expect_refused("title:\n", "x.yaml:1:7: title: has no value");
    expect_refused("peer: ~\n", "x.yaml:1:7: peer: has no value");
    expect_refused("labels: [a, null]\n", "x.yaml:1:13: labels[1]: has no value");
    expect_refused("title: ''\n", "x.yaml:1:8: title: is empty");
}

static void shapes_and_counts_are_checked(void **state)
{
    (void)state;
    expect_refused("- a\n", "x.yaml:1:1: needs a mapping");
    expect_refused("peer: x", "x.yaml:1:7: peer: needs a mapping");
    expect_refused("labels: x", "x.yaml:1:9: labels: needs a sequence");
    expect_refused("pairs: [a]", "x.yaml:1:8: pairs: needs a mapping");
    expect_refused("labels: []",
                   "x.yaml:1:9: labels: has 0 entries, needs a number from 1 to 3");
    expect_refused("labels: [a, b, c, d]",
                   "x.yaml:1:9: labels: has 4 entries, needs a number from 1 to 3");
    expect_refused("pairs: {}",
                   "x.yaml:1:8: pairs: has 0 entries, needs a number of at least 1");
    expect_refused("peer: {tries: 1}", "x.yaml:1:7: peer.host: is required");
    expect_refused("items:\n  - min: 1\n", "x.yaml:2:5: items[0].name: is required");
    expect_refused("peer: {host: a.very.long.one}",
                   "x.yaml:1:14: peer.host: is longer than 8 bytes");
    expect_refused("colour: blue", "x.yaml:1:9: colour: needs one of red, green");
    expect_refused("colour: Red", "x.yaml:1:9: colour: needs one of red, green");
}

static void bounds_hold_exactly_up_to_2_to_the_53(void **state)
{
    (void)state;
    const struct yaml_key key = {.type = YAML_TYPE_U64, .max = 9007199254740992};
    uint64_t value = 7;
    struct error error;

    EXPECT_OK(yaml_read_text("9007199254740992", &key, NULL, &value, &error));
    assert_int_equal(value, 9007199254740992);
    EXPECT_STATUS(GALEN_INVALID,
                  yaml_read_text("9007199254740993", &key, NULL, &value, &error));
    assert_string_equal(error.text, "needs a whole number from 0 to 9007199254740992");
}

static void text_from_elsewhere_is_read_by_the_same_rules(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    arena_init(&fixture.arena, 1u << 20);

    EXPECT_OK(yaml_read_text("yes", &keys[0], &fixture.arena, &fixture.sample, NULL));
    assert_string_equal(fixture.sample.title, "yes");
    EXPECT_STATUS(GALEN_INVALID, yaml_read_text("yes", &keys[1], &fixture.arena,
                                                &fixture.sample, &fixture.error));
    assert_string_equal(fixture.error.text, "needs true or false");
    arena_deinit(&fixture.arena);
}

static void rows_become_markdown(void **state)
{
    (void)state;
    struct writer writer;
    writer_init(&writer, 1u << 16);

    yaml_write_markdown(keys, COUNT(keys), &writer);

    EXPECT_OK(writer.status);
    const char *const expected = "| Key | Value | Default | Meaning |\n|---|---|---|---|\n"
                                 "| `title` | text |  | What it is. |\n"
                                 "| `flag` | true or false | true |  |\n"
                                 "| `port` | whole number from 1 to 65535 |  |  |\n"
                                 "| `ratio` | number from -1 to 1 |  |  |\n"
                                 "| `colour` | red, green | green |  |\n"
                                 "| `peer` | mapping |  |  |\n"
                                 "| `peer.host` | text | required |  |\n"
                                 "| `peer.tries` | whole number | 3 |  |\n"
                                 "| `labels` | sequence from 1 to 3 |  |  |\n"
                                 "| `labels[]` | text |  |  |\n"
                                 "| `items` | sequence |  |  |\n"
                                 "| `items[]` | mapping |  |  |\n"
                                 "| `items[].name` | text | required |  |\n"
                                 "| `items[].min` | number |  |  |\n"
                                 "| `pairs` | map of at least 1 |  |  |\n"
                                 "| `pairs.<name>` | number |  |  |\n";
    assert_true(bytes_equal_string(writer_bytes(&writer), expected));
    writer_deinit(&writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read_to_its_place),
        cmocka_unit_test(absent_keys_have_what_their_rows_say),
        cmocka_unit_test(unknown_key_is_refused_with_its_place),
        cmocka_unit_test(nearest_name_is_found_within_two_edits),
        cmocka_unit_test(what_is_no_decimal_whole_number_is_refused),
        cmocka_unit_test(what_is_no_json_number_is_refused),
        cmocka_unit_test(only_true_and_false_are_booleans),
        cmocka_unit_test(text_that_others_read_otherwise_must_be_quoted),
        cmocka_unit_test(text_that_only_begins_like_a_number_is_text),
        cmocka_unit_test(values_that_say_nothing_are_refused),
        cmocka_unit_test(shapes_and_counts_are_checked),
        cmocka_unit_test(bounds_hold_exactly_up_to_2_to_the_53),
        cmocka_unit_test(text_from_elsewhere_is_read_by_the_same_rules),
        cmocka_unit_test(rows_become_markdown),
    };
    return cmocka_run_group_tests_name("yaml_table", tests, NULL, NULL);
}
