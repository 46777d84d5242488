/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/writer.h"
#include "expect.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int set_up(void **state)
{
    static struct arena arena;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    *state = &arena;
    return 0;
}

static int tear_down(void **state)
{
    arena_deinit(*state);
    return 0;
}

static const struct json *parsed(struct bytes text, struct arena *arena)
{
    const struct json *root = NULL;
    struct error error = {"", ""};
    EXPECT_OK(json_parse(text, arena, &root, &error));
    assert_string_equal(error.text, "");
    return root;
}

static struct error refused(struct bytes text, struct arena *arena)
{
    const struct json *root = NULL;
    struct error error = {"", ""};
    EXPECT_STATUS(GALEN_INVALID, json_parse(text, arena, &root, &error));
    assert_null(root);
    return error;
}

static void expect_refusal(const char *text, const char *message, struct arena *arena)
{
    assert_string_equal(refused(bytes_from_string(text), arena).text, message);
}

/* Values. */

static void values_have_their_types(void **state)
{
    const struct json *root = parsed(BYTES("[null,true,1,\"a\",[],{}]"), *state);
    struct json_cursor at = json_walk(root);
    const enum json_type types[] = {JSON_NULL,   JSON_BOOL,  JSON_NUMBER,
                                    JSON_STRING, JSON_ARRAY, JSON_OBJECT};
    for (size_t i = 0; i < COUNT(types); i++) {
        assert_true(json_next(&at));
        assert_int_equal(json_type(at.value), types[i]);
        assert_int_equal(at.index, i);
        assert_int_equal(at.name.size, 0);
    }
    assert_false(json_next(&at));
    assert_int_equal(json_count(root), COUNT(types));
}

static void types_have_the_names_of_json(void **state)
{
    (void)state;
    assert_string_equal(json_type_name(JSON_BOOL), "boolean");
    assert_string_equal(json_type_name(JSON_OBJECT), "object");
}

static void a_lone_value_is_a_document(void **state)
{
    assert_true(json_bool(parsed(BYTES(" true "), *state)));
    assert_true(bytes_equal_string(json_number(parsed(BYTES("-0"), *state)), "-0"));
    assert_true(bytes_equal_string(json_string(parsed(BYTES("\"\""), *state)), ""));
}

static void numbers_keep_their_text(void **state)
{
    static const char *const texts[] = {
        "0", "-0", "1.0", "1e400", "-1.50E+03", "18446744073709551616", "0.1e-999999999"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        const struct bytes text = bytes_from_string(texts[i]);
        assert_true(bytes_equal(json_number(parsed(text, *state)), text));
    }
}

static void numbers_inside_keep_their_text(void **state)
{
    struct json_cursor at = json_walk(parsed(BYTES("[1.0,-0 ,2e2]"), *state));
    assert_true(json_next(&at) && bytes_equal_string(json_number(at.value), "1.0"));
    assert_true(json_next(&at) && bytes_equal_string(json_number(at.value), "-0"));
    assert_true(json_next(&at) && bytes_equal_string(json_number(at.value), "2e2"));
}

static void members_come_in_the_order_of_the_text(void **state)
{
    struct json_cursor at = json_walk(parsed(BYTES("{\"b\":[1,2],\"a\":true}"), *state));
    assert_true(json_next(&at));
    assert_true(bytes_equal_string(at.name, "b"));
    assert_int_equal(json_count(at.value), 2);
    assert_true(json_next(&at));
    assert_true(bytes_equal_string(at.name, "a"));
    assert_int_equal(at.index, 1);
    assert_true(json_bool(at.value));
    assert_false(json_next(&at));
    assert_false(json_next(&at));
}

static void a_member_is_found_by_its_whole_name(void **state)
{
    const struct json *root = parsed(BYTES("{\"ab\":1,\"a\":2,\"a\\u0000\":3}"), *state);
    assert_true(bytes_equal_string(json_number(json_member(root, "a")), "2"));
    assert_null(json_member(root, "b"));
    assert_null(json_member(root, ""));
}

static void escapes_are_resolved(void **state)
{
    const struct json *root =
        parsed(BYTES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83e\\ude7a\""), *state);
    assert_true(
        bytes_equal_string(json_string(root), "\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\xA9\xBA"));
}

static void an_escaped_nul_is_part_of_the_string(void **state)
{
    assert_true(
        bytes_equal(json_string(parsed(BYTES("\"a\\u0000b\""), *state)), BYTES("a\0b")));
}

