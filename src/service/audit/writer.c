/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/writer.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "base/limits.h"
#include "base/log.h"

#define SPACE_PERIOD_NS (60 * NS_PER_S)

struct audit_writer {
    struct audit base; /* first */
    struct audit_log *log;
    struct audit_log_options options;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work; /* something waits, or it ends; on the monotonic clock */
    struct list queue;
    struct list batch; /* the thread's own: what it took of the queue */
    bool ends;
    struct audit_writer_statistics statistics;
    bool sink_fails[AUDIT_SINK_COUNT_MAX]; /* as it was said */
    uint64_t space_due_ns; /* when the free space is to be asked for again */
};

/* The entry's end, on its mailbox. */
static void run_done(struct task *task)
{
    struct audit_entry *entry = LIST_ITEM(task, struct audit_entry, task);
    entry->done(entry);
}

static void finish(struct audit_entry *entry, enum galen_status status)
{
    entry->status = status;
    entry->task.run = run_done;
    mailbox_post(entry->mailbox, &entry->task);
}

/* Moves what there is room for from one list to the other. */
static void move_entries(struct list *from, struct list *to)
{
    while (!list_is_empty(from) && to->count < LIMIT_AUDIT_QUEUE_COUNT_MAX) {
        struct list_link *link = list_first(from);
        list_remove(from, link);
        list_append(to, link);
    }
}

static void finish_all(struct list *entries, enum galen_status status)
{
    struct list_link *link;
    while ((link = list_first(entries)) != NULL) {
        list_remove(entries, link);
        finish(LIST_ITEM(link, struct audit_entry, link), status);
    }
}

static void submit(struct audit *audit, struct list *entries)
{
    struct audit_writer *writer = (struct audit_writer *)audit;
    (void)pthread_mutex_lock(&writer->lock);
    const bool was_empty = list_is_empty(&writer->queue);
    move_entries(entries, &writer->queue);
    writer->statistics.refused_count += entries->count;
    (void)pthread_mutex_unlock(&writer->lock);
    if (was_empty) {
        (void)pthread_cond_signal(&writer->work);
    }
    finish_all(entries, GALEN_AUDIT_UNAVAILABLE);
}

/* Said once, however often it is tried. */
static void on_sink(void *context, size_t sink, enum galen_status status,
                    const struct error *error)
{
    struct audit_writer *writer = context;
    const bool fails = status != GALEN_OK;
    if (writer->sink_fails[sink] == fails) {
        return;
    }
    writer->sink_fails[sink] = fails;
    if (fails) {
        log_event(LOG_ERROR, "audit.sink_failed",
                  LOG_STR("trail", writer->options.trails[sink]),
                  LOG_STR("why", error->text));
    } else {
        log_event(LOG_WARN, "audit.sink_works",
                  LOG_STR("trail", writer->options.trails[sink]));
    }
}

static void wait_until(struct audit_writer *writer, uint64_t due_ns)
{
    if (due_ns == CLOCK_NEVER) {
        (void)pthread_cond_wait(&writer->work, &writer->lock);
        return;
    }
    const struct timespec due = {.tv_sec = (time_t)(due_ns / NS_PER_S),
                                 .tv_nsec = (long)(due_ns % NS_PER_S)};
    (void)pthread_cond_timedwait(&writer->work, &writer->lock, &due);
}

/* Waits for work, or for a checkpoint to be due, and takes what there is. False:
 * it is over. */
static bool take_batch(struct audit_writer *writer)
{
    struct list *batch = &writer->batch;
    const uint64_t log_due_ns = audit_log_due_ns(writer->log);
    const uint64_t due_ns =
        log_due_ns < writer->space_due_ns ? log_due_ns : writer->space_due_ns;
    (void)pthread_mutex_lock(&writer->lock);
    while (list_is_empty(&writer->queue) && !writer->ends &&
           clock_monotonic_ns() < due_ns) {
        wait_until(writer, due_ns);
    }
    while (!list_is_empty(&writer->queue) && batch->count < LIMIT_AUDIT_BATCH_COUNT_MAX) {
        struct list_link *link = list_first(&writer->queue);
        list_remove(&writer->queue, link);
        list_append(batch, link);
    }
    const bool goes_on = batch->count > 0 || !writer->ends;
    (void)pthread_mutex_unlock(&writer->lock);
    return goes_on;
}

static void note(struct audit_writer *writer, size_t record_count, enum galen_status status,
                 uint64_t duration_ns)
{
    struct audit_writer_statistics *statistics = &writer->statistics;
    (void)pthread_mutex_lock(&writer->lock);
    statistics->commit_count += record_count > 0;
    statistics->commit_ns += record_count > 0 ? duration_ns : 0;
    if (status == GALEN_OK) {
        statistics->record_count += record_count;
    } else {
        statistics->refused_count += record_count;
    }
    statistics->unwitnessed_count = audit_log_unwitnessed(writer->log);
    for (size_t i = 0; i < writer->options.trail_count; i++) {
        statistics->sinks[i].works = audit_log_sink_works(writer->log, i);
    }
    (void)pthread_mutex_unlock(&writer->lock);
}

