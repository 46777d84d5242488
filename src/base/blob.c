/* SPDX-License-Identifier: Apache-2.0 */
#include "base/blob.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/invariant.h"
#include "base/wipe.h"

struct blob {
    atomic_size_t reference_count;
    size_t size;
    size_t capacity;
    uint8_t *data; /* behind this header, in the same allocation */
};

struct blob *blob_create(size_t size, size_t lead)
{
    const size_t slack = sizeof(struct blob) + 2 * (size_t)BLOB_ALIGNMENT;
    if (size > SIZE_MAX - slack || lead > size) {
        return NULL;
    }
    struct blob *blob = malloc(size + slack);
    if (blob == NULL) {
        return NULL;
    }
    const uintptr_t earliest = (uintptr_t)(blob + 1) + lead;
    const uintptr_t aligned =
        (earliest + BLOB_ALIGNMENT - 1) / BLOB_ALIGNMENT * BLOB_ALIGNMENT;
    atomic_init(&blob->reference_count, 1);
    blob->size = size;
    blob->capacity = size;
    blob->data = (uint8_t *)(blob + 1) + (aligned - earliest);
    return blob;
}

struct blob *blob_ref(struct blob *blob)
{
    atomic_fetch_add_explicit(&blob->reference_count, 1, memory_order_relaxed);
    return blob;
}

void blob_unref(struct blob *blob)
{
    if (blob == NULL ||
        atomic_fetch_sub_explicit(&blob->reference_count, 1, memory_order_acq_rel) > 1) {
        return;
    }
    wipe(blob->data, blob->capacity);
    free(blob);
}

uint8_t *blob_data(struct blob *blob)
{
    return blob->data;
}

size_t blob_size(const struct blob *blob)
{
    return blob->size;
}

void blob_truncate(struct blob *blob, size_t size)
{
    INVARIANT(size <= blob->size);
    blob->size = size;
}

void blob_truncate_unwritten(struct blob *blob, size_t size)
{
    blob_truncate(blob, size);
    blob->capacity = size;
}
