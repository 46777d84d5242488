/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the machine's processors and memory are doing, from /proc (proc(5)).
 *
 * Threads: one owner. Blocking: read only, for a moment.
 */
#pragma once

#include <stdbool.h>

#include "base/bytes.h"

/* Zeroed at first. */
struct machine {
    uint64_t total_ticks; /* of all processors, when it was last looked at; 0: never */
    uint64_t busy_ticks;
    double cpu_share; /* that was busy, 0 to 1: between the last two looks, at first since
                       * the machine started */
    uint64_t memory_total_bytes; /* 0: not known */
    uint64_t memory_used_bytes;
};

/* Reads anew. What cannot be read stays as it was. */
void machine_read(struct machine *machine);

/* The same of what was read: the text of /proc/stat and of /proc/meminfo. Looks within a
 * second of all processors' time count as one: several who ask get the same share. */
void machine_see_cpu(struct machine *machine, struct bytes stat);
void machine_see_memory(struct machine *machine, struct bytes meminfo);