static void the_text_may_go_once_it_is_parsed(void **state)
{
    char text[] = "{\"name\":\"value\"}";
    const struct json *root = parsed(bytes_from_string(text), *state);
    memset(text, 'x', sizeof(text));
    assert_true(bytes_equal_string(json_string(json_member(root, "name")), "value"));
}

/* Refusals. */

static void faults_have_a_reason_and_an_offset(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } faults[] = {
        {"", "byte offset 0: there is no value"},
        {" \n", "byte offset 0: there is no value"},
        {"[1] 2", "byte offset 4: more text after the value"},
        {"[1", "byte offset 2: the text ends inside a value"},
        {"[1,]", "byte offset 2: a comma before a closing bracket"},
        {"{\"a\" 1}", "byte offset 5: a character that may not stand here"},
        {"[01]", "byte offset 1: a number that is not written as JSON has it"},
        {"[tru]", "byte offset 1: a word other than true, false and null"},
        {"[\"\\x\"]", "byte offset 3: a string with a wrong escape or a control character"},
        {"[\"\1\"]", "byte offset 2: a string with a wrong escape or a control character"},
        {"[\"\\\xC3\xA9\"]",
         "byte offset 3: a string with a wrong escape or a control character"},
        {"[\"ab\xFF\"]", "byte offset 4: bytes that are no UTF-8"},
        {"[\"\xC3\xA9\xE2\x82\"]", "byte offset 4: bytes that are no UTF-8"},
        {"[\"\xF0\x9F\x98\"]", "byte offset 2: bytes that are no UTF-8"},
        {"[\"\xED\xA0\x80\"]", "byte offset 2: bytes that are no UTF-8"},
        {"[\"abcdefghijklmnop\xC0\x80\"]", "byte offset 18: bytes that are no UTF-8"},
        {"[\"\xE9\",\"\xFF\"]", "byte offset 2: bytes that are no UTF-8"},
    };
    for (size_t i = 0; i < COUNT(faults); i++) {
        expect_refusal(faults[i].text, faults[i].message, *state);
    }
}

static void no_refusal_quotes_the_text(void **state)
{
    static const char *const texts[] = {
        "{\"zz\":1,\"zz\":2}", "[zz]", "{\"a\":zz}", "\"zz", "[\"zz\\q\"]", "[1]zz", "zz",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        const struct error error = refused(bytes_from_string(texts[i]), *state);
        assert_null(strstr(error.text, "zz"));
        assert_null(strstr(error.pointer, "zz"));
    }
}

static void an_error_is_not_needed(void **state)
{
    const struct json *root;
    EXPECT_STATUS(GALEN_INVALID, json_parse(BYTES("["), *state, &root, NULL));
    EXPECT_STATUS(GALEN_INVALID,
                  json_parse(BYTES("[{\"a\":1,\"a\":1}]"), *state, &root, NULL));
}

static void lone_surrogates_are_refused(void **state)
{
    (void)refused(BYTES("\"\\ud800\""), *state);
    (void)refused(BYTES("\"\\udc00\""), *state);
    (void)refused(BYTES("\"\xED\xA0\x80\""), *state);
}

static void a_nul_byte_is_refused(void **state)
{
    (void)refused(BYTES("\"a\0b\""), *state);
    (void)refused(BYTES("[1]\0"), *state);
}

static struct bytes nested(size_t depth, char *text)
{
    for (size_t i = 0; i < depth; i++) {
        text[i] = '[';
        text[2 * depth - 1 - i] = ']';
    }
    return bytes_of(text, 2 * depth);
}

static void depth_is_limited(void **state)
{
    char text[2 * (LIMIT_JSON_DEPTH_MAX + 1)];
    (void)parsed(nested(LIMIT_JSON_DEPTH_MAX, text), *state);
    assert_string_equal(
        refused(nested(LIMIT_JSON_DEPTH_MAX + 1, text), *state).text,
        "byte offset 64: JSON nesting depth exceeds maximum allowed limit (64)");
}

/* Brackets are looked for eight bytes at a time. */
static void depth_is_limited_wherever_the_brackets_stand(void **state)
{
    char text[16 + 8 * (LIMIT_JSON_DEPTH_MAX + 1)];
    for (size_t lead = 0; lead < 16; lead++) {
        size_t size = lead;
        memset(text, ' ', sizeof(text));
        for (size_t i = 0; i <= LIMIT_JSON_DEPTH_MAX; i++) {
            memcpy(text + size, i % 2 == 0 ? "[" : "{\"a\":", i % 2 == 0 ? 1 : 5);
            size += i % 2 == 0 ? 1 : 5;
        }
        assert_non_null(strstr(refused(bytes_of(text, size), *state).text, "depth"));
    }
}

