/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text format of protocol buffers (protobuf.dev/reference/protobuf/textformat-spec), by
 * descriptors: what TextFormat of protobuf's C++ library reads, this reads, to the same
 * values. Stricter in two things: a field that is not repeated is not given twice even
 * where the first value is 0, and no text holds a NUL. Extensions and Any are unknown here.
 *
 * Errors read "FILE:LINE:COLUMN: path.to[3].field: why", columns in characters; they hold
 * names and limits, never a value.
 *
 * Threads, allocation: as codec/message.h. The text need not outlive the call.
 */
#pragma once

#include "codec/message.h"

/* file names the text in errors and is borrowed by the document. GALEN_INVALID: as the
 * error says; GALEN_TOO_LARGE: too many values, or too deep; GALEN_NO_MEMORY. */
MUST_USE enum galen_status pbtxt_parse(struct bytes text, const char *file,
                                       const ProtobufCMessageDescriptor *descriptor,
                                       struct arena *arena,
                                       struct message_document *out_document,
                                       struct error *out_error);
