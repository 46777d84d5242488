/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a simulation's main does: runs seeds 1 to 10,000, the one that is named, or those
 * from FIRST to LAST, and says which one was running where an invariant breaks.
 */
#pragma once

#include "crypto/ed25519.h"

struct seeds {
    const char *name;
    const char *found; /* what run_seed counts: "right answers" */
    size_t (*run_seed)(uint64_t seed, struct ed25519 *key); /* key: one for all seeds */
};

/* Gives the exit code: not 0 where nothing at all was found over several seeds. */
int seeds_run(const struct seeds *seeds, int count, char **arguments);
