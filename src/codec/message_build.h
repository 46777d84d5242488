/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How readers fill messages. A field that is not repeated is given once, a oneof one
 * member; of entries of a map with the same key the last one counts.
 */
#pragma once

#include "codec/message.h"

struct message_builder {
    struct arena *arena;
    struct message_document *document;
    struct error *error; /* may be NULL */
    struct message_value *last;
    size_t count; /* of values */
};

/* A message that is being read. */
struct message_frame {
    ProtobufCMessage *message;
    const struct message_value *value; /* NULL: the root */
    uint64_t seen;                     /* one bit a field of the descriptor */
    size_t depth;
};

/* Starts a document with an empty root. GALEN_NO_MEMORY. */
MUST_USE enum galen_status
message_build(struct message_builder *builder, const ProtobufCMessageDescriptor *descriptor,
              const char *file, struct arena *arena, struct message_document *out_document,
              struct message_frame *out_root, struct error *out_error);

/* A field comes: it may not have been there before if it is not repeated. GALEN_INVALID. */
MUST_USE enum galen_status message_begin_field(struct message_builder *builder,
                                               struct message_frame *frame,
                                               const struct message_value *value);

/* Adds the value, a copy in the arena, and gives the place that its content goes to, and
 * for a message (made here) its frame. GALEN_TOO_LARGE: there are too many values, or they
 * are nested too deeply; GALEN_NO_MEMORY. */
MUST_USE enum galen_status message_add(struct message_builder *builder,
                                       const struct message_frame *frame,
                                       const struct message_value *value, void **out_slot,
                                       struct message_frame *out_inner);

/* An entry of a map is complete. GALEN_NO_MEMORY. */
MUST_USE enum galen_status message_end_entry(struct message_builder *builder,
                                             const struct message_frame *frame,
                                             const ProtobufCFieldDescriptor *field);

/* Stores a number into a slot of an integer, enum or bool. False: it does not fit. */
bool message_store_integer(void *slot, ProtobufCType type, bool is_negative,
                           uint64_t magnitude);

/* Into a float or double, rounded; too large for a float: infinity. */
void message_store_real(void *slot, ProtobufCType type, double value);

/* A text that is UTF-8 and without NUL. GALEN_INVALID, about that value. */
MUST_USE enum galen_status message_store_text(const struct message_builder *builder,
                                              void *slot, struct bytes text,
                                              const struct message_value *value);

/* The number of an enum's name. False: it has no such name. */
bool message_enum_number(const ProtobufCEnumDescriptor *descriptor, struct bytes name,
                         bool ignoring_case, int32_t *out_number);

/* message_refuse, of the document that is built. */
#define message_build_refuse(builder, value, ...)                                 \
    message_refuse((builder)->document, (value), GALEN_INVALID, (builder)->error, \
                   __VA_ARGS__)
