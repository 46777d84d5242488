/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_text.h"

enum { HEX_SIZE = 4, SURROGATE_BITS = 10 };

struct decoder {
    const uint8_t *at; /* NULL after a failure */
    const uint8_t *end;
    uint8_t *out;
};

static uint32_t hex_digit(uint8_t byte)
{
    const uint8_t lower = byte | 0x20;
    if (byte >= '0' && byte <= '9') {
        return (uint32_t)(byte - '0');
    }
    return lower >= 'a' && lower <= 'f' ? (uint32_t)(lower - 'a' + 10) : UINT32_MAX;
}

/* Takes "XXXX". UINT32_MAX: it is not there. */
static uint32_t take_hex(struct decoder *decoder)
{
    uint32_t value = 0;
    if (decoder->end - decoder->at < HEX_SIZE) {
        return UINT32_MAX;
    }
    for (int i = 0; i < HEX_SIZE; i++) {
        const uint32_t digit = hex_digit(decoder->at[i]);
        if (digit == UINT32_MAX) {
            return UINT32_MAX;
        }
        value = value << 4 | digit;
    }
    decoder->at += HEX_SIZE;
    return value;
}

static bool is_high_surrogate(uint32_t unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low_surrogate(uint32_t unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* Takes what follows "\u", the other half of a pair included. UINT32_MAX: not a character.
 */
static uint32_t take_code_point(struct decoder *decoder)
{
    const uint32_t unit = take_hex(decoder);
    if (is_low_surrogate(unit) || !is_high_surrogate(unit)) {
        return is_low_surrogate(unit) ? UINT32_MAX : unit;
    }
    if (decoder->end - decoder->at < 2 || decoder->at[0] != '\\' || decoder->at[1] != 'u') {
        return UINT32_MAX;
    }
    decoder->at += 2;
    const uint32_t low = take_hex(decoder);
    if (!is_low_surrogate(low)) {
        return UINT32_MAX;
    }
    return 0x10000 + ((unit - 0xD800) << SURROGATE_BITS) + (low - 0xDC00);
}

static void put_code_point(struct decoder *decoder, uint32_t point)
{
    uint8_t *out = decoder->out;
    if (point < 0x80) {
        *out++ = (uint8_t)point;
    } else if (point < 0x800) {
        *out++ = (uint8_t)(0xC0 | point >> 6);
        *out++ = (uint8_t)(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        *out++ = (uint8_t)(0xE0 | point >> 12);
        *out++ = (uint8_t)(0x80 | (point >> 6 & 0x3F));
        *out++ = (uint8_t)(0x80 | (point & 0x3F));
    } else {
        *out++ = (uint8_t)(0xF0 | point >> 18);
        *out++ = (uint8_t)(0x80 | (point >> 12 & 0x3F));
        *out++ = (uint8_t)(0x80 | (point >> 6 & 0x3F));
        *out++ = (uint8_t)(0x80 | (point & 0x3F));
    }
    decoder->out = out;
}

static void take_unicode(struct decoder *decoder)
{
    const uint32_t point = take_code_point(decoder);
    if (point == UINT32_MAX) {
        decoder->at = NULL;
        return;
    }
    put_code_point(decoder, point);
}

/* Takes what follows a backslash. */
static void take_escape(struct decoder *decoder)
{
    static const struct bytes letters = BYTES_INIT("\"\\/bfnrt");
    static const struct bytes meanings = BYTES_INIT("\"\\/\b\f\n\r\t");
    if (decoder->at < decoder->end && *decoder->at == 'u') {
        decoder->at++;
        take_unicode(decoder);
        return;
    }
    const size_t index =
        decoder->at == decoder->end ? letters.size : bytes_find(letters, *decoder->at);
    if (index == letters.size) {
        decoder->at = NULL;
        return;
    }
    decoder->at++;
    *decoder->out++ = meanings.data[index];
}

const uint8_t *json_text_decode(const uint8_t *at, const uint8_t *end, uint8_t *out,
                                size_t *out_size)
{
    struct decoder decoder = {.at = at, .end = end, .out = out};
    while (decoder.at != NULL && decoder.at < end && *decoder.at != '"') {
        const uint8_t byte = *decoder.at++;
        if (byte < 0x20) {
            return NULL;
        }
        if (byte == '\\') {
            take_escape(&decoder);
        } else {
            *decoder.out++ = byte;
        }
    }
    const size_t size = (size_t)(decoder.out - out);
    if (decoder.at == NULL || decoder.at == end ||
        !bytes_are_utf8(bytes_of(out, size), NULL)) {
        return NULL;
    }
    *out_size = size;
    return decoder.at + 1;
}

const uint8_t *json_text_skip(const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at != '"') {
        at += *at == '\\' && end - at > 1 ? 2 : 1;
    }
    return at < end ? at + 1 : end;
}
