/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/builtin.h"

#include <stddef.h>

const struct galen_backend_ops *const builtin_backends[] = {
    &onnxruntime_backend,
    &identity_backend,
    NULL,
};
