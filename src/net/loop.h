/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event loop and its thread. It is a mailbox: tasks posted from anywhere run on it.
 *
 * Threads: all calls on the loop's own thread but loop_mailbox()'s post and loop_stop.
 * Posts from the loop's own thread cost no system call. Tasks that are posted while tasks
 * run wait for the next round, so that tasks never starve sockets. Whoever posts must be
 * done with it before loop_destroy: join the thread first.
 */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "base/mailbox.h"
#include "base/status.h"

struct loop;
struct uv_loop_s;

/* Has the process ignore SIGPIPE: a peer that went away is a status of the write. */
MUST_USE enum galen_status loop_create(struct loop **out_loop);

/* Everything on it must be closed, or closing. Tasks that wait do not run any more. NULL is
 * allowed. */
void loop_destroy(struct loop *loop);
DEFINE_SCOPED(loop, loop_destroy)

/* Runs until loop_stop was called, also when that was before. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop); /* any thread */

/* One turn without waiting, for tests. */
void loop_poll(struct loop *loop);

struct mailbox *loop_mailbox(struct loop *loop);
struct uv_loop_s *loop_uv(struct loop *loop); /* net and app only */

/* Monotonic, read once a turn, when first asked for. */
uint64_t loop_now_ns(struct loop *loop);

/* How late the loop is: how long its last turn took, where the one before left it no time
 * to sleep; else 0, since nobody had to wait but for that turn. Threads: the loop's. */
uint64_t loop_lag_ns(const struct loop *loop);
