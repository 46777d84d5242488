/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML into a struct by a table, and the table as documentation.
 *
 * Nothing is accepted by accident. By the type of its row a value is
 *   STRING   text that is not empty. Plain text that some YAML reader takes for a number, a
 *            boolean or null (12, 1e3, 0x1F, yes, off, True, ~) must be quoted.
 *   BOOL     plain `true` or `false`.
 *   U64      plain decimal digits: no sign, leading zero, fraction, exponent or underscore.
 *   F64      a plain JSON number (RFC 8259 section 6) that is finite in binary64.
 *   ENUM     one of the row's names, exactly.
 *   MAPPING  a struct inside the struct, with rows of its own.
 *   SEQUENCE an array in the arena, its count beside. Its one row says what an element is.
 *   MAP      an array too, of {name, value} in the order of the file. Of its two rows the
 *            first, a STRING, says where the name goes, the second what the value is.
 * Keys without a row and values that are null are refused.
 *
 * What is absent has the row's `otherwise`; without that a string is NULL, an F64 NAN, an
 * array empty, a MAPPING's members are absent each, other types are zero.
 */
#pragma once

#include "base/writer.h"
#include "codec/yaml.h"

enum yaml_type {
    YAML_TYPE_STRING,
    YAML_TYPE_BOOL,
    YAML_TYPE_U64,
    YAML_TYPE_F64,
    YAML_TYPE_ENUM,
    YAML_TYPE_MAPPING,
    YAML_TYPE_SEQUENCE,
    YAML_TYPE_MAP,
};

struct yaml_key {
    const char *name; /* ignored for elements */
    enum yaml_type type;
    bool required;         /* of a MAPPING: it must be there itself */
    size_t offset;         /* of the value in its struct; 0 for elements of a sequence */
    const char *otherwise; /* when absent, as it would be written; scalars only */

    /* Inclusive, exact up to 2^53: of a number, of the bytes of a string, of the count of
     * an array. Max 0: no bounds; max INFINITY: none above. */
    double min;
    double max;

    const char *const *names;    /* ENUM: ends with NULL; the value is the index, an int */
    const struct yaml_key *keys; /* MAPPING, SEQUENCE, MAP */
    size_t key_count;
    size_t count_offset; /* SEQUENCE, MAP: of a size_t */
    size_t element_size; /* SEQUENCE, MAP */
    const char *help;    /* one sentence for the documentation */
};

/* Fills a zeroed struct from a mapping. GALEN_INVALID: as the error says; GALEN_NO_MEMORY.
 * On failure the struct holds some of it. */
MUST_USE enum galen_status yaml_read(const struct yaml_document *document,
                                     const struct yaml_key *keys, size_t key_count,
                                     struct arena *arena, void *out_struct,
                                     struct error *out_error);

/* One scalar by its row, from text that is not YAML: environment, command line. Says why in
 * out_error, without a place. For STRING the text itself is the value and is copied. */
MUST_USE enum galen_status yaml_read_text(const char *text, const struct yaml_key *key,
                                          struct arena *arena, void *out_struct,
                                          struct error *out_error);

/* Why a node cannot be the single value of a row of that type, whatever its text says:
 * null, a container, quoted where it must not be or not quoted where it must. NULL: it can.
 */
const char *yaml_why_no_scalar(const struct yaml_node *node, enum yaml_type type);

/* The name of a row that was probably meant; NULL: none is near. */
const char *yaml_nearest_name(const char *name, const struct yaml_key *keys,
                              size_t key_count);

/* The rows as a Markdown table: key, type, default, meaning. */
void yaml_write_markdown(const struct yaml_key *keys, size_t key_count,
                         struct writer *writer);
