/* SPDX-License-Identifier: Apache-2.0 */
/* unevaluatedItems, unevaluatedProperties (Core, section 11): asked last, about what no
 * other rule of the schema has looked at. */
#include "codec/schema_compiler.h"

static bool meet_rest(struct schema_check *check, const struct schema_rule *rule,
                      const struct schema_place *place)
{
    if (rule->of.node->kind == SCHEMA_FALSE) {
        return schema_refuse(check, rule->keyword, place,
                             "is not one that is allowed here");
    }
    return schema_meets(check, rule->of.node, place, NULL);
}

static bool meet_unevaluated(struct schema_check *check, const struct schema_rule *rule,
                             const struct schema_place *place, struct schema_marks *marks)
{
    const bool is_array = json_type(place->value) == JSON_ARRAY;
    bool holds = true;
    struct json_cursor at = json_walk(place->value);
    while (schema_goes_on(check, holds) && json_next(&at)) {
        (void)schema_budget_take(&check->budget, 1);
        if (schema_is_marked(marks, at.index)) {
            continue;
        }
        const struct schema_place item = {
            .parent = place,
            .value = at.value,
            .kind = is_array ? SCHEMA_PLACE_ELEMENT : SCHEMA_PLACE_UNKNOWN,
            .index = at.index,
        };
        holds = meet_rest(check, rule, &item) && holds;
        schema_mark(marks, at.index);
    }
    return holds;
}

static enum galen_status unevaluated_rule(struct schema_compiler *compiler,
                                          struct schema_node *node, const char *keyword,
                                          enum json_type type)
{
    const struct json *value = schema_keyword(node, keyword);
    if (value == NULL) {
        return GALEN_OK;
    }
    struct schema_rule *rule =
        schema_add_rule(compiler, node, keyword, SCHEMA_TYPE(type), meet_unevaluated);
    if (rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    rule->of.node = schema_index_node(compiler, value);
    node->has_unevaluated = true;
    return GALEN_OK;
}

enum galen_status schema_unevaluated_rules(struct schema_compiler *compiler,
                                           struct schema_node *node)
{
    TRY(unevaluated_rule(compiler, node, "unevaluatedItems", JSON_ARRAY));
    return unevaluated_rule(compiler, node, "unevaluatedProperties", JSON_OBJECT);
}
