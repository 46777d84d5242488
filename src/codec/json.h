/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text (RFC 8259) to values, strict: one document, UTF-8, no duplicate names at any
 * depth, depth and size limited before anything is built. Numbers keep their text, so that
 * whoever needs one decides what fits (codec/number.h).
 *
 * A name or string may hold NUL ("\u0000"). Refused: lone surrogates, bytes that are no
 * UTF-8, a byte order mark, comments, trailing commas, NaN.
 *
 * Threads: a document belongs to its arena. Allocation: the arena only, 23 times the
 * text at most. The text is copied; nothing points into it afterwards.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"

struct json; /* one value, borrowed from its document */

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* GALEN_INVALID: malformed, too deep, or a name twice: the error has the byte offset ("byte
 * offset 17: ..."), for a name twice the second member's index too, and no content: names
 * are a client's here, so there is no JSON Pointer. GALEN_TOO_LARGE: beyond the limits;
 * GALEN_NO_MEMORY. */
MUST_USE enum galen_status json_parse(struct bytes text, struct arena *arena,
                                      const struct json **out_root,
                                      struct error *out_error);

/* Of a longer text: size bytes are missing before the byte at `at` of the one that is
 * parsed.
 */
struct json_cut {
    size_t at;
    size_t size;
};

/* json_parse of a text that parts were cut out of, in the order of the text: errors have
 * the byte offset in the longer one. */
MUST_USE enum galen_status json_parse_cut(struct bytes text, const struct json_cut *cuts,
                                          size_t cut_count, struct arena *arena,
                                          const struct json **out_root,
                                          struct error *out_error);

enum json_type json_type(const struct json *value);
const char *json_type_name(enum json_type type); /* "string", for messages */

/* Each requires its type. Strings may hold NUL. */
bool json_bool(const struct json *value);
struct bytes json_string(const struct json *value);
/* Overwrites a string in its document, which nobody may read any more: the text that was
 * parsed is the caller's. */
void json_wipe_string(const struct json *value);
struct bytes json_number(const struct json *value); /* its text: "-1.50e3" */

/* Elements of an array, members of an object. */
size_t json_count(const struct json *value);

/* The member of an object; NULL: absent. */
const struct json *json_member(const struct json *object, const char *name);

/* Walks an array or an object in the order of the text.
 * struct json_cursor at = json_walk(value); while (json_next(&at)) { at.name, at.value } */
struct json_cursor {
    struct bytes name;        /* of this member; empty in an array */
    const struct json *value; /* this element or member */
    size_t index;             /* 0 for the first */
    const void *next_;
    size_t left_;
    bool in_object_;
};
struct json_cursor json_walk(const struct json *container);
bool json_next(struct json_cursor *cursor);

/* The name of the member that the cursor is at, as a string value. */
const struct json *json_name_value(const struct json_cursor *cursor);
