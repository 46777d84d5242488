/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/redaction.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/invariant.h"
#include "base/limits.h"
#include "codec/number.h"

enum { PSEUDONYM_BYTES = 16, PSEUDONYM_SIZE = 2 * PSEUDONYM_BYTES, DECIMAL_SIZE = 352 };

#define MASK "***"

void redaction_init(struct redaction *redaction, const struct policy *policy,
                    struct hmac *hmac, const uint8_t *context)
{
    *redaction = (struct redaction){.policy = policy, .hmac = hmac, .status = GALEN_OK};
    if (context != NULL) {
        memcpy(redaction->context, context, sizeof(redaction->context));
    }
    writer_init(&redaction->pointers_, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
}

void redaction_deinit(struct redaction *redaction)
{
    writer_deinit(&redaction->pointers_);
}

static bool is_met(const struct settings_rule *rule, enum answer_member member,
                   uint32_t index)
{
    return (rule->pattern.members & ANSWER_BIT(member)) != 0 &&
           (rule->pattern.index == ANSWER_EVERY_INDEX || rule->pattern.index == index);
}

/* NULL: the member stays as it is. A policy has one rule at most for each. */
static const struct settings_rule *rule_for(const struct redaction *redaction,
                                            enum answer_member member, uint32_t index)
{
    const struct policy *policy = redaction == NULL ? NULL : redaction->policy;
    if (policy == NULL || (policy->members & ANSWER_BIT(member)) == 0) {
        return NULL;
    }
    for (size_t i = 0; i < policy->settings->rule_count; i++) {
        if (is_met(&policy->settings->rules[i], member, index)) {
            return &policy->settings->rules[i];
        }
    }
    return NULL;
}

static void fail(struct redaction *redaction, enum galen_status status)
{
    redaction->status = redaction->status == GALEN_OK ? status : redaction->status;
}

/* Names of members need no escape, of a pointer or of JSON. */
static void note(struct redaction *redaction, enum answer_member member, uint32_t index)
{
    struct writer *out = &redaction->pointers_;
    writer_put_string(out, redaction->count == 0 ? "\"" : ",\"");
    answer_put_pointer(member, index, out);
    writer_put_byte(out, '"');
    redaction->count++;
    if (out->status != GALEN_OK) {
        fail(redaction, out->status);
    }
}

bool redaction_removes(struct redaction *redaction, enum answer_member member,
                       uint32_t index)
{
    const struct settings_rule *rule = rule_for(redaction, member, index);
    if (rule == NULL || rule->redaction != SETTINGS_REMOVE) {
        return false;
    }
    note(redaction, member, index);
    return true;
}

/* Of the policy's name, the subject and the text, none of which is empty or runs into the
 * next: what two policies or two subjects share has two pseudonyms. */
static enum galen_status make_pseudonym(const struct redaction *redaction,
                                        struct bytes text, char *out_hex)
{
    const struct bytes name = bytes_from_string(redaction->policy->settings->name);
    uint8_t code[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    struct writer message;
    if (redaction->hmac == NULL) {
        return GALEN_INTERNAL;
    }
    writer_init(&message, LIMIT_BODY_SIZE_BYTES_MAX);
    writer_put(&message, name);
    writer_put_byte(&message, '\0');
    writer_put(&message, bytes_of(redaction->context, sizeof(redaction->context)));
    writer_put(&message, text);
    const enum galen_status status =
        message.status == GALEN_OK ? hmac_of(redaction->hmac, writer_bytes(&message), code)
                                   : message.status;
    writer_deinit(&message);
    TRY(status);
    sha256_to_hex(code, hex);
    memcpy(out_hex, hex, PSEUDONYM_SIZE);
    return GALEN_OK;
}

static void put_pseudonym(struct redaction *redaction, struct bytes text,
                          struct json_writer *json)
{
    char hex[PSEUDONYM_SIZE];
    const enum galen_status status = make_pseudonym(redaction, text, hex);
    if (status != GALEN_OK) {
        fail(redaction, status);
        json_put_null(json);
        return;
    }
    json_put_string(json, bytes_of(hex, sizeof(hex)));
}

void redaction_put_text(struct redaction *redaction, enum answer_member member,
                        uint32_t index, struct bytes text, struct json_writer *json)
{
    const struct settings_rule *rule = rule_for(redaction, member, index);
    if (rule == NULL) {
        json_put_string(json, text);
        return;
    }
    note(redaction, member, index);
    if (rule->redaction == SETTINGS_HASH) {
        put_pseudonym(redaction, text, json);
    } else {
        INVARIANT(rule->redaction == SETTINGS_MASK);
        json_put_string(json, BYTES(MASK));
    }
}

void redaction_put_null(struct redaction *redaction, enum answer_member member,
                        uint32_t index, struct json_writer *json)
{
    const struct settings_rule *rule = rule_for(redaction, member, index);
    if (rule != NULL && rule->redaction == SETTINGS_MASK) {
        redaction_put_text(redaction, member, index, BYTES_NONE, json); /* nor that */
        return;
    }
    json_put_null(json);
}

/* As JSON has it, but "1000" for "1000.0". */
static int write_bound(double bound, char *out_text)
{
    const size_t size = number_write_f64(bound, out_text);
    const bool is_whole = size > 2 && memcmp(out_text + size - 2, ".0", 2) == 0;
    return (int)(is_whole ? size - 2 : size);
}

/* "below 0.5", "0.5 to 0.9", "0.9 or more". */
static void put_band(const struct settings_rule *rule, double value,
                     struct json_writer *json)
{
    char low[NUMBER_TEXT_SIZE_MAX];
    char high[NUMBER_TEXT_SIZE_MAX];
    char text[sizeof(low) + sizeof(high) + sizeof("below  or more")];
    size_t band = 0;
    while (band < rule->band_count && value >= rule->bands[band]) {
        band++;
    }
    const bool is_lowest = band == 0;
    const bool is_highest = band == rule->band_count;
    const int low_size = is_lowest ? 0 : write_bound(rule->bands[band - 1], low);
    const int high_size = is_highest ? 0 : write_bound(rule->bands[band], high);
    (void)snprintf(text, sizeof(text), "%s%.*s%s%.*s", is_lowest ? "below " : "", low_size,
                   low,
                   is_lowest    ? ""
                   : is_highest ? " or more"
                                : " to ",
                   high_size, high);
    json_put_cstring(json, text);
}

void redaction_put_whole(struct redaction *redaction, enum answer_member member,
                         uint32_t index, uint64_t value, struct json_writer *json)
{
    const struct settings_rule *rule = rule_for(redaction, member, index);
    if (rule == NULL) {
        json_put_u64(json, value);
        return;
    }
    note(redaction, member, index);
    if (rule->redaction == SETTINGS_MASK) {
        json_put_null(json);
    } else if (rule->step > 0) {
        json_put_u64(json, value - value % rule->step);
    } else {
        INVARIANT(rule->redaction == SETTINGS_GENERALISE);
        put_band(rule, (double)value, json);
    }
}

static void put_number(double value, bool is_f32, struct json_writer *json)
{
    if (is_f32) {
        json_put_f32(json, (float)value);
    } else {
        json_put_f64(json, value);
    }
}

/* The nearest of so many digits; the C library rounds the exact value. */
static double rounded(double value, uint64_t digits)
{
    char text[DECIMAL_SIZE];
    (void)snprintf(text, sizeof(text), "%.*f", (int)digits, value);
    return strtod(text, NULL);
}

void redaction_put_fraction(struct redaction *redaction, enum answer_member member,
                            uint32_t index, double value, bool is_f32,
                            struct json_writer *json)
{
    const struct settings_rule *rule = rule_for(redaction, member, index);
    if (rule == NULL) {
        put_number(value, is_f32, json);
        return;
    }
    note(redaction, member, index);
    if (rule->redaction == SETTINGS_MASK) {
        json_put_null(json);
    } else if (rule->redaction == SETTINGS_ROUND) {
        put_number(rounded(value, rule->digits), is_f32, json);
    } else {
        INVARIANT(rule->redaction == SETTINGS_GENERALISE && rule->band_count > 0);
        put_band(rule, value, json);
    }
}

void redaction_put_list(struct redaction *redaction, struct json_writer *json)
{
    const struct policy *policy = redaction == NULL ? NULL : redaction->policy;
    if (policy == NULL || policy->members == 0) {
        return;
    }
    json_put_name(json, "redacted");
    json_begin_array(json);
    if (redaction->count > 0) {
        json_put_raw(json, writer_bytes(&redaction->pointers_));
    }
    json_end_array(json);
}
