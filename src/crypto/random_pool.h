/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpredictable bytes by the handful: OpenSSL's generator takes 2 µs a call, whatever its
 * size, which is a tenth of a small request. A byte is given once and wiped. For ids, not
 * for keys.
 *
 * Zeroed is empty. Threads: one at a time. Not to be used on both sides of a fork.
 */
#pragma once

#include "crypto/random.h"

#define RANDOM_POOL_SIZE 1024u

struct random_pool {
    uint8_t bytes[RANDOM_POOL_SIZE];
    size_t left; /* at the end of bytes, not given yet */
};

/* size: at most RANDOM_POOL_SIZE. GALEN_INTERNAL: as random_bytes. */
MUST_USE enum galen_status random_pool_take(struct random_pool *pool, void *out_data,
                                            size_t size);
