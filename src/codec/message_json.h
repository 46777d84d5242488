/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages as JSON, as protocol buffers define it (protobuf.dev/programming-guides/json),
 * but that 64-bit integers are numbers, as Triton prints them.
 *
 * Threads, allocation: as codec/message.h.
 */
#pragma once

#include "codec/json.h"
#include "codec/json_writer.h"
#include "codec/message.h"

/* One object: members by their names in the .proto, in the order of their numbers; all
 * that is not a message has one, be it 0, "", [] or {}. */
void message_put_json(struct json_writer *json, const ProtobufCMessage *message);

/* Members by their names in the .proto or as lowerCamelCase; null is absent; numbers may be
 * quoted; enums are names, in any case, or numbers. An integer has neither fraction nor
 * exponent. name stands for the file in errors, which have paths and no lines. Statuses as
 * pbtxt_parse. */
MUST_USE enum galen_status message_read_json(const struct json *object, const char *name,
                                             const ProtobufCMessageDescriptor *descriptor,
                                             struct arena *arena,
                                             struct message_document *out_document,
                                             struct error *out_error);
