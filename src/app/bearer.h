/* SPDX-License-Identifier: Apache-2.0 */
/* The token that a command shows to a server. It comes from a file: everybody on the
 * machine may read arguments, and shells remember them. Blocking. */
#pragma once

#include "base/blob.h"
#include "base/error.h"

/* "Bearer TOKEN", whose file holds the token, which may have blanks and line ends around
 * it, and nothing else. Gives one reference. GALEN_INVALID: it holds no token; the rest as
 * file_read. The error names the file, and nothing of what is in it. */
MUST_USE enum galen_status bearer_read(const char *path, struct blob **out_value,
                                       struct error *out_error);
