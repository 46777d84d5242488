/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The releases of a model from the first one on, and whether they are what was written:
 * each record holds the SHA-256 of the one before it. The newest is held by the audit
 * trail, which names its SHA-256 too.
 *
 * Threads: one owner. Blocking. Memory does not grow with records.
 */
#pragma once

#include "model/release_record.h"

/* One release of a history, borrowed for the call. */
struct release_entry {
    uint64_t number;
    const struct release_record *record; /* NULL: it cannot be read */
    const uint8_t *sha256;               /* of its file */
    const char *fault;                   /* why it is not what was written; "": it is */
    bool was_moved_by_hand;              /* tags, between the release before and this one */
};

/* Each release from the first on. Faults are no failure; one of visit is passed on. */
MUST_USE enum galen_status
release_walk(const char *repository, const char *model,
             enum galen_status (*visit)(void *context, const struct release_entry *entry),
             void *context, struct error *out_error);
