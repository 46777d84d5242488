/* SPDX-License-Identifier: Apache-2.0 */
/* For fuzz targets: text as YAML that reads back the same, and the place in a refusal. */
#pragma once

#include "base/error.h"
#include "base/writer.h"
#include "fuzz.h"

/* The size of the character that starts here; the text is UTF-8. */
static inline size_t character_size(uint8_t lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xE0) {
        return 2;
    }
    return lead < 0xF0 ? 3 : 4;
}

static inline uint32_t code_point_at(const uint8_t *at)
{
    const size_t size = character_size(at[0]);
    uint32_t code_point = size == 1 ? at[0] : at[0] & (0xFFu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        code_point = code_point << 6 | (at[i] & 0x3Fu);
    }
    return code_point;
}

/* In double quotes, on one line, all that is not printable ASCII escaped. */
static inline void put_quoted(struct writer *writer, const char *text)
{
    const struct bytes bytes = bytes_from_string(text);
    writer_put_byte(writer, '"');
    for (size_t i = 0; i < bytes.size; i += character_size(bytes.data[i])) {
        const uint32_t code_point = code_point_at(bytes.data + i);
        if (code_point >= 0x20 && code_point < 0x7F && code_point != '"' &&
            code_point != '\\') {
            writer_put_byte(writer, (uint8_t)code_point);
            continue;
        }
        writer_put_string(writer, "\\U");
        for (int shift = 28; shift >= 0; shift -= 4) {
            writer_put_byte(writer, (uint8_t) "0123456789ABCDEF"[code_point >> shift & 15]);
        }
    }
    writer_put_byte(writer, '"');
}

/* The number before the next ':', which lies from 1 to max. */
static inline struct bytes take_place(struct bytes text, uint64_t max)
{
    struct bytes digits;
    uint64_t number = 0;
    const struct bytes rest = bytes_split(text, ':', &digits);
    INVARIANT(bytes_parse_u64(digits, max, &number) && number > 0);
    return rest;
}

/* "file:LINE:COLUMN: why", with a place that the text has. */
static inline void expect_place(const struct error *error, const char *file,
                                size_t text_size)
{
    struct bytes text = bytes_from_string(error->text);
    struct bytes name;
    INVARIANT(bytes_are_utf8(text, NULL));
    text = bytes_split(text, ':', &name);
    INVARIANT(bytes_equal_string(name, file));
    text = take_place(text, text_size + 1);
    text = take_place(text, text_size + 1);
    INVARIANT(text.size > 1 && text.data[0] == ' ');
}
