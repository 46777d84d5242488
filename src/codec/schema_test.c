/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/schema.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/writer.h"
#include "expect.h"

static struct arena arena;
static struct schema *schema;
static struct schema_errors errors;
static struct error refusal;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    schema = NULL;
    errors = (struct schema_errors){.count = 0};
    error_clear(&refusal);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    schema_unref(schema);
    arena_deinit(&arena);
    return 0;
}

static enum galen_status compile_with(struct bytes text, bool asserts_formats)
{
    const struct schema_source source = {"x.json", text};
    const struct schema_options options = {.asserts_formats = asserts_formats};
    schema_unref(schema);
    schema = NULL;
    return schema_compile(&source, 1, &options, &schema, &refusal);
}

static enum galen_status compile(const char *text)
{
    return compile_with(bytes_from_string(text), false);
}

static enum galen_status validate_bytes(struct bytes text)
{
    const struct json *value;
    EXPECT_OK(json_parse(text, &arena, &value, NULL));
    return schema_validate(schema, value, &arena, &errors);
}

static enum galen_status validate(const char *text)
{
    return validate_bytes(bytes_from_string(text));
}

static void expect_error(size_t index, const char *pointer, const char *keyword,
                         const char *message)
{
    assert_true(index < errors.count);
    assert_string_equal(errors.items[index].detail.pointer, pointer);
    assert_string_equal(errors.items[index].keyword, keyword);
    assert_string_equal(errors.items[index].detail.text, message);
}

/* One error, of a schema and a value. */
struct refused {
    const char *schema;
    const char *value;
    const char *pointer;
    const char *keyword;
    const char *message;
};

static void expect_refused(const struct refused *row)
{
    EXPECT_OK(compile(row->schema));
    EXPECT_STATUS(GALEN_UNPROCESSABLE, validate(row->value));
    expect_error(0, row->pointer, row->keyword, row->message);
    assert_int_equal(errors.count, 1);
}

