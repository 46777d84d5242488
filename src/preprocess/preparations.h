/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What transforms need once for all runs of a model version, such as its tokenizer: made
 * for every version that is kept loaded, and never changed. A set of them is what
 * preprocess has at one moment; it is immutable, shared and counted.
 *
 * Threads: made on one, then read, kept and let go from any. Blocking: making reads files.
 */
#pragma once

#include "model/repository.h"
#include "preprocess/transform.h"

/* Shared by the sets that have it. */
struct preparation {
    struct repository_version *version; /* a reference */
    const struct transform *transform;
    void *prepared;
    enum galen_status status; /* else why_not says why the version cannot be used */
    struct error why_not;
    _Atomic size_t reference_count_;
};

struct preparations {
    struct repository *effective; /* a reference: the models, with the tags as they serve */
    struct preparation **items;   /* by version, ascending */
    size_t count;
    _Atomic size_t reference_count_;
};

/* How long a version that no tag names any more is kept. */
struct preparations_time {
    uint64_t linger_ns;
    uint64_t now_ns;
};

/* Of the versions that desired keeps, and of those that `before` had and still has to
 * serve; what `before` has prepared is taken from there. NULL: nothing was. A version that
 * cannot be prepared is in it with its reason. GALEN_NO_MEMORY. Gives a reference. */
MUST_USE enum galen_status preparations_create(const struct repository *desired,
                                               const struct preparations *before,
                                               const struct preparations_time *time,
                                               struct preparations **out_preparations);
struct preparations *preparations_ref(struct preparations *preparations);
void preparations_unref(struct preparations *preparations); /* NULL is allowed */
DEFINE_SCOPED(preparations, preparations_unref)

/* NULL: the version has no contract, is not usable or is not kept loaded. */
const struct preparation *preparations_find(const struct preparations *preparations,
                                            const struct repository_version *version);
