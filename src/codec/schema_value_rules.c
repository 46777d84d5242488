/* SPDX-License-Identifier: Apache-2.0 */
/* type, enum, const (Validation, section 6.1). */
#include "codec/schema_compiler.h"
#include "codec/schema_decimal.h"

/* type */

struct type_rule {
    unsigned types;      /* but a number that has to be an integer */
    bool takes_integers; /* and no other number */
    const char *names;
};

static const struct {
    const char *name;
    const char *told;
    unsigned types;
} types[] = {
    {"null", "null", SCHEMA_TYPE(JSON_NULL)},
    {"boolean", "a boolean", SCHEMA_TYPE(JSON_BOOL)},
    {"number", "a number", SCHEMA_TYPE(JSON_NUMBER)},
    {"integer", "an integer", 0},
    {"string", "a string", SCHEMA_TYPE(JSON_STRING)},
    {"array", "an array", SCHEMA_TYPE(JSON_ARRAY)},
    {"object", "an object", SCHEMA_TYPE(JSON_OBJECT)},
};

enum { TYPE_COUNT = sizeof(types) / sizeof(types[0]), INTEGER = 3 };

static bool is_integer(struct schema_check *check, const struct json *value)
{
    struct decimal decimal;
    if (json_type(value) != JSON_NUMBER) {
        return false;
    }
    const struct bytes text = json_number(value);
    (void)schema_budget_take(&check->budget, text.size / SCHEMA_BYTES_OF_A_STEP);
    return decimal_read(text, &decimal) && decimal_is_integer(&decimal);
}

static bool has_type(struct schema_check *check, const struct schema_rule *rule,
                     const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    const struct type_rule *type = rule->of.data;
    if ((type->types & SCHEMA_TYPE(json_type(place->value))) != 0 ||
        (type->takes_integers && is_integer(check, place->value))) {
        return true;
    }
    return schema_refuse(check, rule->keyword, place, "is not %s", type->names);
}

static size_t find_type(const struct json *value)
{
    size_t i = 0;
    while (i < TYPE_COUNT && (json_type(value) != JSON_STRING ||
                              !bytes_equal_string(json_string(value), types[i].name))) {
        i++;
    }
    return i;
}

static enum galen_status write_names(struct schema_compiler *compiler, unsigned named,
                                     struct type_rule *rule)
{
    struct writer text;
    writer_init(&text, ERROR_TEXT_SIZE);
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if ((named & (1u << i)) != 0) {
            writer_put_string(&text, text.size == 0 ? "" : " or ");
            writer_put_string(&text, types[i].told);
        }
    }
    rule->names = arena_copy_string(compiler->arena, writer_bytes(&text));
    writer_deinit(&text);
    return rule->names == NULL ? GALEN_NO_MEMORY : GALEN_OK;
}

static enum galen_status add_type(struct schema_compiler *compiler,
                                  struct schema_node *node, const struct json *value,
                                  unsigned *named)
{
    const size_t type = find_type(value);
    if (type == TYPE_COUNT) {
        return schema_reject(compiler, node, "type", "is not a type that there is");
    }
    if ((*named & (1u << type)) != 0) {
        return schema_reject(compiler, node, "type", "names a type twice");
    }
    *named |= 1u << type;
    return GALEN_OK;
}

static enum galen_status add_types(struct schema_compiler *compiler,
                                   struct schema_node *node, const struct json *value,
                                   unsigned *named)
{
    if (json_type(value) != JSON_ARRAY) {
        return add_type(compiler, node, value, named);
    }
    struct json_cursor at = json_walk(value);
    while (json_next(&at)) {
        TRY(add_type(compiler, node, at.value, named));
    }
    return *named != 0 ? GALEN_OK : schema_reject(compiler, node, "type", "is empty");
}

static enum galen_status type_rule(struct schema_compiler *compiler,
                                   struct schema_node *node)
{
    const struct json *value = schema_keyword(node, "type");
    unsigned named = 0;
    if (value == NULL) {
        return GALEN_OK;
    }
    TRY(add_types(compiler, node, value, &named));
    struct type_rule *type = arena_alloc(compiler->arena, sizeof(*type));
    struct schema_rule *rule =
        schema_add_rule(compiler, node, "type", SCHEMA_ALL_TYPES, has_type);
    if (type == NULL || rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        type->types |= (named & (1u << i)) != 0 ? types[i].types : 0;
    }
    type->takes_integers = (named & (1u << INTEGER)) != 0;
    rule->of.data = type;
    return write_names(compiler, named, type);
}

/* enum, const */

struct listed_value {
    const struct json *json;
    uint64_t hash;
};

struct list_rule {
    struct listed_value *values;
    size_t count;
};

static bool is_listed(struct schema_check *check, const struct schema_rule *rule,
                      const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    const struct list_rule *list = rule->of.data;
    const uint64_t hash = schema_value_hash(place->value, &check->budget);
    (void)schema_budget_take(&check->budget, list->count / 16);
    for (size_t i = 0; i < list->count; i++) {
        if (list->values[i].hash == hash &&
            schema_values_equal(list->values[i].json, place->value, &check->budget)) {
            return true;
        }
    }
    return schema_refuse(check, rule->keyword, place,
                         "is none of the values that are allowed: %zu are", list->count);
}

static struct listed_value listed(const struct json *value)
{
    struct schema_budget budget = {UINT64_MAX};
    return (struct listed_value){value, schema_value_hash(value, &budget)};
}

static enum galen_status enum_rule(struct schema_compiler *compiler,
                                   struct schema_node *node)
{
    const struct json *value = schema_keyword(node, "enum");
    if (value == NULL) {
        return GALEN_OK;
    }
    if (json_type(value) != JSON_ARRAY) {
        return schema_reject(compiler, node, "enum", "is not a list");
    }
    struct list_rule *list = arena_alloc(compiler->arena, sizeof(*list));
    struct schema_rule *rule =
        schema_add_rule(compiler, node, "enum", SCHEMA_ALL_TYPES, is_listed);
    if (list == NULL || rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    list->count = json_count(value);
    list->values = arena_alloc_array(compiler->arena, list->count, sizeof(*list->values));
    if (list->values == NULL) {
        return GALEN_NO_MEMORY;
    }
    struct json_cursor at = json_walk(value);
    while (json_next(&at)) {
        list->values[at.index] = listed(at.value);
    }
    rule->of.data = list;
    return GALEN_OK;
}

static bool is_the_one(struct schema_check *check, const struct schema_rule *rule,
                       const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    return schema_values_equal(rule->of.data, place->value, &check->budget) ||
           schema_refuse(check, rule->keyword, place,
                         "is not the only value that is allowed");
}

static enum galen_status const_rule(struct schema_compiler *compiler,
                                    struct schema_node *node)
{
    const struct json *value = schema_keyword(node, "const");
    if (value == NULL) {
        return GALEN_OK;
    }
    struct schema_rule *rule =
        schema_add_rule(compiler, node, "const", SCHEMA_ALL_TYPES, is_the_one);
    if (rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    rule->of.data = value;
    return GALEN_OK;
}

enum galen_status schema_value_rules(struct schema_compiler *compiler,
                                     struct schema_node *node)
{
    TRY(type_rule(compiler, node));
    TRY(enum_rule(compiler, node));
    return const_rule(compiler, node);
}
