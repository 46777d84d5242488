/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/stopwatch.h"

#include <sys/resource.h>

#include "base/clock.h"

static uint64_t count_preemptions(void)
{
    struct rusage usage = {.ru_nivcsw = 0};
    (void)getrusage(RUSAGE_THREAD, &usage);
    return (uint64_t)usage.ru_nivcsw;
}

struct stopwatch stopwatch_start(void)
{
    const uint64_t preemption_count = count_preemptions();
    return (struct stopwatch){clock_monotonic_ns(), preemption_count};
}

bool stopwatch_exceeds(const struct stopwatch *stopwatch, uint64_t limit_ns)
{
    return clock_monotonic_ns() - stopwatch->began_ns > limit_ns &&
           count_preemptions() == stopwatch->preemption_count;
}
