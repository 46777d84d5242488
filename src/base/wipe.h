/* SPDX-License-Identifier: Apache-2.0 */
/* Clears memory that held patient data or a secret; the compiler may not leave it out. */
#pragma once

#include <stddef.h>
#include <string.h>

static inline void wipe(void *data, size_t size)
{
    if (size > 0) {
        explicit_bzero(data, size);
    }
}
