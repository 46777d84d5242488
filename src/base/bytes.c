/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

static uint8_t ascii_lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

bool bytes_equal_ignoring_case(struct bytes a, struct bytes b)
{
    if (a.size != b.size) {
        return false;
    }
    for (size_t i = 0; i < a.size; i++) {
        if (a.data[i] != b.data[i] && ascii_lower(a.data[i]) != ascii_lower(b.data[i])) {
            return false;
        }
    }
    return true;
}

size_t bytes_find(struct bytes a, uint8_t byte)
{
    const uint8_t *found = a.size == 0 ? NULL : memchr(a.data, byte, a.size);
    return found == NULL ? a.size : (size_t)(found - a.data);
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

struct bytes bytes_trim(struct bytes a)
{
    while (a.size > 0 && is_blank(a.data[0])) {
        a = bytes_from(a, 1);
    }
    while (a.size > 0 && is_blank(a.data[a.size - 1])) {
        a.size--;
    }
    return a;
}

struct bytes bytes_split(struct bytes a, uint8_t separator, struct bytes *out_head)
{
    const size_t index = bytes_find(a, separator);
    *out_head = bytes_first(a, index);
    return bytes_from(a, index + 1);
}

/* Size of the sequence that starts here (Unicode 15, table 3-7); 0 when there is none. */
static size_t utf8_sequence_size(const uint8_t *at, size_t left)
{
    const uint8_t lead = at[0];
    uint8_t low = 0x80;
    uint8_t high = 0xBF;
    size_t size = 0;

    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        size = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        size = 3;
        low = lead == 0xE0 ? 0xA0 : low;
        high = lead == 0xED ? 0x9F : high;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        size = 4;
        low = lead == 0xF0 ? 0x90 : low;
        high = lead == 0xF4 ? 0x8F : high;
    }
    if (size == 0 || size > left || at[1] < low || at[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < size; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return size;
}

static bool eight_are_ascii(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return (word & UINT64_C(0x8080808080808080)) == 0;
}

bool bytes_are_utf8(struct bytes a, size_t *out_index)
{
    size_t i = 0;
    while (i < a.size) {
        if (a.size - i >= 8 && eight_are_ascii(a.data + i)) {
            i += 8;
            continue;
        }
        const size_t size = utf8_sequence_size(a.data + i, a.size - i);
        if (size == 0) {
            if (out_index != NULL) {
                *out_index = i;
            }
            return false;
        }
        i += size;
    }
    return true;
}

bool bytes_parse_u64(struct bytes a, uint64_t max, uint64_t *out_value)
{
    uint64_t value = 0;
    if (a.size == 0 || (a.size > 1 && a.data[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < a.size; i++) {
        const uint64_t digit = (uint64_t)a.data[i] - '0';
        if (digit > 9 || value > (max - digit) / 10 || digit > max) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out_value = value;
    return true;
}

struct bytes bytes_first_characters(struct bytes a, size_t size_max)
{
    if (a.size <= size_max) {
        return a;
    }
    size_t size = size_max;
    while (size > 0 && size_max - size < 4 && (a.data[size] & 0xC0) == 0x80) {
        size--;
    }
    return bytes_first(a, size);
}

size_t bytes_count_code_points(struct bytes a)
{
    size_t count = 0;
    for (size_t i = 0; i < a.size; i++) {
        count += (a.data[i] & 0xC0) != 0x80;
    }
    return count;
}
