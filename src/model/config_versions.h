/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which versions a Triton serves, written into the text of its configuration of a model:
 * version_policy says so from then on, and all else stays as it is, comments too.
 *
 * Pure: bytes in, bytes out.
 */
#pragma once

#include "base/error.h"
#include "base/writer.h"

/* count: at least 1. file names the text in errors. GALEN_INVALID: it is not of the text
 * format of protocol buffers; out has part of it then. What out cannot hold is in
 * out->status. */
MUST_USE enum galen_status config_versions_write(struct bytes text, const char *file,
                                                 const uint64_t *versions, size_t count,
                                                 struct writer *out,
                                                 struct error *out_error);
