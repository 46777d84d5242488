/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a piece of work takes by itself: what the machine did with the processor
 * meanwhile is not the work's doing. A start and a reading cost about half a microsecond.
 *
 * Threads: reads on the one that started it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* One of so many runs may be slow of what is quick: a few begin with a cold cache, and more
 * where the machine has other work. */
enum { SLOW_ONE_IN = 20 };

struct stopwatch {
    uint64_t began_ns;
    uint64_t preemption_count; /* of this thread, ever */
};

struct stopwatch stopwatch_start(void);

/* More than limit_ns have passed since the start, and no other thread was given our
 * processor. Work that waits (for other threads, a disk, a device) is as slow as it seems.
 */
bool stopwatch_exceeds(const struct stopwatch *stopwatch, uint64_t limit_ns);
