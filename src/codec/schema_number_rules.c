/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords of numbers (Validation, section 6.2). */
#include "codec/schema_compiler.h"
#include "codec/schema_decimal.h"

enum { DIGITS_OF_A_STEP = 8 }; /* that are divided */

struct number_rule {
    struct decimal limit;
    struct decimal_divisor divisor;
    struct bytes text; /* of the limit, for messages */
};

struct number_kind {
    const char *keyword;
    schema_rule_fn holds;
};

/* NULL: it cannot be compared, which has been told. */
static const struct decimal *read_number(struct schema_check *check,
                                         const struct schema_rule *rule,
                                         const struct schema_place *place)
{
    const struct bytes text = json_number(place->value);
    if (check->number_text == text.data) {
        return &check->number;
    }
    (void)schema_budget_take(&check->budget, text.size / SCHEMA_BYTES_OF_A_STEP);
    if (!decimal_read(text, &check->number)) {
        check->number_text = NULL;
        (void)schema_refuse(check, rule->keyword, place,
                            "is a number with an exponent of more than 18 digits");
        return NULL;
    }
    check->number_text = text.data;
    return &check->number;
}

static bool tell_limit(struct schema_check *check, const struct schema_rule *rule,
                       const struct schema_place *place, const char *what)
{
    const struct number_rule *number = rule->of.data;
    return schema_refuse(check, rule->keyword, place, "%s %.*s", what,
                         BYTES_PRINT(number->text));
}

static bool is_at_least(struct schema_check *check, const struct schema_rule *rule,
                        const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    const struct number_rule *number = rule->of.data;
    const struct decimal *value = read_number(check, rule, place);
    return value != NULL && (decimal_compare(value, &number->limit) >= 0 ||
                             tell_limit(check, rule, place, "is less than"));
}

static bool is_at_most(struct schema_check *check, const struct schema_rule *rule,
                       const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    const struct number_rule *number = rule->of.data;
    const struct decimal *value = read_number(check, rule, place);
    return value != NULL && (decimal_compare(value, &number->limit) <= 0 ||
                             tell_limit(check, rule, place, "is greater than"));
}

static bool is_above(struct schema_check *check, const struct schema_rule *rule,
                     const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    const struct number_rule *number = rule->of.data;
    const struct decimal *value = read_number(check, rule, place);
    return value != NULL && (decimal_compare(value, &number->limit) > 0 ||
                             tell_limit(check, rule, place, "is not greater than"));
}

static bool is_below(struct schema_check *check, const struct schema_rule *rule,
                     const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    const struct number_rule *number = rule->of.data;
    const struct decimal *value = read_number(check, rule, place);
    return value != NULL && (decimal_compare(value, &number->limit) < 0 ||
                             tell_limit(check, rule, place, "is not less than"));
}

static bool is_multiple(struct schema_check *check, const struct schema_rule *rule,
                        const struct schema_place *place, struct schema_marks *marks)
{
    (void)marks;
    const struct number_rule *number = rule->of.data;
    const struct decimal *value = read_number(check, rule, place);
    return value != NULL && (decimal_is_multiple(value, &number->divisor) ||
                             tell_limit(check, rule, place, "is not a multiple of"));
}

static const struct number_kind kinds[] = {
    {"minimum", is_at_least},       {"maximum", is_at_most},
    {"exclusiveMinimum", is_above}, {"exclusiveMaximum", is_below},
    {"multipleOf", is_multiple},
};

static enum galen_status number_rule(struct schema_compiler *compiler,
                                     struct schema_node *node,
                                     const struct number_kind *kind)
{
    const struct json *value = schema_keyword(node, kind->keyword);
    struct decimal limit;
    if (value == NULL) {
        return GALEN_OK;
    }
    if (json_type(value) != JSON_NUMBER || !decimal_read(json_number(value), &limit)) {
        return schema_reject(compiler, node, kind->keyword,
                             "is not a number, or its exponent has more than 18 digits");
    }
    struct number_rule *number = arena_alloc(compiler->arena, sizeof(*number));
    struct schema_rule *rule = schema_add_rule(compiler, node, kind->keyword,
                                               SCHEMA_TYPE(JSON_NUMBER), kind->holds);
    if (number == NULL || rule == NULL) {
        return GALEN_NO_MEMORY;
    }
    *number = (struct number_rule){.limit = limit, .text = json_number(value)};
    rule->of.data = number;
    if (kind->holds == is_multiple && !decimal_divisor_init(&number->divisor, &limit)) {
        return schema_reject(compiler, node, kind->keyword,
                             "is not above zero, or has more than 18 digits");
    }
    return GALEN_OK;
}

enum galen_status schema_number_rules(struct schema_compiler *compiler,
                                      struct schema_node *node)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        TRY(number_rule(compiler, node, &kinds[i]));
    }
    return GALEN_OK;
}
