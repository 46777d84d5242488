/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/builtin.h"

#include <stddef.h>

const struct galen_backend_ops *const builtin_backends[] = {
    &identity_backend,
    NULL,
};
