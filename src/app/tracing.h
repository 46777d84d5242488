/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spans of a role: a lane for each of its loops, and one exporter on the first.
 *
 * Threads: open and close a lane, and open the exporter, on the main thread while the loops
 * do not run; the exporter closes on its loop.
 */
#pragma once

#include "app/role.h"
#include "service/trace_export.h"

struct tracing {
    struct trace_lane lane;
    struct trace_span *spans; /* NULL: nothing is traced */
};

/* random: as of trace_lane_options. GALEN_NO_MEMORY. */
MUST_USE enum galen_status
tracing_open(struct tracing *tracing, const struct settings *settings,
             void (*random)(void *context, uint8_t *out_bytes, size_t size), void *context);

/* A zeroed one is allowed. */
void tracing_close(struct tracing *tracing);

/* NULL: nothing is traced. */
struct trace_lane *tracing_lane(struct tracing *tracing);

/* Of all workers' lanes, on this loop; role->trace_export is set. Nothing where nothing is
 * traced. GALEN_NO_MEMORY. */
MUST_USE enum galen_status tracing_open_export(struct role *role, struct loop *loop);
