/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image_process/image_worker.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "preprocess/image_process/confinement.h"

enum { MS_PER_S = 1000 };

struct shared {
    uint8_t *bytes;
    size_t size;
};

/* false: the other end is closed, or does not speak as it should. */
static bool read_whole(int descriptor, void *out, size_t size)
{
    uint8_t *at = out;
    while (size > 0) {
        const ssize_t count = read(descriptor, at, size);
        if (count <= 0) {
            return false;
        }
        at += count;
        size -= (size_t)count;
    }
    return true;
}

static bool write_outcome(const struct image_outcome *outcome)
{
    return write(IMAGE_WORKER_OUTCOMES, outcome, sizeof(*outcome)) ==
           (ssize_t)sizeof(*outcome); /* less than PIPE_BUF: whole or not at all */
}

static bool map_shared(struct shared *out_shared)
{
    struct stat about;
    if (fstat(IMAGE_WORKER_SHARED, &about) != 0 || about.st_size <= 0) {
        return false;
    }
    out_shared->size = (size_t)about.st_size;
    out_shared->bytes = mmap(NULL, out_shared->size, PROT_READ | PROT_WRITE, MAP_SHARED,
                             IMAGE_WORKER_SHARED, 0);
    (void)close(IMAGE_WORKER_SHARED);
    return out_shared->bytes != MAP_FAILED;
}

static bool fits(const struct image_job *job, const struct shared *shared)
{
    return job->file_size <= shared->size - IMAGE_WORKER_ALIGNMENT &&
           image_tensor_size(&job->spec) <=
               shared->size - image_worker_tensor_offset(job->file_size);
}

/* A decoder that does not come to an end is ended by SIGALRM. */
static void set_alarm(uint32_t timeout_ms)
{
    (void)alarm((timeout_ms + MS_PER_S - 1) / MS_PER_S);
}

static void work(const struct image_job *job, const struct shared *shared,
                 struct image_outcome *outcome)
{
    const struct bytes file = bytes_of(shared->bytes, job->file_size);
    struct arena arena;
    arena_init(&arena, LIMIT_IMAGE_MEMORY_SIZE_BYTES_MAX);
    set_alarm(job->timeout_ms);
    outcome->status = image_to_tensor(
        &job->spec, job->format, file, &arena,
        shared->bytes + image_worker_tensor_offset(job->file_size), &outcome->error);
    set_alarm(0);
    arena_deinit(&arena);
}

int image_worker_run(void)
{
    struct shared shared;
    struct image_job job;
    struct image_outcome outcome = {.status = GALEN_OK};
    if (!map_shared(&shared)) {
        return EXIT_FAILURE;
    }
    outcome.status = confinement_enter(shared.size, &outcome.error);
    if (!write_outcome(&outcome) || outcome.status != GALEN_OK) {
        return EXIT_FAILURE;
    }
    while (read_whole(IMAGE_WORKER_JOBS, &job, sizeof(job))) {
        if (!fits(&job, &shared)) {
            return EXIT_FAILURE;
        }
        outcome = (struct image_outcome){.status = GALEN_OK};
        work(&job, &shared, &outcome);
        if (!write_outcome(&outcome)) {
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
