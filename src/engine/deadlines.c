/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/deadlines.h"

#include "base/clock.h"
#include "base/invariant.h"

enum galen_status deadlines_init(struct deadlines *deadlines, size_t count_max,
                                 struct arena *arena)
{
    struct deadline **slots =
        (struct deadline **)arena_alloc_array(arena, count_max + 1, sizeof(slots[0]));
    if (slots == NULL) {
        return GALEN_NO_MEMORY;
    }
    *deadlines = (struct deadlines){.slots_ = slots, .count_max_ = count_max};
    return GALEN_OK;
}

static void put(struct deadlines *deadlines, size_t index, struct deadline *deadline)
{
    deadlines->slots_[index] = deadline;
    deadline->index_ = index;
}

static bool is_earlier(const struct deadline *a, const struct deadline *b)
{
    return a->at_ns < b->at_ns || (a->at_ns == b->at_ns && a->rank < b->rank);
}

/* Moves the hole at index up until deadline fits, and puts it there. */
static void sift_up(struct deadlines *deadlines, size_t index, struct deadline *deadline)
{
    while (index > 1 && is_earlier(deadline, deadlines->slots_[index / 2])) {
        put(deadlines, index, deadlines->slots_[index / 2]);
        index /= 2;
    }
    put(deadlines, index, deadline);
}

static size_t earlier_child(const struct deadlines *deadlines, size_t index)
{
    const size_t left = 2 * index;
    const bool right_is_earlier =
        left < deadlines->count_ &&
        is_earlier(deadlines->slots_[left + 1], deadlines->slots_[left]);
    return right_is_earlier ? left + 1 : left;
}

static void sift_down(struct deadlines *deadlines, size_t index, struct deadline *deadline)
{
    while (2 * index <= deadlines->count_) {
        const size_t child = earlier_child(deadlines, index);
        if (!is_earlier(deadlines->slots_[child], deadline)) {
            break;
        }
        put(deadlines, index, deadlines->slots_[child]);
        index = child;
    }
    sift_up(deadlines, index, deadline);
}

void deadlines_add(struct deadlines *deadlines, struct deadline *deadline)
{
    INVARIANT(deadline->index_ == 0);
    if (deadline->at_ns == CLOCK_NEVER) {
        return;
    }
    INVARIANT(deadlines->count_ < deadlines->count_max_);
    deadlines->count_++;
    sift_up(deadlines, deadlines->count_, deadline);
}

void deadlines_remove(struct deadlines *deadlines, struct deadline *deadline)
{
    const size_t hole = deadline->index_;
    if (hole == 0) {
        return;
    }
    struct deadline *last = deadlines->slots_[deadlines->count_];
    deadlines->slots_[deadlines->count_] = NULL;
    deadlines->count_--;
    deadline->index_ = 0;
    if (last != deadline) {
        sift_down(deadlines, hole, last);
    }
}

struct deadline *deadlines_earliest(const struct deadlines *deadlines)
{
    return deadlines->count_ == 0 ? NULL : deadlines->slots_[1];
}

uint64_t deadlines_earliest_ns(const struct deadlines *deadlines)
{
    return deadlines->count_ == 0 ? CLOCK_NEVER : deadlines->slots_[1]->at_ns;
}
