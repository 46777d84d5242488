/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/schema_compiler.h"

#include "base/count.h"
#include "codec/schema_decimal.h"
#include "codec/schema_root.h"

enum visit { NOT_YET, ON_THE_WAY, DONE };

static enum galen_status (*const families[])(struct schema_compiler *compiler,
                                             struct schema_node *node) = {
    schema_value_rules,  schema_number_rules, schema_string_rules,      schema_array_rules,
    schema_object_rules, schema_logic_rules,  schema_unevaluated_rules,
};

/* What families share. */

struct schema_rule *schema_add_rule(struct schema_compiler *compiler,
                                    struct schema_node *node, const char *keyword,
                                    unsigned types, schema_rule_fn holds)
{
    struct schema_rule *rule = arena_alloc(compiler->arena, sizeof(*rule));
    if (rule != NULL) {
        *rule = (struct schema_rule){.keyword = keyword, .types = types, .holds = holds};
        *node->rules_end = rule;
        node->rules_end = &rule->next;
    }
    return rule;
}

/* Whole numbers that are none of C's are larger than any count. */
static uint64_t count_of(const struct decimal *decimal)
{
    uint64_t value = 0;
    for (size_t i = 0; i < decimal->digits.size; i++) {
        const uint8_t byte = decimal->digits.data[i];
        if (byte != '.' && (__builtin_mul_overflow(value, 10u, &value) ||
                            __builtin_add_overflow(value, byte - '0', &value))) {
            return UINT64_MAX;
        }
    }
    for (int64_t i = 0; i < decimal->exponent && value > 0; i++) {
        if (__builtin_mul_overflow(value, 10u, &value)) {
            return UINT64_MAX;
        }
    }
    return value;
}

enum galen_status schema_keyword_count(struct schema_compiler *compiler,
                                       const struct schema_node *node, const char *name,
                                       bool *out_is_there, uint64_t *out_count)
{
    const struct json *value = schema_keyword(node, name);
    struct decimal decimal;
    *out_is_there = value != NULL;
    if (value == NULL) {
        return GALEN_OK;
    }
    if (json_type(value) != JSON_NUMBER || !decimal_read(json_number(value), &decimal) ||
        !decimal_is_integer(&decimal) || decimal.is_negative) {
        return schema_reject(compiler, node, name, "is not a whole number, 0 or more");
    }
    *out_count = count_of(&decimal);
    return GALEN_OK;
}

enum galen_status schema_add_count_rule(struct schema_compiler *compiler,
                                        struct schema_node *node, const char *keyword,
                                        unsigned types, schema_rule_fn holds)
{
    bool is_there;
    uint64_t count = 0;
    TRY(schema_keyword_count(compiler, node, keyword, &is_there, &count));
    if (!is_there) {
        return GALEN_OK;
    }
    struct schema_rule *rule = schema_add_rule(compiler, node, keyword, types, holds);
    if (rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    rule->of.count = count;
    return GALEN_OK;
}

enum galen_status schema_keyword_nodes(struct schema_compiler *compiler,
                                       const struct json *list,
                                       struct schema_nodes *out_nodes)
{
    out_nodes->count = json_count(list);
    out_nodes->nodes =
        arena_alloc_array(compiler->arena, out_nodes->count, sizeof(*out_nodes->nodes));
    if (out_nodes->nodes == NULL) {
        return GALEN_NO_MEMORY;
    }
    struct json_cursor at = json_walk(list);
    while (json_next(&at)) {
        out_nodes->nodes[at.index] = schema_index_node(compiler, at.value);
    }
    return GALEN_OK;
}

enum galen_status schema_add_in_place(struct schema_compiler *compiler,
                                      struct schema_node *node,
                                      const struct schema_node *other)
{
    struct schema_nodes *list = &node->in_place;
    if ((list->count & (list->count - 1)) == 0) { /* 0, or a power of two: full */
        const size_t room = list->count == 0 ? 1 : 2 * list->count;
        const struct schema_node **nodes =
            arena_alloc_array(compiler->arena, room, sizeof(*nodes));
        if (nodes == NULL) {
            return GALEN_NO_MEMORY;
        }
        for (size_t i = 0; i < list->count; i++) {
            nodes[i] = list->nodes[i];
        }
        list->nodes = nodes;
    }
    list->nodes[list->count++] = other;
    return GALEN_OK;
}

/* A schema that asks itself about the same value would never end. */
static enum galen_status check_circles(struct schema_compiler *compiler,
                                       struct schema_node *node, unsigned depth)
{
    if (node->visit == DONE) {
        return GALEN_OK;
    }
    if (node->visit == ON_THE_WAY) {
        return schema_reject(compiler, node, NULL,
                             "refers to itself without looking into the value");
    }
    if (depth == LIMIT_SCHEMA_DEPTH_MAX) {
        return schema_reject(compiler, node, NULL,
                             "more than %d schemas look at the same value",
                             (int)LIMIT_SCHEMA_DEPTH_MAX);
    }
    node->visit = ON_THE_WAY;
    for (size_t i = 0; i < node->in_place.count; i++) {
        TRY(check_circles(
            compiler, (struct schema_node *)(uintptr_t)node->in_place.nodes[i], depth + 1));
    }
    node->visit = DONE;
    return GALEN_OK;
}

static enum galen_status add_rules(struct schema_compiler *compiler,
                                   struct schema_node *node)
{
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        TRY(families[i](compiler, node));
    }
    return GALEN_OK;
}

