/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Schema, draft 2020-12 (Core and Validation): compiled once, then used for any number
 * of values. docs/schema.md says what is supported and what is not.
 *
 * Exact or refused: what a schema says and this does not do is refused when it is compiled:
 * an unknown keyword (but x- ones), a vocabulary or dialect that is not ours, a reference
 * to what is not among the sources. Nothing is ever fetched. Numbers are compared as
 * decimals.
 *
 * Threads: a compiled schema is immutable, shared and counted. Allocation: a schema is one
 * arena; a validation takes the caller's. Time is bounded by LIMIT_SCHEMA_STEP_COUNT_MAX.
 */
#pragma once

#include "codec/json.h"

struct schema;

struct schema_source {
    const char *uri; /* where it was found: what its relative $id and $ref start from */
    struct bytes text;
};

struct schema_options {
    bool asserts_formats; /* format is no mere annotation; one that is unknown is refused */
    bool keeps_unknown; /* unknown keywords are annotations, as the specification has it */
};

/* sources[0] is the schema, the others are what it may refer to, and are looked at only
 * then. All are borrowed for the call. options: NULL are the defaults.
 *
 * GALEN_INVALID: a source is no JSON; GALEN_UNPROCESSABLE: it is no schema, or not one that
 * is supported: the error has the JSON Pointer, and the source's uri unless it is the
 * first; GALEN_TOO_LARGE: beyond LIMIT_SCHEMA_*; GALEN_NO_MEMORY. Gives a reference. */
MUST_USE enum galen_status schema_compile(const struct schema_source *sources,
                                          size_t source_count,
                                          const struct schema_options *options,
                                          struct schema **out_schema,
                                          struct error *out_error);
struct schema *schema_ref(struct schema *schema);
void schema_unref(struct schema *schema); /* NULL is allowed */

/* One way in which a value does not meet a schema. Keyword, limits and names in the message
 * are the schema's. The pointer names members that the schema names; it ends before others,
 * which are a client's own words: the message says their place, "member 3". */
struct schema_error {
    const char *keyword;
    struct error detail;
};

struct schema_errors {
    struct schema_error *items; /* in the arena; at most LIMIT_SCHEMA_ERROR_COUNT_MAX */
    size_t count;
};

/* GALEN_OK; GALEN_UNPROCESSABLE: the value does not meet the schema, and out_errors says
 * where, or checking it costs more than LIMIT_SCHEMA_STEP_COUNT_MAX: a single error, "too
 * costly to check"; GALEN_NO_MEMORY. The errors' memory is the arena's. */
MUST_USE enum galen_status schema_validate(const struct schema *schema,
                                           const struct json *value, struct arena *arena,
                                           struct schema_errors *out_errors);
