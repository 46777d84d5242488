/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/yaml_writer.h"

static size_t character_size(uint8_t lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xE0) {
        return 2;
    }
    return lead < 0xF0 ? 3 : 4;
}

static uint32_t code_point_of(const uint8_t *at, size_t size)
{
    uint32_t code_point = size == 1 ? at[0] : at[0] & (0xFFu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        code_point = code_point << 6 | (at[i] & 0x3Fu);
    }
    return code_point;
}

/* YAML 1.2.2 section 5.1, less the line separators, which readers of YAML 1.1 fold. */
static bool is_printable(uint32_t code_point)
{
    if (code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0)) {
        return false;
    }
    return code_point != 0x2028 && code_point != 0x2029 && code_point != 0xFEFF &&
           code_point != 0xFFFE && code_point != 0xFFFF;
}

static void put_escape(struct writer *out, uint32_t code_point)
{
    writer_put_string(out, "\\u");
    for (int shift = 12; shift >= 0; shift -= 4) {
        writer_put_byte(out, (uint8_t) "0123456789ABCDEF"[code_point >> shift & 15]);
    }
}

static void put_character(struct writer *out, struct bytes character)
{
    const uint32_t code_point = code_point_of(character.data, character.size);
    if (code_point == '"' || code_point == '\\') {
        writer_put_byte(out, '\\');
        writer_put(out, character);
    } else if (code_point == '\n') {
        writer_put_string(out, "\\n");
    } else if (is_printable(code_point)) {
        writer_put(out, character);
    } else {
        put_escape(out, code_point); /* all of those are of the basic plane */
    }
}

void yaml_put_string(struct writer *out, struct bytes text)
{
    if (!bytes_are_utf8(text, NULL)) {
        out->status = out->status == GALEN_OK ? GALEN_INVALID : out->status;
        return;
    }
    writer_put_byte(out, '"');
    for (size_t i = 0; i < text.size;) {
        const size_t size = character_size(text.data[i]);
        put_character(out, bytes_of(text.data + i, size));
        i += size;
    }
    writer_put_byte(out, '"');
}
