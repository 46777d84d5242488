/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings to numbers, byte by byte: one flat hash table of (node, byte). Grows while it is
 * built, then never changes. Pure.
 */
#pragma once

#include "base/arena.h"

#define TRIE_NONE UINT32_MAX

struct trie_edge {
    uint64_t key;   /* node and byte, plus 1; 0: free */
    uint32_t node;  /* where it leads */
    uint32_t value; /* of that node; TRIE_NONE: no string ends there */
};

struct trie {
    struct trie_edge *edges;
    size_t mask; /* slots less one; 0: empty */
    uint32_t node_count;
    bool starts[256]; /* whether some string begins with the byte */
};

/* Room for strings of size_bytes together. GALEN_NO_MEMORY. */
MUST_USE enum galen_status trie_init(struct trie *trie, size_t size_bytes,
                                     struct arena *arena);

/* The string has one byte at least. A later value replaces the first. */
void trie_add(struct trie *trie, struct bytes string, uint32_t value);

/* The longest string that text begins with; returns its bytes, 0: none. */
size_t trie_longest(const struct trie *trie, struct bytes text, uint32_t *out_value);

/* The value of exactly this string; TRIE_NONE: there is none. */
uint32_t trie_find(const struct trie *trie, struct bytes string);
