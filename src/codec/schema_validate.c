/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/schema_root.h"

#include <stdarg.h>
#include <stdio.h>

/* Errors. */

static const char *word_for(const struct schema_place *place)
{
    return place->kind == SCHEMA_PLACE_NAME ? "the name of member" : "member";
}

/* What has been found of the place, from within, lies below this member. */
static void tell_unknown(const struct schema_place *place, struct error *where)
{
    const struct error below = *where;
    error_write(where, "%s %zu%s%s%s", word_for(place), place->index, below.pointer,
                below.text[0] == '\0' ? "" : ", ", below.text);
}

/* The pointer ends before the outermost name that is not the schema's; what lies below is
 * told in words: "member 3/dose". */
static void locate(const struct schema_place *place, struct error *out_where)
{
    error_clear(out_where);
    for (; place != NULL; place = place->parent) {
        switch (place->kind) {
        case SCHEMA_PLACE_KNOWN:
            error_prefix_name(out_where, place->name);
            break;
        case SCHEMA_PLACE_ELEMENT:
            error_prefix_index(out_where, place->index);
            break;
        case SCHEMA_PLACE_UNKNOWN:
        case SCHEMA_PLACE_NAME:
            tell_unknown(place, out_where);
            break;
        case SCHEMA_PLACE_ROOT:
            break;
        }
    }
}

static struct schema_error *next_error(struct schema_check *check)
{
    struct schema_errors *errors = check->errors;
    if (errors->items == NULL) {
        errors->items = arena_alloc_array(check->arena, LIMIT_SCHEMA_ERROR_COUNT_MAX,
                                          sizeof(*errors->items));
    }
    if (errors->items == NULL) {
        (void)schema_give_up(check, GALEN_NO_MEMORY);
        return NULL;
    }
    return errors->count < LIMIT_SCHEMA_ERROR_COUNT_MAX ? &errors->items[errors->count++]
                                                        : NULL;
}

bool schema_refuse(struct schema_check *check, const char *keyword,
                   const struct schema_place *place, const char *format, ...)
{
    char text[ERROR_TEXT_SIZE];
    struct error where;
    if (check->quiet > 0 || check->status != GALEN_OK) {
        return false;
    }
    struct schema_error *error = next_error(check);
    if (error == NULL) {
        return false;
    }
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    locate(place, &where);
    error->keyword = keyword;
    error_write(&error->detail, "%s%s%s", where.text, where.text[0] == '\0' ? "" : ": ",
                text);
    memcpy(error->detail.pointer, where.pointer, sizeof(where.pointer));
    return false;
}

bool schema_give_up(struct schema_check *check, enum galen_status status)
{
    check->status = check->status == GALEN_OK ? status : check->status;
    return false;
}

/* Evaluation. */

static bool is_container(const struct json *value)
{
    return json_type(value) == JSON_ARRAY || json_type(value) == JSON_OBJECT;
}

static size_t word_count(const struct schema_marks *marks)
{
    return marks->count / 64 + 1;
}

/* Marks of the node's own: what rules of a schema that fails have looked at does not count.
 */
static bool begin_marks(struct schema_check *check, const struct json *value,
                        struct schema_marks *marks)
{
    marks->count = json_count(value);
    marks->words = arena_alloc_array(check->arena, word_count(marks), sizeof(uint64_t));
    return marks->words != NULL ? schema_budget_take(&check->budget, word_count(marks))
                                : schema_give_up(check, GALEN_NO_MEMORY);
}

static void add_marks(struct schema_marks *outer, const struct schema_marks *own)
{
    for (size_t i = 0; i < word_count(own); i++) {
        outer->words[i] |= own->words[i];
    }
}

static bool ask_rules(struct schema_check *check, const struct schema_node *node,
                      const struct schema_place *place, struct schema_marks *marks)
{
    const unsigned type = SCHEMA_TYPE(json_type(place->value));
    bool holds = true;
    for (const struct schema_rule *rule = node->rules;
         rule != NULL && schema_goes_on(check, holds); rule = rule->next) {
        if ((rule->types & type) != 0) {
            (void)schema_budget_take(&check->budget, 1);
            holds = rule->holds(check, rule, place, marks) && holds;
        }
    }
    return holds && check->status == GALEN_OK;
}

static bool ask_marking(struct schema_check *check, const struct schema_node *node,
                        const struct schema_place *place, struct schema_marks *outer)
{
    struct schema_marks own;
    if (!begin_marks(check, place->value, &own)) {
        return false;
    }
    const bool holds = ask_rules(check, node, place, &own);
    if (holds && outer != NULL) {
        add_marks(outer, &own);
    }
    return holds;
}

