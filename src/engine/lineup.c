/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/lineup.h"

static struct lineup_member *member_of(struct list_link *link)
{
    return link == NULL ? NULL : LIST_ITEM(link, struct lineup_member, link_);
}

enum galen_status lineup_init(struct lineup *lineup, bool keeps_order, size_t level_count,
                              struct arena *arena)
{
    *lineup = (struct lineup){.lines_ = NULL};
    list_init(&lineup->answers_);
    if (!keeps_order) {
        return GALEN_OK;
    }
    lineup->lines_ = arena_alloc_array(arena, level_count, sizeof(*lineup->lines_));
    if (lineup->lines_ == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < level_count; i++) {
        list_init(&lineup->lines_[i]);
    }
    return GALEN_OK;
}

void lineup_join(struct lineup *lineup, size_t level, struct lineup_member *member)
{
    member->is_finished_ = false;
    if (lineup->lines_ != NULL) {
        list_append(&lineup->lines_[level], &member->link_);
    }
}

/* Those at the front whose answers are there. */
static void advance(struct lineup *lineup, struct list *line)
{
    struct lineup_member *first;
    while ((first = member_of(list_first(line))) != NULL && first->is_finished_) {
        list_remove(line, &first->link_);
        list_append(&lineup->answers_, &first->link_);
    }
}

void lineup_leave(struct lineup *lineup, size_t level, struct lineup_member *member)
{
    if (lineup->lines_ != NULL && member->link_.next != NULL) {
        list_remove(&lineup->lines_[level], &member->link_);
        advance(lineup, &lineup->lines_[level]);
    }
}

void lineup_finish(struct lineup *lineup, size_t level, struct lineup_member *member)
{
    member->is_finished_ = true;
    if (lineup->lines_ != NULL) {
        advance(lineup, &lineup->lines_[level]);
    } else {
        list_append(&lineup->answers_, &member->link_);
    }
}

struct lineup_member *lineup_take(struct lineup *lineup)
{
    struct lineup_member *first = member_of(list_first(&lineup->answers_));
    if (first != NULL) {
        list_remove(&lineup->answers_, &first->link_);
    }
    return first;
}
