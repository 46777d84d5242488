/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings_policies.h"

#include <stdarg.h>
#include <stdio.h>

#include "codec/yaml_table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define IN_POLICY(member) offsetof(struct policy_text, member)

enum { ARENA_SIZE_BYTES_MAX = 262144, DIGIT_COUNT_MAX = 15 };

static const double step_max = 9007199254740992.0; /* 2^53 */

struct round_text {
    const char *pointer;
    uint64_t digits;
};

struct general_text {
    const char *pointer;
    uint64_t step;
    const double *bands;
    size_t band_count;
};

struct policy_text {
    const char *const *remove;
    size_t remove_count;
    const char *const *mask;
    size_t mask_count;
    const struct round_text *round;
    size_t round_count;
    const struct general_text *general;
    size_t general_count;
    const char *const *hash;
    size_t hash_count;
    bool echo_text;
    double threshold;
    const char *unless_scope;
};

static const struct yaml_key pointer_key[] = {
    {.type = YAML_TYPE_STRING, .max = LIMIT_POLICY_TEXT_SIZE_BYTES_MAX},
};

static const struct yaml_key round_keys[] = {
    {.type = YAML_TYPE_STRING, .max = LIMIT_POLICY_TEXT_SIZE_BYTES_MAX},
    {.type = YAML_TYPE_U64,
     .offset = offsetof(struct round_text, digits),
     .min = 0,
     .max = DIGIT_COUNT_MAX,
     .help = "Digits behind the point that a fraction keeps."},
};

static const struct yaml_key band_key[] = {
    {.type = YAML_TYPE_F64},
};

static const struct yaml_key general_member_keys[] = {
    {.name = "bands",
     .type = YAML_TYPE_SEQUENCE,
     .offset = offsetof(struct general_text, bands),
     .min = 1,
     .max = LIMIT_POLICY_BAND_COUNT_MAX,
     .keys = band_key,
     .key_count = 1,
     .count_offset = offsetof(struct general_text, band_count),
     .element_size = sizeof(double),
     .help = "Where the next band begins, ascending: `[0.5, 0.9]` makes of a number `below "
             "0.5`, `0.5 to 0.9` or `0.9 or more`."},
    {.name = "step",
     .type = YAML_TYPE_U64,
     .offset = offsetof(struct general_text, step),
     .min = 1,
     .max = step_max,
     .help = "Of a whole number: it becomes the multiple of this that is not above it."},
};

static const struct yaml_key general_keys[] = {
    {.type = YAML_TYPE_STRING, .max = LIMIT_POLICY_TEXT_SIZE_BYTES_MAX},
    {.type = YAML_TYPE_MAPPING,
     .required = true,
     .keys = general_member_keys,
     .key_count = COUNT(general_member_keys)},
};

