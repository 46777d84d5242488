/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How work gets back to the thread that it belongs to. A loop is a mailbox; so is the
 * virtual world of the simulation.
 *
 * Threads: post from any. A task runs once for each post, later, on the mailbox's own
 * thread, never inside post. Tasks posted by one thread run in the order of their posts.
 * Allocation: none, the task is the caller's storage and may be reused from inside its run.
 */
#pragma once

struct task {
    struct task *next; /* the mailbox's while posted */
    void (*run)(struct task *task);
};

struct mailbox;

struct mailbox_ops {
    void (*post)(struct mailbox *mailbox, struct task *task);
};

struct mailbox {
    const struct mailbox_ops *ops;
};

static inline void mailbox_post(struct mailbox *mailbox, struct task *task)
{
    mailbox->ops->post(mailbox, task);
}
