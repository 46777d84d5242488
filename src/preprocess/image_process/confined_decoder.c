/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image_process/confined_decoder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "preprocess/image_process/image_worker.h"

enum {
    START_TIMEOUT_MS = 10000,
    GRACE_MS = 1000,       /* the worker's own alarm comes later than ours */
    DESCRIPTOR_LEAST = 10, /* above those that a worker gets */
    WIPE_BY_HAND_SIZE_MAX = 1 << 20,
};

struct confined_decoder {
    struct confined_decoder_options options;
    int shared_descriptor;
    uint8_t *shared;
    size_t shared_size;
    pid_t worker; /* 0: none */
    int jobs;     /* our ends of its pipes */
    int outcomes;
    _Atomic uint64_t lost_count;
};

/* The worker's ends of the pipes, while it is being started. */
struct ends {
    int jobs;
    int outcomes;
};

static void close_if_open(int *descriptor)
{
    if (*descriptor >= 0) {
        (void)close(*descriptor);
    }
    *descriptor = -1;
}

/* Out of the way of the numbers that a worker's descriptors get. */
static int moved_up(int descriptor)
{
    const int moved =
        descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, DESCRIPTOR_LEAST);
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    return moved;
}

static bool open_pipe(int *out_read, int *out_write)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    *out_read = moved_up(ends[0]);
    *out_write = moved_up(ends[1]);
    return *out_read >= 0 && *out_write >= 0;
}

static bool open_shared(struct confined_decoder *decoder)
{
    decoder->shared_size = image_worker_tensor_offset(decoder->options.file_size_max) +
                           IMAGE_WORKER_ALIGNMENT + LIMIT_TENSOR_SIZE_BYTES_MAX;
    decoder->shared_descriptor = moved_up(memfd_create("galen-image", MFD_CLOEXEC));
    if (decoder->shared_descriptor < 0 ||
        ftruncate(decoder->shared_descriptor, (off_t)decoder->shared_size) != 0) {
        return false;
    }
    decoder->shared = mmap(NULL, decoder->shared_size, PROT_READ | PROT_WRITE, MAP_SHARED,
                           decoder->shared_descriptor, 0);
    return decoder->shared != MAP_FAILED;
}

static bool add_descriptors(const struct confined_decoder *decoder, const struct ends *ends,
                            posix_spawn_file_actions_t *actions)
{
    return posix_spawn_file_actions_adddup2(actions, ends->jobs, IMAGE_WORKER_JOBS) == 0 &&
           posix_spawn_file_actions_adddup2(actions, ends->outcomes,
                                            IMAGE_WORKER_OUTCOMES) == 0 &&
           posix_spawn_file_actions_adddup2(actions, decoder->shared_descriptor,
                                            IMAGE_WORKER_SHARED) == 0 &&
           posix_spawn_file_actions_addclosefrom_np(actions, IMAGE_WORKER_SHARED + 1) == 0;
}

/* Whoever stops the program tells its whole group: a worker goes on for as long as there
 * are images, and ends with its pipe. Other signals, its alarm too, find it as it began,
 * whatever thread starts it. */
static bool set_signals(posix_spawnattr_t *attributes)
{
    sigset_t blocked;
    sigset_t all;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGINT);
    (void)sigaddset(&blocked, SIGTERM);
    (void)sigaddset(&blocked, SIGHUP);
    (void)sigfillset(&all);
    return posix_spawnattr_setsigmask(attributes, &blocked) == 0 &&
           posix_spawnattr_setsigdefault(attributes, &all) == 0 &&
           posix_spawnattr_setflags(attributes,
                                    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0;
}

/* With nothing but what a worker needs: no environment, no other descriptor. */
static bool spawn(struct confined_decoder *decoder, const struct ends *ends)
{
    static char *const no_environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return false;
    }
    (void)posix_spawnattr_init(&attributes); /* cannot fail in glibc */
    /* execve takes them so, and changes none */
    char *const *command = (char *const *)(uintptr_t)decoder->options.command;
    const bool started = add_descriptors(decoder, ends, &actions) &&
                         set_signals(&attributes) &&
                         posix_spawn(&decoder->worker, command[0], &actions, &attributes,
                                     command, no_environment) == 0;
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (!started) {
        decoder->worker = 0;
    }
    return started;
}

