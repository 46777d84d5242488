/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords of objects (Core, sections 10.2.2.4 and 10.3.2; Validation, section 6.5). */
#include "codec/schema_compiler.h"
#include "codec/schema_members.h"

#define OBJECTS SCHEMA_TYPE(JSON_OBJECT)

/* properties, patternProperties, additionalProperties, required: one walk for all. */

struct member_pattern {
    const struct schema_pattern *pattern;
    const struct schema_node *node;
};

struct members_rule {
    struct schema_names names;
    struct member_pattern *patterns;
    size_t pattern_count;
    const struct schema_node *others; /* NULL: they may be anything */
};

/* What of the rule says something of the member: *out_is_told false: nothing does. */
static bool meet_told(struct schema_check *check, const struct members_rule *rule,
                      const struct schema_node *node, const struct schema_place *member,
                      struct bytes name, bool *out_is_told)
{
    bool holds = node == NULL || schema_meets(check, node, member, NULL);
    *out_is_told = node != NULL;
    for (size_t i = 0; i < rule->pattern_count && schema_goes_on(check, holds); i++) {
        if (schema_finds(check, rule->patterns[i].pattern, "patternProperties", member,
                         name)) {
            holds = schema_meets(check, rule->patterns[i].node, member, NULL) && holds;
            *out_is_told = true;
        }
    }
    return holds;
}

static bool meet_others(struct schema_check *check, const struct members_rule *rule,
                        const struct schema_place *member)
{
    if (rule->others->kind == SCHEMA_FALSE) {
        return schema_refuse(check, "additionalProperties", member,
                             "is not one that is allowed here");
    }
    return schema_meets(check, rule->others, member, NULL);
}

static bool meet_member(struct schema_check *check, const struct members_rule *rule,
                        const struct schema_name *name, const struct schema_place *object,
                        const struct json_cursor *at, struct schema_marks *marks)
{
    const struct schema_place member = {
        .parent = object,
        .value = at->value,
        .kind = name == NULL ? SCHEMA_PLACE_UNKNOWN : SCHEMA_PLACE_KNOWN,
        .name = at->name,
        .index = at->index,
    };
    bool is_told;
    bool holds = meet_told(check, rule, name == NULL ? NULL : name->node, &member, at->name,
                           &is_told);
    if (!is_told && rule->others != NULL && check->status == GALEN_OK) {
        holds = meet_others(check, rule, &member);
        is_told = true;
    }
    if (is_told) {
        schema_mark(marks, at->index);
    }
    return holds;
}

static bool refuse_missing(struct schema_check *check, const struct members_rule *rule,
                           const struct schema_place *object)
{
    for (size_t i = 0; i < rule->names.count && schema_goes_on(check, check->quiet > 0);
         i++) {
        const struct schema_name *name = &rule->names.names[i];
        if (name->is_required &&
            schema_member(object->value, name->text, &check->budget) == NULL) {
            (void)schema_refuse(check, "required", object, "\"%.*s\" is missing",
                                BYTES_PRINT(name->text));
        }
    }
    return false;
}

static bool meet_members(struct schema_check *check, const struct schema_rule *rule,
                         const struct schema_place *place, struct schema_marks *marks)
{
    const struct members_rule *members = rule->of.data;
    size_t required_count = 0;
    bool holds = true;
    struct json_cursor at = json_walk(place->value);
    while (schema_goes_on(check, holds) && json_next(&at)) {
        const struct schema_name *name = schema_names_find(&members->names, at.name);
        (void)schema_budget_take(&check->budget, 1 + at.name.size / SCHEMA_BYTES_OF_A_STEP);
        required_count += name != NULL && name->is_required;
        holds = meet_member(check, members, name, place, &at, marks) && holds;
    }
    return (required_count == members->names.required_count ||
            (schema_goes_on(check, holds) && refuse_missing(check, members, place))) &&
           holds;
}

static enum galen_status list_names(struct schema_compiler *compiler,
                                    struct members_rule *members,
                                    const struct json *properties,
                                    const struct json *required)
{
    const size_t count = (properties == NULL ? 0 : json_count(properties)) +
                         (required == NULL ? 0 : json_count(required));
    TRY(schema_names_init(&members->names, count, compiler->arena));
    if (properties != NULL) {
        struct json_cursor at = json_walk(properties);
        while (json_next(&at)) {
            schema_names_add(&members->names, at.name)->node =
                schema_index_node(compiler, at.value);
        }
    }
    if (required != NULL) {
        struct json_cursor at = json_walk(required);
        while (json_next(&at)) {
            schema_names_add(&members->names, json_string(at.value))->is_required = true;
        }
        members->names.required_count = json_count(required);
    }
    return GALEN_OK;
}

static enum galen_status compile_patterns(struct schema_compiler *compiler,
                                          struct schema_node *node,
                                          const struct json *patterns,
                                          struct members_rule *members)
{
    members->pattern_count = patterns == NULL ? 0 : json_count(patterns);
    members->patterns = arena_alloc_array(compiler->arena, members->pattern_count,
                                          sizeof(*members->patterns));
    if (members->patterns == NULL) {
        return GALEN_NO_MEMORY;
    }
    if (patterns == NULL) {
        return GALEN_OK;
    }
    struct json_cursor at = json_walk(patterns);
    while (json_next(&at)) {
        struct member_pattern *pattern = &members->patterns[at.index];
        struct error why = {.text = ""};
        const enum galen_status status =
            schema_pattern_compile(at.name, compiler->arena, &pattern->pattern, &why);
        if (status == GALEN_UNPROCESSABLE) {
            return schema_reject(compiler, node, "patternProperties", "%s", why.text);
        }
        TRY(status);
        pattern->node = schema_index_node(compiler, at.value);
    }
    return GALEN_OK;
}

