/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/instance.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "base/limits.h"
#include "base/thread.h"
#include "engine/stopwatch.h"
#include "infer/answer.h"

enum {
    ARENA_SIZE_BYTES_MAX = 2 * 1024 * 1024,
    MEASURE_ONE_IN = 16,
    SLOW_RUN_COUNT_FREE = 4, /* the first is cold, and some bad luck decides nothing */
};

#define SHUTTING_DOWN "the engine is shutting down"
#define TIMED_OUT "Request timeout expired" /* Triton's words */

struct instances {
    struct instances_options options;
    struct arena arena;
    struct scheduler *scheduler;
    pthread_mutex_t lock;
    pthread_cond_t work; /* something to pull, an earlier time to wake, or the end */
    pthread_cond_t idle; /* nothing is pending */
    size_t waiting_thread_count;
    size_t busy_count;           /* batches, from pull until all their calls are finished */
    uint64_t quick_run_count;    /* on submitting threads */
    uint64_t measured_run_count; /* of these */
    uint64_t slow_run_count;     /* of these, such that took longer than they may */
    bool stopping;
    size_t thread_count;
    pthread_t threads[];
};

static void lock(struct instances *instances)
{
    INVARIANT(pthread_mutex_lock(&instances->lock) == 0);
}

static void unlock(struct instances *instances)
{
    INVARIANT(pthread_mutex_unlock(&instances->lock) == 0);
}

static struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S),
                             .tv_nsec = (long)(ns % NS_PER_S)};
}

/* Waits for a signal, at most until until_ns. With the lock. */
static void wait_until(struct instances *instances, pthread_cond_t *condition,
                       uint64_t until_ns)
{
    if (until_ns == CLOCK_NEVER) {
        (void)pthread_cond_wait(condition, &instances->lock);
        return;
    }
    const struct timespec until = timespec_of(until_ns);
    (void)pthread_cond_timedwait(condition, &instances->lock, &until);
}

/* Tells who does not run why. */
static void refuse(struct inference *inference, const char *why)
{
    struct infer_call *call = inference->call;
    const enum galen_status status = inference->entry.status;
    if (status == GALEN_TIMEOUT) {
        (void)infer_refuse_late(call);
    } else if (status == GALEN_CANCELLED) {
        (void)infer_refuse_cancelled(call);
    } else {
        (void)error_set(&call->error, status, "%s", why);
    }
    infer_call_finish(call, status);
}

/* An inference lies in its call and is gone once that is finished. */
static void answer(struct inference *inference)
{
    struct infer_call *call = inference->call;
    const enum galen_status status = inference->entry.status;
    infer_call_finish(call,
                      status == GALEN_CANCELLED ? infer_refuse_cancelled(call) : status);
}

/* With the lock: those whose answers waited for one that left otherwise. A mailbox's post
 * never comes back here. */
static void answer_those_behind(struct instances *instances)
{
    struct scheduler_entry *entry;
    while ((entry = scheduler_take(instances->scheduler)) != NULL) {
        answer(inference_of(entry));
    }
}

/* With the lock. */
static void expire(struct instances *instances, uint64_t now_ns)
{
    struct scheduler_entry *entry;
    while ((entry = scheduler_expire(instances->scheduler, now_ns)) != NULL) {
        refuse(inference_of(entry), TIMED_OUT);
    }
    answer_those_behind(instances);
}

/* Waits until there is a batch to run. False: the instances end. With the lock. */
static bool next_batch(struct instances *instances, struct batch *out_batch)
{
    while (!instances->stopping) {
        const uint64_t now_ns = clock_monotonic_ns();
        expire(instances, now_ns);
        if (scheduler_pull(instances->scheduler, now_ns, out_batch)) {
            return true;
        }
        instances->waiting_thread_count++;
        wait_until(instances, &instances->work, scheduler_due_ns(instances->scheduler));
        instances->waiting_thread_count--;
    }
    return false;
}

/* With the lock: what is left in the queue needs somebody who wakes when it is due. */
static void wake_another(struct instances *instances)
{
    if (instances->waiting_thread_count > 0 &&
        scheduler_waiting_count(instances->scheduler) > 0) {
        (void)pthread_cond_signal(&instances->work);
    }
}

/* With the lock: what each caller is told, and to whom it may be told now. These are
 * chained anew: nobody reads the batch's chain any more. */
