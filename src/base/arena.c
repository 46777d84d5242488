/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

#include "base/wipe.h"

enum { BLOCK_SIZE_BYTES = 8192, ALIGNMENT = alignof(max_align_t) };

struct arena_block {
    struct arena_block *older;
    size_t used;
    size_t size;
    alignas(max_align_t) uint8_t data[];
};

void arena_init(struct arena *arena, size_t size_bytes_max)
{
    *arena = (struct arena){.size_bytes_max = size_bytes_max};
}

static void block_free(struct arena_block *block)
{
    wipe(block->data, block->used);
    free(block);
}

void arena_clear(struct arena *arena)
{
    struct arena_block *block = arena->newest;
    while (block != NULL && (block->older != NULL || block->size > BLOCK_SIZE_BYTES)) {
        struct arena_block *older = block->older;
        arena->size_bytes -= block->size;
        block_free(block);
        block = older;
    }
    if (block != NULL) {
        wipe(block->data, block->used);
        block->used = 0;
    }
    arena->newest = block;
}

void arena_deinit(struct arena *arena)
{
    for (struct arena_block *block = arena->newest; block != NULL;) {
        struct arena_block *older = block->older;
        block_free(block);
        block = older;
    }
    arena->newest = NULL;
    arena->size_bytes = 0;
}

static struct arena_block *block_push(struct arena *arena, size_t wanted)
{
    const size_t left = arena->size_bytes_max - arena->size_bytes;
    if (wanted > left) {
        return NULL;
    }
    const size_t usual = left < BLOCK_SIZE_BYTES ? left : BLOCK_SIZE_BYTES;
    const size_t size = wanted > usual ? wanted : usual;
    if (size > SIZE_MAX - sizeof(struct arena_block)) {
        return NULL;
    }
    struct arena_block *block = malloc(sizeof(*block) + size);
    if (block == NULL) {
        return NULL;
    }
    *block = (struct arena_block){.older = arena->newest, .size = size};
    arena->newest = block;
    arena->size_bytes += size;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT) {
        return NULL;
    }
    const size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct arena_block *block = arena->newest;
    if (block == NULL || block->size - block->used < rounded) {
        block = block_push(arena, rounded);
    }
    if (block == NULL) {
        return NULL;
    }
    void *at = block->data + block->used;
    block->used += rounded;
    return memset(at, 0, size);
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
    size_t total;
    return __builtin_mul_overflow(count, size, &total) ? NULL : arena_alloc(arena, total);
}

char *arena_copy_string(struct arena *arena, struct bytes text)
{
    if (text.size == SIZE_MAX) {
        return NULL;
    }
    char *copy = arena_alloc(arena, text.size + 1);
    if (copy != NULL && text.size > 0) {
        memcpy(copy, text.data, text.size);
    }
    return copy;
}
