/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit of a process that writes: one thread, which takes all that waits, makes it
 * durable at once (group commit) and begins anew with what came meanwhile. Nothing waits
 * for company.
 *
 * Threads: submit from any. Blocking: create and close, on the disk.
 */
#pragma once

#include "service/audit/audit.h"
#include "service/audit/log.h"

struct audit_writer;

/* GALEN_NO_MEMORY; audit_log_create's. options->on_sink is the writer's. */
MUST_USE enum galen_status audit_writer_create(const struct audit_log_options *options,
                                               struct audit_writer **out_writer,
                                               struct error *out_error);
struct audit *audit_writer_base(struct audit_writer *writer);

/* What it did until now. Any thread. */
struct audit_writer_statistics {
    uint64_t record_count; /* durable */
    uint64_t refused_count;
    uint64_t commit_count;
    uint64_t commit_ns; /* of all commits together */
    uint64_t waiting_count;
    uint64_t unwitnessed_count;
    size_t sink_count;
    struct {
        bool works;
        uint64_t free_bytes; /* as of the last minute */
    } sinks[AUDIT_SINK_COUNT_MAX];
};
void audit_writer_read(struct audit_writer *writer,
                       struct audit_writer_statistics *out_statistics);

/* No entry may be under way. Stops the chains. NULL is allowed. */
void audit_writer_close(struct audit_writer *writer);