static int milliseconds_until(uint64_t deadline_ns)
{
    const uint64_t now_ns = clock_monotonic_ns();
    const uint64_t left_ms = deadline_ns <= now_ns ? 0 : (deadline_ns - now_ns) / NS_PER_MS;
    return left_ms > INT32_MAX / 2 ? INT32_MAX / 2 : (int)left_ms;
}

/* GALEN_TIMEOUT, or GALEN_INTERNAL: the worker has ended. */
static enum galen_status receive(const struct confined_decoder *decoder,
                                 uint64_t deadline_ns, struct image_outcome *out_outcome)
{
    struct pollfd wait = {.fd = decoder->outcomes, .events = POLLIN};
    int ready;
    do {
        ready = poll(&wait, 1, milliseconds_until(deadline_ns) + 1);
    } while (ready < 0 || (ready == 0 && clock_monotonic_ns() < deadline_ns));
    if (ready == 0) {
        return GALEN_TIMEOUT;
    }
    return read(decoder->outcomes, out_outcome, sizeof(*out_outcome)) ==
                   (ssize_t)sizeof(*out_outcome)
               ? GALEN_OK
               : GALEN_INTERNAL;
}

/* Returns how it ended, as waitpid tells it; 0 where children are not waited for (SIGCHLD
 * may have been ignored by who started us). */
static int end_worker(struct confined_decoder *decoder)
{
    int how = 0;
    close_if_open(&decoder->jobs);
    close_if_open(&decoder->outcomes);
    if (decoder->worker > 0) {
        (void)kill(decoder->worker, SIGKILL);
        while (waitpid(decoder->worker, &how, 0) < 0 && errno == EINTR) {
        }
    }
    decoder->worker = 0;
    return how;
}

static bool connect_worker(struct confined_decoder *decoder)
{
    struct ends ends = {-1, -1};
    const bool started = open_pipe(&ends.jobs, &decoder->jobs) &&
                         open_pipe(&decoder->outcomes, &ends.outcomes) &&
                         spawn(decoder, &ends);
    close_if_open(&ends.jobs);
    close_if_open(&ends.outcomes);
    return started;
}

/* What a worker says is plain text, or not worth telling. */
static void clean(struct error *error)
{
    error->text[sizeof(error->text) - 1] = '\0';
    for (const char *at = error->text; *at != '\0'; at++) {
        if (*at < ' ' || *at > '~') {
            error_clear(error);
            return;
        }
    }
    error->pointer[0] = '\0';
}

static enum galen_status told_by(struct image_outcome *outcome, struct error *out_error)
{
    if ((int)outcome->status < GALEN_OK || outcome->status > GALEN_TIMEOUT) {
        return GALEN_INTERNAL;
    }
    clean(&outcome->error);
    if (outcome->status != GALEN_OK && outcome->error.text[0] != '\0') {
        return error_set(out_error, outcome->status, "%s", outcome->error.text);
    }
    return outcome->status;
}

static enum galen_status start_worker(struct confined_decoder *decoder,
                                      struct error *out_error)
{
    struct image_outcome outcome = {.status = GALEN_INTERNAL};
    const uint64_t deadline_ns = clock_monotonic_ns() + START_TIMEOUT_MS * NS_PER_MS;
    enum galen_status status = GALEN_UNAVAILABLE;
    if (connect_worker(decoder) && receive(decoder, deadline_ns, &outcome) == GALEN_OK) {
        status = told_by(&outcome, out_error);
    }
    if (status != GALEN_OK) {
        (void)end_worker(decoder);
    }
    return status == GALEN_OK || out_error->text[0] != '\0'
               ? status
               : error_set(out_error, GALEN_UNAVAILABLE, "an image worker does not start");
}

enum galen_status confined_decoder_open(const struct confined_decoder_options *options,
                                        struct confined_decoder **out_decoder,
                                        struct error *out_error)
{
    struct confined_decoder *decoder = calloc(1, sizeof(*decoder));
    if (decoder == NULL) {
        return GALEN_NO_MEMORY;
    }
    *decoder = (struct confined_decoder){.options = *options,
                                         .shared_descriptor = -1,
                                         .shared = MAP_FAILED,
                                         .jobs = -1,
                                         .outcomes = -1};
    enum galen_status status = GALEN_NO_MEMORY;
    if (open_shared(decoder)) {
        status = start_worker(decoder, out_error);
    }
    if (status != GALEN_OK) {
        confined_decoder_close(decoder);
        return status;
    }
    *out_decoder = decoder;
    return GALEN_OK;
}

