/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/counts.h"

#include "gateway/routes.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define S UINT64_C(1000000000)

const struct histogram_bounds gateway_duration_bounds = {
    .count = 18,
    .values = {50 * US, 100 * US, 250 * US, 500 * US, 1 * MS, 2500 * US, 5 * MS, 10 * MS,
               25 * MS, 50 * MS, 100 * MS, 250 * MS, 500 * MS, 1 * S, 2500 * MS, 5 * S,
               10 * S, 30 * S}};

/* All that the phases, the pages and the server of HTTP answer with; those that stand here
 * twice are counted at their first place, which is the only one that is told. */
static const int statuses[] = {
    0,
#define GALEN_STATUS(name, http, grpc, slug, text) http,
#include "galen/status.def"
    304, 408, 411, 414, 417, 429, 431, 505,
};

enum { STATUS_COUNT = sizeof(statuses) / sizeof(statuses[0]) };
_Static_assert(STATUS_COUNT <= COUNTED_STATUS_COUNT_MAX, "each has its number");

size_t counted_status_count(void)
{
    return STATUS_COUNT;
}

static size_t number_of_status(int http_status)
{
    for (size_t i = 1; i < STATUS_COUNT; i++) {
        if (statuses[i] == http_status) {
            return i;
        }
    }
    return 0;
}

int counted_status(size_t number)
{
    return number_of_status(statuses[number]) == number ? statuses[number]
                                                        : COUNTED_STATUS_TOLD;
}

void gateway_counts_end(struct gateway_counts *counts, size_t route_number, int http_status,
                        uint64_t duration_ns)
{
    tally_add(&counts->ended, 1);
    tally_add(&counts->ended_with[route_number][number_of_status(http_status)], 1);
    tally_histogram_add(&counts->by_route[route_number], &gateway_duration_bounds,
                        duration_ns);
}

void gateway_counts_refuse(struct gateway_counts *counts, int http_status)
{
    tally_add(&counts->ended_with[ROUTE_NUMBER_NONE][number_of_status(http_status)], 1);
}

void gateway_counts_phase(struct gateway_counts *counts, enum gateway_phase phase,
                          uint64_t duration_ns)
{
    tally_histogram_add(&counts->by_phase[phase], &gateway_duration_bounds, duration_ns);
}

const char *gateway_phase_name(enum gateway_phase phase)
{
    static const char *const names[GATEWAY_PHASE_COUNT] = {
        [GATEWAY_PREPROCESS] = "preprocess",
        [GATEWAY_INFER] = "infer",
        [GATEWAY_AUDIT] = "audit",
    };
    return names[phase];
}
