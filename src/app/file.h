/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are read whole. Blocking. What is read is wiped with its blob. */
#pragma once

#include "base/blob.h"
#include "base/error.h"

/* GALEN_NOT_FOUND; GALEN_UNAVAILABLE: it cannot be read; GALEN_TOO_LARGE; GALEN_NO_MEMORY.
 * The error names it and says why. Gives one reference. */
MUST_USE enum galen_status file_read(const char *path, size_t size_bytes_max,
                                     struct blob **out_text, struct error *out_error);

/* The same for what was named on a command line: "-" is standard input. */
MUST_USE enum galen_status file_read_operand(const char *path, size_t size_bytes_max,
                                             struct blob **out_text,
                                             struct error *out_error);
