/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords of strings, and format (Validation, sections 6.3 and 7). */
#include "codec/schema_compiler.h"
#include "codec/schema_format.h"

enum { BYTES_OF_A_CHARACTER_MAX = 4 };

static uint64_t count_characters(struct schema_check *check, struct bytes text)
{
    (void)schema_budget_take(&check->budget, text.size / SCHEMA_BYTES_OF_A_STEP);
    return bytes_count_code_points(text);
}

static bool is_long_enough(struct schema_check *check, const struct schema_rule *rule,
                           const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    const struct bytes text = json_string(place->value);
    return text.size / BYTES_OF_A_CHARACTER_MAX >= rule->of.count ||
           count_characters(check, text) >= rule->of.count ||
           schema_refuse(check, rule->keyword, place, "has fewer than %llu characters",
                         (unsigned long long)rule->of.count);
}

static bool is_short_enough(struct schema_check *check, const struct schema_rule *rule,
                            const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    const struct bytes text = json_string(place->value);
    return text.size <= rule->of.count || count_characters(check, text) <= rule->of.count ||
           schema_refuse(check, rule->keyword, place, "has more than %llu characters",
                         (unsigned long long)rule->of.count);
}

struct pattern_rule {
    const struct schema_pattern *pattern;
    struct bytes text;
};

static bool has_pattern(struct schema_check *check, const struct schema_rule *rule,
                        const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    const struct pattern_rule *pattern = rule->of.data;
    return schema_finds(check, pattern->pattern, rule->keyword, place,
                        json_string(place->value)) ||
           schema_refuse(check, rule->keyword, place, "does not match the pattern %.*s",
                         BYTES_PRINT(pattern->text));
}

static enum galen_status compile_pattern(struct schema_compiler *compiler,
                                         struct schema_node *node,
                                         struct pattern_rule *rule)
{
    struct error why = {.text = ""};
    const enum galen_status status =
        schema_pattern_compile(rule->text, compiler->arena, &rule->pattern, &why);
    return status == GALEN_UNPROCESSABLE
               ? schema_reject(compiler, node, "pattern", "%s", why.text)
               : status;
}

static enum galen_status pattern_rule(struct schema_compiler *compiler,
                                      struct schema_node *node)
{
    const struct json *value = schema_keyword(node, "pattern");
    if (value == NULL) {
        return GALEN_OK;
    }
    if (json_type(value) != JSON_STRING) {
        return schema_reject(compiler, node, "pattern", "is not a string");
    }
    struct pattern_rule *pattern = arena_alloc(compiler->arena, sizeof(*pattern));
    struct schema_rule *rule =
        schema_add_rule(compiler, node, "pattern", SCHEMA_TYPE(JSON_STRING), has_pattern);
    if (pattern == NULL || rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    pattern->text = json_string(value);
    rule->of.data = pattern;
    return compile_pattern(compiler, node, pattern);
}

struct format_rule {
    schema_format_fn is_one;
    struct bytes name;
};

static bool has_format(struct schema_check *check, const struct schema_rule *rule,
                       const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    const struct format_rule *format = rule->of.data;
    const struct bytes text = json_string(place->value);
    (void)schema_budget_take(&check->budget, text.size / SCHEMA_BYTES_OF_A_STEP);
    return format->is_one(text) ||
           schema_refuse(check, rule->keyword, place, "is not what the format %.*s allows",
                         BYTES_PRINT(format->name));
}

static enum galen_status format_rule(struct schema_compiler *compiler,
                                     struct schema_node *node)
{
    const struct json *value = schema_keyword(node, "format");
    const bool is_asserted = compiler->options->asserts_formats ||
                             (node->resource->vocabularies & SCHEMA_FORMAT_ASSERTION) != 0;
    if (value == NULL) {
        return GALEN_OK;
    }
    if (json_type(value) != JSON_STRING) {
        return schema_reject(compiler, node, "format", "is not a string");
    }
    if (!is_asserted) {
        return GALEN_OK;
    }
    struct format_rule *format = arena_alloc(compiler->arena, sizeof(*format));
    struct schema_rule *rule =
        schema_add_rule(compiler, node, "format", SCHEMA_TYPE(JSON_STRING), has_format);
    if (format == NULL || rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    *format =
        (struct format_rule){schema_format_find(json_string(value)), json_string(value)};
    rule->of.data = format;
    return format->is_one != NULL
               ? GALEN_OK
               : schema_reject(compiler, node, "format", "is not one that can be asserted");
}

enum galen_status schema_string_rules(struct schema_compiler *compiler,
                                      struct schema_node *node)
{
    TRY(schema_add_count_rule(compiler, node, "minLength", SCHEMA_TYPE(JSON_STRING),
                              is_long_enough));
    TRY(schema_add_count_rule(compiler, node, "maxLength", SCHEMA_TYPE(JSON_STRING),
                              is_short_enough));
    TRY(pattern_rule(compiler, node));
    return format_rule(compiler, node);
}