static enum galen_status compile(struct schema_compiler *compiler,
                                 const struct schema_node **out_root)
{
    TRY(schema_index_first(compiler, out_root));
    /* A reference may index another source: its nodes come at the end. */
    for (struct schema_node *node = compiler->first; node != NULL; node = node->next) {
        if (node->kind == SCHEMA_RULES) {
            TRY(add_rules(compiler, node));
        }
    }
    for (struct schema_node *node = compiler->first; node != NULL; node = node->next) {
        TRY(check_circles(compiler, node, 0));
    }
    return GALEN_OK;
}

static enum galen_status compile_in(struct arena *arena, struct schema_compiler *compiler,
                                    struct schema **out_schema)
{
    const struct schema_node *root;
    struct schema *schema = arena_alloc(arena, sizeof(*schema));
    compiler->documents =
        arena_alloc_array(arena, compiler->source_count, sizeof(*compiler->documents));
    if (schema == NULL || compiler->documents == NULL) {
        return GALEN_NO_MEMORY;
    }
    compiler->arena = arena;
    compiler->end = &compiler->first;
    TRY(compile(compiler, &root));
    schema->root = root;
    count_begin(&schema->reference_count_);
    *out_schema = schema;
    return GALEN_OK;
}

enum galen_status schema_compile(const struct schema_source *sources, size_t source_count,
                                 const struct schema_options *options,
                                 struct schema **out_schema, struct error *out_error)
{
    static const struct schema_options defaults = {.asserts_formats = false};
    struct arena arena;
    struct schema_compiler compiler = {
        .options = options == NULL ? &defaults : options,
        .sources = sources,
        .source_count = source_count,
        .error = out_error,
    };
    if (out_error != NULL) {
        error_clear(out_error);
    }
    arena_init(&arena, LIMIT_SCHEMA_MEMORY_SIZE_BYTES_MAX);
    const enum galen_status status = compile_in(&arena, &compiler, out_schema);
    if (status != GALEN_OK) {
        arena_deinit(&arena);
        return status;
    }
    (*out_schema)->arena_ = arena;
    return GALEN_OK;
}

struct schema *schema_ref(struct schema *schema)
{
    count_more(&schema->reference_count_);
    return schema;
}

void schema_unref(struct schema *schema)
{
    if (schema != NULL && count_less(&schema->reference_count_)) {
        struct arena arena = schema->arena_; /* which the schema lies in */
        arena_deinit(&arena);
    }
}
