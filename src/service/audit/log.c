/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/log.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/invariant.h"

struct sink {
    const char *trail;
    struct audit_chain *chain; /* NULL: it failed and rests */
    uint64_t retry_at_ns;
    uint64_t missed;        /* records since it failed */
    struct audit_claim end; /* of the chain that failed; no records: there is none */
    uint64_t unwitnessed;   /* of chains that are over */
};

struct audit_log {
    struct audit_log_options options;
    struct sink sinks[AUDIT_SINK_COUNT_MAX];
    size_t batch_count; /* records of the batch */
    bool is_available;  /* enough sinks work */
};

static uint64_t now_ns(const struct audit_log *log)
{
    const struct audit_clock *clock = log->options.chain.clock;
    return clock->now_ns(clock->context);
}

static void tell(struct audit_log *log, const struct sink *sink, enum galen_status status,
                 const struct error *error)
{
    if (log->options.on_sink != NULL) {
        log->options.on_sink(log->options.context, (size_t)(sink - log->sinks), status,
                             error);
    }
}

static void fail(struct audit_log *log, struct sink *sink, enum galen_status status,
                 const struct error *error)
{
    if (sink->chain != NULL) {
        sink->unwitnessed += audit_chain_unwitnessed(sink->chain);
        audit_chain_tell_end(sink->chain, &sink->end);
    }
    audit_chain_close(sink->chain);
    sink->chain = NULL;
    sink->retry_at_ns = now_ns(log) + log->options.retry_ns;
    tell(log, sink, status, error);
}

static enum galen_status open_sink(struct audit_log *log, struct sink *sink,
                                   struct error *out_error)
{
    const struct audit_claim *known = sink->end.record_count > 0 ? &sink->end : NULL;
    error_clear(out_error);
    const enum galen_status status = audit_chain_open(
        &log->options.chain, sink->trail, known, sink->missed, &sink->chain, out_error);
    if (status == GALEN_OK) {
        sink->missed = 0;
    }
    return status;
}

static void revive(struct audit_log *log, struct sink *sink)
{
    struct error error;
    const enum galen_status status = open_sink(log, sink, &error);
    if (status == GALEN_OK) {
        tell(log, sink, GALEN_OK, &error);
    } else {
        fail(log, sink, status, &error);
    }
}

static bool is_enough(const struct audit_log *log, size_t working_count)
{
    return working_count >= (log->options.requires_all ? log->options.trail_count : 1);
}

static size_t working_count(const struct audit_log *log)
{
    size_t count = 0;
    for (size_t i = 0; i < log->options.trail_count; i++) {
        count += log->sinks[i].chain != NULL;
    }
    return count;
}

/* What failed here is tried again later, where enough others work. */
static enum galen_status open_all(struct audit_log *log, struct error *out_error)
{
    enum galen_status first = GALEN_OK;
    for (size_t i = 0; i < log->options.trail_count; i++) {
        struct error error;
        log->sinks[i].trail = log->options.trails[i];
        const enum galen_status status = open_sink(log, &log->sinks[i], &error);
        if (status != GALEN_OK && first == GALEN_OK) {
            first = status;
            *out_error = error;
        }
        if (status != GALEN_OK) {
            fail(log, &log->sinks[i], status, &error);
        }
    }
    log->is_available = is_enough(log, working_count(log));
    return log->is_available ? GALEN_OK : first;
}

enum galen_status audit_log_create(const struct audit_log_options *options,
                                   struct audit_log **out_log, struct error *out_error)
{
    struct audit_log *log = calloc(1, sizeof(*log));
    if (log == NULL) {
        return GALEN_NO_MEMORY;
    }
    INVARIANT(options->trail_count > 0 && options->trail_count <= AUDIT_SINK_COUNT_MAX);
    log->options = *options;
    const enum galen_status status = open_all(log, out_error);
    if (status != GALEN_OK) {
        audit_log_close(log);
        return status;
    }
    *out_log = log;
    return GALEN_OK;
}

/* A batch begins: sinks that rested long enough are tried. */
static void begin_batch(struct audit_log *log)
{
    for (size_t i = 0; i < log->options.trail_count; i++) {
        struct sink *sink = &log->sinks[i];
        if (sink->chain == NULL && sink->retry_at_ns <= now_ns(log)) {
            revive(log, sink);
        }
    }
    log->is_available = is_enough(log, working_count(log));
}

/* Where not enough sinks work, none gets a record of what is going to be refused. */
void audit_log_append(struct audit_log *log, struct bytes fields)
{
    if (log->batch_count == 0) {
        begin_batch(log);
    }
    log->batch_count++;
    for (size_t i = 0; i < log->options.trail_count; i++) {
        if (log->sinks[i].chain != NULL && log->is_available) {
            audit_chain_append(log->sinks[i].chain, fields);
        }
    }
}

static void commit_sink(struct audit_log *log, struct sink *sink)
{
    struct error error;
    error_clear(&error);
    const enum galen_status status =
        sink->chain == NULL ? GALEN_OK : audit_chain_commit(sink->chain, &error);
    if (status != GALEN_OK) {
        fail(log, sink, status, &error);
    }
    if (sink->chain == NULL) {
        sink->missed += log->batch_count;
    }
}

enum galen_status audit_log_commit(struct audit_log *log)
{
    if (log->batch_count == 0) {
        begin_batch(log);
    }
    const bool was_available = log->is_available;
    for (size_t i = 0; i < log->options.trail_count; i++) {
        commit_sink(log, &log->sinks[i]);
    }
    log->batch_count = 0;
    log->is_available = is_enough(log, working_count(log));
    return was_available && log->is_available ? GALEN_OK : GALEN_AUDIT_UNAVAILABLE;
}

uint64_t audit_log_due_ns(const struct audit_log *log)
{
    uint64_t due_ns = CLOCK_NEVER;
    for (size_t i = 0; i < log->options.trail_count; i++) {
        const struct sink *sink = &log->sinks[i];
        const uint64_t own = sink->chain == NULL
                                 ? sink->retry_at_ns
                                 : audit_chain_checkpoint_due_ns(sink->chain);
        due_ns = own < due_ns ? own : due_ns;
    }
    return due_ns;
}

bool audit_log_is_available(const struct audit_log *log)
{
    return log->is_available;
}

bool audit_log_sink_works(const struct audit_log *log, size_t sink)
{
    return log->sinks[sink].chain != NULL;
}

uint64_t audit_log_unwitnessed(const struct audit_log *log)
{
    uint64_t count = 0;
    for (size_t i = 0; i < log->options.trail_count; i++) {
        const struct sink *sink = &log->sinks[i];
        count += sink->unwitnessed +
                 (sink->chain == NULL ? 0 : audit_chain_unwitnessed(sink->chain));
    }
    return count;
}

void audit_log_close(struct audit_log *log)
{
    if (log == NULL) {
        return;
    }
    for (size_t i = 0; i < log->options.trail_count; i++) {
        struct error error;
        struct sink *sink = &log->sinks[i];
        if (sink->chain != NULL && audit_chain_stop(sink->chain, &error) != GALEN_OK) {
            tell(log, sink, GALEN_UNAVAILABLE, &error);
        }
        audit_chain_close(sink->chain);
    }
    free(log);
}
