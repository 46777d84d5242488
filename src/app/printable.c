/* SPDX-License-Identifier: Apache-2.0 */
#include "app/printable.h"

static bool is_control(struct bytes character)
{
    const uint8_t *at = character.data;
    const bool is_c1 = character.size == 2 && at[0] == 0xC2 && at[1] < 0xA0;
    return at[0] < ' ' || at[0] == 0x7F || is_c1; /* C1: ESC in 8 bits */
}

/* U+200E, U+200F, U+2028 to U+202E and U+2066 to U+2069: marks, lines and directions. */
static bool turns_text(struct bytes character)
{
    const uint8_t *at = character.data;
    if (character.size != 3 || at[0] != 0xE2) {
        return false;
    }
    return (at[1] == 0x80 && (at[2] == 0x8E || at[2] == 0x8F)) ||
           (at[1] == 0x80 && at[2] >= 0xA8 && at[2] <= 0xAE) ||
           (at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9);
}

struct bytes printable_next(struct bytes rest, struct bytes *out_character)
{
    size_t size = 1;
    while (size < rest.size && (rest.data[size] & 0xC0) == 0x80) {
        size++;
    }
    const struct bytes character = bytes_first(rest, size);
    const bool is_safe = !is_control(character) && !turns_text(character);
    *out_character = is_safe ? character : BYTES("?");
    return bytes_from(rest, size);
}
