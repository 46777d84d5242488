/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One service of a worker that is elsewhere: its upstream, a client for each endpoint, and
 * a resolver for each name among its URLs. A name stands for itself until its addresses are
 * found, and each of these is an endpoint from then on; TLS goes by the name in any case.
 *
 * Threads: open and destroy on the main thread while the loop does not run, the rest on the
 * loop; counts are read by any.
 */
#pragma once

#include "gateway/upstream.h"
#include "net/loop.h"
#include "service/settings.h"

struct endpoints;
struct worker;

/* name ("engine") and peers are borrowed until it is destroyed. GALEN_NO_MEMORY. */
MUST_USE enum galen_status endpoints_open(struct worker *worker, const char *name,
                                          const struct settings_peers *peers,
                                          struct endpoints **out_endpoints);

/* No call may be pending. `closed` is posted when nothing of it is on the loop any more. */
void endpoints_close(struct endpoints *endpoints, struct task *closed);

/* Closed. NULL is allowed. */
void endpoints_destroy(struct endpoints *endpoints);

struct upstream *endpoints_upstream(struct endpoints *endpoints); /* until close */
const struct upstream_counts *endpoints_counts(const struct endpoints *endpoints);
