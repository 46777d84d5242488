/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a compiled schema is made of, and what its families of keywords (schema_*_rules.c)
 * are given.
 *
 * Compiling: schema_index.c finds the schemas of a document, their identifiers and what
 * they refer to, and makes a node of each; then each family adds to each node the rules
 * that its keywords stand for. Validating: schema_validate.c asks each rule of a node.
 */
#pragma once

#include "base/limits.h"
#include "codec/schema.h"
#include "codec/schema_decimal.h"
#include "codec/schema_pattern.h"
#include "codec/schema_value.h"

/* Vocabularies (Core, section 8.1.2). */
enum schema_vocabulary {
    SCHEMA_CORE = 1 << 0,
    SCHEMA_APPLICATOR = 1 << 1,
    SCHEMA_UNEVALUATED = 1 << 2,
    SCHEMA_VALIDATION = 1 << 3,
    SCHEMA_META_DATA = 1 << 4,
    SCHEMA_FORMAT_ANNOTATION = 1 << 5,
    SCHEMA_FORMAT_ASSERTION = 1 << 6,
    SCHEMA_CONTENT = 1 << 7,
};

struct schema_node;
struct schema_rule;

struct schema_anchor { /* $dynamicAnchor */
    const struct schema_anchor *next;
    struct bytes name;
    const struct schema_node *node;
    bool is_dynamic;
};

/* A schema with an identifier of its own, and those within it that have none. */
struct schema_resource {
    const struct schema_resource *next;
    struct bytes uri; /* without a fragment */
    const struct schema_node *root;
    const struct schema_anchor *anchors;
    unsigned vocabularies;
};

struct schema_nodes {
    const struct schema_node **nodes;
    size_t count;
};

enum schema_node_kind { SCHEMA_TRUE, SCHEMA_FALSE, SCHEMA_RULES };

struct schema_node {
    enum schema_node_kind kind;
    struct schema_rule *rules;      /* in the order in which they are asked */
    struct schema_rule **rules_end; /* while compiling: where the next one goes */
    bool has_unevaluated;           /* needs to know what its other rules looked at */
    const struct schema_resource *resource;

    /* what compiling knows */
    const struct json *json;
    struct schema_node *next;
    const struct schema_node *parent; /* NULL: the root of a source */
    const char *keyword;              /* of the parent, under which it stands */
    struct bytes name;                /* and under which name there; data NULL: none */
    size_t index;                     /* or else at which index; SIZE_MAX: none */
    const struct schema_source *source;
    struct schema_nodes in_place; /* schemas that look at the same value */
    unsigned char visit;          /* of the search for circles */
};

/* Validating. */

enum schema_place_kind {
    SCHEMA_PLACE_ROOT,
    SCHEMA_PLACE_KNOWN,   /* a member that the schema names */
    SCHEMA_PLACE_UNKNOWN, /* one that it does not */
    SCHEMA_PLACE_NAME,    /* the name of such a one */
    SCHEMA_PLACE_ELEMENT,
};

/* Where in the value. */
struct schema_place {
    const struct schema_place *parent;
    const struct json *value;
    enum schema_place_kind kind;
    struct bytes name; /* SCHEMA_PLACE_KNOWN */
    size_t index;
};

/* Which members or elements of a value rules have looked at; words NULL: nobody asks. */
struct schema_marks {
    uint64_t *words;
    size_t count; /* of members or elements */
};

struct schema_scope {
    const struct schema_scope *outer;
    const struct schema_resource *resource;
};

struct schema_check {
    struct arena *arena;
    struct schema_errors *errors;
    struct schema_budget budget;
    enum galen_status status; /* GALEN_OK until validating itself fails */
    unsigned quiet;           /* above 0: whether, not where */
    unsigned depth;
    const struct schema_scope *scope; /* the dynamic one */
    const uint8_t *number_text;       /* that was read last: rules ask about it in turn */
    struct decimal number;
    bool cost_is_told; /* by the search that was given up */
    struct schema_pattern_scratch scratch;
};

