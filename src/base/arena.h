/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one request allocates, released together and wiped first.
 *
 * Threads: one owner at a time. Allocation: blocks from the heap, up to the size given at
 * init. A failed allocation leaves the arena as it was.
 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

struct arena_block;

struct arena {
    struct arena_block *newest;
    size_t size_bytes; /* of all blocks */
    size_t size_bytes_max;
};

/* Caller's storage; allocates nothing yet. */
void arena_init(struct arena *arena, size_t size_bytes_max);

/* Wipes and frees all blocks but one small one, ready for the next request. */
void arena_clear(struct arena *arena);

/* Wipes and frees everything. A zeroed arena is allowed. */
void arena_deinit(struct arena *arena);

/* Zeroed, aligned for any type. NULL: out of memory or beyond the maximum. */
MUST_USE void *arena_alloc(struct arena *arena, size_t size);
MUST_USE void *arena_alloc_array(struct arena *arena, size_t count, size_t size);

/* A copy with a NUL behind it; NULL as above. */
MUST_USE char *arena_copy_string(struct arena *arena, struct bytes text);
