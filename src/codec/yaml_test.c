/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/yaml.h"

#include <stdio.h>

#include "base/limits.h"

#include "expect.h"

struct parsed {
    struct arena arena;
    struct yaml_document document;
    struct error error;
    enum galen_status status;
};

static struct parsed parse(struct bytes text)
{
    struct parsed parsed = {.status = GALEN_OK};
    arena_init(&parsed.arena, 16u << 20);
    parsed.status =
        yaml_parse(text, "x.yaml", &parsed.arena, &parsed.document, &parsed.error);
    return parsed;
}

static void expect_refused(struct bytes text, const char *error)
{
    struct parsed parsed = parse(text);
    EXPECT_STATUS(GALEN_INVALID, parsed.status);
    assert_string_equal(error, parsed.error.text);
    assert_null(parsed.document.root);
    arena_deinit(&parsed.arena);
}

static void expect_mark(uint32_t line, uint32_t column, struct yaml_mark mark)
{
    assert_int_equal(line, mark.line);
    assert_int_equal(column, mark.column);
}

static void nodes_know_their_place(void **state)
{
    (void)state;
    struct parsed parsed =
        parse(BYTES("a: 1\nlist:\n  - x\n  - {k\xC3\xA9y: \"v\", l: ''}\n"));
    EXPECT_OK(parsed.status);

    const struct yaml_node *list = yaml_member(parsed.document.root, "list");
    const struct yaml_node *quoted = yaml_at(yaml_at(list, 1), 0);

    assert_int_equal(list->kind, YAML_KIND_SEQUENCE);
    assert_int_equal(list->count, 2);
    expect_mark(3, 3, list->mark);
    expect_mark(2, 1, list->name_mark);
    assert_string_equal(quoted->name, "k\xC3\xA9y");
    assert_string_equal(quoted->text, "v");
    assert_false(quoted->is_plain);
    expect_mark(4, 11, quoted->mark);
    expect_mark(4, 6, quoted->name_mark);
    assert_int_equal(yaml_at(list, 1)->index, 1);
    assert_null(yaml_at(list, 2));
    assert_null(yaml_member(list, "x"));
    arena_deinit(&parsed.arena);
}

static void only_plain_nothing_is_null(void **state)
{
    (void)state;
    struct parsed parsed = parse(BYTES("[~, null, Null, NULL, '', \"null\", nULL, '~']"));
    EXPECT_OK(parsed.status);

    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(i < 4, yaml_is_null(yaml_at(parsed.document.root, i)));
    }
    arena_deinit(&parsed.arena);
}

static void key_that_is_there_twice_is_refused_at_the_second(void **state)
{
    (void)state;
    expect_refused(BYTES("a:\n  - b: 1\n    c: 2\n    b: 3\n"),
                   "x.yaml:4:5: a[0].b: is there twice, first at line 2");
    expect_refused(BYTES("{a b: 1, 'a b': 2}"),
                   "x.yaml:1:10: ['a b']: is there twice, first at line 1");
}

static void what_only_yaml_can_say_is_refused(void **state)
{
    (void)state;
    expect_refused(BYTES("a: &x 1\n"), "x.yaml:1:4: a: anchors are not supported");
    expect_refused(BYTES("a: *x\n"), "x.yaml:1:4: a: aliases are not supported");
    expect_refused(BYTES("a: !!int 1\n"), "x.yaml:1:4: a: tags are not supported");
    expect_refused(BYTES("a: ! 1\n"), "x.yaml:1:4: a: tags are not supported");
    expect_refused(BYTES("a: !x [1]\n"), "x.yaml:1:4: a: tags are not supported");
    expect_refused(BYTES("- &x {a: 1}\n"), "x.yaml:1:3: anchors are not supported");
    expect_refused(BYTES("a: 1\n---\nb: 1\n"),
                   "x.yaml:2:1: a second document is not supported");
    expect_refused(BYTES("%YAML 1.1\n---\na: 1\n"),
                   "x.yaml:1:1: directives are not supported");
    expect_refused(BYTES("%TAG ! tag:x,2000:\n---\na: 1\n"),
                   "x.yaml:1:1: directives are not supported");
    expect_refused(BYTES("? [a]\n: 1\n"), "x.yaml:1:3: a key must be a scalar");
    expect_refused(BYTES("? {a: 1}\n: 1\n"), "x.yaml:1:3: a key must be a scalar");
    expect_refused(BYTES("{\"a\\nb\": 1}\n"),
                   "x.yaml:1:2: a key must be one line without tabs");
    expect_refused(BYTES("{'': 1}\n"), "x.yaml:1:2: a key is empty");
}

static void file_without_a_value_is_refused(void **state)
{
    (void)state;
    expect_refused(BYTES_NONE, "x.yaml:1:1: is empty");
    expect_refused(BYTES("# nothing\n"), "x.yaml:1:1: is empty");
    expect_refused(BYTES("---\n...\n"), "x.yaml:1:1: is empty");
    expect_refused(BYTES("null\n"), "x.yaml:1:1: is empty");
}

