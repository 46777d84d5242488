/* SPDX-License-Identifier: Apache-2.0 */
/* What `galen model history` says. */
#pragma once

#include "base/error.h"
#include "base/writer.h"

/* All borrowed. */
struct model_history {
    const char *repository;
    const char *model;
    bool is_json;
    void (*tell_fault)(const char *fault); /* NULL: a text has them, after "galen: " */
};

/* The releases of a model, the oldest first. *out_is_whole: all records are what was
 * written. Blocking: on the disk. Threads: any. GALEN_NOT_FOUND: there is no such model;
 * others as release_walk, and the writer's. */
MUST_USE enum galen_status model_history_write(const struct model_history *history,
                                               struct writer *out, bool *out_is_whole,
                                               struct error *out_error);