/* A list of names, each once. */
static enum galen_status check_names(struct schema_compiler *compiler,
                                     struct schema_node *node, const char *keyword,
                                     const struct json *list)
{
    struct schema_budget budget = {UINT64_MAX};
    bool found;
    size_t pair[2];
    if (json_type(list) != JSON_ARRAY) {
        return schema_reject(compiler, node, keyword, "is not a list of names");
    }
    struct json_cursor at = json_walk(list);
    while (json_next(&at)) {
        if (json_type(at.value) != JSON_STRING) {
            return schema_reject(compiler, node, keyword, "is not a list of names");
        }
    }
    TRY(schema_find_equal(list, &budget, compiler->arena, &found, pair));
    return found ? schema_reject(compiler, node, keyword, "has a name twice") : GALEN_OK;
}

static enum galen_status members_rule(struct schema_compiler *compiler,
                                      struct schema_node *node)
{
    const struct json *properties = schema_keyword(node, "properties");
    const struct json *patterns = schema_keyword(node, "patternProperties");
    const struct json *others = schema_keyword(node, "additionalProperties");
    const struct json *required = schema_keyword(node, "required");
    if (properties == NULL && patterns == NULL && others == NULL && required == NULL) {
        return GALEN_OK;
    }
    if (required != NULL) {
        TRY(check_names(compiler, node, "required", required));
    }
    struct members_rule *members = arena_alloc(compiler->arena, sizeof(*members));
    struct schema_rule *rule =
        schema_add_rule(compiler, node, "properties", OBJECTS, meet_members);
    if (members == NULL || rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    rule->of.data = members;
    members->others = others == NULL ? NULL : schema_index_node(compiler, others);
    TRY(list_names(compiler, members, properties, required));
    return compile_patterns(compiler, node, patterns, members);
}

/* propertyNames */

static bool meet_names(struct schema_check *check, const struct schema_rule *rule,
                       const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    bool holds = true;
    struct json_cursor at = json_walk(place->value);
    while (schema_goes_on(check, holds) && json_next(&at)) {
        const struct schema_place name = {
            .parent = place,
            .value = json_name_value(&at),
            .kind = SCHEMA_PLACE_NAME,
            .index = at.index,
        };
        holds = schema_meets(check, rule->of.node, &name, NULL) && holds;
    }
    return holds;
}

static enum galen_status names_rule(struct schema_compiler *compiler,
                                    struct schema_node *node)
{
    const struct json *value = schema_keyword(node, "propertyNames");
    if (value == NULL) {
        return GALEN_OK;
    }
    struct schema_rule *rule =
        schema_add_rule(compiler, node, "propertyNames", OBJECTS, meet_names);
    if (rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    rule->of.node = schema_index_node(compiler, value);
    return GALEN_OK;
}

/* minProperties, maxProperties */

static bool has_enough(struct schema_check *check, const struct schema_rule *rule,
                       const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    return json_count(place->value) >= rule->of.count ||
           schema_refuse(check, rule->keyword, place, "has fewer than %llu members",
                         (unsigned long long)rule->of.count);
}

static bool has_not_too_many(struct schema_check *check, const struct schema_rule *rule,
                             const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    return json_count(place->value) <= rule->of.count ||
           schema_refuse(check, rule->keyword, place, "has more than %llu members",
                         (unsigned long long)rule->of.count);
}

/* dependentRequired */

static bool meet_dependents(struct schema_check *check, const struct schema_place *place,
                            struct bytes name, const struct json *wanted)
{
    bool holds = true;
    struct json_cursor at = json_walk(wanted);
    while (schema_goes_on(check, holds) && json_next(&at)) {
        const struct bytes other = json_string(at.value);
        if (schema_member(place->value, other, &check->budget) == NULL) {
            holds = schema_refuse(check, "dependentRequired", place,
                                  "\"%.*s\" is missing, which \"%.*s\" needs",
                                  BYTES_PRINT(other), BYTES_PRINT(name));
        }
    }
    return holds;
}

static bool has_dependents(struct schema_check *check, const struct schema_rule *rule,
                           const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    bool holds = true;
    struct json_cursor at = json_walk(rule->of.data);
    while (schema_goes_on(check, holds) && json_next(&at)) {
        if (schema_member(place->value, at.name, &check->budget) != NULL) {
            holds = meet_dependents(check, place, at.name, at.value) && holds;
        }
    }
    return holds;
}

static enum galen_status dependents_rule(struct schema_compiler *compiler,
                                         struct schema_node *node)
{
    const struct json *value = schema_keyword(node, "dependentRequired");
    if (value == NULL) {
        return GALEN_OK;
    }
    if (json_type(value) != JSON_OBJECT) {
        return schema_reject(compiler, node, "dependentRequired",
                             "is not an object of lists of names");
    }
    struct json_cursor at = json_walk(value);
    while (json_next(&at)) {
        TRY(check_names(compiler, node, "dependentRequired", at.value));
    }
    struct schema_rule *rule =
        schema_add_rule(compiler, node, "dependentRequired", OBJECTS, has_dependents);
    if (rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    rule->of.data = value;
    return GALEN_OK;
}

enum galen_status schema_object_rules(struct schema_compiler *compiler,
                                      struct schema_node *node)
{
    TRY(schema_add_count_rule(compiler, node, "minProperties", OBJECTS, has_enough));
    TRY(schema_add_count_rule(compiler, node, "maxProperties", OBJECTS, has_not_too_many));
    TRY(names_rule(compiler, node));
    TRY(dependents_rule(compiler, node));
    return members_rule(compiler, node);
}
