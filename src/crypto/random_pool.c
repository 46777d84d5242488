/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/random_pool.h"

#include <string.h>

#include "base/invariant.h"
#include "base/wipe.h"

enum galen_status random_pool_take(struct random_pool *pool, void *out_data, size_t size)
{
    INVARIANT(size <= sizeof(pool->bytes));
    if (pool->left < size) {
        TRY(random_bytes(pool->bytes, sizeof(pool->bytes)));
        pool->left = sizeof(pool->bytes);
    }
    uint8_t *given = pool->bytes + sizeof(pool->bytes) - pool->left;
    memcpy(out_data, given, size);
    wipe(given, size);
    pool->left -= size;
    return GALEN_OK;
}
