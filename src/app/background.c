/* SPDX-License-Identifier: Apache-2.0 */
#include "app/background.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "base/limits.h"
#include "base/thread.h"

struct background {
    struct background_options options;
    struct list jobs;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    bool is_ending;
};

enum galen_status background_create(const struct background_options *options,
                                    struct background **out_background)
{
    struct background *background = calloc(1, sizeof(*background));
    if (background == NULL) {
        return GALEN_NO_MEMORY;
    }
    background->options = *options;
    list_init(&background->jobs);
    INVARIANT(pthread_mutex_init(&background->lock, NULL) == 0);
    thread_condition_init(&background->changed);
    *out_background = background;
    return GALEN_OK;
}

void background_destroy(struct background *background)
{
    if (background != NULL) {
        INVARIANT(list_is_empty(&background->jobs));
        (void)pthread_cond_destroy(&background->changed);
        (void)pthread_mutex_destroy(&background->lock);
        free(background);
    }
}

static void on_over(struct task *task)
{
    struct background_job *job = LIST_ITEM(task, struct background_job, over_);
    struct background *background = job->background_;
    INVARIANT(pthread_join(job->thread_, NULL) == 0);
    list_remove(&background->jobs, &job->link_);
    job->done(job);
    background->options.let_go(background->options.context);
}

static void *run(void *context)
{
    struct background_job *job = context;
    job->run(job);
    mailbox_post(job->background_->options.mailbox, &job->over_);
    return NULL;
}

static bool has_key(const struct background *background, const char *key)
{
    struct list_link *at = key == NULL ? NULL : list_first(&background->jobs);
    while (at != NULL) {
        const char *other = LIST_ITEM(at, struct background_job, link_)->key;
        if (other != NULL && strcmp(other, key) == 0) {
            return true;
        }
        at = list_next(&background->jobs, at);
    }
    return false;
}

static enum galen_status check(const struct background *background,
                               const struct background_job *job, struct error *out_error)
{
    if (background->is_ending) {
        return error_set(out_error, GALEN_UNAVAILABLE, "draining");
    }
    if (has_key(background, job->key)) {
        return error_set(out_error, GALEN_CONFLICT, "another release of it is under way");
    }
    return background->jobs.count < LIMIT_BACKGROUND_JOB_COUNT_MAX
               ? GALEN_OK
               : error_set(out_error, GALEN_BUSY, "too much is under way: %d",
                           LIMIT_BACKGROUND_JOB_COUNT_MAX);
}

enum galen_status background_start(struct background *background,
                                   struct background_job *job, struct error *out_error)
{
    TRY(check(background, job, out_error));
    job->background_ = background;
    job->over_.run = on_over;
    TRY(thread_start(run, job, &job->thread_));
    list_append(&background->jobs, &job->link_);
    background->options.hold(background->options.context);
    return GALEN_OK;
}

bool background_pause(struct background_job *job, uint64_t ms)
{
    struct background *background = job->background_;
    const uint64_t due_ns = clock_monotonic_ns() + ms * NS_PER_MS;
    const struct timespec due = {.tv_sec = (time_t)(due_ns / NS_PER_S),
                                 .tv_nsec = (long)(due_ns % NS_PER_S)};
    int result = 0;
    INVARIANT(pthread_mutex_lock(&background->lock) == 0);
    while (!background->is_ending && result == 0) {
        result = pthread_cond_timedwait(&background->changed, &background->lock, &due);
    }
    const bool goes_on = !background->is_ending;
    INVARIANT(pthread_mutex_unlock(&background->lock) == 0);
    return goes_on;
}

void background_end(struct background *background)
{
    INVARIANT(pthread_mutex_lock(&background->lock) == 0);
    background->is_ending = true;
    INVARIANT(pthread_cond_broadcast(&background->changed) == 0);
    INVARIANT(pthread_mutex_unlock(&background->lock) == 0);
}