static void depth_counts_open_brackets_only(void **state)
{
    struct writer text;
    writer_init(&text, 65536);
    writer_put_string(&text, "[\"\\\"[[[[\\\\\"");
    for (size_t i = 0; i < 100; i++) {
        writer_put_string(&text, ",[{}],\"[{\"");
    }
    writer_put_string(&text, "]");
    assert_int_equal(json_count(parsed(writer_bytes(&text), *state)), 201);
    writer_deinit(&text);
}

static void size_is_limited(void **state)
{
    struct writer text;
    const struct json *root;
    writer_init(&text, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX + 1);
    memset(writer_extend(&text, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX), ' ',
           LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX - 1);
    memset(writer_extend(&text, 0) - 1, '1', 1);
    EXPECT_OK(json_parse(writer_bytes(&text), *state, &root, NULL));
    writer_put_byte(&text, ' ');
    EXPECT_STATUS(GALEN_TOO_LARGE, json_parse(writer_bytes(&text), *state, &root, NULL));
    writer_deinit(&text);
}

static void the_arena_bounds_memory(void **state)
{
    (void)state;
    struct arena small;
    const struct json *root;
    struct error error;
    for (size_t size = 0; size < 65536; size += 4096) {
        arena_init(&small, size);
        const enum galen_status status = json_parse(BYTES("[1]"), &small, &root, &error);
        EXPECT_STATUS(size == 0 ? GALEN_NO_MEMORY : GALEN_OK, status);
        arena_deinit(&small);
    }
}

