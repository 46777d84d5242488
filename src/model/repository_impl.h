/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the repository from disk, apart from what may be asked of it afterwards. */
#pragma once

#include "model/directory.h"
#include "model/repository.h"

/* A folder of a model while it is read. */
struct repository_folder {
    const char *path;
    int descriptor;
    struct directory_entry *entries;
    size_t entry_count;
};

struct repository_scan {
    const char *path;
    bool verify;
    const struct repository *before; /* NULL: the first read */
    uint64_t now_ns;                 /* wall clock */
    struct arena *arena;             /* the snapshot's */
    struct arena scratch;            /* cleared after each version */
};

/* Fills path, models and model_count of a snapshot whose arena is there. Statuses as
 * repository_read. */
MUST_USE enum galen_status repository_scan(const char *path, bool verify,
                                           const struct repository *before,
                                           struct repository *repository,
                                           struct error *out_error);

/* The version in the folder `name` of the model, read, or taken from `before`. Gives a
 * reference. GALEN_NO_MEMORY: what is wrong with one file does not fail the read. */
MUST_USE enum galen_status repository_version_read(struct repository_scan *scan,
                                                   const struct repository_folder *model,
                                                   const char *name, uint64_t number,
                                                   struct repository_version *before,
                                                   struct repository_version **out_version);

/* Statuses of single files, with a path in front; not GALEN_NO_MEMORY. */
enum galen_status repository_blame(enum galen_status status, const char *folder,
                                   const char *name, struct error *error);

/* "folder/name"; NULL: no memory. */
const char *repository_join(struct arena *arena, const char *folder, const char *name);

/* Sets choice from tags and versions. */
void repository_choose(struct repository_model *model);

/* The version that the tag names; 0: none. */
uint64_t repository_tag_version(const struct repository_model *model, const char *tag);

/* A snapshot without models yet. NULL: no memory. */
struct repository *repository_new(void);
