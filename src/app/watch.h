/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that looks whether the repository has changed: when the system says so
 * (inotify(7)), and every interval, since network file systems do not say so.
 *
 * Threads: start and stop on one; the callbacks run on the thread of the watch.
 */
#pragma once

#include "model/repository.h"

struct watch;

struct watch_options {
    struct repository *repository; /* as it was last read */
    uint64_t interval_ms;

    /* There is something new; borrowed until it returns. */
    void (*changed)(void *context, struct repository *repository);

    /* It could not be read; told once for each reason. */
    void (*failed)(void *context, const struct error *error);

    /* After each look. */
    void (*looked)(void *context);
    void *context;
};

/* Takes a reference to the repository. GALEN_NO_MEMORY: no thread either. */
MUST_USE enum galen_status watch_start(const struct watch_options *options,
                                       struct watch **out_watch);

/* No callback runs any more when it returns. NULL is allowed. */
void watch_stop(struct watch *watch);