#define POINTERS(key, member, text)                                                       \
    {                                                                                     \
        .name = (key), .type = YAML_TYPE_SEQUENCE, .offset = IN_POLICY(member), .min = 1, \
        .max = LIMIT_POLICY_RULE_COUNT_MAX, .keys = pointer_key, .key_count = 1,          \
        .count_offset = IN_POLICY(member##_count), .element_size = sizeof(const char *),  \
        .help = (text),                                                                   \
    }

static const struct yaml_key policy_keys[] = {
    POINTERS("remove", remove, "JSON Pointers of what is left out."),
    POINTERS("mask", mask,
             "JSON Pointers of what is hidden: of a text stays `***`, of a number `null`."),
    {.name = "round",
     .type = YAML_TYPE_MAP,
     .offset = IN_POLICY(round),
     .min = 1,
     .max = LIMIT_POLICY_RULE_COUNT_MAX,
     .keys = round_keys,
     .key_count = COUNT(round_keys),
     .count_offset = IN_POLICY(round_count),
     .element_size = sizeof(struct round_text),
     .help = "Fractions by their pointer, and how many digits behind the point they keep."},
    {.name = "generalise",
     .type = YAML_TYPE_MAP,
     .offset = IN_POLICY(general),
     .min = 1,
     .max = LIMIT_POLICY_RULE_COUNT_MAX,
     .keys = general_keys,
     .key_count = COUNT(general_keys),
     .count_offset = IN_POLICY(general_count),
     .element_size = sizeof(struct general_text),
     .help = "Numbers by their pointer, and what they become: `bands` or `step`."},
    POINTERS("hash", hash,
             "JSON Pointers of texts that become pseudonyms: the same text of the same "
             "subject has the same one."),
    {.name = "echo_text",
     .type = YAML_TYPE_BOOL,
     .offset = IN_POLICY(echo_text),
     .otherwise = "false",
     .help = "Whether entities quote the text that they stand for."},
    {.name = "threshold",
     .type = YAML_TYPE_F64,
     .offset = IN_POLICY(threshold),
     .otherwise = "0",
     .min = 0,
     .max = 1,
     .help = "Raises the threshold of models that have a lower one."},
    {.name = "unless_scope",
     .type = YAML_TYPE_STRING,
     .offset = IN_POLICY(unless_scope),
     .max = LIMIT_POLICY_TEXT_SIZE_BYTES_MAX,
     .help = "A scope: who holds it sees the answer without these redactions. Absent: "
             "nobody does."},
};

const char *settings_redaction_name(enum settings_redaction redaction)
{
    static const char *const names[] = {
        [SETTINGS_REMOVE] = "remove",         [SETTINGS_MASK] = "mask",
        [SETTINGS_ROUND] = "round",           [SETTINGS_HASH] = "hash",
        [SETTINGS_GENERALISE] = "generalise",
    };
    return names[redaction];
}

/* One policy while it is read. */
struct reading {
    const struct yaml_document *document;
    const struct yaml_node *node;
    struct arena *arena;
    struct settings_policy *policy;
    struct error *error;
};

/* Of a list the element, of a map the name is the pointer. */
__attribute__((format(printf, 3, 4))) static enum galen_status
refuse(const struct reading *reading, const struct yaml_node *place, const char *format,
       ...)
{
    char why[ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(why, sizeof(why), format, arguments);
    va_end(arguments);
    return place->name == NULL
               ? yaml_refuse(reading->document, place, reading->error, "%s", why)
               : yaml_refuse_name(reading->document, place, reading->error, "%s", why);
}

/* What a redaction cannot be done to; NULL: it can. */
static const char *why_not(const struct settings_rule *rule, const struct answer_row *row)
{
    const bool is_whole = row->kind == ANSWER_KIND_WHOLE;
    const bool is_number = is_whole || row->kind == ANSWER_KIND_FRACTION;
    const bool is_text = row->kind == ANSWER_KIND_TEXT;
    if (row->is_kept) {
        return "is in every answer";
    }
    switch (rule->redaction) {
    case SETTINGS_REMOVE:
        return NULL;
    case SETTINGS_MASK:
        return is_number || is_text ? NULL : "is no text or number";
    case SETTINGS_ROUND:
        return row->kind == ANSWER_KIND_FRACTION ? NULL : "is no fraction";
    case SETTINGS_HASH:
        return is_text ? NULL : "is no text";
    case SETTINGS_GENERALISE:
        break;
    }
    if (!is_number) {
        return "is no number";
    }
    return rule->step > 0 && !is_whole ? "is no whole number, which a step needs" : NULL;
}

static enum galen_status check_members(const struct reading *reading,
                                       const struct settings_rule *rule,
                                       const struct yaml_node *place)
{
    for (unsigned i = 0; i < ANSWER_MEMBER_COUNT; i++) {
        const bool is_named = (rule->pattern.members & ANSWER_BIT(i)) != 0;
        const char *why = is_named ? why_not(rule, &answer_rows[i]) : NULL;
        if (why != NULL) {
            return refuse(reading, place, "%s: '%s' %s",
                          settings_redaction_name(rule->redaction), answer_rows[i].name,
                          why);
        }
    }
    if (rule->pattern.members == ANSWER_BIT(ANSWER_ENTITY_TEXT) &&
        !reading->policy->echo_text) {
        return refuse(reading, place, "names nothing: this policy has no echo_text");
    }
    return GALEN_OK;
}

static enum galen_status add_rule(const struct reading *reading, struct settings_rule *rule,
                                  const char *pointer, const struct yaml_node *place)
{
    struct settings_policy *policy = reading->policy;
    const char *why;
    if (policy->rule_count == LIMIT_POLICY_RULE_COUNT_MAX) {
        return refuse(reading, place, "is one pointer more than the %d of a policy",
                      (int)LIMIT_POLICY_RULE_COUNT_MAX);
    }
    if (!answer_pattern_parse(bytes_from_string(pointer), &rule->pattern, &why)) {
        return refuse(reading, place, "%s", why);
    }
    TRY(check_members(reading, rule, place));
    for (size_t i = 0; i < policy->rule_count; i++) {
        if (answer_patterns_meet(&rule->pattern, &policy->rules[i].pattern)) {
            return refuse(reading, place, "meets what this policy says of '%s'",
                          policy->rules[i].pointer);
        }
    }
    memcpy(rule->pointer, pointer, strlen(pointer) + 1);
    policy->rules[policy->rule_count++] = *rule;
    return GALEN_OK;
}

static enum galen_status read_pointers(const struct reading *reading,
                                       enum settings_redaction redaction,
                                       const char *const *pointers, size_t count)
{
    const struct yaml_node *list =
        yaml_member(reading->node, settings_redaction_name(redaction));
    for (size_t i = 0; i < count; i++) {
        struct settings_rule rule = {.redaction = redaction};
        TRY(add_rule(reading, &rule, pointers[i], yaml_at(list, i)));
    }
    return GALEN_OK;
}

static enum galen_status read_round(const struct reading *reading,
                                    const struct policy_text *text)
{
    const struct yaml_node *map = yaml_member(reading->node, "round");
    for (size_t i = 0; i < text->round_count; i++) {
        struct settings_rule rule = {.redaction = SETTINGS_ROUND,
                                     .digits = text->round[i].digits};
        TRY(add_rule(reading, &rule, text->round[i].pointer, yaml_at(map, i)));
    }
    return GALEN_OK;
}

static bool is_ascending(const struct general_text *text)
{
    for (size_t i = 1; i < text->band_count; i++) {
        if (text->bands[i - 1] >= text->bands[i]) {
            return false;
        }
    }
    return true;
}

static enum galen_status read_general_one(const struct reading *reading,
                                          const struct general_text *text,
                                          const struct yaml_node *place)
{
    struct settings_rule rule = {.redaction = SETTINGS_GENERALISE,
                                 .step = text->step,
                                 .band_count = text->band_count};
    if ((text->step == 0) == (text->band_count == 0)) {
        return yaml_refuse(reading->document, place, reading->error,
                           "needs either bands or step");
    }
    if (!is_ascending(text)) {
        return yaml_refuse(reading->document, yaml_member(place, "bands"), reading->error,
                           "do not ascend");
    }
    if (text->band_count > 0) {
        memcpy(rule.bands, text->bands, text->band_count * sizeof(*text->bands));
    }
    return add_rule(reading, &rule, text->pointer, place);
}

static enum galen_status read_general(const struct reading *reading,
                                      const struct policy_text *text)
{
    const struct yaml_node *map = yaml_member(reading->node, "generalise");
    for (size_t i = 0; i < text->general_count; i++) {
        TRY(read_general_one(reading, &text->general[i], yaml_at(map, i)));
    }
    return GALEN_OK;
}

/* RFC 6749 section 3.3: scope-token. */
static bool is_scope(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~' || *text == '"' || *text == '\\') {
            return false;
        }
    }
    return true;
}

