/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every record of a trail, chain by chain in the order of their names, and in its order in
 * each. Nothing is verified: trail_check does that.
 *
 * Threads: one owner. Blocking. Memory does not grow with records. Nothing is written.
 */
#pragma once

#include "service/audit/record.h"
#include "service/audit/trail.h"

/* All is borrowed. */
struct audit_trail_walk {
    const char *trail;
    const char *chain;   /* this one only; NULL: all */
    const char *service; /* chains of this one only; NULL: all */
    /* The line is without its line feed. What is not GALEN_OK, nor GALEN_NOT_FOUND, ends
     * the walk with it. */
    enum galen_status (*on_record)(void *context, const struct audit_record *record,
                                   struct bytes line);
    /* A line that is no record, a file that cannot be read to its end, or segments that are
     * missing (file is ""). */
    void (*on_damage)(void *context, const char *chain, const char *file);
    void *context;
};

/* GALEN_NOT_FOUND, GALEN_UNAVAILABLE: the trail cannot be read, or has not this chain;
 * GALEN_TOO_LARGE, GALEN_NO_MEMORY. */
MUST_USE enum galen_status audit_trail_walk_run(const struct audit_trail_walk *walk,
                                                struct error *out_error);
