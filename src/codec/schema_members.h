/* SPDX-License-Identifier: Apache-2.0 */
/* The names that a schema has for an object's members, found by hash. */
#pragma once

#include "codec/schema_impl.h"

struct schema_name {
    struct bytes text;
    const struct schema_node *node; /* NULL: properties says nothing of it */
    bool is_required;
};

struct schema_names {
    struct schema_name *names;
    uint32_t *slots; /* 1 + index; 0: free */
    size_t count;
    size_t slot_count;
    size_t required_count;
};

/* Room for so many. GALEN_NO_MEMORY. */
MUST_USE enum galen_status schema_names_init(struct schema_names *names, size_t count,
                                             struct arena *arena);

/* The row of this name, a new one if need be. */
struct schema_name *schema_names_add(struct schema_names *names, struct bytes text);

/* NULL: it is none of the schema's. */
const struct schema_name *schema_names_find(const struct schema_names *names,
                                            struct bytes text);
