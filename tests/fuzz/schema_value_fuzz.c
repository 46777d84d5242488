/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values against schemas that have every keyword. Each error's pointer leads to a part of
 * the value, by names that the schema has; a word that only a client would say is in no
 * message.
 */
#include "codec/schema.h"

#include "base/limits.h"
#include "fuzz.h"

static const char *const schemas[] = {
    /* what a route might have */
    "{\"type\":\"object\",\"required\":[\"a\",\"b\"],\"properties\":{\"a\":{\"type\":"
    "\"integer\",\"minimum\":0,\"maximum\":9007199254740993},\"b\":{\"type\":\"array\","
    "\"items\":{\"$ref\":\"#/$defs/n\"},\"uniqueItems\":true,\"minItems\":1},\"c\":"
    "{\"enum\":[1,\"x\",null,{\"a\":[1]}]}},\"additionalProperties\":{\"pattern\":"
    "\"^[a-z]+(-[a-z]+)*$\"},\"propertyNames\":{\"maxLength\":8},\"$defs\":{\"n\":{"
    "\"multipleOf\":0.01,\"exclusiveMaximum\":1e3}}}",
    /* what looks at a value more than once */
    "{\"$dynamicAnchor\":\"t\",\"anyOf\":[{\"type\":\"array\",\"prefixItems\":[{\"const\":"
    "1.0"
    "}],\"contains\":{\"type\":\"string\"},\"maxContains\":2,\"unevaluatedItems\":{"
    "\"$dynamicRef\":\"#t\"}},{\"type\":\"object\",\"if\":{\"required\":[\"a\"]},\"then\":{"
    "\"dependentRequired\":{\"a\":[\"b\"]},\"patternProperties\":{\"^a\":{\"$ref\":\"#\"}}}"
    ","
    "\"else\":{\"dependentSchemas\":{\"c\":{\"minProperties\":2}}},"
    "\"unevaluatedProperties\":"
    "false},{\"not\":{\"type\":[\"array\",\"object\",\"null\"]}}],\"oneOf\":[{"
    "\"maxLength\":3},"
    "{\"pattern\":\"(a*)*b\"}]}",
    /* all formats */
    "{\"items\":{\"allOf\":[{\"format\":\"date\"},{\"format\":\"time\"},{\"format\":"
    "\"date-time\"},{\"format\":\"duration\"},{\"format\":\"uuid\"},{\"format\":\"ipv4\"},{"
    "\"format\":\"ipv6\"},{\"format\":\"json-pointer\"},{\"format\":"
    "\"relative-json-pointer\"}]}}",
};

enum { SCHEMA_COUNT = sizeof(schemas) / sizeof(schemas[0]) };

static struct schema *compiled(size_t index)
{
    static struct schema *once[SCHEMA_COUNT];
    if (once[index] == NULL) {
        const struct schema_source source = {"x.json", bytes_from_string(schemas[index])};
        const struct schema_options options = {.asserts_formats = true};
        INVARIANT(schema_compile(&source, 1, &options, &once[index], NULL) == GALEN_OK);
    }
    return once[index];
}

static const struct json *child_of(const struct json *value, struct bytes token)
{
    struct json_cursor at = json_walk(value);
    uint64_t index = 0;
    const bool is_index = bytes_parse_u64(token, UINT32_MAX, &index);
    while (json_next(&at)) {
        if (json_type(value) == JSON_OBJECT ? bytes_equal(at.name, token)
                                            : is_index && at.index == index) {
            return at.value;
        }
    }
    return NULL;
}

/* The schemas' names need no escapes. Cut pointers lead nowhere. */
static void expect_place(const struct json *value, const char *pointer)
{
    struct bytes rest = bytes_from_string(pointer);
    if (rest.size + 1 == ERROR_POINTER_SIZE) {
        return;
    }
    while (rest.size > 0) {
        struct bytes token;
        INVARIANT(rest.data[0] == '/');
        rest = bytes_from(rest, 1);
        const size_t size = bytes_find(rest, '/');
        token = bytes_first(rest, size);
        rest = bytes_from(rest, size);
        INVARIANT(json_type(value) == JSON_OBJECT || json_type(value) == JSON_ARRAY);
        value = child_of(value, token);
        INVARIANT(value != NULL);
    }
}

static void expect_error(const struct json *value, const struct schema_error *error)
{
    INVARIANT(error->detail.text[0] != '\0');
    INVARIANT(strstr(error->detail.text, "Zq") == NULL);
    INVARIANT(strstr(error->detail.pointer, "Zq") == NULL);
    expect_place(value, error->detail.pointer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct schema_errors errors;
    const struct json *value;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    if (json_parse(bytes_of(data, size), &arena, &value, NULL) == GALEN_OK) {
        for (size_t i = 0; i < SCHEMA_COUNT; i++) {
            const enum galen_status status =
                schema_validate(compiled(i), value, &arena, &errors);
            INVARIANT((errors.count > 0) == (status == GALEN_UNPROCESSABLE));
            INVARIANT(errors.count <= LIMIT_SCHEMA_ERROR_COUNT_MAX);
            for (size_t k = 0; k < errors.count; k++) {
                expect_error(value, &errors.items[k]);
            }
        }
    }
    arena_deinit(&arena);
    return 0;
}
