/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One version in memory, or why it is not: shared and counted. Catalogs hold references,
 * and so does each run until its done, so that nothing is taken away from a request.
 *
 * The last reference may go on a loop's thread, which must not wait: the version's keeper
 * is then told, and closes it where waiting does no harm.
 *
 * Threads: any for ref, unref and reading; open and close block and belong to one.
 */
#pragma once

#include "base/limits.h"
#include "engine/instance.h"
#include "engine/model.h"
#include "model/repository.h"

struct loaded_version;

/* Who keeps the list of all versions that are in memory. */
struct loaded_keeper {
    void (*opened)(struct loaded_keeper *keeper, struct loaded_version *version);
    void (*unused)(struct loaded_keeper *keeper, struct loaded_version *version);
};

struct loaded_options {
    const char *model;                               /* its name */
    const struct galen_backend_ops *const *backends; /* ends with NULL */
    uint32_t instance_count;
    uint32_t thread_count;
    size_t queue_count_max;
    size_t batch_rows_max;
    uint64_t wait_ns_max; /* of models without a configuration */
    uint64_t quick_ns_max;
    struct blob *config; /* of the model, in the place of config.pbtxt; NULL: none. A
                          * version keeps a reference */
    struct loaded_keeper *keeper;
};

struct loaded_version {
    char name[LIMIT_MODEL_NAME_SIZE_BYTES_MAX + 1]; /* of the model */
    struct repository_version *source;              /* a reference */
    struct model *model;                            /* NULL: it could not be loaded */
    struct instances *instances;                    /* NULL: likewise */
    struct error why_not;
    struct loaded_options options_;
    struct list_link link; /* the keeper's */
    bool is_unused;        /* likewise */
    _Atomic size_t reference_count_;
};

/* Reads the version, runs it to warm it up and starts its threads. What is wrong with it is
 * in why_not. GALEN_NO_MEMORY: not even that could be kept. Gives one reference. */
MUST_USE enum galen_status loaded_version_open(const struct loaded_options *options,
                                               struct repository_version *source,
                                               struct loaded_version **out_version);

struct loaded_version *loaded_version_ref(struct loaded_version *version);
void loaded_version_unref(struct loaded_version *version); /* NULL is allowed */

/* Of one that nobody uses: frees it. Waits for its threads. */
void loaded_version_close(struct loaded_version *version);

bool loaded_version_serves(const struct loaded_version *version); /* NULL: false */
