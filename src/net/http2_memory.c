/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http2_memory.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"

struct block {
    size_t size;
    alignas(max_align_t) unsigned char data[];
};

static struct block *block_of(void *data)
{
    return (struct block *)(void *)((char *)data - offsetof(struct block, data));
}

static void *allocate(size_t size, void *context)
{
    struct http2_memory *memory = context;
    if (size > memory->size_max - memory->size) {
        return NULL;
    }
    struct block *block = malloc(sizeof(*block) + size);
    if (block == NULL) {
        return NULL;
    }
    block->size = size;
    memory->size += size;
    return block->data;
}

static void release(void *data, void *context)
{
    struct http2_memory *memory = context;
    if (data != NULL) {
        struct block *block = block_of(data);
        memory->size -= block->size;
        wipe(block->data, block->size);
        free(block);
    }
}

static void *allocate_zeroed(size_t count, size_t size, void *context)
{
    if (size > 0 && count > SIZE_MAX / size) {
        return NULL;
    }
    void *data = allocate(count * size, context);
    if (data != NULL) {
        memset(data, 0, count * size);
    }
    return data;
}

static void *resize(void *data, size_t size, void *context)
{
    void *larger = allocate(size, context);
    if (larger != NULL && data != NULL) {
        const size_t before = block_of(data)->size;
        memcpy(larger, data, before < size ? before : size);
        release(data, context);
    }
    return larger;
}

void http2_memory_init(struct http2_memory *memory, size_t size_max)
{
    *memory = (struct http2_memory){
        .size_max = size_max,
        .mem = {.mem_user_data = memory,
                .malloc = allocate,
                .free = release,
                .calloc = allocate_zeroed,
                .realloc = resize},
    };
}
