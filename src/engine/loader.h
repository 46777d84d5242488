/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread on which the engine loads, warms up and unloads, so that nothing of it happens
 * on a loop: it makes catalogs and hands them over, one job after another, and closes the
 * versions that nobody uses any more.
 *
 * Threads: create and destroy on one, the rest from any. Blocking: create (the first
 * catalog) and destroy; post never.
 */
#pragma once

#include "engine/catalog.h"
#include "infer/management.h"

struct loader;

struct loader_options {
    struct repository *repository; /* desired at first */
    struct loaded_options loading; /* but for keeper and model */
    uint64_t linger_ns;
    enum engine_control control;
    const char *const *load; /* as engine.h has it */

    /* Another catalog counts from now on. It stays the loader's, which takes the one before
     * away when this returns. On the loader's thread; the first time within create. */
    void (*publish)(void *context, const struct catalog *catalog);
    void *context;
};

/* Loads, publishes and starts the thread. GALEN_NO_MEMORY. */
MUST_USE enum galen_status loader_create(const struct loader_options *options,
                                         struct loader **out_loader);

/* No call is pending, and nobody looks at a catalog any more. NULL is allowed. */
void loader_destroy(struct loader *loader);

/* From now on this is what is desired; the latest of several counts. */
void loader_follow(struct loader *loader, struct repository *desired);

/* MANAGE_INDEX, MANAGE_LOAD or MANAGE_UNLOAD: finishes the call, an unload when the last
 * request for the model is done and its memory is given back. */
void loader_manage(struct loader *loader, struct infer_management_call *call);
