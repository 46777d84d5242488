/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a model stands between two releases.
 *
 * Blocking: on the disk, which is only read. Statuses: those of release.h.
 */
#pragma once

#include "model/release_folder.h"

enum release_standing_kind {
    RELEASE_SETTLED,
    RELEASE_UNFINISHED,    /* who made the newest release was cut off */
    RELEASE_MOVED_BY_HAND, /* the tags are not where the newest release left them */
};

/* How a model stands. */
struct release_standing {
    enum release_standing_kind kind;
    struct release_state state;   /* as it is */
    struct release_state settled; /* as it is to be: after the newest release if that is
                                     unfinished, else as it is */
    uint64_t newest;              /* 0: there was no release */
    bool is_done;                 /* what the newest moved is known to be durable */
    struct release_record record; /* of the newest */
    uint8_t sha256[SHA256_SIZE];  /* of its file */
};

/* Reads only. The arena has what standing points to. */
MUST_USE enum galen_status release_look(const char *repository, const char *model,
                                        struct arena *arena,
                                        struct release_standing *out_standing,
                                        struct error *out_error);

/* The same of a folder that is open. */
MUST_USE enum galen_status release_folder_look(const struct release_folder *folder,
                                               struct arena *arena,
                                               struct release_standing *out_standing,
                                               struct error *out_error);

/* Who disabled a model, as "disabled by alice@host at
 * 2026-11-25T20:55:16.123456Z: why". An entry `disabled` of any kind disables a model; of
 * one that galen did not make, or whose record cannot be read, it says that. */
void release_why_disabled(const char *repository, const char *model, struct error *out_why);