/* Not by who asks for metrics: a disk may hang. */
static void note_space(struct audit_writer *writer)
{
    const struct audit_log_options *options = &writer->options;
    struct audit_disk *disk = options->chain.disk;
    const uint64_t now_ns = clock_monotonic_ns();
    if (now_ns < writer->space_due_ns) {
        return;
    }
    writer->space_due_ns = now_ns + SPACE_PERIOD_NS;
    for (size_t i = 0; i < options->trail_count; i++) {
        uint64_t bytes = 0;
        (void)disk->ops->free_bytes(disk, options->trails[i], &bytes, NULL);
        (void)pthread_mutex_lock(&writer->lock);
        writer->statistics.sinks[i].free_bytes = bytes;
        (void)pthread_mutex_unlock(&writer->lock);
    }
}

static void tell_change(struct audit_writer *writer, bool is_available)
{
    if (atomic_exchange(&writer->base.is_available, is_available) == is_available) {
        return;
    }
    if (is_available) {
        log_event(LOG_WARN, "audit.available");
    } else {
        log_event(LOG_ERROR, "audit.unavailable");
    }
}

static void commit(struct audit_writer *writer)
{
    struct list *batch = &writer->batch;
    const uint64_t begin_ns = clock_monotonic_ns();
    const size_t count = batch->count;
    for (struct list_link *link = list_first(batch); link != NULL;
         link = list_next(batch, link)) {
        audit_log_append(writer->log, LIST_ITEM(link, struct audit_entry, link)->fields);
    }
    const enum galen_status status = audit_log_commit(writer->log);
    tell_change(writer, audit_log_is_available(writer->log));
    note(writer, count, status, clock_monotonic_ns() - begin_ns);
    finish_all(batch, status);
}

static void *run(void *context)
{
    struct audit_writer *writer = context;
    note_space(writer);
    while (take_batch(writer)) {
        commit(writer);
        note_space(writer);
    }
    return NULL;
}

static void init_lock(struct audit_writer *writer)
{
    pthread_condattr_t attributes;
    (void)pthread_mutex_init(&writer->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&writer->work, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

static enum galen_status start(struct audit_writer *writer, struct error *out_error)
{
    TRY(audit_log_create(&writer->options, &writer->log, out_error));
    note(writer, 0, GALEN_OK, 0);
    return pthread_create(&writer->thread, NULL, run, writer) == 0 ? GALEN_OK
                                                                   : GALEN_NO_MEMORY;
}

enum galen_status audit_writer_create(const struct audit_log_options *options,
                                      struct audit_writer **out_writer,
                                      struct error *out_error)
{
    static const struct audit_ops ops = {.submit = submit};
    struct audit_writer *writer = calloc(1, sizeof(*writer));
    if (writer == NULL) {
        return GALEN_NO_MEMORY;
    }
    writer->base.ops = &ops;
    atomic_init(&writer->base.is_available, true);
    writer->options = *options;
    writer->statistics.sink_count = options->trail_count;
    writer->options.on_sink = on_sink;
    writer->options.context = writer;
    list_init(&writer->queue);
    list_init(&writer->batch);
    init_lock(writer);
    const enum galen_status status = start(writer, out_error);
    if (status != GALEN_OK) {
        audit_log_close(writer->log);
        (void)pthread_mutex_destroy(&writer->lock);
        (void)pthread_cond_destroy(&writer->work);
        free(writer);
        return status;
    }
    *out_writer = writer;
    return GALEN_OK;
}

struct audit *audit_writer_base(struct audit_writer *writer)
{
    return &writer->base;
}

void audit_writer_read(struct audit_writer *writer,
                       struct audit_writer_statistics *out_statistics)
{
    (void)pthread_mutex_lock(&writer->lock);
    *out_statistics = writer->statistics;
    out_statistics->waiting_count = writer->queue.count;
    (void)pthread_mutex_unlock(&writer->lock);
}

void audit_writer_close(struct audit_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&writer->lock);
    writer->ends = true;
    (void)pthread_mutex_unlock(&writer->lock);
    (void)pthread_cond_signal(&writer->work);
    (void)pthread_join(writer->thread, NULL);
    INVARIANT(list_is_empty(&writer->queue));
    audit_log_close(writer->log);
    (void)pthread_mutex_destroy(&writer->lock);
    (void)pthread_cond_destroy(&writer->work);
    free(writer);
}
