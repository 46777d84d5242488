/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/offload.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/invariant.h"
#include "base/thread.h"

struct offload_thread {
    struct offload *offload;
    struct confined_decoder *decoder;
    pthread_t id;
    bool runs;
};

struct offload {
    pthread_mutex_t lock;
    pthread_cond_t work; /* a task, or the end */
    struct list waiting;
    size_t queue_count_max;
    bool stopping;
    size_t thread_count;
    struct offload_thread threads[];
};

static void lock(struct offload *offload)
{
    INVARIANT(pthread_mutex_lock(&offload->lock) == 0);
}

static void unlock(struct offload *offload)
{
    INVARIANT(pthread_mutex_unlock(&offload->lock) == 0);
}

/* NULL: the end. */
static struct offload_task *next_task(struct offload *offload)
{
    struct offload_task *task = NULL;
    lock(offload);
    while (list_is_empty(&offload->waiting) && !offload->stopping) {
        (void)pthread_cond_wait(&offload->work, &offload->lock);
    }
    struct list_link *link = list_first(&offload->waiting);
    if (link != NULL) {
        list_remove(&offload->waiting, link);
        task = LIST_ITEM(link, struct offload_task, link);
    }
    unlock(offload);
    return task;
}

static void *work(void *context)
{
    struct offload_thread *thread = context;
    struct offload_task *task;
    while ((task = next_task(thread->offload)) != NULL) {
        task->run(task, thread->decoder);
    }
    return NULL;
}

static enum galen_status start_thread(struct offload *offload, size_t index,
                                      const struct confined_decoder_options *decoder,
                                      struct error *out_error)
{
    struct offload_thread *thread = &offload->threads[index];
    thread->offload = offload;
    TRY(confined_decoder_open(decoder, &thread->decoder, out_error));
    TRY(thread_start(work, thread, &thread->id));
    thread->runs = true;
    return GALEN_OK;
}

enum galen_status offload_create(const struct offload_options *options,
                                 struct offload **out_offload, struct error *out_error)
{
    struct offload *offload =
        calloc(1, sizeof(*offload) + options->thread_count * sizeof(offload->threads[0]));
    if (offload == NULL) {
        return GALEN_NO_MEMORY;
    }
    INVARIANT(pthread_mutex_init(&offload->lock, NULL) == 0);
    INVARIANT(pthread_cond_init(&offload->work, NULL) == 0);
    list_init(&offload->waiting);
    offload->queue_count_max = options->queue_count_max;
    offload->thread_count = options->thread_count;
    for (size_t i = 0; i < options->thread_count; i++) {
        const enum galen_status status =
            start_thread(offload, i, &options->decoder, out_error);
        if (status != GALEN_OK) {
            offload_destroy(offload);
            return status;
        }
    }
    *out_offload = offload;
    return GALEN_OK;
}

enum galen_status offload_push(struct offload *offload, struct offload_task *task)
{
    lock(offload);
    const bool is_full = offload->waiting.count >= offload->queue_count_max;
    if (!is_full) {
        list_append(&offload->waiting, &task->link);
        (void)pthread_cond_signal(&offload->work);
    }
    unlock(offload);
    return is_full ? GALEN_BUSY : GALEN_OK;
}

bool offload_take_back(struct offload *offload, struct offload_task *task)
{
    bool found = false;
    lock(offload);
    for (struct list_link *link = list_first(&offload->waiting); link != NULL && !found;
         link = list_next(&offload->waiting, link)) {
        found = link == &task->link;
    }
    if (found) {
        list_remove(&offload->waiting, &task->link);
    }
    unlock(offload);
    return found;
}

uint64_t offload_lost_count(const struct offload *offload)
{
    uint64_t count = 0;
    for (size_t i = 0; i < offload->thread_count; i++) {
        count += confined_decoder_lost_count(offload->threads[i].decoder);
    }
    return count;
}

void offload_destroy(struct offload *offload)
{
    if (offload == NULL) {
        return;
    }
    lock(offload);
    offload->stopping = true;
    (void)pthread_cond_broadcast(&offload->work);
    unlock(offload);
    for (size_t i = 0; i < offload->thread_count; i++) {
        struct offload_thread *thread = &offload->threads[i];
        if (thread->runs) {
            (void)pthread_join(thread->id, NULL);
        }
        confined_decoder_close(thread->decoder);
    }
    (void)pthread_cond_destroy(&offload->work);
    (void)pthread_mutex_destroy(&offload->lock);
    free(offload);
}
