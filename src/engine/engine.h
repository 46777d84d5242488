/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: an infer_service that runs the models of a repository in this process. Every
 * version that a tag names is loaded; each has its own queue and instances.
 *
 * Threads: the service may be shared by several loops; create, drain and close on one
 * thread. Blocking: create (loads and runs every model), drain and close; submit and cancel
 * never.
 */
#pragma once

#include "engine/scheduler.h"
#include "galen/backend.h"
#include "infer/infer.h"
#include "infer/management.h"
#include "model/repository.h"

/* Who says what is loaded. */
enum engine_control {
    ENGINE_BY_REPOSITORY, /* the repository: every version that a tag names */
    ENGINE_BY_REQUEST, /* MANAGE_LOAD and MANAGE_UNLOAD: models of the repository, by name
                        */
};

/* A model, or a version of it, that cannot answer as desired. */
struct engine_failure {
    const char *model;
    uint64_t version; /* 0: the model as a whole */
    const char *why;
    bool serves; /* the model answers all the same, as it did before */
};

struct engine_summary {
    size_t loaded_count;                   /* versions that can answer */
    const struct engine_failure *failures; /* by model */
    size_t failure_count;
};

struct engine_options {
    struct repository *repository;                   /* the engine takes a reference */
    const struct galen_backend_ops *const *backends; /* ends with NULL; tried in order */
    uint32_t instance_count; /* runs of one version at the same time; 0: 1 */
    uint32_t thread_count;   /* that one run may use; 0: 1 */
    size_t queue_count_max;  /* requests that wait for one version; 0: 1024 */
    size_t batch_rows_max;   /* rows of one run; 0: 64 */

    /* How long a request waits for company. 0: not at all, but what waited while the
     * instances were busy is joined. */
    uint64_t wait_ns_max;

    /* Models that are measured to run in less than this run on the thread that submits,
     * while nobody waits; beside the instances. 0: none does. */
    uint64_t quick_ns_max;

    /* How long a version that no tag names any more is kept, for those who follow the
     * repository a little later. */
    uint64_t linger_ns;

    enum engine_control control;
    const char *const *load; /* ENGINE_BY_REQUEST: names of models to begin with, "*" being
                              * all, up to NULL; NULL: none. Borrowed during create */

    /* What is loaded has changed. Within create, then on the engine's own thread; the
     * summary lives until it returns. NULL: nobody is told. */
    void (*changed)(void *context, const struct engine_summary *summary);
    void *context;
};

/* GALEN_OK also when models could not be loaded: `changed` is told which and why.
 * GALEN_INVALID: an option is out of its range; GALEN_NO_MEMORY. Gives a service to close.
 */
MUST_USE enum galen_status engine_create(const struct engine_options *options,
                                         struct infer_service **out_service,
                                         struct error *out_error);

/* The functions below take the service that engine_create gave. */

/* From now on this is what is desired. Returns at once: what is new is loaded and warmed up
 * on the engine's own thread, and serves once it is; what is not desired any more is given
 * back when the last request for it is done. Takes a reference. Any thread. */
void engine_follow(struct infer_service *service, struct repository *repository);

/* Index, statistics, configuration, load and unload. Lives as long as the service. */
struct infer_management *engine_management(struct infer_service *service);

/* Refuses every run from now on (UNAVAILABLE) and waits until those it has are finished.
 * GALEN_TIMEOUT: at deadline_ns some still run; what waited was finished with UNAVAILABLE.
 * The loops have to turn meanwhile, or done does not get there. */
MUST_USE enum galen_status engine_drain(struct infer_service *service,
                                        uint64_t deadline_ns);

/* What one loaded version did until now. */
struct engine_activity {
    const char *model;
    const char *version;
    size_t waiting_count;
    struct scheduler_statistics statistics;
};

/* Calls visit for each loaded version, by model and version. Takes each one's lock for a
 * moment; any thread. */
void engine_visit(struct infer_service *service,
                  void (*visit)(void *context, const struct engine_activity *activity),
                  void *context);
