/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log of a process: its records go to one or more trails (sinks), a chain in
 * each. A sink whose disk fails rests, and is tried again with a new chain; the log says of
 * each batch whether enough of them have it.
 *
 * I/O only by way of the disk. Threads: one owner. Blocking: all but the questions.
 */
#pragma once

#include "base/list.h"
#include "service/audit/chain.h"

#define AUDIT_SINK_COUNT_MAX 4u

struct audit_log_options {
    struct audit_chain_options chain;
    const char *const *trails; /* borrowed; 1 to AUDIT_SINK_COUNT_MAX */
    size_t trail_count;
    bool requires_all; /* every sink has to have a record; else one */
    uint64_t retry_ns; /* between two tries of a sink that failed */
    /* A sink failed, or works again (status GALEN_OK). NULL is allowed. */
    void (*on_sink)(void *context, size_t sink, enum galen_status status,
                    const struct error *error);
    void *context;
};

struct audit_log;

/* Opens the first chains. GALEN_UNAVAILABLE and the rest of audit_chain_open: not enough
 * sinks work; the error is the first one's that failed. */
MUST_USE enum galen_status audit_log_create(const struct audit_log_options *options,
                                            struct audit_log **out_log,
                                            struct error *out_error);

/* Adds a record to the batch; fields are borrowed until commit. */
void audit_log_append(struct audit_log *log, struct bytes fields);

/* Makes the batch durable, trying first what failed before. GALEN_AUDIT_UNAVAILABLE: not
 * enough sinks have it. An empty batch is none: checkpoints that are due are made. */
MUST_USE enum galen_status audit_log_commit(struct audit_log *log);

/* When commit is to be called though nothing was appended (now_ns); CLOCK_NEVER. */
uint64_t audit_log_due_ns(const struct audit_log *log);

/* Whether the last commit left enough sinks working. */
bool audit_log_is_available(const struct audit_log *log);
bool audit_log_sink_works(const struct audit_log *log, size_t sink);
uint64_t audit_log_unwitnessed(const struct audit_log *log);

/* Stops the chains that work, and frees the log. NULL is allowed. */
void audit_log_close(struct audit_log *log);