static void each_keyword_tells_its_limit(void **state)
{
    (void)state;
    static const struct refused rows[] = {
        {"{\"type\":\"integer\"}", "1.5", "", "type", "is not an integer"},
        {"{\"type\":[\"string\",\"null\"]}", "1", "", "type", "is not null or a string"},
        {"{\"enum\":[1,2]}", "3", "", "enum",
         "is none of the values that are allowed: 2 are"},
        {"{\"const\":1}", "2", "", "const", "is not the only value that is allowed"},
        {"{\"minimum\":0.5}", "0.49", "", "minimum", "is less than 0.5"},
        {"{\"maximum\":5}", "5.1", "", "maximum", "is greater than 5"},
        {"{\"exclusiveMinimum\":5}", "5.0", "", "exclusiveMinimum",
         "is not greater than 5"},
        {"{\"exclusiveMaximum\":5}", "50e-1", "", "exclusiveMaximum", "is not less than 5"},
        {"{\"multipleOf\":0.01}", "0.075", "", "multipleOf", "is not a multiple of 0.01"},
        {"{\"minLength\":2}", "\"\xF0\x9F\x90\xB2\"", "", "minLength",
         "has fewer than 2 characters"},
        {"{\"maxLength\":2}", "\"abc\"", "", "maxLength", "has more than 2 characters"},
        {"{\"pattern\":\"^a\"}", "\"ba\"", "", "pattern", "does not match the pattern ^a"},
        {"{\"minItems\":1}", "[]", "", "minItems", "has fewer than 1 elements"},
        {"{\"maxItems\":1}", "[1,2]", "", "maxItems", "has more than 1 elements"},
        {"{\"uniqueItems\":true}", "[3,1,1.0]", "", "uniqueItems",
         "elements 1 and 2 are equal"},
        {"{\"items\":{\"type\":\"string\"}}", "[\"a\",1]", "/1", "type", "is not a string"},
        {"{\"prefixItems\":[true],\"items\":false}", "[1,2]", "", "items",
         "has more than 1 elements"},
        {"{\"contains\":{\"const\":1}}", "[2]", "", "contains",
         "has fewer than 1 elements of the kind that it has to contain"},
        {"{\"contains\":true,\"maxContains\":1}", "[2,3]", "", "maxContains",
         "has more than 1 elements of the kind that it may contain"},
        {"{\"required\":[\"dose\"]}", "{}", "", "required", "\"dose\" is missing"},
        {"{\"minProperties\":1}", "{}", "", "minProperties", "has fewer than 1 members"},
        {"{\"maxProperties\":0}", "{\"a\":1}", "", "maxProperties",
         "has more than 0 members"},
        {"{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}", "", "dependentRequired",
         "\"b\" is missing, which \"a\" needs"},
        {"{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"string\"}]}", "1", "", "anyOf",
         "meets none of 2 alternatives"},
        {"{\"oneOf\":[true,true]}", "1", "", "oneOf",
         "meets more than one of 2 alternatives"},
        {"{\"not\":{}}", "1", "", "not", "is what it must not be"},
        {"{\"if\":{\"minimum\":1},\"then\":{\"maximum\":2}}", "3", "", "maximum",
         "is greater than 2"},
        {"{\"properties\":{\"a\":false}}", "{\"a\":1}", "/a", "properties",
         "nothing is allowed here"},
        {"false", "1", "", "false", "nothing is allowed here"},
        {"{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"type\":\"null\"}}}", "1", "", "type",
         "is not null"},
        {"{\"$ref\":\"#/$defs/\",\"$defs\":{\"\":{\"type\":\"null\"}}}", "1", "", "type",
         "is not null"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_refused(&rows[i]);
    }
}

static void names_that_the_schema_does_not_have_are_told_by_their_place(void **state)
{
    (void)state;
    static const struct refused rows[] = {
        {"{\"properties\":{\"a\":{}},\"additionalProperties\":false}",
         "{\"a\":1,\"Jane Roe\":2}", "", "additionalProperties",
         "member 1: is not one that is allowed here"},
        {"{\"properties\":{\"a\":{\"additionalProperties\":{\"type\":\"null\"}}}}",
         "{\"a\":{\"Jane Roe\":2}}", "/a", "type", "member 0: is not null"},
        {"{\"patternProperties\":{\"^J\":{\"properties\":{\"dose\":{\"items\":"
         "{\"minimum\":1}}}}}}",
         "{\"Jane Roe\":{\"dose\":[1,0]}}", "", "minimum",
         "member 0/dose/1: is less than 1"},
        {"{\"additionalProperties\":{\"additionalProperties\":false}}",
         "{\"Jane\":{\"Roe\":2}}", "", "additionalProperties",
         "member 0, member 0: is not one that is allowed here"},
        {"{\"propertyNames\":{\"maxLength\":3}}", "{\"a\":1,\"Jane\":2}", "", "maxLength",
         "the name of member 1: has more than 3 characters"},
        {"{\"unevaluatedProperties\":false}", "{\"Jane\":2}", "", "unevaluatedProperties",
         "member 0: is not one that is allowed here"},
        {"{\"properties\":{\"a/b~\":{\"type\":\"null\"}}}", "{\"a/b~\":1}", "/a~1b~0",
         "type", "is not null"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_refused(&rows[i]);
    }
}

static void all_errors_are_told_up_to_a_limit(void **state)
{
    (void)state;
    EXPECT_OK(compile("{\"items\":{\"type\":\"string\"},\"maxItems\":1}"));
    EXPECT_STATUS(GALEN_UNPROCESSABLE, validate("[1,\"a\",2]"));
    assert_int_equal(errors.count, 3);
    expect_error(0, "", "maxItems", "has more than 1 elements");
    expect_error(1, "/0", "type", "is not a string");
    expect_error(2, "/2", "type", "is not a string");
    EXPECT_STATUS(GALEN_UNPROCESSABLE,
                  validate("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"));
    assert_int_equal(errors.count, LIMIT_SCHEMA_ERROR_COUNT_MAX);
}

static void missing_names_are_all_told(void **state)
{
    (void)state;
    EXPECT_OK(compile("{\"required\":[\"a\",\"b\",\"c\"],\"properties\":{\"b\":true}}"));
    EXPECT_OK(validate("{\"c\":1,\"a\":2,\"b\":3,\"d\":4}"));
    EXPECT_STATUS(GALEN_UNPROCESSABLE, validate("{\"b\":1}"));
    assert_int_equal(errors.count, 2);
    expect_error(0, "", "required", "\"a\" is missing");
    expect_error(1, "", "required", "\"c\" is missing");
}

/* What is refused when it is compiled. */

struct rejected {
    const char *schema;
    const char *pointer;
    const char *message;
};

static void wrong_schemas_are_refused_by_their_place(void **state)
{
    (void)state;
    static const struct rejected rows[] = {
        {"1", "", "a schema is an object, true or false"},
        {"{\"properties\":{\"a\":1}}", "/properties/a",
         "a schema is an object, true or false"},
        {"{\"items\":{\"typ\":\"string\"}}", "/items",
         "\"typ\" is not a keyword that is supported"},
        {"{\"definitions\":{}}", "", "\"definitions\" is not a keyword that is supported"},
        {"{\"type\":\"text\"}", "/type", "is not a type that there is"},
        {"{\"type\":[\"null\",\"null\"]}", "/type", "names a type twice"},
        {"{\"type\":[]}", "/type", "is empty"},
        {"{\"enum\":1}", "/enum", "is not a list"},
        {"{\"minLength\":-1}", "/minLength", "is not a whole number, 0 or more"},
        {"{\"minLength\":1.5}", "/minLength", "is not a whole number, 0 or more"},
        {"{\"multipleOf\":0}", "/multipleOf",
         "is not above zero, or has more than 18 digits"},
        {"{\"minimum\":\"1\"}", "/minimum",
         "is not a number, or its exponent has more than 18 digits"},
        {"{\"pattern\":\"(\"}", "/pattern", "pattern: missing closing parenthesis"},
        {"{\"patternProperties\":{\"[\":true}}", "/patternProperties",
         "pattern, byte offset 1: a class without its ]"},
        {"{\"allOf\":[]}", "/allOf", "is not a list of schemas"},
        {"{\"allOf\":[true,3]}", "/allOf/1", "a schema is an object, true or false"},
        {"{\"required\":[\"a\",\"a\"]}", "/required", "has a name twice"},
        {"{\"required\":[1]}", "/required", "is not a list of names"},
        {"{\"uniqueItems\":1}", "/uniqueItems", "is neither true nor false"},
        {"{\"$ref\":\"#/$defs/none\"}", "/$ref", "refers to no schema"},
        {"{\"$ref\":\"#none\"}", "/$ref", "refers to no schema"},
        {"{\"$ref\":\"https://example.org/a?b#c\"}", "/$ref",
         "refers to https://example.org/a?b, which is not here: nothing is fetched"},
        {"{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}", "/$schema",
         "is not the dialect of draft 2020-12"},
        {"{\"$id\":\"a#b\"}", "/$id", "has a fragment"},
        {"{\"$anchor\":\"1\"}", "/$anchor", "is not a name for an anchor"},
        {"{\"$defs\":{\"a\":{\"$anchor\":\"x\"},\"b\":{\"$anchor\":\"x\"}}}",
         "/$defs/b/$anchor", "another schema here has it"},
        {"{\"$defs\":{\"a\":{\"$id\":\"x\"},\"b\":{\"$id\":\"x\"}}}", "/$defs/b/$id",
         "another schema has it"},
        {"{\"$ref\":\"#\"}", "", "refers to itself without looking into the value"},
        {"{\"allOf\":[{\"not\":{\"$ref\":\"#/allOf/0\"}}]}", "/allOf/0",
         "refers to itself without looking into the value"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        EXPECT_STATUS(GALEN_UNPROCESSABLE, compile(rows[i].schema));
        assert_string_equal(refusal.text, rows[i].message);
        assert_string_equal(refusal.pointer, rows[i].pointer);
    }
}

static void annotations_of_ones_own_begin_with_x(void **state)
{
    (void)state;
    EXPECT_OK(compile("{\"x-owner\":{\"typ\":1},\"$ref\":\"#/x-owner2/a\","
                      "\"x-owner2\":{\"a\":{\"type\":\"null\"}}}"));
    EXPECT_OK(validate("null"));
    EXPECT_STATUS(GALEN_UNPROCESSABLE, validate("1"));
}

static void format_is_asserted_when_asked_for(void **state)
{
    (void)state;
    EXPECT_OK(compile("{\"format\":\"date\"}"));
    EXPECT_OK(validate("\"30 February\""));
    EXPECT_OK(compile_with(BYTES("{\"format\":\"date\"}"), true));
    EXPECT_STATUS(GALEN_UNPROCESSABLE, validate("\"2026-02-30\""));
    expect_error(0, "", "format", "is not what the format date allows");
    EXPECT_STATUS(GALEN_UNPROCESSABLE,
                  compile_with(BYTES("{\"format\":\"colour\"}"), true));
    assert_string_equal(refusal.text, "is not one that can be asserted");
}

static void sources_refer_to_each_other_by_path(void **state)
{
    (void)state;
    const struct schema_source sources[] = {
        {"schemas/a.json", BYTES("{\"$ref\":\"b.json#/$defs/dose\"}")},
        {"schemas/b.json", BYTES("{\"$defs\":{\"dose\":{\"$ref\":\"#number\"},\"n\":"
                                 "{\"$anchor\":\"number\",\"type\":\"number\"}}}")},
        {"schemas/broken.json", BYTES("{")},
    };
    EXPECT_OK(schema_compile(sources, 3, NULL, &schema, &refusal));
    EXPECT_OK(validate("1"));
    EXPECT_STATUS(GALEN_UNPROCESSABLE, validate("\"1\""));
}

static void fault_of_another_source_names_it(void **state)
{
    (void)state;
    const struct schema_source sources[] = {
        {"a.json", BYTES("{\"$ref\":\"b.json\"}")},
        {"b.json", BYTES("{\"type\":\"text\"}")},
    };
    EXPECT_STATUS(GALEN_UNPROCESSABLE, schema_compile(sources, 2, NULL, &schema, &refusal));
    assert_string_equal(refusal.text, "b.json: is not a type that there is");
    assert_string_equal(refusal.pointer, "/type");
}

static void schema_outlives_its_text_and_is_shared(void **state)
{
    (void)state;
    char text[] = "{\"properties\":{\"a\":{\"enum\":[\"long enough to be copied\"]}}}";
    EXPECT_OK(compile(text));
    memset(text, 'x', sizeof(text) - 1);
    schema_unref(schema_ref(schema));
    EXPECT_OK(validate("{\"a\":\"long enough to be copied\"}"));
    EXPECT_STATUS(GALEN_UNPROCESSABLE, validate("{\"a\":\"other\"}"));
}

/* What could cost too much. */

static void expect_too_costly(void)
{
    assert_int_equal(errors.count, 1);
    expect_error(0, "", "", "the input is too costly to check against the schema");
}

static void alternatives_that_multiply_are_given_up(void **state)
{
    (void)state;
    struct writer text;
    writer_init(&text, 65536);
    writer_put_string(&text, "{\"$defs\":{\"d0\":{\"type\":\"string\"}");
    for (int i = 1; i <= 40; i++) {
        char part[128];
        (void)snprintf(part, sizeof(part),
                       ",\"d%d\":{\"anyOf\":[{\"$ref\":\"#/$defs/d%d\"},{\"$ref\":"
                       "\"#/$defs/d%d\"}]}",
                       i, i - 1, i - 1);
        writer_put_string(&text, part);
    }
    writer_put_string(&text, "},\"$ref\":\"#/$defs/d40\"}");
    EXPECT_OK(compile_with(writer_bytes(&text), false));
    writer_deinit(&text);
    EXPECT_OK(validate("\"a\""));
    EXPECT_STATUS(GALEN_UNPROCESSABLE, validate("1"));
    expect_too_costly();
}

static void dynamic_circle_is_given_up(void **state)
{
    (void)state;
    EXPECT_OK(compile("{\"$dynamicAnchor\":\"a\",\"$dynamicRef\":\"#a\"}"));
    EXPECT_STATUS(GALEN_UNPROCESSABLE, validate("1"));
    expect_too_costly();
}

static void put_repeated(struct writer *text, const char *part, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        writer_put_string(text, part);
    }
}

static void catastrophic_pattern_is_given_up(void **state)
{
    (void)state;
    struct writer text;
    writer_init(&text, 65536);
    writer_put_string(&text, "{\"note\":\"");
    put_repeated(&text, "a", 2000);
    writer_put_string(&text, "!\"}");
    EXPECT_OK(compile("{\"not\":{\"properties\":{\"note\":{\"pattern\":\"^(a+)+$\"}}}}"));
    EXPECT_OK(validate("{\"note\":\"aaa!\"}"));
    EXPECT_STATUS(GALEN_UNPROCESSABLE, validate_bytes(writer_bytes(&text)));
    assert_int_equal(errors.count, 1);
    expect_error(0, "/note", "pattern",
                 "is too costly to search for the pattern that the schema has");
    writer_deinit(&text);
}

/* However often a schema asks about it. */
static void long_number_that_is_looked_at_often_is_given_up(void **state)
{
    (void)state;
    struct writer text;
    writer_init(&text, 1 << 23);
    writer_put_string(&text, "{\"anyOf\":[false");
    put_repeated(&text, ",{\"type\":\"integer\"}", 500);
    writer_put_string(&text, "]}");
    EXPECT_OK(compile_with(writer_bytes(&text), false));
    writer_deinit(&text);
    writer_init(&text, 1 << 23);
    put_repeated(&text, "1", 1 << 18);
    writer_put_string(&text, ".5");
    EXPECT_STATUS(GALEN_UNPROCESSABLE, validate_bytes(writer_bytes(&text)));
    expect_too_costly();
    writer_deinit(&text);
}

static void uniqueness_of_many_is_cheap(void **state)
{
    (void)state;
    struct writer text;
    writer_init(&text, 1 << 21);
    writer_put_byte(&text, '[');
    for (unsigned i = 0; i < 60000; i++) {
        char part[32];
        (void)snprintf(part, sizeof(part), "%s\"%u\"", i == 0 ? "" : ",", i);
        writer_put_string(&text, part);
    }
    writer_put_byte(&text, ']');
    EXPECT_OK(compile("{\"uniqueItems\":true}"));
    EXPECT_OK(validate_bytes(writer_bytes(&text)));
    writer_deinit(&text);
}

static void long_numbers_are_exact(void **state)
{
    (void)state;
    EXPECT_OK(compile("{\"maximum\":9007199254740993,\"multipleOf\":1e-30}"));
    EXPECT_OK(validate("9007199254740992.999999999999999999999999999999"));
    EXPECT_STATUS(GALEN_UNPROCESSABLE,
                  validate("9007199254740993.000000000000000000000000000001"));
    EXPECT_STATUS(GALEN_UNPROCESSABLE, validate("0.0000000000000000000000000000001"));
    EXPECT_STATUS(GALEN_UNPROCESSABLE, validate("1e1000000000000000000"));
    expect_error(0, "", "maximum", "is a number with an exponent of more than 18 digits");
}

static void too_many_schemas_are_refused(void **state)
{
    (void)state;
    struct writer text;
    writer_init(&text, 1 << 20);
    writer_put_string(&text, "{\"allOf\":[true");
    put_repeated(&text, ",true", LIMIT_SCHEMA_NODE_COUNT_MAX);
    writer_put_string(&text, "]}");
    EXPECT_STATUS(GALEN_TOO_LARGE, compile_with(writer_bytes(&text), false));
    assert_string_equal(refusal.text, "more than 16384 schemas");
    writer_deinit(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_keyword_tells_its_limit),
        TEST(names_that_the_schema_does_not_have_are_told_by_their_place),
        TEST(all_errors_are_told_up_to_a_limit),
        TEST(missing_names_are_all_told),
        TEST(wrong_schemas_are_refused_by_their_place),
        TEST(annotations_of_ones_own_begin_with_x),
        TEST(format_is_asserted_when_asked_for),
        TEST(sources_refer_to_each_other_by_path),
        TEST(fault_of_another_source_names_it),
        TEST(schema_outlives_its_text_and_is_shared),
        TEST(alternatives_that_multiply_are_given_up),
        TEST(dynamic_circle_is_given_up),
        TEST(catastrophic_pattern_is_given_up),
        TEST(long_number_that_is_looked_at_often_is_given_up),
        TEST(uniqueness_of_many_is_cheap),
        TEST(long_numbers_are_exact),
        TEST(too_many_schemas_are_refused),
    };
    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
