/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012): 64 bits
 * of some bytes under a key, so that who does not know it cannot choose what collides. For
 * tables in memory; where bits must last or convince others, see hmac.h.
 *
 * Pure. Threads: any.
 */
#pragma once

#include "base/bytes.h"

struct siphash_key {
    uint64_t words[2];
};

uint64_t siphash(const struct siphash_key *key, struct bytes bytes);
