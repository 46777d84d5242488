/* SPDX-License-Identifier: Apache-2.0 */
#include "app/audit_tally.h"

#include <stdlib.h>

#include "base/limits.h"

enum { FIRST_SLOT_COUNT = 64 };

const char *tally_sum_name(enum tally_sum sum)
{
    static const char *const names[] = {"requests",  "ok",       "refused",   "failed",
                                        "cancelled", "in_bytes", "out_bytes", "compute_us"};
    return names[sum];
}

void tally_init(struct tally *tally, size_t field_count)
{
    *tally = (struct tally){.field_count = field_count};
}

static void free_values(const struct tally *tally, struct tally_group *group)
{
    for (size_t i = 0; i < tally->field_count; i++) {
        free(group->values[i]);
    }
}

void tally_deinit(struct tally *tally)
{
    for (size_t i = 0; i < tally->count; i++) {
        free_values(tally, &tally->groups[i]);
    }
    free(tally->groups);
    free(tally->slots_);
    *tally = (struct tally){.field_count = 0};
}

/* FNV-1a, of 64 bits, with a byte that no text holds behind each value. */
static uint64_t hash_byte(uint64_t hash, uint8_t byte)
{
    return (hash ^ byte) * UINT64_C(1099511628211);
}

static uint64_t hash_of(const struct bytes *values, size_t count)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < values[i].size; k++) {
            hash = hash_byte(hash, values[i].data[k]);
        }
        hash = hash_byte(hash, 0xFF);
    }
    return hash;
}

static bool is_of(const struct tally *tally, const struct tally_group *group,
                  const struct bytes *values)
{
    for (size_t i = 0; i < tally->field_count; i++) {
        if (!bytes_equal_string(values[i], group->values[i])) {
            return false;
        }
    }
    return true;
}

/* The slot that has the group, or is free for it. */
static uint32_t *find_slot(const struct tally *tally, const struct bytes *values)
{
    size_t at = hash_of(values, tally->field_count) & (tally->slot_count_ - 1);
    while (tally->slots_[at] != 0 &&
           !is_of(tally, &tally->groups[tally->slots_[at] - 1], values)) {
        at = (at + 1) & (tally->slot_count_ - 1);
    }
    return &tally->slots_[at];
}

static void put_into_slots(struct tally *tally)
{
    for (size_t i = 0; i < tally->count; i++) {
        struct bytes values[TALLY_FIELD_COUNT_MAX] = {{NULL, 0}};
        for (size_t k = 0; k < tally->field_count; k++) {
            values[k] = bytes_from_string(tally->groups[i].values[k]);
        }
        *find_slot(tally, values) = (uint32_t)(i + 1);
    }
}

/* Half of the slots are free at least. */
static enum galen_status make_room(struct tally *tally)
{
    if (tally->count == LIMIT_AUDIT_GROUP_COUNT_MAX) {
        return GALEN_TOO_LARGE;
    }
    if (tally->count < tally->capacity_) {
        return GALEN_OK;
    }
    const size_t slot_count =
        tally->slot_count_ == 0 ? FIRST_SLOT_COUNT : 2 * tally->slot_count_;
    uint32_t *slots = calloc(slot_count, sizeof(slots[0]));
    struct tally_group *groups =
        slots == NULL ? NULL
                      : reallocarray(tally->groups, slot_count / 2, sizeof(groups[0]));
    if (groups == NULL) {
        free(slots);
        return GALEN_NO_MEMORY;
    }
    free(tally->slots_);
    tally->slots_ = slots;
    tally->slot_count_ = slot_count;
    tally->groups = groups;
    tally->capacity_ = slot_count / 2;
    put_into_slots(tally);
    return GALEN_OK;
}

static enum galen_status copy_values(const struct tally *tally, const struct bytes *values,
                                     struct tally_group *group)
{
    *group = (struct tally_group){.sums = {0}};
    for (size_t i = 0; i < tally->field_count; i++) {
        group->values[i] = calloc(1, values[i].size + 1);
        if (group->values[i] == NULL) {
            free_values(tally, group);
            return GALEN_NO_MEMORY;
        }
        if (values[i].size > 0) {
            memcpy(group->values[i], values[i].data, values[i].size);
        }
    }
    return GALEN_OK;
}

enum galen_status tally_group_of(struct tally *tally, const struct bytes *values,
                                 struct tally_group **out_group)
{
    struct bytes texts[TALLY_FIELD_COUNT_MAX] = {{NULL, 0}};
    for (size_t i = 0; i < tally->field_count; i++) {
        texts[i] = bytes_first(values[i], bytes_find(values[i], '\0'));
    }
    TRY(make_room(tally));
    uint32_t *slot = find_slot(tally, texts);
    if (*slot == 0) {
        TRY(copy_values(tally, texts, &tally->groups[tally->count]));
        *slot = (uint32_t)++tally->count;
    }
    *out_group = &tally->groups[*slot - 1];
    return GALEN_OK;
}

static int compare(const void *a, const void *b)
{
    const struct tally_group *left = a;
    const struct tally_group *right = b;
    int order = 0;
    for (size_t i = 0; order == 0 && i < TALLY_FIELD_COUNT_MAX && left->values[i] != NULL;
         i++) {
        order = strcmp(left->values[i], right->values[i]);
    }
    return order;
}

void tally_sort(struct tally *tally)
{
    if (tally->count > 0) {
        qsort(tally->groups, tally->count, sizeof(tally->groups[0]), compare);
    }
}
