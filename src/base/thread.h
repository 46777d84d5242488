/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of ours, and what they wait on. */
#pragma once

#include <pthread.h>

#include "base/status.h"

/* One that handles no signals: these are the program's, and its loops'. The caller joins
 * it. GALEN_NO_MEMORY: the system has none for us. */
MUST_USE enum galen_status thread_start(void *(*run)(void *context), void *context,
                                        pthread_t *out_thread);

/* A condition whose timed waits are by the monotonic clock. */
void thread_condition_init(pthread_cond_t *condition);