static bool send_job(const struct confined_decoder *decoder, const struct image_job *job)
{
    return write(decoder->jobs, job, sizeof(*job)) == (ssize_t)sizeof(*job);
}

/* A large area goes back to the system, which hands it out zeroed. */
static void wipe(const struct confined_decoder *decoder, size_t size)
{
    if (size > WIPE_BY_HAND_SIZE_MAX && madvise(decoder->shared, size, MADV_REMOVE) == 0) {
        return;
    }
    explicit_bzero(decoder->shared, size);
}

static void replace_worker(struct confined_decoder *decoder, enum galen_status why)
{
    struct error error;
    const int how = end_worker(decoder);
    decoder->lost_count++;
    log_event(LOG_ERROR, "image_worker.lost", LOG_STR("why", galen_status_slug(why)),
              LOG_INT("signal", WIFSIGNALED(how) ? WTERMSIG(how) : 0),
              LOG_INT("lost", decoder->lost_count));
    error_clear(&error);
    if (start_worker(decoder, &error) != GALEN_OK) {
        log_event(LOG_ERROR, "image_worker.unavailable", LOG_STR("why", error.text));
    }
}

/* A worker that ends between two images costs none. */
static bool has_ended(const struct confined_decoder *decoder)
{
    struct pollfd look = {.fd = decoder->outcomes, .events = POLLIN};
    return poll(&look, 1, 0) > 0;
}

static enum galen_status need_worker(struct confined_decoder *decoder,
                                     struct error *out_error)
{
    if (decoder->worker != 0 && has_ended(decoder)) {
        replace_worker(decoder, GALEN_INTERNAL);
    }
    return decoder->worker != 0 ? GALEN_OK : start_worker(decoder, out_error);
}

/* The tensor is copied before anything is believed of it, and any bytes are a tensor. */
static enum galen_status take_outcome(struct confined_decoder *decoder,
                                      const struct image_job *job, uint64_t deadline_ns,
                                      uint8_t *out_tensor, struct error *out_error)
{
    struct image_outcome outcome;
    const enum galen_status status = receive(decoder, deadline_ns, &outcome);
    if (status != GALEN_OK) {
        replace_worker(decoder, status);
        return status == GALEN_TIMEOUT
                   ? error_set(out_error, status, "the image was not decoded in time")
                   : error_set(out_error, status, "the image's decoder ended");
    }
    TRY(told_by(&outcome, out_error));
    memcpy(out_tensor, decoder->shared + image_worker_tensor_offset(job->file_size),
           image_tensor_size(&job->spec));
    return GALEN_OK;
}

enum galen_status confined_decoder_run(struct confined_decoder *decoder,
                                       const struct image_spec *spec,
                                       enum image_format format, struct bytes file,
                                       uint64_t deadline_ns, uint8_t *out_tensor,
                                       struct error *out_error)
{
    if (file.size > decoder->options.file_size_max) {
        return error_set(out_error, GALEN_TOO_LARGE, "is larger than %zu bytes",
                         decoder->options.file_size_max);
    }
    TRY(need_worker(decoder, out_error));
    const struct image_job job = {
        .spec = *spec,
        .format = format,
        .timeout_ms = (uint32_t)milliseconds_until(deadline_ns) + GRACE_MS,
        .file_size = file.size,
    };
    memcpy(decoder->shared, file.data, file.size);
    (void)send_job(decoder, &job); /* to a worker that has ended: that shows when we wait */
    const enum galen_status status =
        take_outcome(decoder, &job, deadline_ns, out_tensor, out_error);
    wipe(decoder, image_worker_tensor_offset(file.size) + image_tensor_size(spec));
    return status;
}

uint64_t confined_decoder_lost_count(const struct confined_decoder *decoder)
{
    return decoder->lost_count;
}

void confined_decoder_close(struct confined_decoder *decoder)
{
    if (decoder == NULL) {
        return;
    }
    (void)end_worker(decoder);
    close_if_open(&decoder->shared_descriptor);
    if (decoder->shared != MAP_FAILED) {
        (void)munmap(decoder->shared, decoder->shared_size);
    }
    free(decoder);
}