static void settle(struct instances *instances, const struct batch *batch,
                   const struct compute_times *times, struct list *out_answers)
{
    struct scheduler_entry *entry;
    const uint64_t took_ns = times->input_ns + times->infer_ns + times->output_ns;
    scheduler_finish(instances->scheduler, batch, times, batch->left_ns + took_ns);
    list_init(out_answers);
    while ((entry = scheduler_take(instances->scheduler)) != NULL) {
        list_append(out_answers, &entry->waiting.link);
    }
}

/* For whoever wants to know when it was. */
static void note_times(const struct batch *batch, const struct compute_times *times)
{
    const struct list_link *end = &batch->entries.head;
    for (struct list_link *link = end->next; link != end; link = link->next) {
        const struct inference *inference = inference_of_link(link);
        inference->call->response.timing = (struct infer_timing){
            .queued_ns = inference->entry.waiting.arrived_ns,
            .began_ns = batch->left_ns,
            .ended_ns =
                batch->left_ns + times->input_ns + times->infer_ns + times->output_ns,
            .row_count = batch->row_count,
        };
    }
}

static void answer_all(const struct list *answers)
{
    struct list_link *next;
    for (struct list_link *link = list_first(answers); link != NULL; link = next) {
        next = list_next(answers, link);
        answer(inference_of_link(link));
    }
}

/* With the lock, given back meanwhile unless the order counts: of two threads that answer
 * one would overtake the other. A mailbox's post never comes back here. */
static void tell(struct instances *instances, const struct list *answers)
{
    if (instances->options.settings.preserve_ordering) {
        answer_all(answers);
        return;
    }
    unlock(instances);
    answer_all(answers);
    lock(instances);
}

static bool is_idle(const struct instances *instances)
{
    return instances->busy_count == 0 && scheduler_is_idle(instances->scheduler);
}

/* Runs what was pulled and answers. With the lock, but not all the time. */
static void run_batch(struct instances *instances, const struct batch *batch)
{
    struct compute_times times;
    struct list answers;
    instances->busy_count++;
    unlock(instances);
    instances->options.run(instances->options.context, batch, &times);
    note_times(batch, &times);
    lock(instances);
    settle(instances, batch, &times, &answers);
    tell(instances, &answers);
    instances->busy_count--;
    if (is_idle(instances)) {
        (void)pthread_cond_broadcast(&instances->idle);
    }
}

static void *instance_main(void *context)
{
    struct instances *instances = context;
    struct batch batch;
    lock(instances);
    while (next_batch(instances, &batch)) {
        wake_another(instances);
        run_batch(instances, &batch);
    }
    unlock(instances);
    return NULL;
}

static enum galen_status start_threads(struct instances *instances)
{
    while (instances->thread_count < instances->options.count) {
        TRY(thread_start(instance_main, instances,
                         &instances->threads[instances->thread_count]));
        instances->thread_count++;
    }
    return GALEN_OK;
}

enum galen_status instances_create(const struct instances_options *options,
                                   struct instances **out_instances)
{
    if (options->count < 1 || options->count > LIMIT_INSTANCE_COUNT_LIMIT) {
        return GALEN_INVALID;
    }
    scoped(instances) instances =
        calloc(1, sizeof(*instances) + options->count * sizeof(instances->threads[0]));
    if (instances == NULL) {
        return GALEN_NO_MEMORY;
    }
    instances->options = *options;
    INVARIANT(pthread_mutex_init(&instances->lock, NULL) == 0);
    thread_condition_init(&instances->work);
    thread_condition_init(&instances->idle);
    arena_init(&instances->arena, ARENA_SIZE_BYTES_MAX);
    TRY(scheduler_create(&options->settings, &instances->arena, &instances->scheduler));
    TRY(start_threads(instances));
    *out_instances = take(&instances);
    return GALEN_OK;
}

static void stop_threads(struct instances *instances)
{
    lock(instances);
    INVARIANT(instances->scheduler == NULL || scheduler_is_idle(instances->scheduler));
    instances->stopping = true;
    (void)pthread_cond_broadcast(&instances->work);
    unlock(instances);
    for (size_t i = 0; i < instances->thread_count; i++) {
        INVARIANT(pthread_join(instances->threads[i], NULL) == 0);
    }
}

void instances_destroy(struct instances *instances)
{
    if (instances == NULL) {
        return;
    }
    stop_threads(instances);
    (void)pthread_cond_destroy(&instances->idle);
    (void)pthread_cond_destroy(&instances->work);
    (void)pthread_mutex_destroy(&instances->lock);
    arena_deinit(&instances->arena);
    free(instances);
}

