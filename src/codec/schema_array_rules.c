/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords of arrays (Core, section 10.3.1; Validation, section 6.4). */
#include "codec/schema_compiler.h"

static struct schema_place element_of(const struct schema_place *array,
                                      const struct json_cursor *at)
{
    return (struct schema_place){.parent = array,
                                 .value = at->value,
                                 .kind = SCHEMA_PLACE_ELEMENT,
                                 .index = at->index};
}

/* prefixItems, items */

struct elements_rule {
    struct schema_nodes first;
    const struct schema_node *rest; /* NULL: they may be anything */
};

static bool refuse_rest(struct schema_check *check, const struct schema_rule *rule,
                        const struct schema_place *place)
{
    const struct elements_rule *elements = rule->of.data;
    return schema_refuse(check, "items", place, "has more than %zu elements",
                         elements->first.count);
}

static bool meet_elements(struct schema_check *check, const struct schema_rule *rule,
                          const struct schema_place *place, struct schema_marks *marks)
{
    const struct elements_rule *elements = rule->of.data;
    bool holds = true;
    struct json_cursor at = json_walk(place->value);
    while (schema_goes_on(check, holds) && json_next(&at)) {
        const bool is_first = at.index < elements->first.count;
        const struct schema_node *node =
            is_first ? elements->first.nodes[at.index] : elements->rest;
        if (node == NULL) {
            break;
        }
        if (!is_first && node->kind == SCHEMA_FALSE) {
            return refuse_rest(check, rule, place);
        }
        const struct schema_place element = element_of(place, &at);
        holds = schema_meets(check, node, &element, NULL) && holds;
        schema_mark(marks, at.index);
    }
    return holds;
}

static enum galen_status elements_rule(struct schema_compiler *compiler,
                                       struct schema_node *node)
{
    const struct json *first = schema_keyword(node, "prefixItems");
    const struct json *rest = schema_keyword(node, "items");
    if (first == NULL && rest == NULL) {
        return GALEN_OK;
    }
    struct elements_rule *elements = arena_alloc(compiler->arena, sizeof(*elements));
    struct schema_rule *rule =
        schema_add_rule(compiler, node, "items", SCHEMA_TYPE(JSON_ARRAY), meet_elements);
    if (elements == NULL || rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    rule->of.data = elements;
    elements->rest = rest == NULL ? NULL : schema_index_node(compiler, rest);
    return first == NULL ? GALEN_OK
                         : schema_keyword_nodes(compiler, first, &elements->first);
}

/* contains, minContains, maxContains */

struct contains_rule {
    const struct schema_node *node;
    uint64_t min;
    uint64_t max;
};

static bool is_enough(const struct contains_rule *contains, uint64_t count)
{
    return count >= contains->min && contains->max == UINT64_MAX;
}

static bool contain(struct schema_check *check, const struct schema_rule *rule,
                    const struct schema_place *place, struct schema_marks *marks)
{
    const struct contains_rule *contains = rule->of.data;
    uint64_t count = 0;
    struct json_cursor at = json_walk(place->value);
    while (schema_goes_on(check, true) && json_next(&at)) {
        const struct schema_place element = element_of(place, &at);
        if (marks == NULL && is_enough(contains, count)) {
            break;
        }
        if (schema_meets_quietly(check, contains->node, &element, NULL)) {
            schema_mark(marks, at.index);
            count++;
        }
    }
    if (count < contains->min) {
        return schema_refuse(check, contains->min == 1 ? "contains" : "minContains", place,
                             "has fewer than %llu elements of the kind that it has to "
                             "contain",
                             (unsigned long long)contains->min);
    }
    return count <= contains->max ||
           schema_refuse(check, "maxContains", place,
                         "has more than %llu elements of the kind that it may contain",
                         (unsigned long long)contains->max);
}

static enum galen_status contains_rule(struct schema_compiler *compiler,
                                       struct schema_node *node)
{
    const struct json *value = schema_keyword(node, "contains");
    struct contains_rule read = {.min = 1, .max = UINT64_MAX};
    bool is_there;
    TRY(schema_keyword_count(compiler, node, "minContains", &is_there, &read.min));
    TRY(schema_keyword_count(compiler, node, "maxContains", &is_there, &read.max));
    if (value == NULL) {
        return GALEN_OK;
    }
    struct contains_rule *contains = arena_alloc(compiler->arena, sizeof(*contains));
    struct schema_rule *rule =
        schema_add_rule(compiler, node, "contains", SCHEMA_TYPE(JSON_ARRAY), contain);
    if (contains == NULL || rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    read.node = schema_index_node(compiler, value);
    *contains = read;
    rule->of.data = contains;
    return GALEN_OK;
}

/* minItems, maxItems, uniqueItems */

static bool has_enough(struct schema_check *check, const struct schema_rule *rule,
                       const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    return json_count(place->value) >= rule->of.count ||
           schema_refuse(check, rule->keyword, place, "has fewer than %llu elements",
                         (unsigned long long)rule->of.count);
}

static bool has_not_too_many(struct schema_check *check, const struct schema_rule *rule,
                             const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    return json_count(place->value) <= rule->of.count ||
           schema_refuse(check, rule->keyword, place, "has more than %llu elements",
                         (unsigned long long)rule->of.count);
}

static bool is_unique(struct schema_check *check, const struct schema_rule *rule,
                      const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    bool found;
    size_t pair[2];
    if (!schema_budget_take(&check->budget, json_count(place->value))) {
        return schema_give_up(check, GALEN_UNPROCESSABLE);
    }
    if (schema_find_equal(place->value, &check->budget, check->arena, &found, pair) !=
        GALEN_OK) {
        return schema_give_up(check, GALEN_NO_MEMORY);
    }
    return !found || schema_refuse(check, rule->keyword, place,
                                   "elements %zu and %zu are equal", pair[0], pair[1]);
}

static enum galen_status unique_rule(struct schema_compiler *compiler,
                                     struct schema_node *node)
{
    const struct json *value = schema_keyword(node, "uniqueItems");
    if (value == NULL) {
        return GALEN_OK;
    }
    if (json_type(value) != JSON_BOOL) {
        return schema_reject(compiler, node, "uniqueItems", "is neither true nor false");
    }
    return !json_bool(value) || schema_add_rule(compiler, node, "uniqueItems",
                                                SCHEMA_TYPE(JSON_ARRAY), is_unique) != NULL
               ? GALEN_OK
               : GALEN_NO_MEMORY;
}

enum galen_status schema_array_rules(struct schema_compiler *compiler,
                                     struct schema_node *node)
{
    TRY(schema_add_count_rule(compiler, node, "minItems", SCHEMA_TYPE(JSON_ARRAY),
                              has_enough));
    TRY(schema_add_count_rule(compiler, node, "maxItems", SCHEMA_TYPE(JSON_ARRAY),
                              has_not_too_many));
    TRY(unique_rule(compiler, node));
    TRY(elements_rule(compiler, node));
    return contains_rule(compiler, node);
}
