/* SPDX-License-Identifier: Apache-2.0 */
/* What a set of engines may be called, in the configuration, in releases and in metrics.
 * Pure. */
#pragma once

#include <stdbool.h>
#include <string.h>

#include "base/limits.h"

/* Letters, digits, '-' and '_', at least one and at most LIMIT_ENGINE_NAME_SIZE_BYTES_MAX.
 */
static inline bool engine_name_is_valid(const char *name)
{
    const size_t size = strlen(name);
    return size > 0 && size <= LIMIT_ENGINE_NAME_SIZE_BYTES_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789-_") == size;
}
