/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/text/merges.h"

enum { SLOT_COUNT_MIN = 16, SHORT_COUNT_MAX = 48 };

enum galen_status merges_init(struct merges *merges, size_t count, struct arena *arena)
{
    size_t slots = SLOT_COUNT_MIN;
    while (slots < count * 2) {
        slots *= 2;
    }
    merges->slots = arena_alloc_array(arena, slots, sizeof(*merges->slots));
    merges->mask = slots - 1;
    return merges->slots == NULL ? GALEN_NO_MEMORY : GALEN_OK;
}

static struct merge *find_slot(const struct merges *merges, uint32_t left, uint32_t right)
{
    const uint64_t pair = ((uint64_t)left << 32 | right) + 1;
    size_t at = (pair * UINT64_C(0x9E3779B97F4A7C15)) >> 32 & merges->mask;
    while (merges->slots[at].pair != pair && merges->slots[at].pair != 0) {
        at = (at + 1) & merges->mask;
    }
    return &merges->slots[at];
}

void merges_add(struct merges *merges, uint32_t left, uint32_t right, struct merge merge)
{
    struct merge *slot = find_slot(merges, left, right);
    if (slot->pair == 0) {
        *slot = merge;
        slot->pair = ((uint64_t)left << 32 | right) + 1;
    }
}

static struct merge find(const struct merges *merges, uint32_t left, uint32_t right)
{
    const struct merge *slot = find_slot(merges, left, right);
    return slot->pair == 0 ? (struct merge){.rank = MERGE_NONE} : *slot;
}

/* Short words: the ranks of all pairs side by side, looked through for each merge. */

static size_t lowest(const struct merge *pairs, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++) {
        best = pairs[i].rank < pairs[best].rank ? i : best;
    }
    return best;
}

static void merge_at(struct symbol *symbols, struct merge *pairs, size_t at, size_t count)
{
    symbols[at] = (struct symbol){pairs[at].id, symbols[at + 1].end};
    memmove(symbols + at + 1, symbols + at + 2, (count - at - 2) * sizeof(*symbols));
    memmove(pairs + at, pairs + at + 1, (count - at - 2) * sizeof(*pairs));
}

static size_t run_short(const struct merges *merges, struct symbol *symbols, size_t count)
{
    struct merge pairs[SHORT_COUNT_MAX];
    for (size_t i = 0; i + 1 < count; i++) {
        pairs[i] = find(merges, symbols[i].id, symbols[i + 1].id);
    }
    while (count > 1) {
        const size_t at = lowest(pairs, count - 1);
        if (pairs[at].rank == MERGE_NONE) {
            break;
        }
        merge_at(symbols, pairs, at, count);
        count--;
        if (at > 0) {
            pairs[at - 1] = find(merges, symbols[at - 1].id, symbols[at].id);
        }
        if (at + 1 < count) {
            pairs[at] = find(merges, symbols[at].id, symbols[at + 1].id);
        }
    }
    return count;
}

/* Long words: a chain of symbols, and a heap of the pairs that may be merged. */

#define CHAIN_END UINT32_MAX

struct link {
    uint32_t id; /* MERGE_NONE: it went into the one before */
    uint32_t end;
    uint32_t previous;
    uint32_t next;
};

struct candidate {
    uint32_t rank;
    uint32_t at; /* the left one */
    uint32_t id;
};

struct long_run {
    const struct merges *merges;
    struct link *links;
    struct candidate *heap;
    size_t heap_count;
};

static bool is_before(struct candidate a, struct candidate b)
{
    return a.rank != b.rank ? a.rank < b.rank : a.at < b.at;
}

static void heap_push(struct long_run *run, struct candidate candidate)
{
    size_t at = run->heap_count++;
    while (at > 0 && is_before(candidate, run->heap[(at - 1) / 2])) {
        run->heap[at] = run->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    run->heap[at] = candidate;
}

static struct candidate heap_pop(struct long_run *run)
{
    const struct candidate top = run->heap[0];
    const struct candidate last = run->heap[--run->heap_count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= run->heap_count) {
            break;
        }
        child += child + 1 < run->heap_count &&
                 is_before(run->heap[child + 1], run->heap[child]);
        if (!is_before(run->heap[child], last)) {
            break;
        }
        run->heap[at] = run->heap[child];
        at = child;
    }
    run->heap[at] = last;
    return top;
}

static void consider(struct long_run *run, uint32_t at)
{
    if (at == CHAIN_END || run->links[at].next == CHAIN_END) {
        return;
    }
    const struct merge found =
        find(run->merges, run->links[at].id, run->links[run->links[at].next].id);
    if (found.rank != MERGE_NONE) {
        heap_push(run, (struct candidate){found.rank, at, found.id});
    }
}

/* Whether the two are still there as they were when it was found. */
static bool is_current(const struct long_run *run, struct candidate candidate)
{
    const struct link *left = &run->links[candidate.at];
    if (left->id == MERGE_NONE || left->next == CHAIN_END) {
        return false;
    }
    const struct merge now = find(run->merges, left->id, run->links[left->next].id);
    return now.rank == candidate.rank && now.id == candidate.id;
}

static void merge_links(struct long_run *run, struct candidate candidate)
{
    struct link *left = &run->links[candidate.at];
    struct link *right = &run->links[left->next];
    left->id = candidate.id;
    left->end = right->end;
    left->next = right->next;
    right->id = MERGE_NONE;
    if (left->next != CHAIN_END) {
        run->links[left->next].previous = candidate.at;
    }
    consider(run, left->previous);
    consider(run, candidate.at);
}

static void link_up(struct long_run *run, const struct symbol *symbols, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        run->links[i] = (struct link){
            .id = symbols[i].id,
            .end = symbols[i].end,
            .previous = i == 0 ? CHAIN_END : (uint32_t)(i - 1),
            .next = i + 1 == count ? CHAIN_END : (uint32_t)(i + 1),
        };
    }
    for (size_t i = 0; i + 1 < count; i++) {
        consider(run, (uint32_t)i);
    }
}

static size_t unlink_all(const struct long_run *run, struct symbol *symbols)
{
    size_t count = 0;
    for (uint32_t at = 0; at != CHAIN_END; at = run->links[at].next) {
        symbols[count++] = (struct symbol){run->links[at].id, run->links[at].end};
    }
    return count;
}

/* Each merge takes one pair away and adds two at most: 3 candidates a symbol are enough. */
static enum galen_status run_long(const struct merges *merges, struct symbol *symbols,
                                  size_t count, struct arena *arena, size_t *out_count)
{
    struct long_run run = {
        .merges = merges,
        .links = arena_alloc_array(arena, count, sizeof(struct link)),
        .heap = arena_alloc_array(arena, count * 3, sizeof(struct candidate)),
    };
    if (run.links == NULL || run.heap == NULL) {
        return GALEN_TOO_LARGE;
    }
    link_up(&run, symbols, count);
    while (run.heap_count > 0) {
        const struct candidate best = heap_pop(&run);
        if (is_current(&run, best)) {
            merge_links(&run, best);
        }
    }
    *out_count = unlink_all(&run, symbols);
    return GALEN_OK;
}

enum galen_status merges_run(const struct merges *merges, struct symbol *symbols,
                             size_t count, struct arena *arena, size_t *out_count)
{
    if (count > SHORT_COUNT_MAX) {
        return run_long(merges, symbols, count, arena, out_count);
    }
    *out_count = run_short(merges, symbols, count);
    return GALEN_OK;
}
