/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heap as a test sees it: the n-th allocation can be made to fail, and what is freed is
 * searched for a secret that should have been wiped. For programs linked with
 * -Wl,--wrap=malloc,--wrap=free.
 */
#pragma once

#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define HEAP_SECRET "MRN 00-11-22-33"

struct heap {
    size_t fail_at;         /* the how-manieth allocation from now fails; 0: none */
    size_t live_count;      /* allocations not freed */
    bool freed_with_secret; /* some block still held HEAP_SECRET when it was freed */
};

static struct heap heap;

void *heap_real_malloc(size_t size) __asm__("__real_malloc");
void heap_real_free(void *block) __asm__("__real_free");
void *heap_malloc(size_t size) __asm__("__wrap_malloc");
void heap_free(void *block) __asm__("__wrap_free");

void *heap_malloc(size_t size)
{
    if (heap.fail_at > 0 && --heap.fail_at == 0) {
        return NULL;
    }
    heap.live_count++;
    return heap_real_malloc(size);
}

void heap_free(void *block)
{
    if (block != NULL) {
        heap.live_count--;
        heap.freed_with_secret |= memmem(block, malloc_usable_size(block), HEAP_SECRET,
                                         sizeof(HEAP_SECRET) - 1) != NULL;
    }
    heap_real_free(block);
}

static int heap_reset(void **state)
{
    (void)state;
    heap = (struct heap){.fail_at = 0};
    return 0;
}
