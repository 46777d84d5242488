/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/pbtxt_token.h"

static bool is_octal(uint8_t byte)
{
    return byte >= '0' && byte <= '7';
}

static int hex_value(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    const int lower = byte | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static size_t put_code_point(uint32_t code_point, uint8_t *out)
{
    if (code_point < 0x80) {
        out[0] = (uint8_t)code_point;
        return 1;
    }
    const size_t size = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    static const uint8_t leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (uint8_t)(0x80 | (code_point & 0x3F));
        code_point >>= 6;
    }
    out[0] = (uint8_t)(leads[size] | code_point);
    return size;
}

static uint32_t read_hex(const uint8_t **at, int count_max)
{
    uint32_t value = 0;
    for (int i = 0; i < count_max && hex_value(**at) >= 0; i++) {
        value = value << 4 | (uint32_t)hex_value(*(*at)++);
    }
    return value;
}

/* A head surrogate and the tail behind it are one character; alone it stays what it is, and
 * the text is then no UTF-8. */
static uint32_t read_unicode(const uint8_t **at, int digit_count)
{
    const uint32_t head = read_hex(at, digit_count);
    if (head < 0xD800 || head >= 0xDC00 || (*at)[0] != '\\' || (*at)[1] != 'u') {
        return head;
    }
    const uint8_t *behind = *at + 2;
    const uint32_t tail = read_hex(&behind, 4);
    if (tail < 0xDC00 || tail >= 0xE000) {
        return head;
    }
    *at = behind;
    return 0x10000 + ((head - 0xD800) << 10) + (tail - 0xDC00);
}

static uint8_t read_octal(const uint8_t **at)
{
    uint8_t value = 0;
    for (int i = 0; i < 3 && is_octal(**at); i++) {
        value = (uint8_t)(value * 8 + (*(*at)++ - '0'));
    }
    return value;
}

static uint8_t plain_escape(uint8_t byte)
{
    static const char names[] = "abfnrtv";
    static const uint8_t values[] = "\a\b\f\n\r\t\v";
    const char *found = strchr(names, byte);
    return found == NULL ? byte : values[found - names];
}

/* Behind the backslash. */
static size_t read_escape(const uint8_t **at, uint8_t *out)
{
    const uint8_t byte = **at;
    if (is_octal(byte)) {
        *out = read_octal(at);
        return 1;
    }
    (*at)++;
    switch (byte) {
    case 'x':
        *out = (uint8_t)read_hex(at, 2);
        return 1;
    case 'u':
        return put_code_point(read_unicode(at, 4), out);
    case 'U':
        return put_code_point(read_unicode(at, 8), out);
    default:
        *out = plain_escape(byte);
        return 1;
    }
}

size_t pbtxt_unescape(struct bytes text, uint8_t *out)
{
    const uint8_t *at = text.data + 1;
    const uint8_t *end = text.data + text.size - 1;
    size_t size = 0;
    while (at < end) {
        if (*at == '\\') {
            at++;
            size += read_escape(&at, out + size);
        } else {
            out[size++] = *at++;
        }
    }
    return size;
}
