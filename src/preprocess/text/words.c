/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/text/words.h"

enum { WORD_COUNT_MIN = 64 };

static void *grow(struct arena *arena, const void *items, size_t count, size_t capacity,
                  size_t size)
{
    void *larger = arena_alloc_array(arena, capacity, size);
    if (larger != NULL && count > 0) {
        memcpy(larger, items, count * size);
    }
    return larger;
}

void words_add(struct words *words, size_t start, size_t end)
{
    if (words->failed || start == end) {
        return;
    }
    if (words->count == words->capacity) {
        const size_t capacity = words->capacity == 0 ? WORD_COUNT_MIN : words->capacity * 2;
        struct word *larger =
            grow(words->arena, words->items, words->count, capacity, sizeof(*words->items));
        if (larger == NULL) {
            words->failed = true;
            return;
        }
        words->items = larger;
        words->capacity = capacity;
    }
    words->items[words->count++] = (struct word){(uint32_t)start, (uint32_t)end};
}

static void resize(struct tokens *tokens, size_t capacity)
{
    struct arena *arena = tokens->arena;
    const size_t count = tokens->count;
    uint32_t *ids = grow(arena, tokens->ids, count, capacity, sizeof(*ids));
    struct token_span *spans = grow(arena, tokens->spans, count, capacity, sizeof(*spans));
    int32_t *words = grow(arena, tokens->words, count, capacity, sizeof(*words));
    if (ids == NULL || spans == NULL || words == NULL) {
        tokens->failed = true;
        return;
    }
    tokens->ids = ids;
    tokens->spans = spans;
    tokens->words = words;
    tokens->capacity = capacity;
}

void tokens_init(struct tokens *tokens, size_t capacity, struct arena *arena)
{
    *tokens = (struct tokens){.arena = arena};
    resize(tokens, capacity);
}

void tokens_grow(struct tokens *tokens)
{
    if (!tokens->failed) {
        resize(tokens, tokens->capacity * 2);
    }
}
