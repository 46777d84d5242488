/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spans as OTLP has them in JSON: one ExportTraceServiceRequest
 * (opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding": ids are hexadecimal, 64-bit
 * numbers strings). Attributes have the names of OpenTelemetry's semantic conventions for
 * HTTP; those of our own begin with "galen.".
 *
 * Pure.
 */
#pragma once

#include "base/error.h"
#include "base/writer.h"
#include "service/trace.h"

/* Who made the spans. */
struct trace_resource {
    const char *service;  /* "galen-gateway" */
    const char *version;  /* the program's */
    const char *instance; /* which of several */
};

/* wall_ahead_ns: what the calendar's time is ahead of the monotonic one. */
void trace_otlp_write(const struct trace_resource *resource, const struct trace_span *spans,
                      size_t count, uint64_t wall_ahead_ns, struct writer *out);

/* How many of the spans were refused, by the body of a success; 0 where it does not say. */
uint64_t trace_otlp_rejected_count(struct bytes body, struct arena *arena);
