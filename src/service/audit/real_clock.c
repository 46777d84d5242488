/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/real_clock.h"

#include "base/clock.h"
#include "base/invariant.h"
#include "crypto/random.h"

static uint64_t read_wall_clock(void *context)
{
    (void)context;
    return clock_wall_ns();
}

static uint64_t read_clock(void *context)
{
    (void)context;
    return clock_monotonic_ns();
}

static void read_random(void *context, uint8_t *out_bytes, size_t size)
{
    (void)context;
    INVARIANT(random_bytes(out_bytes, size) == GALEN_OK);
}

const struct audit_clock audit_real_clock = {read_wall_clock, read_clock, read_random,
                                             NULL};
