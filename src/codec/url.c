/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/url.h"

static int hex_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    const int lower = digit | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

int url_escaped_byte(struct bytes text, size_t index)
{
    if (text.size - index < 3) {
        return -1;
    }
    const int high = hex_value(text.data[index + 1]);
    const int low = hex_value(text.data[index + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

enum galen_status url_decode(struct bytes text, struct arena *arena, struct bytes *out_text)
{
    uint8_t *decoded = arena_alloc(arena, text.size + 1);
    size_t size = 0;
    if (decoded == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < text.size; i++) {
        const bool is_escape = text.data[i] == '%';
        const int byte = is_escape ? url_escaped_byte(text, i) : text.data[i];
        if (byte <= 0) {
            return GALEN_INVALID;
        }
        decoded[size++] = (uint8_t)byte;
        i += is_escape ? 2 : 0;
    }
    *out_text = bytes_of(decoded, size);
    return GALEN_OK;
}

static bool is_unreserved(uint8_t byte)
{
    const uint8_t lower = byte | 0x20;
    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
           byte == '.' || byte == '_' || byte == '~';
}

void url_encode(struct bytes text, struct writer *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t byte = text.data[i];
        if (is_unreserved(byte)) {
            writer_put_byte(out, byte);
        } else {
            const char escape[3] = {'%', digits[byte >> 4], digits[byte & 15]};
            writer_put(out, bytes_of(escape, sizeof(escape)));
        }
    }
}

static enum galen_status decode_form_value(struct bytes text, struct arena *arena,
                                           struct bytes *out_value)
{
    uint8_t *spaced = arena_alloc(arena, text.size + 1);
    if (spaced == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < text.size; i++) {
        spaced[i] = text.data[i] == '+' ? ' ' : text.data[i];
    }
    return url_decode(bytes_of(spaced, text.size), arena, out_value);
}

enum galen_status url_query_get(struct bytes query, const char *name, struct arena *arena,
                                struct bytes *out_value)
{
    struct bytes found = BYTES_NONE;
    size_t count = 0;
    while (query.size > 0) {
        struct bytes pair;
        struct bytes key;
        query = bytes_split(query, '&', &pair);
        const struct bytes value = bytes_split(pair, '=', &key);
        if (bytes_equal_string(key, name)) {
            found = value;
            count++;
        }
    }
    if (count != 1) {
        return count == 0 ? GALEN_NOT_FOUND : GALEN_INVALID;
    }
    return decode_form_value(found, arena, out_value);
}
