/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine has loaded: for each model of the repository the versions that a tag
 * names, with their instances, and why those that failed did.
 *
 * Threads: load and unload on one; in between it never changes. Blocking: load reads files
 * and runs networks.
 */
#pragma once

#include "engine/engine.h"
#include "engine/instance.h"
#include "engine/model.h"

struct loaded_version {
    uint64_t number;
    struct model *model;         /* NULL: it could not be loaded */
    struct instances *instances; /* NULL: likewise */
    struct error why_not;
};

struct loaded_model {
    const struct repository_model *source;
    struct loaded_version *versions; /* ascending */
    size_t version_count;
    const char **version_texts; /* of those that are loaded */
    size_t version_text_count;
    struct loaded_version *choice; /* where a request names none; NULL: there is none */
};

struct catalog {
    struct engine_options options; /* without zeros */
    struct arena arena;            /* everything below */
    struct loaded_model *models;   /* as many as the repository has, in its order */
    size_t model_count;
    struct engine_failure *failures;
    struct engine_summary summary;
};

/* Caller's storage. Takes a reference to the repository. Needs catalog_unload on failure
 * too. GALEN_NO_MEMORY. */
MUST_USE enum galen_status catalog_load(struct catalog *catalog,
                                        const struct engine_options *options);

/* No call may be pending. */
void catalog_unload(struct catalog *catalog);

/* NULL: none. */
const struct loaded_model *catalog_find(const struct catalog *catalog, const char *name);

/* "" is the model's choice. NULL: none. */
const struct loaded_version *loaded_model_find(const struct loaded_model *model,
                                               const char *version);
