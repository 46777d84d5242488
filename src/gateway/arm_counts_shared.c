/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/count.h"
#include "gateway/arm_counts.h"

enum galen_status arm_counts_create(size_t shard_count, struct arm_counts **out_counts)
{
    struct arm_counts *counts =
        calloc(1, sizeof(*counts) + shard_count * sizeof(counts->shards_[0]));
    if (counts == NULL) {
        return GALEN_NO_MEMORY;
    }
    counts->shard_count_ = shard_count;
    count_begin(&counts->reference_count_);
    *out_counts = counts;
    return GALEN_OK;
}

struct arm_counts *arm_counts_ref(struct arm_counts *counts)
{
    count_more(&counts->reference_count_);
    return counts;
}

void arm_counts_unref(struct arm_counts *counts)
{
    if (counts != NULL && count_less(&counts->reference_count_)) {
        free(counts);
    }
}
