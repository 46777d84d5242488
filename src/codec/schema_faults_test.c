/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling and validating where the n-th allocation fails. */
#include "codec/schema.h"

#include "base/limits.h"
#include "expect.h"
#include "heap.h"

static const char text[] = "{\"$id\":\"https://example.org/"
                           "a\",\"$defs\":{\"n\":{\"$anchor\":\"n\",\"minimum\":1}},"
                           "\"properties\":{\"a\":{\"$ref\":\"#n\"},\"b\":{\"pattern\":\"^("
                           "a|b)*$\"},\"c\":{\"enum\":"
                           "[1,[2]]},\"d\":{\"uniqueItems\":true,\"contains\":{\"type\":"
                           "\"string\"}}},\"required\":"
                           "[\"e\"],\"anyOf\":[true,{\"if\":true,\"then\":false}],"
                           "\"unevaluatedProperties\":false}";
static const char value[] = "{\"a\":0,\"b\":\"c\",\"c\":3,\"d\":[1,1],\"f\":1}";

enum { ALLOCATION_COUNT_MAX = 64, ERROR_COUNT = 7 };

static enum galen_status compile(size_t fail_at, struct schema **out_schema)
{
    const struct schema_source source = {"x.json", bytes_from_string(text)};
    heap.fail_at = fail_at;
    const enum galen_status status = schema_compile(&source, 1, NULL, out_schema, NULL);
    heap.fail_at = 0;
    return status;
}

static enum galen_status validate(const struct schema *schema, size_t fail_at)
{
    struct arena arena;
    struct arena document;
    struct schema_errors errors;
    const struct json *parsed;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    arena_init(&document, LIMIT_ARENA_SIZE_BYTES_MAX);
    EXPECT_OK(json_parse(bytes_from_string(value), &document, &parsed, NULL));
    heap.fail_at = fail_at;
    const enum galen_status status = schema_validate(schema, parsed, &arena, &errors);
    heap.fail_at = 0;
    assert_int_equal(errors.count, status == GALEN_UNPROCESSABLE ? ERROR_COUNT : 0);
    arena_deinit(&arena);
    arena_deinit(&document);
    return status;
}

static void compiling_fails_whole_or_not_at_all(void **state)
{
    (void)state;
    enum galen_status status = GALEN_NO_MEMORY;
    size_t n = 1;
    for (; n < ALLOCATION_COUNT_MAX && status == GALEN_NO_MEMORY; n++) {
        struct schema *schema = NULL;
        const size_t live_count = heap.live_count;
        status = compile(n, &schema);
        assert_true((schema == NULL) == (status == GALEN_NO_MEMORY));
        schema_unref(schema);
        assert_int_equal(heap.live_count, live_count);
    }
    EXPECT_OK(status);
    assert_true(n > 3);
}

static void validating_never_passes_for_want_of_memory(void **state)
{
    (void)state;
    struct schema *schema = NULL;
    enum galen_status status = GALEN_NO_MEMORY;
    size_t n = 1;
    EXPECT_OK(compile(0, &schema));
    for (; n < ALLOCATION_COUNT_MAX && status == GALEN_NO_MEMORY; n++) {
        status = validate(schema, n);
    }
    EXPECT_STATUS(GALEN_UNPROCESSABLE, status);
    assert_true(n > 2);
    schema_unref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(compiling_fails_whole_or_not_at_all, heap_reset),
        cmocka_unit_test_setup(validating_never_passes_for_want_of_memory, heap_reset),
    };
    return cmocka_run_group_tests_name("schema_faults", tests, NULL, NULL);
}
