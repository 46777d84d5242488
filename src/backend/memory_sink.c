/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/memory_sink.h"

#include "base/blob.h"
#include "base/invariant.h"

static void *alloc_aligned(struct arena *arena, size_t size_bytes)
{
    if (size_bytes > SIZE_MAX - BLOB_ALIGNMENT) {
        return NULL;
    }
    uint8_t *block = arena_alloc(arena, size_bytes + BLOB_ALIGNMENT);
    return block == NULL ? NULL
                         : block + (BLOB_ALIGNMENT - (uintptr_t)block % BLOB_ALIGNMENT);
}

static enum galen_status memory_sink_output(struct galen_sink *base,
                                            const struct galen_tensor *meta,
                                            void **out_bytes)
{
    struct memory_sink *sink = (struct memory_sink *)base;
    INVARIANT(sink->output_count < LIMIT_TENSOR_COUNT_MAX);
    void *bytes = alloc_aligned(&sink->arena, meta->size_bytes);
    char *name = arena_copy_string(&sink->arena, bytes_from_string(meta->name));
    if (bytes == NULL || name == NULL) {
        return GALEN_NO_MEMORY;
    }
    struct galen_tensor *output = &sink->outputs[sink->output_count++];
    *output = *meta;
    output->name = name;
    output->bytes = bytes;
    *out_bytes = bytes;
    return GALEN_OK;
}

void memory_sink_init(struct memory_sink *sink, size_t size_bytes_max)
{
    sink->base.output = memory_sink_output;
    sink->output_count = 0;
    arena_init(&sink->arena, size_bytes_max);
}

void memory_sink_clear(struct memory_sink *sink)
{
    sink->output_count = 0;
    arena_clear(&sink->arena);
}

void memory_sink_deinit(struct memory_sink *sink)
{
    sink->output_count = 0;
    arena_deinit(&sink->arena);
}

const struct galen_tensor *memory_sink_find(const struct memory_sink *sink,
                                            const char *name)
{
    for (size_t i = 0; i < sink->output_count; i++) {
        if (strcmp(sink->outputs[i].name, name) == 0) {
            return &sink->outputs[i];
        }
    }
    return NULL;
}
