/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The detail of a failure. A fixed buffer, so that reporting one cannot fail.
 *
 * A message holds names, offsets and limits and is made from literals, numbers and names
 * that come from configuration or from the model. Never payload: a value that a client sent
 * is named by its JSON Pointer, byte offset or element index.
 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#define ERROR_TEXT_SIZE 384u
#define ERROR_POINTER_SIZE 192u

struct error {
    char text[ERROR_TEXT_SIZE];
    char pointer[ERROR_POINTER_SIZE]; /* RFC 6901, "" where nothing in JSON is at fault */
};

/* error_set(out_error, status, format, ...): writes the detail and gives status back, so
 * that a refusal is one statement. out_error may be NULL. Longer text is cut at a UTF-8
 * boundary. A macro, so that the compiler sees that what fails does not succeed. */
#define error_set(out_error, status, ...) \
    error_status_((status), error_write((out_error), __VA_ARGS__))

__attribute__((format(printf, 2, 3))) int error_write(struct error *out_error,
                                                      const char *format, ...);

static inline enum galen_status error_status_(enum galen_status status, int written)
{
    (void)written;
    return status;
}

/* Adds a reference token in front of the pointer, escaped: while an error travels outwards,
 * each level says under which name or index it looked. Cut when it gets too long. */
void error_prefix_name(struct error *error, struct bytes name);
void error_prefix_index(struct error *error, size_t index);
void error_clear(struct error *error);
