/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be asked of a service beside runs: what it has, what that has done, and to load
 * or unload. The engine implements it, the v2 front end calls it, a fake stands in for both
 * sides' tests.
 *
 * A call is the caller's storage. From submit until `done` runs, the call and its arena
 * belong to the service. `done` runs exactly once, later, as a task of the call's mailbox.
 * There is no cancel: a load that nobody waits for goes on.
 *
 * Threads: submit on the thread of the call's mailbox. Blocking: never; loads take as long
 * as they take before done.
 *
 * Source: Triton's extensions model_repository, statistics and model_configuration.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "base/mailbox.h"
#include "codec/v2.h"

enum infer_management_operation {
    MANAGE_INDEX,      /* every model and version that the repository has */
    MANAGE_STATISTICS, /* of loaded versions */
    MANAGE_CONFIG,     /* the configuration that one version runs with */
    MANAGE_LOAD,       /* load a model, or read it anew */
    MANAGE_UNLOAD,
};

struct infer_management;

struct infer_management_call {
    /* the caller's */
    enum infer_management_operation operation;
    const char *model;    /* "" (STATISTICS): all */
    const char *version;  /* a number or a tag; "": all (STATISTICS), the choice (CONFIG) */
    bool ready_only;      /* INDEX: those that can answer */
    uint64_t deadline_ns; /* monotonic; CLOCK_NEVER: none. Who asks another host gives up
                           * then, with TIMEOUT; others have no need of it */
    struct bytes config;  /* LOAD: a configuration in place of config.pbtxt, as JSON; empty:
                           * none */
    struct arena *arena;
    struct mailbox *mailbox;
    void (*done)(struct infer_management_call *call);
    void *context;

    /* the answer, from done on; in the call's arena */
    enum galen_status status;
    struct error error;
    const struct v2_index_entry *index; /* INDEX: by name, then version */
    size_t index_count;
    const struct v2_statistics *statistics; /* STATISTICS: by name, then version */
    size_t statistics_count;
    struct bytes config_json; /* CONFIG: a JSON object */

    /* the service's */
    struct task task;
    struct list_link link;
};

struct infer_management_ops {
    void (*submit)(struct infer_management *management, struct infer_management_call *call);
};

struct infer_management {
    const struct infer_management_ops *ops;
};

/* Fails, by way of done, with: NOT_FOUND (model or version), INVALID (a load failed, or is
 * not what it says; the error has the reason), FORBIDDEN (models are loaded as the
 * repository says, not by request), UNAVAILABLE (draining), NO_MEMORY. */
void infer_manage(struct infer_management *management, struct infer_management_call *call);

/* For services: posts done to the call's mailbox. Any thread; the call is not the service's
 * any more. */
void infer_management_finish(struct infer_management_call *call, enum galen_status status);
