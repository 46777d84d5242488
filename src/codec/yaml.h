/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML 1.2 text to a tree of nodes that know their place, strict: one document, UTF-8, no
 * name twice in a mapping, no anchors, aliases, tags, directives or complex keys, depth and
 * keys limited. Values keep their text; codec/yaml_table.h decides what they mean.
 *
 * Errors read "FILE:LINE:COLUMN: path.to[3].key: why"; lines and columns count from 1,
 * columns in characters. They hold names and limits, never a value.
 *
 * Threads: a document belongs to its arena. Allocation: the arena, and what libyaml needs
 * while it reads.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"

enum yaml_kind { YAML_KIND_SCALAR, YAML_KIND_SEQUENCE, YAML_KIND_MAPPING };

struct yaml_mark {
    uint32_t line;
    uint32_t column;
};

struct yaml_node {
    enum yaml_kind kind;
    struct yaml_mark mark;
    const char
        *text;     /* of a scalar, after unescaping; no control characters but tab and \n */
    bool is_plain; /* a scalar without quotes, and not a block */

    const char *name; /* of a mapping's member; NULL otherwise */
    bool name_is_plain;
    struct yaml_mark name_mark;

    size_t index;                   /* in its parent */
    size_t count;                   /* of its children */
    const struct yaml_node *parent; /* NULL: the root */
    struct yaml_node *first;
    struct yaml_node *last;
    struct yaml_node *next;
};

struct yaml_document {
    const char *file; /* borrowed */
    const struct yaml_node *root;
};

/* What an arena needs at most for a document of that size, its own checks included. */
static inline size_t yaml_arena_size_bytes_max(size_t text_size)
{
    return 96 * text_size + 65536; /* a node and its text for every second byte: "[a,a,a" */
}

/* file names the text in errors. The document lies in the arena; text need not outlive the
 * call. GALEN_INVALID: as the error says; GALEN_NO_MEMORY. */
MUST_USE enum galen_status yaml_parse(struct bytes text, const char *file,
                                      struct arena *arena,
                                      struct yaml_document *out_document,
                                      struct error *out_error);

/* The member of a mapping, the element of a sequence or the member there; NULL: none. */
const struct yaml_node *yaml_member(const struct yaml_node *mapping, const char *name);
const struct yaml_node *yaml_at(const struct yaml_node *container, size_t index);

/* Whether a scalar says nothing: plain and empty, "~" or "null". */
bool yaml_is_null(const struct yaml_node *node);

/* GALEN_INVALID, with the place of the node (or of its name) and its path before the text.
 */
__attribute__((format(printf, 4, 5))) enum galen_status
yaml_refuse(const struct yaml_document *document, const struct yaml_node *node,
            struct error *out_error, const char *format, ...);
__attribute__((format(printf, 4, 5))) enum galen_status
yaml_refuse_name(const struct yaml_document *document, const struct yaml_node *node,
                 struct error *out_error, const char *format, ...);
