/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/parameters.h"

static bool is_token_character(uint8_t byte)
{
    const bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
    const bool digit = byte >= '0' && byte <= '9';
    return letter || digit || (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

size_t parameters_token_size(struct bytes text)
{
    size_t size = 0;
    while (size < text.size && is_token_character(text.data[size])) {
        size++;
    }
    return size;
}

static bool is_quoted_character(uint8_t byte)
{
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
}

/* With both quotes; 0: there is none, or it does not end. */
static size_t quoted_string_size(struct bytes text)
{
    for (size_t i = 1; i < text.size && text.data[0] == '"'; i++) {
        if (text.data[i] == '"') {
            return i + 1;
        }
        i += text.data[i] == '\\';
        if (i == text.size || !is_quoted_character(text.data[i])) {
            return 0;
        }
    }
    return 0;
}

static bool begins_with(struct bytes text, uint8_t byte)
{
    return text.size > 0 && text.data[0] == byte;
}

bool parameters_take(struct bytes *text, struct parameter *out_parameter)
{
    struct bytes left = bytes_trim(*text);
    struct parameter parameter = {.name = bytes_first(left, parameters_token_size(left))};
    left = bytes_from(left, parameter.name.size);

    if (parameter.name.size > 0) {
        if (!begins_with(left, '=')) {
            return false;
        }
        left = bytes_from(left, 1);
        const size_t size =
            begins_with(left, '"') ? quoted_string_size(left) : parameters_token_size(left);
        if (size == 0) {
            return false;
        }
        parameter.value = bytes_first(left, size);
        left = bytes_trim(bytes_from(left, size));
    }
    if (left.size > 0 && !begins_with(left, ';')) {
        return false;
    }
    *text = bytes_from(left, 1);
    *out_parameter = parameter;
    return true;
}

struct bytes parameters_plain_value(struct bytes value)
{
    const bool plain = begins_with(value, '"') && bytes_find(value, '\\') == value.size;
    return plain ? bytes_of(value.data + 1, value.size - 2) : value;
}
