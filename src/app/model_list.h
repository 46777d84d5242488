/* SPDX-License-Identifier: Apache-2.0 */
/* What `galen model list` says. */
#pragma once

#include "base/error.h"
#include "base/writer.h"

/* The models of a repository, or one; name NULL: all. Blocking: on the disk. Threads: any.
 * GALEN_NOT_FOUND: there is none of that name; others as repository_read, and the
 * writer's. */
MUST_USE enum galen_status model_list_write(const char *repository, const char *name,
                                            bool is_json, struct writer *out,
                                            struct error *out_error);