static void refuse_busy(const struct instances *instances, struct inference *inference)
{
    struct infer_call *call = inference->call;
    const size_t count = scheduler_queue_count_max(instances->scheduler, &inference->entry);
    infer_call_finish(call, error_set(&call->error, GALEN_BUSY,
                                      "the queue is full: %zu requests wait", count));
}

static bool runs_here(const struct instances *instances, const struct inference *inference)
{
    return inference->is_quick && instances->options.quick_ns_max > 0 &&
           instances->slow_run_count <=
               SLOW_RUN_COUNT_FREE + instances->measured_run_count / SLOW_ONE_IN &&
           scheduler_waiting_count(instances->scheduler) == 1;
}

/* The first runs, then one in sixteen: to measure costs time too. */
static bool is_to_be_measured(uint64_t run_count)
{
    return run_count < MEASURE_ONE_IN || run_count % MEASURE_ONE_IN == 0;
}

/* As run_batch, and sees whether it was quick. */
static void run_measured(struct instances *instances, const struct batch *batch)
{
    const struct stopwatch stopwatch = stopwatch_start();
    run_batch(instances, batch);
    instances->measured_run_count++;
    instances->slow_run_count +=
        stopwatch_exceeds(&stopwatch, instances->options.quick_ns_max);
}

/* Runs what has just been queued, if it is due. With the lock. */
static bool run_here(struct instances *instances, uint64_t now_ns)
{
    struct batch batch;
    if (!scheduler_pull(instances->scheduler, now_ns, &batch)) {
        return false;
    }
    if (is_to_be_measured(instances->quick_run_count++)) {
        run_measured(instances, &batch);
    } else {
        run_batch(instances, &batch);
    }
    return true;
}

void instances_submit(struct instances *instances, struct inference *inference)
{
    inference->instances = instances;
    lock(instances);
    const uint64_t now_ns = clock_monotonic_ns(); /* with the lock: arrivals are in order */
    expire(instances, now_ns);
    const enum galen_status status =
        scheduler_submit(instances->scheduler, &inference->entry, now_ns);
    const bool here = status == GALEN_OK && runs_here(instances, inference) &&
                      run_here(instances, now_ns);
    const bool wake = status == GALEN_OK && !here && instances->waiting_thread_count > 0;
    unlock(instances);
    if (wake) {
        (void)pthread_cond_signal(&instances->work);
    }
    if (status == GALEN_BUSY) {
        refuse_busy(instances, inference);
    } else if (status != GALEN_OK) {
        refuse(inference, SHUTTING_DOWN);
    }
}

void instances_cancel(struct inference *inference)
{
    struct instances *instances = inference->instances;
    lock(instances);
    if (scheduler_cancel(instances->scheduler, &inference->entry, clock_monotonic_ns())) {
        refuse(inference, "");
        answer_those_behind(instances);
    }
    unlock(instances);
}

void instances_drain(struct instances *instances)
{
    lock(instances);
    scheduler_drain(instances->scheduler);
    (void)pthread_cond_broadcast(&instances->work);
    unlock(instances);
}

/* With the lock. */
static void evict_all(struct instances *instances)
{
    const uint64_t now_ns = clock_monotonic_ns();
    struct scheduler_entry *entry;
    while ((entry = scheduler_evict(instances->scheduler, now_ns)) != NULL) {
        refuse(inference_of(entry), SHUTTING_DOWN);
    }
    answer_those_behind(instances);
}

bool instances_wait_idle(struct instances *instances, uint64_t deadline_ns)
{
    lock(instances);
    while (!is_idle(instances) && clock_monotonic_ns() < deadline_ns) {
        wait_until(instances, &instances->idle, deadline_ns);
    }
    evict_all(instances);
    const bool idle = is_idle(instances);
    unlock(instances);
    return idle;
}

void instances_statistics(struct instances *instances,
                          struct scheduler_statistics *out_statistics)
{
    lock(instances);
    *out_statistics = *scheduler_statistics(instances->scheduler);
    unlock(instances);
}

size_t instances_batch_sizes(struct instances *instances,
                             struct scheduler_batch_size *out_sizes, size_t count_max)
{
    lock(instances);
    const size_t count = scheduler_batch_sizes(instances->scheduler, out_sizes, count_max);
    unlock(instances);
    return count;
}

size_t instances_waiting_count(struct instances *instances)
{
    lock(instances);
    const size_t count = scheduler_waiting_count(instances->scheduler);
    unlock(instances);
    return count;
}