static bool ask_in_scope(struct schema_check *check, const struct schema_node *node,
                         const struct schema_place *place, struct schema_marks *marks)
{
    const struct schema_scope scope = {check->scope, node->resource};
    const bool is_new = scope.outer == NULL || scope.outer->resource != scope.resource;
    const bool needs_marks =
        (marks != NULL || node->has_unevaluated) && is_container(place->value);
    check->scope = is_new ? &scope : scope.outer;
    const bool holds = needs_marks ? ask_marking(check, node, place, marks)
                                   : ask_rules(check, node, place, NULL);
    check->scope = scope.outer;
    return holds;
}

bool schema_meets(struct schema_check *check, const struct schema_node *node,
                  const struct schema_place *place, struct schema_marks *marks)
{
    if (check->depth == LIMIT_SCHEMA_DEPTH_MAX || !schema_budget_take(&check->budget, 1)) {
        return schema_give_up(check, GALEN_UNPROCESSABLE);
    }
    if (node->kind == SCHEMA_FALSE) {
        return schema_refuse(check, node->parent == NULL ? "false" : node->keyword, place,
                             "nothing is allowed here");
    }
    if (node->kind == SCHEMA_TRUE || node->rules == NULL) {
        return true;
    }
    check->depth++;
    const bool holds = ask_in_scope(check, node, place, marks);
    check->depth--;
    return holds;
}

bool schema_meets_quietly(struct schema_check *check, const struct schema_node *node,
                          const struct schema_place *place, struct schema_marks *marks)
{
    check->quiet++;
    const bool holds = schema_meets(check, node, place, marks);
    check->quiet--;
    return holds;
}

/* Told even from within an alternative: it ends the whole. */
static bool give_up_search(struct schema_check *check, const char *keyword,
                           const struct schema_place *place)
{
    const unsigned quiet = check->quiet;
    check->errors->count = 0;
    check->quiet = 0;
    (void)schema_refuse(check, keyword, place,
                        "is too costly to search for the pattern that the schema has");
    check->quiet = quiet;
    check->cost_is_told = true;
    return schema_give_up(check, GALEN_UNPROCESSABLE);
}

bool schema_finds(struct schema_check *check, const struct schema_pattern *pattern,
                  const char *keyword, const struct schema_place *place, struct bytes text)
{
    if (check->status != GALEN_OK) {
        return false;
    }
    switch (schema_pattern_search(pattern, text, &check->scratch, &check->budget)) {
    case SCHEMA_PATTERN_FOUND:
        return true;
    case SCHEMA_PATTERN_ABSENT:
        return false;
    case SCHEMA_PATTERN_NO_MEMORY:
        return schema_give_up(check, GALEN_NO_MEMORY);
    case SCHEMA_PATTERN_TOO_COSTLY:
        break;
    }
    return give_up_search(check, keyword, place);
}

static enum galen_status tell_cost(struct schema_check *check)
{
    if (check->cost_is_told) {
        return GALEN_UNPROCESSABLE;
    }
    const struct schema_place root = {.kind = SCHEMA_PLACE_ROOT};
    check->status = GALEN_OK;
    check->quiet = 0;
    check->errors->count = 0;
    (void)schema_refuse(check, "", &root,
                        "the input is too costly to check against the schema");
    return check->errors->count == 1 ? GALEN_UNPROCESSABLE : GALEN_NO_MEMORY;
}

enum galen_status schema_validate(const struct schema *schema, const struct json *value,
                                  struct arena *arena, struct schema_errors *out_errors)
{
    struct schema_errors errors = {.count = 0};
    struct schema_check check = {
        .arena = arena,
        .errors = &errors,
        .budget = {LIMIT_SCHEMA_STEP_COUNT_MAX},
        .scratch = {.arena = arena},
    };
    const struct schema_place root = {.value = value, .kind = SCHEMA_PLACE_ROOT};
    const bool holds = schema_meets(&check, schema->root, &root, NULL);
    enum galen_status status = check.status;
    if (status == GALEN_UNPROCESSABLE || check.budget.step_count == 0) {
        status = tell_cost(&check);
    } else if (status == GALEN_OK && !holds) {
        status = GALEN_UNPROCESSABLE;
    }
    errors.count = status == GALEN_UNPROCESSABLE ? errors.count : 0;
    *out_errors = errors;
    return status;
}
