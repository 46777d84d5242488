/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the requests of one loop were and how long they took: a shard, which the page of
 * metrics adds up over the loops. By route, status and phase, none of which a client can
 * invent.
 *
 * Threads: the loop counts, any reads. Allocation: none. A request costs four additions to
 * memory and two histograms.
 */
#pragma once

#include "base/tally.h"

/* The phases that take time. */
enum gateway_phase {
    GATEWAY_PREPROCESS,
    GATEWAY_INFER,
    GATEWAY_AUDIT, /* waiting for the record to be durable */
    GATEWAY_PHASE_COUNT,
};

#define COUNTED_ROUTE_COUNT_MAX 32u /* by route_number */
#define COUNTED_STATUS_COUNT_MAX 40u

struct gateway_counts {
    struct tally begun;
    struct tally ended;
    struct tally ended_with[COUNTED_ROUTE_COUNT_MAX][COUNTED_STATUS_COUNT_MAX];
    struct tally_histogram by_route[COUNTED_ROUTE_COUNT_MAX];
    struct tally_histogram by_phase[GATEWAY_PHASE_COUNT];
};

/* Of all durations, which are in nanoseconds. */
extern const struct histogram_bounds gateway_duration_bounds;

/* A request that has been answered, or that nobody waits for any more. */
void gateway_counts_end(struct gateway_counts *counts, size_t route_number, int http_status,
                        uint64_t duration_ns);

/* One that the server of HTTP refused before it was known what it asks for. */
void gateway_counts_refuse(struct gateway_counts *counts, int http_status);

void gateway_counts_phase(struct gateway_counts *counts, enum gateway_phase phase,
                          uint64_t duration_ns);

const char *gateway_phase_name(enum gateway_phase phase); /* "preprocess" */

/* HTTP statuses by number: 0 is whatever has none, "other"; COUNTED_STATUS_TOLD one that
 * has a lower number too, and is counted there. */
#define COUNTED_STATUS_TOLD (-1)
size_t counted_status_count(void);
int counted_status(size_t number);
