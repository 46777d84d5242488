/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a loop has done elsewhere since it may take long, on the disk or on servers that
 * load models: each job on a thread of its own, LIMIT_BACKGROUND_JOB_COUNT_MAX at most.
 *
 * Threads: the owner's loop, but for `run` and background_pause. A job holds its owner
 * until it is done.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/list.h"
#include "base/mailbox.h"

struct background;

struct background_options {
    struct mailbox *mailbox; /* the owner's loop; borrowed */

    /* A job begins, and is over: before and after it nothing of it is on the loop. */
    void (*hold)(void *context);
    void (*let_go)(void *context);
    void *context;
};

struct background_job {
    /* the caller's, until done */
    const char *key; /* no two of a key at a time; NULL: as many as there may be */
    void (*run)(struct background_job *job);  /* on the thread */
    void (*done)(struct background_job *job); /* on the loop, later, once; may free it */

    /* the background's, from start until done */
    struct background *background_;
    struct task over_;
    struct list_link link_;
    pthread_t thread_;
};

/* GALEN_NO_MEMORY. */
MUST_USE enum galen_status background_create(const struct background_options *options,
                                             struct background **out_background);

/* Nothing may be under way. NULL is allowed. */
void background_destroy(struct background *background);

/* GALEN_CONFLICT: one of that key is under way; GALEN_BUSY: too many are;
 * GALEN_UNAVAILABLE: it ends; GALEN_NO_MEMORY: no thread either. */
MUST_USE enum galen_status background_start(struct background *background,
                                            struct background_job *job,
                                            struct error *out_error);

/* Waits so long. False: it ends meanwhile, or before. The job's thread. */
bool background_pause(struct background_job *job, uint64_t ms);

/* No job begins any more, and none waits. */
void background_end(struct background *background);
