/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that look random and follow from a seed, so that a failing test can be run again
 * (splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators"). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_u64(struct random *random)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = random->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 to bound - 1. */
static inline uint64_t random_below(struct random *random, uint64_t bound)
{
    return random_u64(random) % bound;
}

static inline bool random_one_in(struct random *random, uint64_t bound)
{
    return random_below(random, bound) == 0;
}
