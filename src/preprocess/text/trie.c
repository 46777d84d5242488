/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/text/trie.h"

enum { EDGE_COUNT_MIN = 16 };

enum galen_status trie_init(struct trie *trie, size_t size_bytes, struct arena *arena)
{
    size_t count = EDGE_COUNT_MIN;
    while (count < size_bytes * 2) {
        count *= 2;
    }
    *trie = (struct trie){
        .edges = arena_alloc_array(arena, count, sizeof(struct trie_edge)),
        .mask = count - 1,
        .node_count = 1,
    };
    return trie->edges == NULL ? GALEN_NO_MEMORY : GALEN_OK;
}

static inline uint64_t edge_key(uint32_t node, uint8_t byte)
{
    return ((uint64_t)node << 8 | byte) + 1;
}

/* The slot of the edge, or the free one where it belongs. */
static inline struct trie_edge *find_edge(const struct trie *trie, uint32_t node,
                                          uint8_t byte)
{
    const uint64_t key = edge_key(node, byte);
    size_t at = (key * UINT64_C(0x9E3779B97F4A7C15)) >> 32 & trie->mask;
    while (trie->edges[at].key != key && trie->edges[at].key != 0) {
        at = (at + 1) & trie->mask;
    }
    return &trie->edges[at];
}

void trie_add(struct trie *trie, struct bytes string, uint32_t value)
{
    uint32_t node = 0;
    trie->starts[string.data[0]] = true;
    for (size_t i = 0; i < string.size; i++) {
        struct trie_edge *edge = find_edge(trie, node, string.data[i]);
        if (edge->key == 0) {
            *edge = (struct trie_edge){edge_key(node, string.data[i]), trie->node_count++,
                                       TRIE_NONE};
        }
        if (i + 1 == string.size) {
            edge->value = value;
        }
        node = edge->node;
    }
}

size_t trie_longest(const struct trie *trie, struct bytes text, uint32_t *out_value)
{
    size_t longest = 0;
    uint32_t node = 0;
    for (size_t i = 0; i < text.size; i++) {
        const struct trie_edge *edge = find_edge(trie, node, text.data[i]);
        if (edge->key == 0) {
            break;
        }
        if (edge->value != TRIE_NONE) {
            longest = i + 1;
            *out_value = edge->value;
        }
        node = edge->node;
    }
    return longest;
}

uint32_t trie_find(const struct trie *trie, struct bytes string)
{
    uint32_t value = TRIE_NONE;
    const size_t size = trie_longest(trie, string, &value);
    return size > 0 && size == string.size ? value : TRIE_NONE;
}
