/* SPDX-License-Identifier: Apache-2.0 */
#include "manual_mailbox.h"

#include <time.h>

#include "base/clock.h"
#include "base/invariant.h"

static void post(struct mailbox *base, struct task *task)
{
    struct manual_mailbox *mailbox = (struct manual_mailbox *)(void *)base;
    (void)pthread_mutex_lock(&mailbox->lock_);
    task->next = NULL;
    *mailbox->end_ = task;
    mailbox->end_ = &task->next;
    (void)pthread_cond_signal(&mailbox->posted_);
    (void)pthread_mutex_unlock(&mailbox->lock_);
}

static const struct mailbox_ops ops = {.post = post};

void manual_mailbox_init(struct manual_mailbox *mailbox)
{
    pthread_condattr_t attributes;
    *mailbox = (struct manual_mailbox){.base = {.ops = &ops}};
    mailbox->end_ = &mailbox->first_;
    INVARIANT(pthread_mutex_init(&mailbox->lock_, NULL) == 0);
    INVARIANT(pthread_condattr_init(&attributes) == 0);
    INVARIANT(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    INVARIANT(pthread_cond_init(&mailbox->posted_, &attributes) == 0);
    (void)pthread_condattr_destroy(&attributes);
}

void manual_mailbox_deinit(struct manual_mailbox *mailbox)
{
    INVARIANT(mailbox->first_ == NULL);
    (void)pthread_cond_destroy(&mailbox->posted_);
    (void)pthread_mutex_destroy(&mailbox->lock_);
}

/* Takes all posted tasks; called with the lock held. */
static struct task *take_all(struct manual_mailbox *mailbox)
{
    struct task *first = mailbox->first_;
    mailbox->first_ = NULL;
    mailbox->end_ = &mailbox->first_;
    return first;
}

static size_t run_all(struct task *task)
{
    size_t count = 0;
    while (task != NULL) {
        struct task *next = task->next; /* a running task may reuse its storage */
        task->run(task);
        task = next;
        count++;
    }
    return count;
}

size_t manual_mailbox_run(struct manual_mailbox *mailbox)
{
    (void)pthread_mutex_lock(&mailbox->lock_);
    struct task *first = take_all(mailbox);
    (void)pthread_mutex_unlock(&mailbox->lock_);
    return run_all(first);
}

size_t manual_mailbox_wait(struct manual_mailbox *mailbox, uint64_t timeout_ms)
{
    const uint64_t until_ns = clock_monotonic_ns() + timeout_ms * NS_PER_MS;
    const struct timespec until = {.tv_sec = (time_t)(until_ns / NS_PER_S),
                                   .tv_nsec = (long)(until_ns % NS_PER_S)};
    int result = 0;
    (void)pthread_mutex_lock(&mailbox->lock_);
    while (mailbox->first_ == NULL && result == 0) {
        result = pthread_cond_timedwait(&mailbox->posted_, &mailbox->lock_, &until);
    }
    struct task *first = take_all(mailbox);
    (void)pthread_mutex_unlock(&mailbox->lock_);
    return run_all(first);
}
