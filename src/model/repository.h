/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model repository on disk: models/<name>/<version>/ and the tags beside the versions,
 * which are symlinks (`current -> 2`).
 *
 * A snapshot is what was there when it was read; it is immutable, shared and counted. So is
 * each version in it: what has not changed on disk is the same object in the next snapshot
 * (repository_reread), so that who has loaded something knows by the pointer whether it
 * still is what is wanted.
 *
 * What is read is what is desired. What serves may be behind it, while a version is loaded
 * or because it is broken: repository_effective makes that snapshot.
 *
 * Threads: reading blocks on the disk and is not for a loop under load; a snapshot may be
 * used from any thread. A version or model that cannot be used is in the snapshot with its
 * reason.
 */
#pragma once

#include "base/cleanup.h"
#include "model/contract.h"
#include "model/release_state.h"

struct repository_tag {
    const char *name;  /* "current"; "": the version lingers */
    uint64_t version;  /* 0: it points at no version that is there */
    uint64_t until_ns; /* of one without a name: how long the version stays; else 0 */
};

/* Shared and counted; what it points to is its own. */
struct repository_version {
    uint64_t number;
    const char *number_text;         /* "2", as its folder is called */
    const char *path;                /* of its folder */
    const struct contract *contract; /* NULL: no model.yaml */
    uint8_t model_sha256[32];        /* of the network's file, as model.yaml states it */
    bool usable;
    struct error why_not; /* names file, line and key */
    uint8_t print_[32];   /* of names, sizes and times of its files, and config.pbtxt's */
    struct arena arena_;
    _Atomic size_t reference_count_;
};

struct repository_model {
    const char *name;
    struct repository_version *const *versions; /* ascending */
    size_t version_count;
    const struct repository_tag *tags;
    size_t tag_count;

    /* Versions that config.pbtxt says are served beside those with a tag, ascending: as its
     * version_policy says, but that a model with tags has no `latest`. */
    const uint64_t *configured;
    size_t configured_count;

    /* Of a request that names no version: `current`, or without any tag the highest that is
     * usable and, with a config.pbtxt, served. NULL: there is none. */
    const struct repository_version *choice;

    /* Who runs it. One whose record cannot be read names none. */
    struct release_engines engines;

    /* (In an effective snapshot) these, or those of its canary, are not what is desired:
     * they cannot be had, and why_not says why. */
    bool awaits_engines;

    /* The canary that is under way, where its version can answer; without a version: none.
     * One whose record cannot be read, or whose tag was moved by hand, is none. */
    struct release_rollout rollout;

    bool is_disabled; /* on purpose: no version answers, and it has neither tags nor choice
                       */
    bool usable; /* some version is, and every tag points at one that is (in an effective
                  * snapshot all but `canary`, which is tried); or it is disabled */

    /* Why it is not usable, or disabled, or (in an effective snapshot) not all as desired;
     * empty: it is. */
    struct error why_not;
};

struct repository {
    const char *path;
    const struct repository_model *models; /* by name, ascending */
    size_t model_count;
    bool verify_;
    struct repository *origin_; /* of a selection; its versions are held there */
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

/* As repository_read of the same folder. Versions that did not change are taken from
 * before; one whose files changed within the last half second is taken to be in the middle
 * of being written: it stays what it was before, or is not usable yet. Gives a reference:
 * to before itself when nothing changed at all. */
MUST_USE enum galen_status repository_reread(struct repository *before,
                                             struct repository **out_repository,
                                             struct error *out_error);
struct repository *repository_ref(struct repository *repository);
void repository_unref(struct repository *repository); /* NULL is allowed */
DEFINE_SCOPED(repository, repository_unref)

struct repository_version *repository_version_ref(struct repository_version *version);
void repository_version_unref(struct repository_version *version); /* NULL is allowed */

/* Those of its models that keep says yes to. GALEN_NO_MEMORY. Gives a reference. */
MUST_USE enum galen_status
repository_select(struct repository *repository,
                  bool (*keep)(void *context, const struct repository_model *model),
                  void *context, struct repository **out_repository);

struct repository_readiness {
    /* Whether a version can answer on these engines; if not, out_why may say why. Asked
     * once a version and engines. */
    bool (*is_ready)(void *context, const struct repository_model *model,
                     const struct repository_version *version, const char *engine,
                     struct error *out_why);
    void *context;
    bool distrusts_engines; /* those that `before` names were not asked yet: it counts as
                             * one that runs where it is configured to */

    /* A version that served and that no tag names any more is kept for so long: who follows
     * the repository a little later may still send to it. */
    uint64_t linger_ns;
    uint64_t now_ns;
};

/* What serves: the models of desired, each tag at the version that it names when that is
 * ready, else where it was in `before` when that is; the choice likewise. Where neither is,
 * it is where it should be, and its model is not usable. A version that changed and is not
 * ready in its new form stays in its old one. before NULL: nothing served. GALEN_NO_MEMORY.
 * Gives a reference. */
MUST_USE enum galen_status
repository_effective(const struct repository *desired, const struct repository *before,
                     const struct repository_readiness *readiness,
                     struct repository **out_repository);

/* When the first version that lingers is to go; UINT64_MAX: none lingers. */
uint64_t repository_lingers_until(const struct repository *repository);

const struct repository_model *repository_find(const struct repository *repository,
                                               struct bytes name); /* NULL: none */
const struct repository_version *
repository_model_version(const struct repository_model *model, uint64_t number);

/* wanted: a number, a tag, or "" for the model's choice. NULL: none. */
const struct repository_version *repository_resolve(const struct repository_model *model,
                                                    struct bytes wanted);

/* Which set of engines runs that version: its canary's, where it is one and not what is
 * chosen; where `previous` ran, likewise; else those of the model. "": as configured. */
const char *repository_engine(const struct repository_model *model, uint64_t number);

/* The versions to keep loaded: the choice, and every one that a tag or config.pbtxt names
 * or that lingers. */
bool repository_is_kept(const struct repository_model *model, uint64_t number);

/* Letters, digits, '.', '_', '-', not beginning with '.', at most
 * LIMIT_MODEL_NAME_SIZE_BYTES_MAX. */
bool repository_name_is_valid(struct bytes name);