/* The most values that fit into the largest text. */
static void the_largest_document_fits_into_a_request(void **state)
{
    struct writer text;
    writer_init(&text, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    uint8_t *at = writer_extend(&text, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    for (size_t i = 0; i < LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX; i++) {
        at[i] = i % 2 == 0 ? '1' : ',';
    }
    at[0] = '[';
    at[1] = ' ';
    at[LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX - 1] = ']';
    assert_int_equal(json_count(parsed(writer_bytes(&text), *state)),
                     LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX / 2 - 1);
    writer_deinit(&text);
}

/* Names. */

static void a_name_twice_is_refused_where_it_is(void **state)
{
    const struct error error = refused(BYTES("{\"a\":1, \"b\":2, \"a\":3}"), *state);
    assert_string_equal(error.text,
                        "byte offset 15: member 2 has the name of an earlier one");
    assert_string_equal(error.pointer, "");
}

static void a_name_twice_inside_tells_no_name_around_it(void **state)
{
    const struct error error = refused(BYTES("{\"in/put\":[0,{\"b\":1,\"b\":2}]}"), *state);
    assert_string_equal(error.text,
                        "byte offset 20: member 1 has the name of an earlier one");
    assert_string_equal(error.pointer, "");
}

static void names_are_equal_whatever_their_escapes(void **state)
{
    const struct error error = refused(BYTES("{\"\\u0061\\n\":1,\"a\\u000a\":2}"), *state);
    assert_string_equal(error.text,
                        "byte offset 14: member 1 has the name of an earlier one");
}

static void one_name_in_two_objects_is_fine(void **state)
{
    (void)parsed(BYTES("[{\"a\":{\"a\":1}},{\"a\":2}]"), *state);
}

static void names_differ_by_what_follows_a_nul(void **state)
{
    (void)parsed(BYTES("{\"a\\u0000b\":1,\"a\\u0000c\":2,\"a\":3,\"\":4}"), *state);
    (void)refused(BYTES("{\"\":1,\"\":2}"), *state);
}

/* {"n0":0,"n1":0,…}, and the name of member `second` is that of `first`. */
static void put_members(struct writer *text, size_t count, size_t first, size_t second)
{
    writer_put_byte(text, '{');
    for (size_t i = 0; i < count; i++) {
        writer_put_string(text, i == 0 ? "\"n" : ",\"n");
        writer_put_u64(text, i == second ? first : i);
        writer_put_string(text, "\":0");
    }
    writer_put_byte(text, '}');
}

static void a_name_twice_is_found_at_every_size(void **state)
{
    for (size_t count = 2; count < 70; count++) {
        for (size_t second = 1; second < count; second++) {
            struct writer text;
            char index[64];
            writer_init(&text, 4096);
            put_members(&text, count, second / 2, second);
            (void)snprintf(index, sizeof(index), ": member %zu has", second);
            assert_non_null(strstr(refused(writer_bytes(&text), *state).text, index));
            writer_deinit(&text);
            arena_clear(*state);
        }
    }
}

static void the_first_of_many_repetitions_is_named(void **state)
{
    struct writer text;
    writer_init(&text, 4096);
    writer_put_string(&text, "{\"z\":0");
    for (size_t i = 0; i < 20; i++) {
        writer_put_string(&text, i % 2 == 0 ? ",\"z\":0" : ",\"a\":0");
    }
    writer_put_string(&text, "}");
    assert_string_equal(refused(writer_bytes(&text), *state).text,
                        "byte offset 7: member 1 has the name of an earlier one");
    writer_deinit(&text);
}

/* Quadratic search would compare five billion names here, and not end within the timeout.
 */
static void a_hundred_thousand_members_are_quick(void **state)
{
    struct writer text;
    const size_t count = 100000;
    writer_init(&text, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    put_members(&text, count, 0, count);
    assert_int_equal(json_count(parsed(writer_bytes(&text), *state)), count);
    writer_deinit(&text);
}

#define ON_AN_ARENA(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void offsets_are_those_before_parts_were_cut_out(void **state)
{
    /* {"a":[#####],"b":[###],"c":!} without the # */
    const struct json_cut cuts[] = {{6, 5}, {13, 3}};
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"{\"a\":[],\"b\":[],\"c\":!}",
         "byte offset 27: a character that may not stand here"},
        {"{\"a\":?],\"b\":[],\"c\":!}",
         "byte offset 5: a character that may not stand here"},
        {"{\"a\":[],\"b\":[],\"a\":1}",
         "byte offset 23: member 2 has the name of an earlier one"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct json *root = NULL;
        struct error error = {"", ""};
        EXPECT_STATUS(GALEN_INVALID, json_parse_cut(bytes_from_string(rows[i].text), cuts,
                                                    COUNT(cuts), *state, &root, &error));
        assert_string_equal(error.text, rows[i].message);
    }
}

static void a_string_that_is_wiped_is_nowhere_in_its_document(void **state)
{
    const struct json *root = parsed(BYTES("{\"a\":\"Jane \\u00e9\",\"b\":\"x\"}"), *state);
    const struct bytes text = json_string(json_member(root, "a"));
    assert_int_equal(text.size, 7);

    json_wipe_string(json_member(root, "a"));

    for (size_t i = 0; i < text.size; i++) {
        assert_int_equal(text.data[i], 0);
    }
    assert_true(bytes_equal_string(json_string(json_member(root, "b")), "x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_AN_ARENA(offsets_are_those_before_parts_were_cut_out),
        ON_AN_ARENA(values_have_their_types),
        ON_AN_ARENA(types_have_the_names_of_json),
        ON_AN_ARENA(a_lone_value_is_a_document),
        ON_AN_ARENA(numbers_keep_their_text),
        ON_AN_ARENA(numbers_inside_keep_their_text),
        ON_AN_ARENA(members_come_in_the_order_of_the_text),
        ON_AN_ARENA(a_member_is_found_by_its_whole_name),
        ON_AN_ARENA(escapes_are_resolved),
        ON_AN_ARENA(an_escaped_nul_is_part_of_the_string),
        ON_AN_ARENA(the_text_may_go_once_it_is_parsed),
        ON_AN_ARENA(faults_have_a_reason_and_an_offset),
        ON_AN_ARENA(no_refusal_quotes_the_text),
        ON_AN_ARENA(an_error_is_not_needed),
        ON_AN_ARENA(lone_surrogates_are_refused),
        ON_AN_ARENA(a_nul_byte_is_refused),
        ON_AN_ARENA(depth_is_limited),
        ON_AN_ARENA(depth_is_limited_wherever_the_brackets_stand),
        ON_AN_ARENA(depth_counts_open_brackets_only),
        ON_AN_ARENA(size_is_limited),
        ON_AN_ARENA(the_arena_bounds_memory),
        ON_AN_ARENA(the_largest_document_fits_into_a_request),
        ON_AN_ARENA(a_name_twice_is_refused_where_it_is),
        ON_AN_ARENA(a_name_twice_inside_tells_no_name_around_it),
        ON_AN_ARENA(names_are_equal_whatever_their_escapes),
        ON_AN_ARENA(one_name_in_two_objects_is_fine),
        ON_AN_ARENA(names_differ_by_what_follows_a_nul),
        ON_AN_ARENA(a_name_twice_is_found_at_every_size),
        ON_AN_ARENA(the_first_of_many_repetitions_is_named),
        ON_AN_ARENA(a_hundred_thousand_members_are_quick),
        ON_AN_ARENA(a_string_that_is_wiped_is_nowhere_in_its_document),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
