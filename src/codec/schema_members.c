/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/schema_members.h"

enum galen_status schema_names_init(struct schema_names *names, size_t count,
                                    struct arena *arena)
{
    *names = (struct schema_names){.slot_count = 4};
    while (names->slot_count < 2 * count) {
        names->slot_count *= 2;
    }
    names->names = arena_alloc_array(arena, count, sizeof(*names->names));
    names->slots = arena_alloc_array(arena, names->slot_count, sizeof(*names->slots));
    return names->names == NULL || names->slots == NULL ? GALEN_NO_MEMORY : GALEN_OK;
}

/* Where the name is, or would be. */
static size_t slot_of(const struct schema_names *names, struct bytes text)
{
    size_t slot = schema_text_hash(text) & (names->slot_count - 1);
    while (names->slots[slot] != 0 &&
           !bytes_equal(names->names[names->slots[slot] - 1].text, text)) {
        slot = (slot + 1) & (names->slot_count - 1);
    }
    return slot;
}

struct schema_name *schema_names_add(struct schema_names *names, struct bytes text)
{
    const size_t slot = slot_of(names, text);
    if (names->slots[slot] == 0) {
        names->names[names->count++].text = text;
        names->slots[slot] = (uint32_t)names->count;
    }
    return &names->names[names->slots[slot] - 1];
}

const struct schema_name *schema_names_find(const struct schema_names *names,
                                            struct bytes text)
{
    const uint32_t number = names->slots[slot_of(names, text)];
    return number == 0 ? NULL : &names->names[number - 1];
}
