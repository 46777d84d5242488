/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever is compiled says why it is none, or gives a schema that answers for any value,
 * and the other way round when it is negated.
 */
#include "codec/schema.h"

#include "base/limits.h"
#include "base/writer.h"
#include "fuzz.h"

static const char *const values[] = {
    "null", "true",         "-1.5", "12345678901234567890",    "\"\"", "\"a\"",
    "[]",   "[1,\"a\",{}]", "{}",   "{\"a\":1,\"b\":[1,1.0]}",
};

static enum galen_status ask(const struct schema *schema, const char *text,
                             struct arena *arena)
{
    const struct json *value;
    struct schema_errors errors;
    INVARIANT(json_parse(bytes_from_string(text), arena, &value, NULL) == GALEN_OK);
    const enum galen_status status = schema_validate(schema, value, arena, &errors);
    INVARIANT(status == GALEN_OK || status == GALEN_UNPROCESSABLE ||
              status == GALEN_NO_MEMORY);
    INVARIANT((errors.count > 0) == (status == GALEN_UNPROCESSABLE));
    /* Too costly is neither yes nor no. */
    return errors.count > 0 && strstr(errors.items[0].detail.text, "too costly") != NULL
               ? GALEN_NO_MEMORY
               : status;
}

static void expect_answers(const struct schema *schema, const struct schema *negated)
{
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct arena arena;
        arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
        const enum galen_status yes = ask(schema, values[i], &arena);
        const enum galen_status no =
            negated == NULL ? GALEN_NO_MEMORY : ask(negated, values[i], &arena);
        INVARIANT(yes == GALEN_NO_MEMORY || no == GALEN_NO_MEMORY || yes != no);
        arena_deinit(&arena);
    }
}

/* {"not": ...}, as another source: NULL where that has a name or a place of its own. */
static struct schema *negate(struct bytes text)
{
    const struct schema_source sources[] = {
        {"negated.json", BYTES("{\"not\":{\"$ref\":\"x.json\"}}")},
        {"x.json", text},
    };
    struct schema *negated = NULL;
    return schema_compile(sources, 2, NULL, &negated, NULL) == GALEN_OK ? negated : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct schema_source source = {"x.json", bytes_of(data, size)};
    const struct schema_options options = {.asserts_formats = size % 2 == 1};
    struct schema *schema = NULL;
    struct error error;
    const enum galen_status status = schema_compile(&source, 1, &options, &schema, &error);
    if (status != GALEN_OK) {
        INVARIANT(schema == NULL);
        INVARIANT(status == GALEN_NO_MEMORY || error.text[0] != '\0');
        return 0;
    }
    struct schema *negated = options.asserts_formats ? NULL : negate(source.text);
    expect_answers(schema, negated);
    schema_unref(negated);
    schema_unref(schema);
    return 0;
}
