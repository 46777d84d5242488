/* SPDX-License-Identifier: Apache-2.0 */
/* The backends compiled in. To add one: write its file, then add its line here and in
 * builtin.c. The engine and the conformance test read this list. */
#pragma once

#include "galen/backend.h"

extern const struct galen_backend_ops identity_backend;
extern const struct galen_backend_ops onnxruntime_backend;

extern const struct galen_backend_ops *const builtin_backends[]; /* ends with NULL */
