/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends spans to whoever keeps them, by OTLP over HTTP: one batch at a time, as
 * opentelemetry.io/docs/specs/otlp has it. A batch that was refused for a while (429, 502,
 * 503, 504, no connection) is sent again, later and later or as Retry-After says, a few
 * times; meanwhile spans wait in their lanes, and are dropped where these are full. No
 * request ever waits for it.
 *
 * Threads: all on the loop's, but statistics: any.
 */
#pragma once

#include "net/http_client.h"
#include "service/trace_otlp.h"

struct trace_export;

struct trace_export_options {
    struct loop *loop;
    struct http_client *client; /* of the receiver; taken */
    const char *target;         /* "/v1/traces"; borrowed, as is all of resource */
    struct trace_resource resource;
    struct trace_lane *const *lanes; /* copied; the lanes are borrowed */
    size_t lane_count;
    size_t span_count_max; /* of a batch */
    uint64_t interval_ns;  /* between two looks at lanes that are not half full */
    uint64_t timeout_ns;   /* of one try */
    uint64_t retry_ns;     /* before the second try; then twice as long each time */
    uint64_t linger_ns;    /* for what is left when it closes */
};

struct trace_export_statistics {
    uint64_t exported_count; /* spans */
    uint64_t full_count;     /* dropped: a lane was full */
    uint64_t failed_count;   /* dropped: they could not be sent, or were refused */
};

/* GALEN_NO_MEMORY: the client stays the caller's. */
MUST_USE enum galen_status trace_export_create(const struct trace_export_options *options,
                                               struct trace_export **out_export);

/* Sends what is left, as long as that goes well and takes no longer than it may; then
 * frees itself, and `closed` runs. */
void trace_export_close(struct trace_export *export, struct task *closed);

/* Borrowed until it has closed. */
void trace_export_read(const struct trace_export *export,
                       struct trace_export_statistics *out_statistics);
