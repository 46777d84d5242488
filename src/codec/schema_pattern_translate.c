/* SPDX-License-Identifier: Apache-2.0 */
/* ECMA-262 section 22.2.1 (with the flag u; its Annex B where nothing is ambiguous). */
#include "codec/schema_pattern.h"

#include <stdio.h>

/* White space of ECMA-262, and all that is none: PCRE2's \s knows ASCII's only. */
#define SPACES                                                                           \
    "\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}" \
    "\\x{205f}\\x{3000}\\x{feff}"
#define NO_SPACES                                                                      \
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}"   \
    "\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{" \
    "3001}-"                                                                           \
    "\\x{fefe}\\x{ff00}-\\x{10ffff}"

struct translation {
    struct bytes text;
    size_t index;
    struct writer *out;
    struct error *error;
    bool in_class;
    bool after_atom; /* a quantifier may stand here */
};

static enum galen_status refuse(const struct translation *at, const char *why)
{
    return error_set(at->error, GALEN_UNPROCESSABLE, "pattern, byte offset %zu: %s",
                     at->index, why);
}

static uint8_t peek(const struct translation *at, size_t ahead)
{
    return at->index + ahead < at->text.size ? at->text.data[at->index + ahead] : 0;
}

static void put(struct translation *at, const char *text)
{
    writer_put_string(at->out, text);
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_word(uint8_t byte)
{
    return is_letter(byte) || is_digit(byte) || byte == '_';
}

static bool is_hex(uint8_t byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

static void put_code_point(struct translation *at, uint32_t code_point)
{
    char text[16];
    (void)snprintf(text, sizeof(text), "\\x{%x}", (unsigned)code_point);
    put(at, text);
}

/* Hexadecimal digits from index on; false: there are not so many. */
static bool read_hex(const struct translation *at, size_t ahead, size_t count,
                     uint32_t *out_value)
{
    uint32_t value = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t byte = peek(at, ahead + i);
        if (!is_hex(byte)) {
            return false;
        }
        value = 16 * value + (is_digit(byte) ? byte - 48u : (byte | 0x20u) - 87u);
    }
    *out_value = value;
    return true;
}

/* "\u{1F600}": index is at the backslash. */
static enum galen_status put_braced(struct translation *at)
{
    size_t count = 0;
    uint32_t value;
    while (is_hex(peek(at, 3 + count))) {
        count++;
    }
    if (count == 0 || count > 6 || peek(at, 3 + count) != '}' ||
        !read_hex(at, 3, count, &value) || value > 0x10FFFF ||
        (value >= 0xD800 && value <= 0xDFFF)) {
        return refuse(at, "\\u{...} needs a code point");
    }
    put_code_point(at, value);
    at->index += 4 + count;
    return GALEN_OK;
}

static enum galen_status put_unicode(struct translation *at)
{
    uint32_t value;
    uint32_t low;
    if (peek(at, 2) == '{') {
        return put_braced(at);
    }
    if (!read_hex(at, 2, 4, &value)) {
        return refuse(at, "\\u needs four hexadecimal digits");
    }
    at->index += 6;
    if (value >= 0xD800 && value <= 0xDFFF) {
        const bool is_pair = value < 0xDC00 && peek(at, 0) == '\\' && peek(at, 1) == 'u' &&
                             read_hex(at, 2, 4, &low) && low >= 0xDC00 && low <= 0xDFFF;
        if (!is_pair) {
            return refuse(at, "half of a surrogate pair is no character");
        }
        value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
        at->index += 6;
    }
    put_code_point(at, value);
    return GALEN_OK;
}

/* General categories by their long names; PCRE2 knows the short ones, and scripts. */
static const struct {
    const char *name;
    const char *short_name;
} categories[] = {
    {"Letter", "L"},
    {"Cased_Letter", "L&"},
    {"Uppercase_Letter", "Lu"},
    {"Lowercase_Letter", "Ll"},
    {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Mark", "M"},
    {"Nonspacing_Mark", "Mn"},
    {"Spacing_Mark", "Mc"},
    {"Enclosing_Mark", "Me"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Letter_Number", "Nl"},
    {"Other_Number", "No"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Connector_Punctuation", "Pc"},
    {"Dash_Punctuation", "Pd"},
    {"Open_Punctuation", "Ps"},
    {"Close_Punctuation", "Pe"},
    {"Initial_Punctuation", "Pi"},
    {"Final_Punctuation", "Pf"},
    {"Other_Punctuation", "Po"},
    {"Symbol", "S"},
    {"Math_Symbol", "Sm"},
    {"Currency_Symbol", "Sc"},
    {"Modifier_Symbol", "Sk"},
    {"Other_Symbol", "So"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Line_Separator", "Zl"},
    {"Paragraph_Separator", "Zp"},
    {"Other", "C"},
    {"Control", "Cc"},
    {"Format", "Cf"},
    {"Private_Use", "Co"},
    {"Unassigned", "Cn"},
};

static struct bytes property_name(struct bytes text)
{
    static const char *const prefixes[] = {
        "General_Category=", "gc=", "Script=", "sc=", "Script_Extensions=", "scx="};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        const struct bytes prefix = bytes_from_string(prefixes[i]);
        if (bytes_starts_with(text, prefix)) {
            text = bytes_from(text, prefix.size);
            break;
        }
    }
    for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++) {
        if (bytes_equal_string(text, categories[i].name)) {
            return bytes_from_string(categories[i].short_name);
        }
    }
    return text;
}

static enum galen_status put_property(struct translation *at)
{
    size_t size = 0;
    while (is_word(peek(at, 3 + size)) || peek(at, 3 + size) == '=') {
        size++;
    }
    if (peek(at, 2) != '{' || size == 0 || peek(at, 3 + size) != '}') {
        return refuse(at, "\\p needs a property in braces");
    }
    put(at, peek(at, 1) == 'p' ? "\\p{" : "\\P{");
    writer_put(at->out, property_name(bytes_of(at->text.data + at->index + 3, size)));
    put(at, "}");
    at->index += 4 + size;
    return GALEN_OK;
}

static enum galen_status put_named_reference(struct translation *at)
{
    size_t size = 0;
    while (is_word(peek(at, 3 + size))) {
        size++;
    }
    if (peek(at, 2) != '<' || size == 0 || peek(at, 3 + size) != '>') {
        return refuse(at, "\\k needs a group's name");
    }
    writer_put(at->out, bytes_of(at->text.data + at->index, 4 + size));
    at->index += 4 + size;
    return GALEN_OK;
}

static enum galen_status put_numbered_reference(struct translation *at)
{
    size_t size = 0;
    while (is_digit(peek(at, 1 + size))) {
        size++;
    }
    put(at, "\\g{");
    writer_put(at->out, bytes_of(at->text.data + at->index + 1, size));
    put(at, "}");
    at->index += 1 + size;
    return GALEN_OK;
}

/* Escapes of one letter, apart from those that take more. NULL: there is no such one. */
static const char *plain_escape(uint8_t letter, bool in_class)
{
    switch (letter) {
    case 'd':
        return "\\d";
    case 'D':
        return "\\D";
    case 'w':
        return "\\w";
    case 'W':
        return "\\W";
    case 's':
        return in_class ? SPACES : "[" SPACES "]";
    case 'S':
        return in_class ? NO_SPACES : "[^" SPACES "]";
    case 'b':
        return in_class ? "\\x{8}" : "\\b";
    case 'B':
        return in_class ? NULL : "\\B";
    case 't':
        return "\\x{9}";
    case 'n':
        return "\\x{a}";
    case 'v':
        return "\\x{b}";
    case 'f':
        return "\\x{c}";
    case 'r':
        return "\\x{d}";
    default:
        return NULL;
    }
}

static enum galen_status put_control(struct translation *at)
{
    if (!is_letter(peek(at, 2))) {
        return refuse(at, "\\c needs a letter");
    }
    put_code_point(at, peek(at, 2) & 31u);
    at->index += 3;
    return GALEN_OK;
}

static enum galen_status put_byte_escape(struct translation *at)
{
    uint32_t value;
    if (!read_hex(at, 2, 2, &value)) {
        return refuse(at, "\\x needs two hexadecimal digits");
    }
    put_code_point(at, value);
    at->index += 4;
    return GALEN_OK;
}

static enum galen_status put_identity(struct translation *at)
{
    const uint8_t byte = peek(at, 1);
    if (byte <= ' ' || byte >= 0x7F || is_word(byte)) {
        return refuse(at, "an escape that ECMA-262 does not have");
    }
    writer_put(at->out, bytes_of(at->text.data + at->index, 2));
    at->index += 2;
    return GALEN_OK;
}

static enum galen_status put_escape(struct translation *at)
{
    const uint8_t letter = peek(at, 1);
    const char *plain = plain_escape(letter, at->in_class);
    if (plain != NULL) {
        put(at, plain);
        at->index += 2;
        return GALEN_OK;
    }
    switch (letter) {
    case 'u':
        return put_unicode(at);
    case 'x':
        return put_byte_escape(at);
    case 'c':
        return put_control(at);
    case 'p':
    case 'P':
        return put_property(at);
    default:
        break;
    }
    if (letter == '0' && !is_digit(peek(at, 2))) {
        put_code_point(at, 0);
        at->index += 2;
        return GALEN_OK;
    }
    if (!at->in_class && letter == 'k') {
        return put_named_reference(at);
    }
    return !at->in_class && letter >= '1' && letter <= '9' ? put_numbered_reference(at)
                                                           : put_identity(at);
}

static enum galen_status put_class(struct translation *at)
{
    put(at, peek(at, 1) == '^' ? "[^" : "[");
    at->index += peek(at, 1) == '^' ? 2 : 1;
    at->in_class = true;
    while (peek(at, 0) != ']') {
        if (at->index >= at->text.size) {
            return refuse(at, "a class without its ]");
        }
        if (peek(at, 0) == '\\') {
            TRY(put_escape(at));
            continue;
        }
        if (peek(at, 0) == '[') { /* which opens [:alpha:] in PCRE2 */
            put(at, "\\");
        }
        writer_put_byte(at->out, peek(at, 0));
        at->index++;
    }
    put(at, "]");
    at->index++;
    at->in_class = false;
    return GALEN_OK;
}

static enum galen_status put_group(struct translation *at)
{
    static const char *const openings[] = {"(?:", "(?=", "(?!", "(?<=", "(?<!"};
    const struct bytes rest = bytes_from(at->text, at->index);
    for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
        const struct bytes opening = bytes_from_string(openings[i]);
        if (bytes_starts_with(rest, opening)) {
            writer_put(at->out, opening);
            at->index += opening.size;
            return GALEN_OK;
        }
    }
    if (bytes_starts_with(rest, BYTES("(?<")) && is_word(peek(at, 3))) {
        put(at, "(?<");
        at->index += 3;
        return GALEN_OK;
    }
    if (peek(at, 1) == '?' || peek(at, 1) == '*') {
        return refuse(at, "a group that ECMA-262 does not have");
    }
    put(at, "(");
    at->index++;
    return GALEN_OK;
}

/* The size of "{2}", "{2,}" or "{2,3}" here; 0: it is none. */
static size_t counted_size(const struct translation *at)
{
    size_t size = 1;
    while (is_digit(peek(at, size))) {
        size++;
    }
    if (size == 1) {
        return 0;
    }
    if (peek(at, size) == ',') {
        size++;
        while (is_digit(peek(at, size))) {
            size++;
        }
    }
    return peek(at, size) == '}' ? size + 1 : 0;
}

static enum galen_status put_quantifier(struct translation *at, size_t size)
{
    if (!at->after_atom) {
        return refuse(at, "nothing to repeat");
    }
    size += peek(at, size) == '?';
    writer_put(at->out, bytes_of(at->text.data + at->index, size));
    at->index += size;
    at->after_atom = false; /* what PCRE2 reads as possessive is refused */
    return GALEN_OK;
}

static enum galen_status put_one(struct translation *at)
{
    const uint8_t byte = peek(at, 0);
    const size_t counted = byte == '{' ? counted_size(at) : 0;
    if (byte == '*' || byte == '+' || byte == '?' || counted > 0) {
        return put_quantifier(at, counted > 0 ? counted : 1);
    }
    at->after_atom = byte != '|' && byte != '(' && byte != '^';
    switch (byte) {
    case '\\':
        return put_escape(at);
    case '[':
        return put_class(at);
    case '(':
        return put_group(at);
    case '.':
        put(at, "[^\\n\\r\\x{2028}\\x{2029}]");
        break;
    case '{':
    case '}':
    case ']':
        put(at, "\\");
        writer_put_byte(at->out, byte);
        break;
    default:
        writer_put_byte(at->out, byte);
        break;
    }
    at->index++;
    return GALEN_OK;
}

enum galen_status schema_pattern_translate(struct bytes text, struct writer *out,
                                           struct error *out_error)
{
    struct translation at = {.text = text, .out = out, .error = out_error};
    while (at.index < text.size) {
        TRY(put_one(&at));
    }
    return out->status;
}
