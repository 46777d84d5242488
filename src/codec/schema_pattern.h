/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns of JSON Schema: regular expressions as ECMA-262 writes and means them (with the
 * flag u), searched for anywhere in a text, over PCRE2's interpreter.
 *
 * What a search may cost is counted before it is spent: see schema_pattern_search.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/writer.h"
#include "codec/schema_value.h"

struct schema_pattern;

/* GALEN_UNPROCESSABLE: not a pattern, one that goes beyond LIMIT_SCHEMA_PATTERN_*, or one
 * that PCRE2 cannot search for (lookbehind of no fixed length); the error says where.
 * GALEN_NO_MEMORY. The pattern lies in the arena, immutable. */
MUST_USE enum galen_status schema_pattern_compile(struct bytes text, struct arena *arena,
                                                  const struct schema_pattern **out_pattern,
                                                  struct error *out_error);

/* What searches of one validation share. */
struct schema_pattern_scratch {
    struct arena *arena;
    void *match_; /* NULL until the first search */
};

enum schema_pattern_result {
    SCHEMA_PATTERN_FOUND,
    SCHEMA_PATTERN_ABSENT,
    SCHEMA_PATTERN_TOO_COSTLY, /* the pattern's own limits, or the budget is spent */
    SCHEMA_PATTERN_NO_MEMORY,
};

/* text: UTF-8. */
enum schema_pattern_result schema_pattern_search(const struct schema_pattern *pattern,
                                                 struct bytes text,
                                                 struct schema_pattern_scratch *scratch,
                                                 struct schema_budget *budget);

/* Writes what PCRE2 is to compile for this ECMA-262 pattern: constructs that it has and
 * ECMA-262 has not are refused, those that it reads otherwise are written otherwise.
 * GALEN_UNPROCESSABLE: the error has the byte offset; the writer's statuses are sticky. */
MUST_USE enum galen_status schema_pattern_translate(struct bytes text, struct writer *out,
                                                    struct error *out_error);
