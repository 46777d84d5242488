/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Equality of JSON values as JSON Schema has it (Core, section 4.2.2): numbers by their
 * value, objects whatever the order of their members. Pure.
 *
 * Work is counted: whoever compares what a client sent gives a budget, and nothing is done
 * beyond it.
 */
#pragma once

#include "codec/json.h"

enum { SCHEMA_BYTES_OF_A_STEP = 64 }; /* that are compared, or run over */

struct schema_budget {
    uint64_t step_count; /* that are left; 0: nothing more is done, results mean nothing */
};

/* False: there were not so many. */
static inline bool schema_budget_take(struct schema_budget *budget, uint64_t count)
{
    const bool has_them = budget->step_count > count;
    budget->step_count = has_them ? budget->step_count - count : 0;
    return has_them;
}

bool schema_values_equal(const struct json *a, const struct json *b,
                         struct schema_budget *budget);

/* Equal values have equal ones. */
uint64_t schema_value_hash(const struct json *value, struct schema_budget *budget);

uint64_t schema_text_hash(struct bytes text);

/* The member of that name, whatever characters it has; NULL: absent. */
const struct json *schema_member(const struct json *object, struct bytes name,
                                 struct schema_budget *budget);

/* The first pair of equal elements of an array. False: there is none. GALEN_NO_MEMORY
 * leaves *out_found as it was. */
MUST_USE enum galen_status schema_find_equal(const struct json *array,
                                             struct schema_budget *budget,
                                             struct arena *arena, bool *out_found,
                                             size_t out_pair[2]);
