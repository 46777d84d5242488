/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of protobuf-c, built by their descriptors out of some text, with the place of
 * every value. codec/pbtxt.h and codec/message_json.h read into it; what a field means is
 * for others to say.
 *
 * Not for messages that contain themselves beyond LIMIT_MESSAGE_DEPTH_MAX levels, nor for
 * fields of type bytes.
 *
 * Threads: a document belongs to its arena. Allocation: the arena only.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/error.h"

/* One value of one field. Of a repeated field each element is one, of a map each entry. */
struct message_value {
    const struct message_value *parent; /* whose message it stands in; NULL: the root */
    const ProtobufCFieldDescriptor *field;
    size_t index;                    /* in its repeated field; 0 otherwise */
    const ProtobufCMessage *message; /* NULL: the value is no message */
    uint32_t line;                   /* of its field's name, from 1; 0: it has no place */
    uint32_t column;                 /* likewise, in characters */
    const struct message_value *next;
};

struct message_document {
    const char *file; /* names the text in errors; borrowed */
    const ProtobufCMessage *root;
    const struct message_value *first; /* of all values, in the order of the text */
};

/* The field of that name; NULL: there is none. */
const ProtobufCFieldDescriptor *message_field(const ProtobufCMessageDescriptor *descriptor,
                                              struct bytes name);

/* Whether a repeated field is a map: its messages are entries of a key and a value. */
bool message_field_is_map(const ProtobufCFieldDescriptor *field);

/* How many values a field has: 0 or 1 where it is not repeated. A number, a text or an enum
 * outside of a oneof always has one. */
size_t message_field_count(const ProtobufCMessage *message,
                           const ProtobufCFieldDescriptor *field);

/* The value of that index: an int32_t, uint32_t, int64_t, uint64_t, float, double,
 * protobuf_c_boolean, char * or ProtobufCMessage *, by the field's type. */
const void *message_field_at(const ProtobufCMessage *message,
                             const ProtobufCFieldDescriptor *field, size_t index);

/* The first value of that field in that message; NULL: the text has none. */
const struct message_value *message_find(const struct message_document *document,
                                         const ProtobufCMessage *message,
                                         const char *field_name);

/* Whether the value is what its field has when it is absent: 0, false, "". */
bool message_value_is_zero(const struct message_document *document,
                           const struct message_value *value);

/* "input.dims": names of fields from the root on. "input[0].dims[2]": indexes too. Longer
 * ones lose their beginning. */
#define MESSAGE_PATH_SIZE 160u
void message_value_name(const struct message_value *value, char *out_name);
void message_value_path(const struct message_value *value, char *out_path);

/* message_refuse(document, value, status, out_error, format, ...): "FILE:LINE:COLUMN: path:
 * why". Value NULL: it is about the document, "FILE: why". A value without a field is a
 * place in its parent. Gives status back; a macro for the reason that error_set is one. */
#define message_refuse(document, value, status, out_error, ...) \
    error_status_((status), message_write((document), (value), (out_error), __VA_ARGS__))

__attribute__((format(printf, 4, 5))) int
message_write(const struct message_document *document, const struct message_value *value,
              struct error *out_error, const char *format, ...);
