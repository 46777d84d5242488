/* SPDX-License-Identifier: Apache-2.0 */
#include "app/watch.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/invariant.h"
#include "base/thread.h"

enum { EVENTS_SIZE = 4096 };

struct watch {
    struct watch_options options;
    struct repository *repository; /* a reference */
    struct error failure;          /* that was told; empty: none */
    int inotify; /* -1: the system has none for us, the interval has to do */
    int stop;    /* an eventfd */
    pthread_t thread;
    bool has_thread;
};

static void watch_folder(const struct watch *watch, const char *path)
{
    const uint32_t events =
        IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR;
    if (watch->inotify >= 0) {
        (void)inotify_add_watch(watch->inotify, path, events);
    }
}

/* Where models come and go, and where tags do. What is watched already stays so. */
static void watch_folders(const struct watch *watch)
{
    const struct repository *repository = watch->repository;
    char path[PATH_MAX];
    watch_folder(watch, repository->path);
    for (size_t i = 0; i < repository->model_count; i++) {
        const int size = snprintf(path, sizeof(path), "%s/%s", repository->path,
                                  repository->models[i].name);
        if (size > 0 && (size_t)size < sizeof(path)) {
            watch_folder(watch, path);
        }
    }
}

static void tell_failure(struct watch *watch, const struct error *error)
{
    if (strcmp(watch->failure.text, error->text) != 0) {
        watch->failure = *error;
        watch->options.failed(watch->options.context, error);
    }
}

static void look(struct watch *watch)
{
    struct repository *repository = NULL;
    struct error error = {0};
    if (repository_reread(watch->repository, &repository, &error) != GALEN_OK) {
        tell_failure(watch, &error);
        return;
    }
    error_clear(&watch->failure);
    const bool changed = repository != watch->repository;
    repository_unref(watch->repository);
    watch->repository = repository;
    if (changed) {
        watch_folders(watch);
        watch->options.changed(watch->options.context, repository);
    }
}

static void drop_events(const struct watch *watch)
{
    char events[EVENTS_SIZE];
    while (watch->inotify >= 0 && read(watch->inotify, events, sizeof(events)) > 0) {
    }
}

/* False: it ends. */
static bool wait_for_something(const struct watch *watch)
{
    struct pollfd files[] = {{.fd = watch->stop, .events = POLLIN},
                             {.fd = watch->inotify, .events = POLLIN}};
    (void)poll(files, 2, (int)watch->options.interval_ms);
    return files[0].revents == 0;
}

static void *run(void *context)
{
    struct watch *watch = context;
    watch_folders(watch);
    while (wait_for_something(watch)) {
        drop_events(watch);
        look(watch);
        watch->options.looked(watch->options.context);
    }
    return NULL;
}

static enum galen_status start_thread(struct watch *watch)
{
    TRY(thread_start(run, watch, &watch->thread));
    watch->has_thread = true;
    return GALEN_OK;
}

enum galen_status watch_start(const struct watch_options *options, struct watch **out_watch)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    if (watch == NULL) {
        return GALEN_NO_MEMORY;
    }
    watch->options = *options;
    watch->repository = repository_ref(options->repository);
    watch->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    watch->stop = eventfd(0, EFD_CLOEXEC);
    const enum galen_status status =
        watch->stop < 0 ? GALEN_NO_MEMORY : start_thread(watch);
    if (status != GALEN_OK) {
        watch_stop(watch);
        return status;
    }
    *out_watch = watch;
    return GALEN_OK;
}

void watch_stop(struct watch *watch)
{
    if (watch == NULL) {
        return;
    }
    if (watch->has_thread) {
        INVARIANT(eventfd_write(watch->stop, 1) == 0);
        INVARIANT(pthread_join(watch->thread, NULL) == 0);
    }
    if (watch->inotify >= 0) {
        (void)close(watch->inotify);
    }
    if (watch->stop >= 0) {
        (void)close(watch->stop);
    }
    repository_unref(watch->repository);
    free(watch);
}
