/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_writer.h"

#include <math.h>

#include "base/invariant.h"
#include "codec/number.h"
#include "codec/word.h"

struct json_writer json_writer_on(struct writer *out)
{
    return (struct json_writer){.out = out};
}

static uint64_t level_bit(const struct json_writer *json)
{
    return UINT64_C(1) << (json->depth - 1);
}

static bool is_in_object(const struct json_writer *json)
{
    return json->depth > 0 && (json->is_object & level_bit(json)) != 0;
}

static void begin_item(struct json_writer *json)
{
    if (json->depth == 0) {
        INVARIANT(!json->has_root);
        json->has_root = true;
        return;
    }
    if ((json->has_items & level_bit(json)) != 0) {
        writer_put_byte(json->out, ',');
    }
    json->has_items |= level_bit(json);
}

static void begin_value(struct json_writer *json)
{
    if (is_in_object(json)) {
        INVARIANT(json->after_name);
        json->after_name = false;
        return;
    }
    begin_item(json);
}

static void begin_container(struct json_writer *json, bool is_object)
{
    begin_value(json);
    INVARIANT(json->depth < JSON_WRITER_DEPTH_MAX);
    json->depth++;
    json->has_items &= ~level_bit(json);
    json->is_object &= ~level_bit(json);
    json->is_object |= is_object ? level_bit(json) : 0;
    writer_put_byte(json->out, is_object ? '{' : '[');
}

static void end_container(struct json_writer *json, bool is_object)
{
    INVARIANT(json->depth > 0);
    INVARIANT(is_in_object(json) == is_object);
    INVARIANT(!json->after_name);
    json->depth--;
    writer_put_byte(json->out, is_object ? '}' : ']');
}

void json_begin_object(struct json_writer *json)
{
    begin_container(json, true);
}

void json_end_object(struct json_writer *json)
{
    end_container(json, true);
}

void json_begin_array(struct json_writer *json)
{
    begin_container(json, false);
}

void json_end_array(struct json_writer *json)
{
    end_container(json, false);
}

/* Strings. */

static bool must_be_escaped(uint8_t byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

static char short_escape(uint8_t byte)
{
    switch (byte) {
    case '\b':
        return 'b';
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\f':
        return 'f';
    case '\r':
        return 'r';
    case '"':
    case '\\':
        return (char)byte;
    default:
        return '\0';
    }
}

static void put_escaped(struct writer *out, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    const char letter = short_escape(byte);
    if (letter != '\0') {
        writer_put(out, bytes_of((const char[]){'\\', letter}, 2));
        return;
    }
    writer_put_string(out, "\\u00");
    writer_put(out, bytes_of((const char[]){digits[byte >> 4], digits[byte & 0xF]}, 2));
}

static bool is_plain_word(uint64_t word)
{
    return (word & WORD_HIGHS) == 0 && !word_has_less(word, 0x20) && !word_has(word, '"') &&
           !word_has(word, '\\');
}

/* Whether it stands in JSON as it is, and is UTF-8 without a closer look. */
static bool is_plain_ascii(struct bytes text)
{
    size_t i = 0;
    while (text.size - i >= WORD_SIZE && is_plain_word(word_load(text.data + i))) {
        i += WORD_SIZE;
    }
    while (i < text.size && text.data[i] < 0x80 && !must_be_escaped(text.data[i])) {
        i++;
    }
    return i == text.size;
}

static void put_plain(struct writer *out, struct bytes text)
{
    uint8_t *at = writer_extend(out, text.size + 2);
    if (at == NULL) {
        return;
    }
    at[0] = '"';
    if (text.size > 0) {
        memcpy(at + 1, text.data, text.size);
    }
    at[text.size + 1] = '"';
}

static size_t plain_size(struct bytes text)
{
    size_t size = 0;
    while (size < text.size && !must_be_escaped(text.data[size])) {
        size++;
    }
    return size;
}

static void put_escaping(struct writer *out, struct bytes text)
{
    if (!bytes_are_utf8(text, NULL)) {
        out->status = out->status == GALEN_OK ? GALEN_INVALID : out->status;
        return;
    }
    writer_put_byte(out, '"');
    while (text.size > 0) {
        const struct bytes plain = bytes_first(text, plain_size(text));
        writer_put(out, plain);
        if (plain.size < text.size) {
            put_escaped(out, text.data[plain.size]);
        }
        text = bytes_from(text, plain.size + 1);
    }
    writer_put_byte(out, '"');
}

static void put_quoted(struct writer *out, struct bytes text)
{
    if (is_plain_ascii(text)) {
        put_plain(out, text);
    } else {
        put_escaping(out, text);
    }
}

void json_put_name_bytes(struct json_writer *json, struct bytes name)
{
    INVARIANT(is_in_object(json));
    INVARIANT(!json->after_name);
    begin_item(json);
    put_quoted(json->out, name);
    writer_put_byte(json->out, ':');
    json->after_name = true;
}

void json_put_name(struct json_writer *json, const char *name)
{
    json_put_name_bytes(json, bytes_from_string(name));
}

void json_put_string(struct json_writer *json, struct bytes text)
{
    begin_value(json);
    put_quoted(json->out, text);
}

void json_put_cstring(struct json_writer *json, const char *text)
{
    json_put_string(json, bytes_from_string(text));
}

/* Everything else. */

void json_put_raw(struct json_writer *json, struct bytes text)
{
    begin_value(json);
    writer_put(json->out, text);
}

void json_put_bool(struct json_writer *json, bool value)
{
    json_put_raw(json, value ? BYTES("true") : BYTES("false"));
}

void json_put_null(struct json_writer *json)
{
    json_put_raw(json, BYTES("null"));
}

void json_put_u64(struct json_writer *json, uint64_t value)
{
    begin_value(json);
    writer_put_u64(json->out, value);
}

void json_put_i64(struct json_writer *json, int64_t value)
{
    begin_value(json);
    writer_put_i64(json->out, value);
}

void json_put_f32(struct json_writer *json, float value)
{
    char text[NUMBER_TEXT_SIZE_MAX];
    INVARIANT(isfinite(value));
    json_put_raw(json, bytes_of(text, number_write_f32(value, text)));
}

void json_put_f64(struct json_writer *json, double value)
{
    char text[NUMBER_TEXT_SIZE_MAX];
    INVARIANT(isfinite(value));
    json_put_raw(json, bytes_of(text, number_write_f64(value, text)));
}
