/* SPDX-License-Identifier: Apache-2.0 */
/* References, and keywords that ask other schemas about the same value (Core,
 * sections 8.2.3 and 10.2). */
#include "base/invariant.h"
#include "codec/schema_compiler.h"

/* $ref */

static bool meet_reference(struct schema_check *check, const struct schema_rule *rule,
                           const struct schema_place *place, struct schema_marks *marks)
{
    return schema_meets(check, rule->of.node, place, marks);
}

static enum galen_status find_target(struct schema_compiler *compiler,
                                     struct schema_node *node, const char *keyword,
                                     const struct json *value,
                                     const struct schema_node **out_target)
{
    return json_type(value) == JSON_STRING
               ? schema_index_reference(compiler, node, keyword, json_string(value),
                                        out_target)
               : schema_reject(compiler, node, keyword, "is not a string");
}

static enum galen_status reference_rule(struct schema_compiler *compiler,
                                        struct schema_node *node)
{
    const struct json *value = schema_keyword(node, "$ref");
    const struct schema_node *target = NULL;
    if (value == NULL) {
        return GALEN_OK;
    }
    TRY(find_target(compiler, node, "$ref", value, &target));
    struct schema_rule *rule =
        schema_add_rule(compiler, node, "$ref", SCHEMA_ALL_TYPES, meet_reference);
    if (rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    rule->of.node = target;
    return schema_add_in_place(compiler, node, target);
}

/* $dynamicRef */

static const struct schema_anchor *find_dynamic(const struct schema_resource *resource,
                                                struct bytes name)
{
    const struct schema_anchor *anchor = resource->anchors;
    while (anchor != NULL && !(anchor->is_dynamic && bytes_equal(anchor->name, name))) {
        anchor = anchor->next;
    }
    return anchor;
}

static bool meet_dynamic(struct schema_check *check, const struct schema_rule *rule,
                         const struct schema_place *place, struct schema_marks *marks)
{
    const struct schema_anchor *anchor = rule->of.data;
    const struct schema_node *target = anchor->node;
    for (const struct schema_scope *at = check->scope;
         at != NULL && schema_budget_take(&check->budget, 1); at = at->outer) {
        const struct schema_anchor *found = find_dynamic(at->resource, anchor->name);
        target = found == NULL ? target : found->node; /* the outermost counts */
    }
    return schema_meets(check, target, place, marks);
}

/* The dynamic anchor that the reference names where it stands; NULL: it names something
 * else, and is then an ordinary one. */
static const struct schema_anchor *initial_anchor(const struct schema_node *target,
                                                  struct bytes reference)
{
    struct bytes uri;
    const struct bytes fragment = bytes_split(reference, '#', &uri);
    const struct schema_anchor *anchor = find_dynamic(target->resource, fragment);
    return anchor != NULL && anchor->node == target ? anchor : NULL;
}

static enum galen_status dynamic_rule(struct schema_compiler *compiler,
                                      struct schema_node *node)
{
    const struct json *value = schema_keyword(node, "$dynamicRef");
    const struct schema_node *target = NULL;
    if (value == NULL) {
        return GALEN_OK;
    }
    TRY(find_target(compiler, node, "$dynamicRef", value, &target));
    INVARIANT(target != NULL);
    const struct schema_anchor *anchor = initial_anchor(target, json_string(value));
    struct schema_rule *rule =
        schema_add_rule(compiler, node, "$dynamicRef", SCHEMA_ALL_TYPES,
                        anchor == NULL ? meet_reference : meet_dynamic);
    if (rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    if (anchor == NULL) {
        rule->of.node = target;
        return schema_add_in_place(compiler, node, target);
    }
    rule->of.data = anchor;
    return GALEN_OK;
}

/* allOf, anyOf, oneOf */

static bool meet_all(struct schema_check *check, const struct schema_rule *rule,
                     const struct schema_place *place, struct schema_marks *marks)
{
    bool holds = true;
    for (size_t i = 0; i < rule->of.nodes.count && schema_goes_on(check, holds); i++) {
        holds = schema_meets(check, rule->of.nodes.nodes[i], place, marks) && holds;
    }
    return holds;
}

/* Where marks are asked for, all that the value meets count. */
static bool meet_any(struct schema_check *check, const struct schema_rule *rule,
                     const struct schema_place *place, struct schema_marks *marks)
{
    bool meets_one = false;
    for (size_t i = 0; i < rule->of.nodes.count && schema_goes_on(check, true); i++) {
        if (meets_one && marks == NULL) {
            break;
        }
        meets_one =
            schema_meets_quietly(check, rule->of.nodes.nodes[i], place, marks) || meets_one;
    }
    return meets_one ||
           schema_refuse(check, rule->keyword, place, "meets none of %zu alternatives",
                         rule->of.nodes.count);
}

static bool meet_one(struct schema_check *check, const struct schema_rule *rule,
                     const struct schema_place *place, struct schema_marks *marks)
{
    size_t count = 0;
    for (size_t i = 0; i < rule->of.nodes.count && count < 2 && schema_goes_on(check, true);
         i++) {
        count += schema_meets_quietly(check, rule->of.nodes.nodes[i], place, marks);
    }
    return count == 1 ||
           schema_refuse(check, rule->keyword, place, "meets %s of %zu alternatives",
                         count == 0 ? "none" : "more than one", rule->of.nodes.count);
}

static enum galen_status list_rule(struct schema_compiler *compiler,
                                   struct schema_node *node, const char *keyword,
                                   schema_rule_fn holds)
{
    const struct json *value = schema_keyword(node, keyword);
    if (value == NULL) {
        return GALEN_OK;
    }
    struct schema_rule *rule =
        schema_add_rule(compiler, node, keyword, SCHEMA_ALL_TYPES, holds);
    if (rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(schema_keyword_nodes(compiler, value, &rule->of.nodes));
    for (size_t i = 0; i < rule->of.nodes.count; i++) {
        TRY(schema_add_in_place(compiler, node, rule->of.nodes.nodes[i]));
    }
    return GALEN_OK;
}

/* not */

static bool meet_not(struct schema_check *check, const struct schema_rule *rule,
                     const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    return !schema_meets_quietly(check, rule->of.node, place, NULL) ||
           schema_refuse(check, rule->keyword, place, "is what it must not be");
}

static enum galen_status not_rule(struct schema_compiler *compiler,
                                  struct schema_node *node)
{
    const struct json *value = schema_keyword(node, "not");
    if (value == NULL) {
        return GALEN_OK;
    }
    struct schema_rule *rule =
        schema_add_rule(compiler, node, "not", SCHEMA_ALL_TYPES, meet_not);
    if (rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    rule->of.node = schema_index_node(compiler, value);
    return schema_add_in_place(compiler, node, rule->of.node);
}

/* if, then, else */

struct choice_rule {
    const struct schema_node *condition;
    const struct schema_node *then; /* NULL: nothing follows */
    const struct schema_node *otherwise;
};

static bool meet_choice(struct schema_check *check, const struct schema_rule *rule,
                        const struct schema_place *place, struct schema_marks *marks)
{
    const struct choice_rule *choice = rule->of.data;
    const bool meets = schema_meets_quietly(check, choice->condition, place, marks);
    const struct schema_node *next = meets ? choice->then : choice->otherwise;
    return check->status == GALEN_OK &&
           (next == NULL || schema_meets(check, next, place, marks));
}

static enum galen_status choice_part(struct schema_compiler *compiler,
                                     struct schema_node *node, const char *keyword,
                                     const struct schema_node **out_part)
{
    const struct json *value = schema_keyword(node, keyword);
    if (value == NULL) {
        return GALEN_OK;
    }
    *out_part = schema_index_node(compiler, value);
    return schema_add_in_place(compiler, node, *out_part);
}

static enum galen_status choice_rule(struct schema_compiler *compiler,
                                     struct schema_node *node)
{
    if (schema_keyword(node, "if") == NULL) {
        return GALEN_OK;
    }
    struct choice_rule *choice = arena_alloc(compiler->arena, sizeof(*choice));
    struct schema_rule *rule =
        schema_add_rule(compiler, node, "if", SCHEMA_ALL_TYPES, meet_choice);
    if (choice == NULL || rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    rule->of.data = choice;
    TRY(choice_part(compiler, node, "if", &choice->condition));
    TRY(choice_part(compiler, node, "then", &choice->then));
    return choice_part(compiler, node, "else", &choice->otherwise);
}

/* dependentSchemas */

struct dependent_schema {
    struct bytes name;
    const struct schema_node *node;
};

struct dependents_rule {
    struct dependent_schema *rows;
    size_t count;
};

static bool meet_dependents(struct schema_check *check, const struct schema_rule *rule,
                            const struct schema_place *place, struct schema_marks *marks)
{
    const struct dependents_rule *dependents = rule->of.data;
    bool holds = true;
    for (size_t i = 0; i < dependents->count && schema_goes_on(check, holds); i++) {
        const struct dependent_schema *row = &dependents->rows[i];
        if (schema_member(place->value, row->name, &check->budget) != NULL) {
            holds = schema_meets(check, row->node, place, marks) && holds;
        }
    }
    return holds;
}

static enum galen_status dependents_rule(struct schema_compiler *compiler,
                                         struct schema_node *node)
{
    const struct json *value = schema_keyword(node, "dependentSchemas");
    if (value == NULL) {
        return GALEN_OK;
    }
    struct dependents_rule *dependents = arena_alloc(compiler->arena, sizeof(*dependents));
    struct schema_rule *rule = schema_add_rule(compiler, node, "dependentSchemas",
                                               SCHEMA_TYPE(JSON_OBJECT), meet_dependents);
    if (dependents == NULL || rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    rule->of.data = dependents;
    dependents->count = json_count(value);
    dependents->rows =
        arena_alloc_array(compiler->arena, dependents->count, sizeof(*dependents->rows));
    if (dependents->rows == NULL) {
        return GALEN_NO_MEMORY;
    }
    struct json_cursor at = json_walk(value);
    while (json_next(&at)) {
        dependents->rows[at.index] =
            (struct dependent_schema){at.name, schema_index_node(compiler, at.value)};
        TRY(schema_add_in_place(compiler, node, dependents->rows[at.index].node));
    }
    return GALEN_OK;
}

enum galen_status schema_logic_rules(struct schema_compiler *compiler,
                                     struct schema_node *node)
{
    TRY(reference_rule(compiler, node));
    TRY(dynamic_rule(compiler, node));
    TRY(list_rule(compiler, node, "allOf", meet_all));
    TRY(list_rule(compiler, node, "anyOf", meet_any));
    TRY(list_rule(compiler, node, "oneOf", meet_one));
    TRY(not_rule(compiler, node));
    TRY(choice_rule(compiler, node));
    return dependents_rule(compiler, node);
}
