/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling a schema: what schema_index.c knows, and what it does for the families of
 * keywords. */
#pragma once

#include "codec/schema_impl.h"

struct schema_slot {
    const struct json *json;
    struct schema_node *node;
};

struct schema_document {
    const struct json *root; /* NULL: not parsed yet */
    struct bytes uri;        /* that it gives itself; data NULL: not looked at yet */
    const struct schema_resource *resource; /* NULL: not indexed yet */
};

struct schema_compiler {
    struct arena *arena;
    const struct schema_options *options;
    const struct schema_source *sources;
    size_t source_count;
    struct schema_document *documents; /* one a source */
    struct error *error;
    struct schema_node *first;
    struct schema_node **end;
    const struct schema_resource *resources;
    struct schema_slot *slots; /* nodes by their JSON */
    size_t slot_count;
    size_t node_count;
};

/* Finds all the schemas of sources[0]. Gives its root. */
MUST_USE enum galen_status schema_index_first(struct schema_compiler *compiler,
                                              const struct schema_node **out_root);

/* The schema that a reference of this node means; sources that it leads to are indexed.
 * keyword: for the error. */
MUST_USE enum galen_status schema_index_reference(struct schema_compiler *compiler,
                                                  const struct schema_node *node,
                                                  const char *keyword,
                                                  struct bytes reference,
                                                  const struct schema_node **out_target);

/* The value of a keyword of this node; NULL: it is absent, or the dialect has none such. */
const struct json *schema_keyword(const struct schema_node *node, const char *name);

/* The node of a subschema. */
const struct schema_node *schema_index_node(const struct schema_compiler *compiler,
                                            const struct json *json);

/* Names the place in the schema. */
__attribute__((format(printf, 4, 5))) enum galen_status
schema_reject(struct schema_compiler *compiler, const struct schema_node *node,
              const char *keyword, const char *format, ...);

/* A rule at the end of the node's; NULL: no memory. */
struct schema_rule *schema_add_rule(struct schema_compiler *compiler,
                                    struct schema_node *node, const char *keyword,
                                    unsigned types, schema_rule_fn holds);

/* A number of items that a keyword states; *out_is_there false: it does not. */
MUST_USE enum galen_status schema_keyword_count(struct schema_compiler *compiler,
                                                const struct schema_node *node,
                                                const char *name, bool *out_is_there,
                                                uint64_t *out_count);

/* A rule with that number as its of.count, where the keyword is there. */
MUST_USE enum galen_status schema_add_count_rule(struct schema_compiler *compiler,
                                                 struct schema_node *node,
                                                 const char *keyword, unsigned types,
                                                 schema_rule_fn holds);

/* The nodes of an array of schemas. */
MUST_USE enum galen_status schema_keyword_nodes(struct schema_compiler *compiler,
                                                const struct json *list,
                                                struct schema_nodes *out_nodes);

/* Says that rules of the node ask this one about the same value. */
MUST_USE enum galen_status schema_add_in_place(struct schema_compiler *compiler,
                                               struct schema_node *node,
                                               const struct schema_node *other);
