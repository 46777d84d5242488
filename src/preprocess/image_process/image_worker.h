/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process in which images are decoded: the program itself, started anew, so that what
 * reads hostile bytes shares no address space with keys, tokens or other patients' data.
 * Before its first image it gives up every way out but two pipes and one shared area.
 *
 * What travels is plain data, both ends being one program. A job goes down one pipe, its
 * file lies at the start of the shared area, the tensor comes back right behind it, and the
 * outcome goes up the other pipe.
 */
#pragma once

#include "preprocess/image/image.h"

#define IMAGE_WORKER_COMMAND "image-worker" /* the subcommand that runs it */

/* What the process is started with. */
enum image_worker_descriptor {
    IMAGE_WORKER_JOBS = 3,     /* read */
    IMAGE_WORKER_OUTCOMES = 4, /* write */
    IMAGE_WORKER_SHARED = 5,   /* memory, mapped whole */
};

enum { IMAGE_WORKER_ALIGNMENT = 64 };

struct image_job {
    struct image_spec spec;
    enum image_format format;
    uint32_t timeout_ms; /* then the process ends itself */
    uint64_t file_size;
};

struct image_outcome {
    enum galen_status status;
    struct error error;
};

/* Where the tensor of a file of this size lies in the shared area. */
static inline size_t image_worker_tensor_offset(size_t file_size)
{
    return (file_size + IMAGE_WORKER_ALIGNMENT - 1) & ~(size_t)(IMAGE_WORKER_ALIGNMENT - 1);
}

/* Confines itself, says so with a first outcome, and works until the pipe of jobs is
 * closed. Returns the process's exit code; the caller leaves by _exit. */
int image_worker_run(void);