static enum galen_status read_scope(const struct reading *reading, const char *scope)
{
    if (scope == NULL) {
        return GALEN_OK;
    }
    if (!is_scope(scope)) {
        return yaml_refuse(reading->document, yaml_member(reading->node, "unless_scope"),
                           reading->error, "is no scope");
    }
    memcpy(reading->policy->unless_scope, scope, strlen(scope) + 1);
    return GALEN_OK;
}

static enum galen_status read_members(const struct reading *reading)
{
    const struct yaml_document part = {.file = reading->document->file,
                                       .root = reading->node};
    struct settings_policy *policy = reading->policy;
    struct policy_text text = {.remove = NULL};
    TRY(yaml_read(&part, policy_keys, COUNT(policy_keys), reading->arena, &text,
                  reading->error));
    policy->echo_text = text.echo_text;
    policy->threshold = text.threshold;
    TRY(read_pointers(reading, SETTINGS_REMOVE, text.remove, text.remove_count));
    TRY(read_pointers(reading, SETTINGS_MASK, text.mask, text.mask_count));
    TRY(read_round(reading, &text));
    TRY(read_general(reading, &text));
    TRY(read_pointers(reading, SETTINGS_HASH, text.hash, text.hash_count));
    return read_scope(reading, text.unless_scope);
}