typedef bool (*schema_rule_fn)(struct schema_check *check, const struct schema_rule *rule,
                               const struct schema_place *place,
                               struct schema_marks *marks);

/* What one keyword, or some that belong together, ask of a value. `data` is the family's.
 */
struct schema_rule {
    struct schema_rule *next;
    const char *keyword;
    unsigned types; /* of values that it looks at: SCHEMA_TYPE(...) */
    schema_rule_fn holds;
    union {
        const void *data;
        const struct schema_node *node;
        struct schema_nodes nodes;
        uint64_t count;
    } of;
};

#define SCHEMA_TYPE(type) (1u << (type))
#define SCHEMA_ALL_TYPES 0x3Fu

/* Whether the value at this place meets the schema. Marks what was looked at, if it does.
 */
bool schema_meets(struct schema_check *check, const struct schema_node *node,
                  const struct schema_place *place, struct schema_marks *marks);

/* The same without saying where it does not. */
bool schema_meets_quietly(struct schema_check *check, const struct schema_node *node,
                          const struct schema_place *place, struct schema_marks *marks);

/* Whether another element, member or alternative may be looked at: there is budget, and
 * something to be found out. `holds`: what was found so far. */
static inline bool schema_goes_on(struct schema_check *check, bool holds);

/* Notes why the value does not meet this keyword. Always false, for returning. */
__attribute__((format(printf, 4, 5))) bool schema_refuse(struct schema_check *check,
                                                         const char *keyword,
                                                         const struct schema_place *place,
                                                         const char *format, ...);

/* Validating itself cannot go on: GALEN_UNPROCESSABLE (too costly), GALEN_NO_MEMORY. Always
 * false. */
bool schema_give_up(struct schema_check *check, enum galen_status status);

static inline bool schema_goes_on(struct schema_check *check, bool holds)
{
    const bool is_worth_it =
        holds || (check->quiet == 0 && check->errors->count < LIMIT_SCHEMA_ERROR_COUNT_MAX);
    if (check->budget.step_count == 0) {
        return schema_give_up(check, GALEN_UNPROCESSABLE);
    }
    return is_worth_it && check->status == GALEN_OK;
}

static inline void schema_mark(struct schema_marks *marks, size_t index)
{
    if (marks != NULL) {
        marks->words[index / 64] |= 1ull << (index % 64);
    }
}

static inline bool schema_is_marked(const struct schema_marks *marks, size_t index)
{
    return (marks->words[index / 64] >> (index % 64)) & 1;
}

/* Whether the pattern, of this keyword, is in a text at this place; when that cannot be
 * found out, validating ends. */
bool schema_finds(struct schema_check *check, const struct schema_pattern *pattern,
                  const char *keyword, const struct schema_place *place, struct bytes text);

/* Compiling. */

struct schema_compiler; /* schema_compiler.h */

/* The families, in the order in which their rules are asked. Each adds rules to the node.
 */
MUST_USE enum galen_status schema_value_rules(struct schema_compiler *compiler,
                                              struct schema_node *node);
MUST_USE enum galen_status schema_number_rules(struct schema_compiler *compiler,
                                               struct schema_node *node);
MUST_USE enum galen_status schema_string_rules(struct schema_compiler *compiler,
                                               struct schema_node *node);
MUST_USE enum galen_status schema_array_rules(struct schema_compiler *compiler,
                                              struct schema_node *node);
MUST_USE enum galen_status schema_object_rules(struct schema_compiler *compiler,
                                               struct schema_node *node);
MUST_USE enum galen_status schema_logic_rules(struct schema_compiler *compiler,
                                              struct schema_node *node);
MUST_USE enum galen_status schema_unevaluated_rules(struct schema_compiler *compiler,
                                                    struct schema_node *node);
