/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiles schemas and validates with them. Each is announced on a line of its own,
 * "schema SIZE" or "value SIZE" (which is checked against the schema before it), and
 * answered on one: "ok", or "no KEYWORD POINTER WHY" with the first error.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "codec/schema.h"

static struct schema *schema;

static void compile(struct bytes text)
{
    const struct schema_source source = {"", text};
    struct error error;
    schema_unref(schema);
    schema = NULL;
    if (schema_compile(&source, 1, NULL, &schema, &error) == GALEN_OK) {
        (void)printf("ok\n");
    } else {
        (void)printf("no - %s %s\n", error.pointer, error.text);
    }
}

static void validate(struct bytes text)
{
    struct arena arena;
    struct schema_errors errors = {.count = 0};
    const struct json *value;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    if (schema == NULL || json_parse(text, &arena, &value, NULL) != GALEN_OK) {
        (void)printf("no - - nothing to check\n");
    } else if (schema_validate(schema, value, &arena, &errors) == GALEN_OK) {
        (void)printf("ok\n");
    } else {
        const struct schema_error *first = &errors.items[0];
        (void)printf("no %s %s %s\n", first->keyword, first->detail.pointer,
                     first->detail.text);
    }
    arena_deinit(&arena);
}

int main(void)
{
    static uint8_t text[LIMIT_SCHEMA_SIZE_BYTES_MAX];
    char kind[8];
    size_t size;
    while (scanf("%7s %zu", kind, &size) == 2) {
        if (getchar() != '\n' || size > sizeof(text) ||
            fread(text, 1, size, stdin) != size) {
            return EXIT_FAILURE;
        }
        (strcmp(kind, "schema") == 0 ? compile : validate)(bytes_of(text, size));
        (void)fflush(stdout);
    }
    schema_unref(schema);
    return EXIT_SUCCESS;
}
