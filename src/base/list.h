/* SPDX-License-Identifier: Apache-2.0 */
/* A doubly linked list whose links live inside the items: no allocation, O(1) removal. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list_link {
    struct list_link *previous;
    struct list_link *next;
};

/* The item of a type whose member is this link. */
#define LIST_ITEM(link, type, member) \
    ((type *)(void *)((char *)(link)-offsetof(type, member)))

struct list {
    struct list_link head;
    size_t count;
};

static inline void list_init(struct list *list)
{
    list->head.previous = &list->head;
    list->head.next = &list->head;
    list->count = 0;
}

static inline void list_append(struct list *list, struct list_link *link)
{
    link->previous = list->head.previous;
    link->next = &list->head;
    list->head.previous->next = link;
    list->head.previous = link;
    list->count++;
}

/* before: a link of the list, or the list's head for the first place. */
static inline void list_insert_after(struct list *list, struct list_link *before,
                                     struct list_link *link)
{
    link->previous = before;
    link->next = before->next;
    before->next->previous = link;
    before->next = link;
    list->count++;
}

static inline void list_remove(struct list *list, struct list_link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    link->previous = NULL;
    link->next = NULL;
    list->count--;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->count == 0;
}

/* NULL at the end, and for an empty list. */
static inline struct list_link *list_first(const struct list *list)
{
    return list->count == 0 ? NULL : list->head.next;
}

static inline struct list_link *list_next(const struct list *list,
                                          const struct list_link *link)
{
    return link->next == &list->head ? NULL : link->next;
}
