/* SPDX-License-Identifier: Apache-2.0 */
/* Scope-bound ownership: a pointer declared scoped is released on every way out. */
#pragma once

#include <stddef.h>

#define DEFINE_SCOPED(type, release)                       \
    static inline void type##_release_(struct type **slot) \
    {                                                      \
        release(*slot);                                    \
    }

#define scoped(type) __attribute__((cleanup(type##_release_))) struct type *

/* Moves ownership out of a scoped variable, leaving NULL behind. */
#define take(slot)                            \
    __extension__({                           \
        __typeof__(*(slot)) taken_ = *(slot); \
        *(slot) = NULL;                       \
        taken_;                               \
    })
