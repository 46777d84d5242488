/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/pbtxt_token.h"

#include <stdlib.h>

static bool is_digit(int byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_octal(int byte)
{
    return byte >= '0' && byte <= '7';
}

static bool is_letter(int byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

static bool is_space(int byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static int hex_value(int byte)
{
    if (is_digit(byte)) {
        return byte - '0';
    }
    const int lower = byte | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool is_hex(int byte)
{
    return hex_value(byte) >= 0;
}

struct pbtxt_tokens pbtxt_tokens_of(struct bytes text)
{
    return (struct pbtxt_tokens){.text = text, .line = 1, .column = 1};
}

/* The byte that comes then; -1 at the end. */
static int peek(const struct pbtxt_tokens *tokens, size_t ahead)
{
    return ahead < tokens->text.size - tokens->at ? tokens->text.data[tokens->at + ahead]
                                                  : -1;
}

static void advance(struct pbtxt_tokens *tokens)
{
    const uint8_t byte = tokens->text.data[tokens->at++];
    if (byte == '\n') {
        tokens->line++;
        tokens->column = 1;
    } else if ((byte & 0xC0) != 0x80) {
        tokens->column++;
    }
}

static bool take_byte(struct pbtxt_tokens *tokens, int byte)
{
    if (peek(tokens, 0) != byte) {
        return false;
    }
    advance(tokens);
    return true;
}

/* How many came. */
static size_t take_all(struct pbtxt_tokens *tokens, bool (*belongs)(int byte),
                       size_t count_max)
{
    size_t count = 0;
    while (count < count_max && belongs(peek(tokens, 0))) {
        advance(tokens);
        count++;
    }
    return count;
}

static void skip_space(struct pbtxt_tokens *tokens)
{
    for (;;) {
        (void)take_all(tokens, is_space, SIZE_MAX);
        if (peek(tokens, 0) != '#') {
            return;
        }
        while (peek(tokens, 0) != -1 && peek(tokens, 0) != '\n') {
            advance(tokens);
        }
    }
}

static const char *scan_exponent(struct pbtxt_tokens *tokens)
{
    advance(tokens);
    if (!take_byte(tokens, '-')) {
        (void)take_byte(tokens, '+');
    }
    return take_all(tokens, is_digit, SIZE_MAX) > 0 ? NULL
                                                    : "an exponent has at least one digit";
}

/* What may follow the digits of a decimal number. */
static const char *scan_fraction(struct pbtxt_tokens *tokens, enum pbtxt_kind *kind)
{
    const char *why = NULL;
    if (take_byte(tokens, '.')) {
        *kind = PBTXT_REAL;
        (void)take_all(tokens, is_digit, SIZE_MAX);
    }
    if (peek(tokens, 0) == 'e' || peek(tokens, 0) == 'E') {
        *kind = PBTXT_REAL;
        why = scan_exponent(tokens);
    }
    if (why == NULL && (take_byte(tokens, 'f') || take_byte(tokens, 'F'))) {
        *kind = PBTXT_REAL;
    }
    return why;
}

static const char *scan_number(struct pbtxt_tokens *tokens, enum pbtxt_kind *kind)
{
    const char *why = NULL;
    const bool is_zero = peek(tokens, 0) == '0';
    *kind = PBTXT_INTEGER;
    if (is_zero && (peek(tokens, 1) | 0x20) == 'x') {
        advance(tokens);
        advance(tokens);
        why = take_all(tokens, is_hex, SIZE_MAX) > 0 ? NULL : "0x needs digits behind it";
    } else if (is_zero && is_digit(peek(tokens, 1))) {
        (void)take_all(tokens, is_octal, SIZE_MAX);
        why = is_digit(peek(tokens, 0)) ? "a number that begins with 0 is octal" : NULL;
    } else {
        (void)take_all(tokens, is_digit, SIZE_MAX);
        why = scan_fraction(tokens, kind);
    }
    if (why == NULL && (is_letter(peek(tokens, 0)) || peek(tokens, 0) == '.')) {
        why = "that is no number";
    }
    return why;
}

/* Behind "\U": 00nnnnnn, up to 10FFFF. */
static bool scan_long_unicode(struct pbtxt_tokens *tokens)
{
    uint32_t value = 0;
    for (int i = 0; i < 8; i++) {
        const int digit = hex_value(peek(tokens, 0));
        if (digit < 0) {
            return false;
        }
        value = value << 4 | (uint32_t)digit;
        advance(tokens);
    }
    return value <= 0x10FFFF;
}

static bool scan_escape(struct pbtxt_tokens *tokens)
{
    advance(tokens);
    const int byte = peek(tokens, 0);
    if (byte == -1 || byte == '\n') {
        return false;
    }
    if (is_octal(byte)) {
        return take_all(tokens, is_octal, 3) < 3 || byte <= '3';
    }
    advance(tokens);
    switch (byte) {
    case 'x':
        return take_all(tokens, is_hex, 2) > 0;
    case 'u':
        return take_all(tokens, is_hex, 4) == 4;
    case 'U':
        return scan_long_unicode(tokens);
    default:
        return strchr("abfnrtv\\?'\"", byte) != NULL;
    }
}

static const char *scan_string(struct pbtxt_tokens *tokens)
{
    const int quote = peek(tokens, 0);
    advance(tokens);
    for (;;) {
        const int byte = peek(tokens, 0);
        if (byte == -1 || byte == '\n') {
            return "a text ends on the line that it begins on";
        }
        if (byte == '\\') {
            if (!scan_escape(tokens)) {
                return "there is no such escape sequence";
            }
            continue;
        }
        advance(tokens);
        if (byte == quote) {
            return NULL;
        }
    }
}

static bool belongs_to_name(int byte)
{
    return is_letter(byte) || is_digit(byte);
}

static const char *scan(struct pbtxt_tokens *tokens, enum pbtxt_kind *kind)
{
    const int byte = peek(tokens, 0);
    if (is_letter(byte)) {
        *kind = PBTXT_NAME;
        (void)take_all(tokens, belongs_to_name, SIZE_MAX);
        return NULL;
    }
    if (is_digit(byte) || (byte == '.' && is_digit(peek(tokens, 1)))) {
        return scan_number(tokens, kind);
    }
    if (byte == '"' || byte == '\'') {
        *kind = PBTXT_STRING;
        return scan_string(tokens);
    }
    if (byte < 0x20 || byte >= 0x7F) {
        return "outside of texts and comments there is printable ASCII only";
    }
    *kind = PBTXT_SYMBOL;
    advance(tokens);
    return NULL;
}

const char *pbtxt_next(struct pbtxt_tokens *tokens, struct pbtxt_token *out_token)
{
    skip_space(tokens);
    const size_t begin = tokens->at;
    struct pbtxt_token token = {PBTXT_END, BYTES_NONE, tokens->line, tokens->column};
    const char *why = begin == tokens->text.size ? NULL : scan(tokens, &token.kind);
    token.text = bytes_first(bytes_from(tokens->text, begin), tokens->at - begin);
    if (why == NULL) {
        *out_token = token;
    }
    return why;
}

bool pbtxt_is_decimal(struct bytes text)
{
    return text.size == 1 || text.data[0] != '0';
}

bool pbtxt_integer(struct bytes text, uint64_t *out_value)
{
    uint64_t base = 10;
    uint64_t value = 0;
    if (!pbtxt_is_decimal(text)) {
        const bool is_hexadecimal = (text.data[1] | 0x20) == 'x';
        base = is_hexadecimal ? 16 : 8;
        text = bytes_from(text, is_hexadecimal ? 2 : 1);
    }
    for (size_t i = 0; i < text.size; i++) {
        const uint64_t digit = (uint64_t)hex_value(text.data[i]);
        if (__builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            return false;
        }
    }
    *out_value = value;
    return true;
}

bool pbtxt_real(struct bytes text, struct arena *arena, double *out_value)
{
    const char *copy = arena_copy_string(arena, text);
    if (copy == NULL) {
        return false;
    }
    *out_value = strtod(copy, NULL);
    return true;
}