static void characters_that_hide_are_refused(void **state)
{
    (void)state;
    const char *const hidden =
        "x.yaml:2:5: holds a control character or a Unicode line separator";
    expect_refused(BYTES("a: 1\nb: \xC3\xA9\xFF\n"), "x.yaml:2:5: is not UTF-8");
    expect_refused(BYTES("a: 1\r\nb: \xED\xA0\x80\n"), "x.yaml:2:4: is not UTF-8");
    expect_refused(BYTES("a: 1\nb: x\0\n"), hidden);
    expect_refused(BYTES("a: 1\nb: x\x7F\n"), hidden);
    expect_refused(BYTES("a: 1\nb: x\xC2\x85\n"), hidden);
    expect_refused(BYTES("a: 1\nb: x\xE2\x80\xA8\n"), hidden);
    expect_refused(BYTES("a: 1\rb: x\xE2\x80\xA9\n"), hidden);
    expect_refused(BYTES("a: \"x\\0\"\n"), "x.yaml:1:4: a: holds a control character");
    expect_refused(BYTES("{\"a\\r\": 1}\n"), "x.yaml:1:2: holds a control character");
}

static void syntax_errors_say_where_and_what_was_open(void **state)
{
    (void)state;
    expect_refused(BYTES("a: 1\n b: 2\n"),
                   "x.yaml:2:3: mapping values are not allowed in this context");
    expect_refused(BYTES("a: [1,\nb: 2\n"),
                   "x.yaml:3:1: a: did not find expected ',' or ']', while parsing a flow "
                   "sequence that began at line 1");
    expect_refused(BYTES("a: \"x\n"),
                   "x.yaml:2:1: a: found unexpected end of stream, while scanning a quoted "
                   "scalar that began at line 1");
}

static void nest(char *text, size_t depth)
{
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[2 * depth] = '\0';
}

static void depth_is_limited(void **state)
{
    (void)state;
    char text[2 * LIMIT_YAML_DEPTH_MAX + 3];
    nest(text, LIMIT_YAML_DEPTH_MAX);
    struct parsed parsed = parse(bytes_from_string(text));
    EXPECT_OK(parsed.status);
    arena_deinit(&parsed.arena);

    nest(text, LIMIT_YAML_DEPTH_MAX + 1);

    parsed = parse(bytes_from_string(text));
    EXPECT_STATUS(GALEN_INVALID, parsed.status);
    assert_non_null(strstr(parsed.error.text, "x.yaml:1:33: "));
    assert_non_null(strstr(parsed.error.text, ": is nested deeper than 32"));
    arena_deinit(&parsed.arena);
}

static void keys_of_a_mapping_are_limited(void **state)
{
    (void)state;
    char text[(LIMIT_YAML_KEY_COUNT_MAX + 1) * 10 + 1];
    for (size_t i = 0; i <= LIMIT_YAML_KEY_COUNT_MAX; i++) {
        (void)snprintf(text + 10 * i, 11, "key%03zu: 1\n", i);
    }

    struct parsed parsed = parse(bytes_of(text, sizeof(text) - 11));
    EXPECT_OK(parsed.status);
    arena_deinit(&parsed.arena);

    expect_refused(bytes_of(text, sizeof(text) - 1),
                   "x.yaml:257:1: has more than 256 keys");
}

static void long_names_and_paths_are_cut_at_characters(void **state)
{
    (void)state;
    char file[400];
    memset(file, 'f', sizeof(file) - 1);
    file[sizeof(file) - 1] = '\0';
    file[sizeof(file) - 122] = '\xC3'; /* the cut goes through this character */
    file[sizeof(file) - 121] = '\xA9';
    struct arena arena;
    struct yaml_document document;
    struct error error;
    arena_init(&arena, 1u << 20);

    EXPECT_STATUS(GALEN_INVALID,
                  yaml_parse(BYTES("a: *x"), file, &arena, &document, &error));

    assert_int_equal(strspn(error.text, "f"), 119);
    assert_string_equal(error.text + 119, ":1:4: a: aliases are not supported");

    char text[200];
    (void)snprintf(text, sizeof(text), "%039d\xC3\xA9%020d: *x", 0, 0);
    EXPECT_STATUS(GALEN_INVALID,
                  yaml_parse(bytes_from_string(text), "x", &arena, &document, &error));
    assert_string_equal(error.text, "x:1:63: ['000000000000000000000000000000000000000']: "
                                    "aliases are not supported");
    arena_deinit(&arena);
}

static void arena_that_is_too_small_is_no_memory(void **state)
{
    (void)state;
    struct arena arena;
    struct yaml_document document;
    arena_init(&arena, 0);

    EXPECT_STATUS(GALEN_NO_MEMORY, yaml_parse(BYTES("a: 1"), "x", &arena, &document, NULL));

    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_know_their_place),
        cmocka_unit_test(only_plain_nothing_is_null),
        cmocka_unit_test(key_that_is_there_twice_is_refused_at_the_second),
        cmocka_unit_test(what_only_yaml_can_say_is_refused),
        cmocka_unit_test(file_without_a_value_is_refused),
        cmocka_unit_test(characters_that_hide_are_refused),
        cmocka_unit_test(syntax_errors_say_where_and_what_was_open),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(keys_of_a_mapping_are_limited),
        cmocka_unit_test(long_names_and_paths_are_cut_at_characters),
        cmocka_unit_test(arena_that_is_too_small_is_no_memory),
    };
    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
