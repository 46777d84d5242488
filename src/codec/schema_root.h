/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled schema as a whole. */
#pragma once

#include "codec/schema_impl.h"

struct schema {
    const struct schema_node *root;
    struct arena arena_; /* all of it, this included */
    _Atomic size_t reference_count_;
};
