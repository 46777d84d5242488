/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine has at one moment: for each model of the repository the versions that
 * serve, where its tags effectively are, and why what is desired and does not serve does
 * not. Immutable once made; its owner says who may look when.
 *
 * Making one reads files and runs networks; what another catalog has loaded already is
 * taken from there.
 */
#pragma once

#include "engine/engine.h"
#include "engine/loaded.h"

struct loaded_model {
    const struct repository_model *desired;
    const struct repository_model *effective;
    struct loaded_version **versions; /* ascending; those that serve, then (of the same
                                       * number too) those that should */
    size_t version_count;
    const char **version_texts; /* of those that serve */
    size_t version_text_count;
};

struct catalog {
    struct repository *desired;   /* a reference; NULL: of an empty one */
    struct repository *effective; /* likewise */
    struct arena arena;           /* everything below */
    struct loaded_model *models;  /* as many as the repository has, in its order */
    size_t model_count;
    struct engine_failure *failures;
    struct engine_summary summary;
};

struct catalog_wish {
    struct repository *desired;
    struct catalog *before; /* NULL: nothing is loaded */
    const char *again; /* a model whose broken versions are tried once more; NULL: none */
    struct loaded_options loading; /* but for the model */
    uint64_t linger_ns;            /* as repository_effective has it */
    uint64_t now_ns;

    /* What a model is run with in the place of its config.pbtxt; NULL: nothing. NULL: of
     * none there is something. */
    struct blob *(*config_of)(void *context, const char *model);

    /* Right before a version is loaded, which may take long. NULL: nobody is told. */
    void (*loads)(void *context, const char *model,
                  const struct repository_version *version);
    void *context;
};

/* Takes references to what it needs; before stays as it is. GALEN_NO_MEMORY. */
MUST_USE enum galen_status catalog_create(const struct catalog_wish *wish,
                                          struct catalog **out_catalog);
void catalog_destroy(struct catalog *catalog); /* NULL is allowed */
DEFINE_SCOPED(catalog, catalog_destroy)

/* NULL: none. */
const struct loaded_model *catalog_find(const struct catalog *catalog, const char *name);

/* version: a number, a tag, or "" for the model's choice. NULL: none that is loaded or
 * should be. */
struct loaded_version *loaded_model_find(const struct loaded_model *model,
                                         const char *version);
