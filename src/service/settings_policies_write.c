/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "codec/json_writer.h"
#include "service/settings_policies.h"

/* In the order of their names. */
static const enum settings_redaction sorted[] = {
    SETTINGS_GENERALISE, SETTINGS_HASH, SETTINGS_MASK, SETTINGS_REMOVE, SETTINGS_ROUND};

static int by_pointer(const void *left, const void *right)
{
    const struct settings_rule *const *a = left;
    const struct settings_rule *const *b = right;
    return strcmp((*a)->pointer, (*b)->pointer);
}

static void put_number(struct json_writer *json, const char *name, double value)
{
    json_put_name(json, name);
    json_put_f64(json, value);
}

static void put_general(const struct settings_rule *rule, struct json_writer *json)
{
    json_begin_object(json);
    if (rule->step > 0) {
        json_put_name(json, "step");
        json_put_u64(json, rule->step);
    } else {
        json_put_name(json, "bands");
        json_begin_array(json);
        for (size_t i = 0; i < rule->band_count; i++) {
            json_put_f64(json, rule->bands[i]);
        }
        json_end_array(json);
    }
    json_end_object(json);
}

static void put_rule(const struct settings_rule *rule, struct json_writer *json)
{
    if (rule->redaction == SETTINGS_ROUND) {
        json_put_name(json, rule->pointer);
        json_put_u64(json, rule->digits);
    } else if (rule->redaction == SETTINGS_GENERALISE) {
        json_put_name(json, rule->pointer);
        put_general(rule, json);
    } else {
        json_put_cstring(json, rule->pointer);
    }
}

static bool is_map(enum settings_redaction redaction)
{
    return redaction == SETTINGS_ROUND || redaction == SETTINGS_GENERALISE;
}

static void put_redaction(const struct settings_policy *policy,
                          enum settings_redaction redaction, struct json_writer *json)
{
    const struct settings_rule *rules[LIMIT_POLICY_RULE_COUNT_MAX];
    size_t count = 0;
    for (size_t i = 0; i < policy->rule_count; i++) {
        if (policy->rules[i].redaction == redaction) {
            rules[count++] = &policy->rules[i];
        }
    }
    if (count == 0) {
        return;
    }
    qsort(rules, count, sizeof(rules[0]), by_pointer);
    json_put_name(json, settings_redaction_name(redaction));
    is_map(redaction) ? json_begin_object(json) : json_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        put_rule(rules[i], json);
    }
    is_map(redaction) ? json_end_object(json) : json_end_array(json);
}

void settings_policy_write(const struct settings_policy *policy, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    if (policy->echo_text) {
        json_put_name(&json, "echo_text");
        json_put_bool(&json, true);
    }
    for (size_t i = 0; i < sizeof(sorted) / sizeof(sorted[0]); i++) {
        put_redaction(policy, sorted[i], &json);
    }
    if (policy->threshold > 0) {
        put_number(&json, "threshold", policy->threshold);
    }
    if (policy->unless_scope[0] != '\0') {
        json_put_name(&json, "unless_scope");
        json_put_cstring(&json, policy->unless_scope);
    }
    json_end_object(&json);
}

void settings_policies_write(const struct settings *settings, struct writer *out)
{
    for (size_t i = 0; i < settings->policy_count; i++) {
        writer_put_string(out, "policies.");
        writer_put_string(out, settings->policies[i].name);
        writer_put_string(out, ": ");
        settings_policy_write(&settings->policies[i], out);
        writer_put_byte(out, '\n');
    }
}
