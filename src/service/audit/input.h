/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of a trail, read from its begin to its end in pieces: lines, and notes. Memory
 * does not grow with the file.
 *
 * Threads: one owner. Blocking: all but the questions. Nothing is written, and no link is
 * followed.
 */
#pragma once

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"

struct audit_input;

/* folder: a descriptor, borrowed until close. GALEN_NOT_FOUND; GALEN_UNAVAILABLE: the
 * system's refusal, or no regular file; GALEN_NO_MEMORY. */
MUST_USE enum galen_status audit_input_open(int folder, const char *name,
                                            struct audit_input **out_input,
                                            struct error *out_error);
void audit_input_close(struct audit_input *input); /* NULL is allowed */
DEFINE_SCOPED(audit_input, audit_input_close)

/* The next line, without its line feed; it is borrowed until the next call.
 * GALEN_NOT_FOUND: no line feed is left; GALEN_TOO_LARGE: the line is longer than a record;
 * both leave what stands there. GALEN_UNAVAILABLE: reading failed. */
MUST_USE enum galen_status audit_input_line(struct audit_input *input,
                                            struct bytes *out_line);

/* The next note, up to its last line feed; the empty line behind it is taken away. The same
 * statuses, GALEN_TOO_LARGE: nothing of a checkpoint's size ends in an empty line. */
MUST_USE enum galen_status audit_input_note(struct audit_input *input,
                                            struct bytes *out_note);

/* All that is left, where it is no more than a checkpoint may have. GALEN_TOO_LARGE. */
MUST_USE enum galen_status audit_input_rest(struct audit_input *input,
                                            struct bytes *out_rest);

/* Bytes of the file before the next line or note, and all that it had when it was opened.
 */
uint64_t audit_input_offset(const struct audit_input *input);
uint64_t audit_input_size(const struct audit_input *input);

/* SHA-256 of bytes of the file, wherever they stand. GALEN_NOT_FOUND: it has not as many.
 */
MUST_USE enum galen_status audit_input_digest(const struct audit_input *input,
                                              uint64_t offset, uint64_t size,
                                              uint8_t *out_digest);
