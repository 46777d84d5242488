/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which two tokens become one, and in which order: byte pairs merged until no pair is left
 * that has a rank, the lowest rank first and of equals the leftmost. Pure.
 */
#pragma once

#include "base/arena.h"

#define MERGE_NONE UINT32_MAX

struct merge {
    uint64_t pair; /* left id and right id, plus 1; 0: free */
    uint32_t rank;
    uint32_t id; /* what they become */
};

struct merges {
    struct merge *slots;
    size_t mask;
};

/* A token of a word while it is being merged. */
struct symbol {
    uint32_t id;
    uint32_t end; /* byte of the word after it */
};

MUST_USE enum galen_status merges_init(struct merges *merges, size_t count,
                                       struct arena *arena);

/* The first rank of a pair stays. */
void merges_add(struct merges *merges, uint32_t left, uint32_t right, struct merge merge);

/* Merges the symbols in place; returns how many are left. In time n log n; GALEN_TOO_LARGE:
 * the arena is full. */
MUST_USE enum galen_status merges_run(const struct merges *merges, struct symbol *symbols,
                                      size_t count, struct arena *arena, size_t *out_count);
