/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What transforms need once for all runs of a model version, such as its tokenizer: made
 * when the role starts, for every version that is kept loaded, and never changed.
 *
 * Threads: made on one, then read from any. Blocking: making reads files.
 */
#pragma once

#include "model/repository.h"
#include "preprocess/transform.h"

struct preparation {
    const struct repository_version *version;
    const struct transform *transform;
    void *prepared;
    enum galen_status status; /* else why_not says why the version cannot be used */
    struct error why_not;
};

struct preparations {
    struct preparation *items; /* by version, ascending */
    size_t count;
};

/* A version that cannot be prepared is in it with its reason. GALEN_NO_MEMORY. Borrows the
 * repository until deinit. */
MUST_USE enum galen_status preparations_init(struct preparations *preparations,
                                             const struct repository *repository);
void preparations_deinit(struct preparations *preparations); /* zeroed is allowed */

/* NULL: the version has no contract, is not usable or is not kept loaded. */
const struct preparation *preparations_find(const struct preparations *preparations,
                                            const struct repository_version *version);
