/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/joined.h"

static size_t joined_size(struct inference *const *members, size_t count, size_t index)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += members[i]->plan.inputs[index].size_bytes;
    }
    return size;
}

static size_t joined_row_count(struct inference *const *members, size_t count)
{
    size_t row_count = 0;
    for (size_t i = 0; i < count; i++) {
        row_count += members[i]->plan.row_count;
    }
    return row_count;
}

/* One input more. */
static enum galen_status join_input(struct joined *joined, struct inference *const *members,
                                    size_t count)
{
    const size_t index = joined->count;
    struct galen_tensor *input = &joined->inputs[index];
    const size_t size = joined_size(members, count, index);
    if (size > LIMIT_TENSOR_SIZE_BYTES_MAX) {
        return GALEN_TOO_LARGE;
    }
    struct blob *storage = blob_create(size, 0);
    if (storage == NULL) {
        return GALEN_NO_MEMORY;
    }
    uint8_t *end = blob_data(storage);
    for (size_t i = 0; i < count; i++) {
        const struct galen_tensor *part = &members[i]->plan.inputs[index];
        if (part->size_bytes > 0) {
            memcpy(end, part->bytes, part->size_bytes);
        }
        end += part->size_bytes;
    }
    *input = members[0]->plan.inputs[index];
    input->shape[0] = (int64_t)joined_row_count(members, count);
    input->bytes = blob_data(storage);
    input->size_bytes = size;
    joined->storages[joined->count++] = storage;
    return GALEN_OK;
}

enum galen_status joined_init(struct joined *joined, size_t input_count,
                              struct inference *const *members, size_t count)
{
    joined->count = 0;
    while (joined->count < input_count) {
        TRY(join_input(joined, members, count));
    }
    return GALEN_OK;
}

void joined_deinit(struct joined *joined)
{
    while (joined->count > 0) {
        blob_unref(joined->storages[--joined->count]);
    }
}