/* What names a policy in records: letters, digits, '.', '_' and '-'. */
static bool is_name(const char *text)
{
    const size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    return size > 0 && size <= LIMIT_POLICY_TEXT_SIZE_BYTES_MAX && text[size] == '\0';
}

static enum galen_status read_policy(struct settings *settings,
                                     const struct yaml_document *document,
                                     const struct yaml_node *node, struct error *out_error)
{
    struct arena arena;
    struct settings_policy *policy = &settings->policies[settings->policy_count];
    const struct reading reading = {document, node, &arena, policy, out_error};
    if (!is_name(node->name)) {
        return yaml_refuse_name(document, node, out_error,
                                "is no name: letters, digits, '.', '_' and '-', at most %d",
                                (int)LIMIT_POLICY_TEXT_SIZE_BYTES_MAX);
    }
    *policy = (struct settings_policy){.rule_count = 0};
    memcpy(policy->name, node->name, strlen(node->name) + 1);
    arena_init(&arena, ARENA_SIZE_BYTES_MAX);
    const enum galen_status status = read_members(&reading);
    arena_deinit(&arena);
    settings->policy_count += status == GALEN_OK;
    return status;
}

enum galen_status settings_policies_read(struct settings *settings,
                                         const struct yaml_document *document,
                                         const struct yaml_node *node,
                                         struct error *out_error)
{
    if (node->kind != YAML_KIND_MAPPING) {
        return yaml_refuse(document, node, out_error, "is not a mapping of policies");
    }
    if (node->count > LIMIT_POLICY_COUNT_MAX) {
        return yaml_refuse(document, node, out_error, "has more than %d policies",
                           (int)LIMIT_POLICY_COUNT_MAX);
    }
    settings->policy_count = 0;
    for (size_t i = 0; i < node->count; i++) {
        TRY(read_policy(settings, document, yaml_at(node, i), out_error));
    }
    return GALEN_OK;
}

const struct settings_policy *settings_policy_find(const struct settings *settings,
                                                   const char *name)
{
    for (size_t i = 0; i < settings->policy_count; i++) {
        if (strcmp(settings->policies[i].name, name) == 0) {
            return &settings->policies[i];
        }
    }
    return NULL;
}

bool settings_policy_hides(const struct settings_policy *policy)
{
    return policy->rule_count > 0 || policy->threshold > 0;
}

static bool makes_pseudonyms(const struct settings_policy *policy)
{
    for (size_t i = 0; i < policy->rule_count; i++) {
        if (policy->rules[i].redaction == SETTINGS_HASH) {
            return true;
        }
    }
    return false;
}

bool settings_policies_need_key(const struct settings *settings)
{
    for (size_t i = 0; i < settings->policy_count; i++) {
        if (makes_pseudonyms(&settings->policies[i])) {
            return true;
        }
    }
    return false;
}

void settings_policies_write_markdown(struct writer *out)
{
    writer_put_string(
        out, "\n## policies\n\nA map by name, in the file only: what of an answer callers "
             "do not see ([policies](policies.md)). A row of `routes` names one.\n\n"
             "```yaml\npolicies:\n  research: {remove: [/timing_us], round: "
             "{/predictions/*/score: 2}, threshold: 0.5}\n```\n\n");
    yaml_write_markdown(policy_keys, COUNT(policy_keys), out);
}
