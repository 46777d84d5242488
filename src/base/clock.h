/* SPDX-License-Identifier: Apache-2.0 */
/* Time. Cores never call this: they get now_ns as an argument. */
#pragma once

#include <stdint.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)
#define CLOCK_NEVER UINT64_MAX /* no deadline */

uint64_t clock_monotonic_ns(void);
uint64_t clock_wall_ns(void); /* since 1970-01-01 00:00 UTC */

/* What clock_wall_ns would have said at a time of clock_monotonic_ns that has passed, had
 * nobody set the calendar since. */
uint64_t clock_wall_at_ns(uint64_t monotonic_ns);
