/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Releases: tags of a model are moved, it is disabled, or a canary begins, and a record
 * tells who did it, when and why (docs/releases.md, docs/rollout.md).
 *
 * The record is the intent and is durable first; the tags are what counts. A process that
 * is killed in between leaves a release that is not finished; the next one finishes it
 * before it begins. Whenever that happens, `current` names what it named before or what it
 * was to name, which is usable.
 *
 * Tags move in this order: all others, then `current`, then `disabled`. `previous` goes
 * before `current`, since a promotion has then at each moment a tag on the version that
 * serves and on the one that gave way: none is unloaded while somebody still asks for it,
 * and a rollback that comes in between goes to the last version that served and not to the
 * one before. A rollback exchanges both at once (RENAME_EXCHANGE), where the file system
 * can: neither version is without a tag.
 *
 * Engines are named before the tags move: a gateway takes up neither before the engines are
 * ready for the version that it reads at that moment.
 *
 * A canary takes traffic from when all tags are where they are to be, and none any more
 * before one moves. Whatever moves `current` ends it, and `canary` goes.
 *
 * Who makes a release holds a lock that ends with its process, so that nobody finishes what
 * is under way. Where locks do not reach every machine the exclusive creation of the record
 * still lets one alone make it.
 *
 * Threads: one owner. Blocking: all but the questions, on the disk. Statuses:
 * GALEN_NOT_FOUND: there is no such model; GALEN_INVALID: what is there is not what it has
 * to be; GALEN_TOO_LARGE; GALEN_UNAVAILABLE: the system's refusal; GALEN_NO_MEMORY; others
 * where they are named. Errors name the path.
 */
#pragma once

#include "base/cleanup.h"
#include "model/release_standing.h"

/* What is wanted. Borrowed until it is planned. */
struct release_order {
    enum release_action action;
    const char *tag;    /* of a promotion; `current` otherwise */
    uint64_t version;   /* of a promotion, a rollback or a canary */
    const char *engine; /* of a promotion or a rollback: who runs `current` from now on; ""
                         * as configured; NULL: as before */
    struct release_rollout rollout; /* of a canary: its shares and engines, and whether it
                                     * promotes */
    bool ends_canary;               /* of a rollback: that, and `current` stays */
    uint64_t
        started; /* only while the canary that began then is under way; 0: whatever is */
    uint64_t served; /* that a model without `current` served; 0: none */
    bool expects;    /* only while the tag names `expected`; 0: while there is none */
    uint64_t expected;
    const char *actor;  /* release_text_is_valid, not empty */
    const char *reason; /* the same, may be empty */
    uint64_t wall_ns;
    const struct release_version *versions; /* whose files were hashed now */
    size_t version_count;
};

/* One that is being made. */
struct release;

/* Takes the lock. GALEN_BUSY: another process has it, or the newest release is not `seen`
 * (release_standing.newest of a look): the error says whose it is. */
MUST_USE enum galen_status release_open(const char *repository, const char *model,
                                        uint64_t seen, struct release **out_release,
                                        struct error *out_error);
void release_close(struct release *release); /* NULL is allowed */
DEFINE_SCOPED(release, release_close)

const struct release_standing *release_standing(const struct release *release);

/* Moves what the newest release left undone. */
MUST_USE enum galen_status release_finish(struct release *release, struct error *out_error);

/* Makes the record of what is wanted, and writes nothing. *out_changes false: all is so
 * already. GALEN_BUSY: not as expected; GALEN_TOO_LARGE: too many tags or releases;
 * GALEN_INVALID: a canary of what is `current` where that runs, or where there is none; or
 * `canary` is to move while one is under way. */
MUST_USE enum galen_status release_plan(struct release *release,
                                        const struct release_order *order,
                                        bool *out_changes, struct error *out_error);

/* What was planned, and the SHA-256 of its file. */
const struct release_record *release_planned(const struct release *release);
const uint8_t *release_planned_sha256(const struct release *release);

/* For an NVIDIA Triton that reads the same folder (release_policy.h): it may serve every
 * version that a tag names before or after what is planned. *out_changed: it was told so
 * now. */
MUST_USE enum galen_status release_widen_policy(struct release *release, bool *out_changed,
                                                struct error *out_error);

/* Only those that a tag names as things stand. */
MUST_USE enum galen_status release_narrow_policy(struct release *release, bool *out_changed,
                                                 struct error *out_error);

/* Writes the record and moves the tags. GALEN_BUSY: somebody else made this release. After
 * any other failure the release may be unfinished. */
MUST_USE enum galen_status release_commit(struct release *release, struct error *out_error);
