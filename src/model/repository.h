/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model repository on disk: models/<name>/<version>/ and the tags beside the versions,
 * which are symlinks (`current -> 2`). A snapshot is what was there when it was read; it is
 * immutable, shared and counted.
 *
 * Threads: reading blocks on the disk and is not for a loop under load; a snapshot may be
 * used from any thread. A version or model that cannot be used is in the snapshot with its
 * reason.
 */
#pragma once

#include "base/cleanup.h"
#include "model/contract.h"

struct repository_tag {
    const char *name; /* "current" */
    uint64_t version;
};

struct repository_version {
    uint64_t number;
    const char *number_text;         /* "2", as its folder is called */
    const char *path;                /* of its folder */
    const struct contract *contract; /* NULL: no model.yaml */
    uint8_t model_sha256[32];        /* of the network's file, as model.yaml states it */
    bool usable;
    struct error why_not; /* names file, line and key */
};

struct repository_model {
    const char *name;
    const struct repository_version *versions; /* ascending */
    size_t version_count;
    const struct repository_tag *tags;
    size_t tag_count;
    bool usable; /* some version is, and every tag points at one that is */
    struct error why_not;
};

struct repository {
    const char *path;
    const struct repository_model *models; /* by name, ascending */
    size_t model_count;
    struct arena arena_;
    _Atomic size_t reference_count_;
};

/* GALEN_NOT_FOUND, GALEN_INVALID: path is no folder; GALEN_UNAVAILABLE: it cannot be read;
 * GALEN_TOO_LARGE: it holds too much; GALEN_NO_MEMORY. Gives one reference. Models that are
 * broken do not fail the read. Files named in a contract are hashed when verify is set and
 * a mismatch makes the version unusable. */
MUST_USE enum galen_status repository_read(const char *path, bool verify,
                                           struct repository **out_repository,
                                           struct error *out_error);
struct repository *repository_ref(struct repository *repository);
void repository_unref(struct repository *repository); /* NULL is allowed */
DEFINE_SCOPED(repository, repository_unref)

const struct repository_model *repository_find(const struct repository *repository,
                                               struct bytes name); /* NULL: none */
const struct repository_version *
repository_model_version(const struct repository_model *model, uint64_t number);

/* wanted: a number, a tag, or "" for `current`, or without such a tag the highest usable.
 * NULL: none. */
const struct repository_version *repository_resolve(const struct repository_model *model,
                                                    struct bytes wanted);

/* The versions to keep loaded: every one that a tag names, or without tags the highest. */
bool repository_is_kept(const struct repository_model *model, uint64_t number);

/* Letters, digits, '.', '_', '-', not beginning with '.', at most
 * LIMIT_MODEL_NAME_SIZE_BYTES_MAX. */
bool repository_name_is_valid(struct bytes name);
