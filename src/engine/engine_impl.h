/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine's service and its management share. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "engine/engine.h"
#include "engine/loader.h"

struct engine {
    struct infer_service base; /* first: callers hold a pointer to it */
    struct infer_management management;
    struct loader *loader;
    void (*changed)(void *context, const struct engine_summary *summary);
    void *changed_context;
    atomic_bool draining;
    pthread_mutex_t lock;
    const struct catalog *catalog; /* with the lock; the loader's */
};

/* A run, in the arena of its call, which keeps a pointer to it (service_data). */
struct engine_run {
    struct loaded_version *version; /* a reference, until the call is settled */
    struct inference *inference;    /* NULL: it did not come so far */
};

extern const struct infer_management_ops engine_management_ops;

void engine_lock(struct engine *engine);
void engine_unlock(struct engine *engine);

/* References to all versions that serve, by model and version: engine_forget gives them
 * back. NULL: out of memory, and *out_count is 0. */
struct loaded_version **engine_versions(struct engine *engine, size_t *out_count);
void engine_forget(struct loaded_version **versions, size_t count);
