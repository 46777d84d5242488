/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/authority.h"

#include "codec/url.h"

enum { BEYOND_ASCII = 128 };

static bool is_among(uint8_t byte, const char *bytes)
{
    return byte != '\0' && byte < BEYOND_ASCII && strchr(bytes, byte) != NULL;
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_hex(uint8_t byte)
{
    const uint8_t lower = byte | 0x20;
    return is_digit(byte) || (lower >= 'a' && lower <= 'f');
}

/* unreserved and sub-delims, without the comma. */
static bool is_of_name(uint8_t byte)
{
    const uint8_t lower = byte | 0x20;
    return (lower >= 'a' && lower <= 'z') || is_digit(byte) ||
           is_among(byte, "-._~!$&'()*+;=");
}

static bool is_name(struct bytes host)
{
    for (size_t i = 0; i < host.size; i++) {
        const bool is_escape = host.data[i] == '%';
        if (is_escape ? url_escaped_byte(host, i) < 0 : !is_of_name(host.data[i])) {
            return false;
        }
        i += is_escape ? 2 : 0;
    }
    return true;
}

/* As far as it tells an address from what is none: whether that one exists is not asked. */
static bool is_ipv6(struct bytes literal)
{
    size_t colon_count = 0;
    for (size_t i = 0; i < literal.size; i++) {
        const uint8_t byte = literal.data[i];
        if (!is_hex(byte) && byte != ':' && byte != '.') {
            return false;
        }
        colon_count += byte == ':' ? 1 : 0;
    }
    return colon_count >= 2 && colon_count <= 8;
}

/* "v1.name" */
static bool is_future_address(struct bytes literal)
{
    size_t dot = 1;
    while (dot < literal.size && is_hex(literal.data[dot])) {
        dot++;
    }
    const struct bytes name = bytes_from(literal, dot + 1);
    for (size_t i = 0; i < name.size; i++) {
        if (!is_of_name(name.data[i]) && name.data[i] != ':') {
            return false;
        }
    }
    return dot > 1 && name.size > 0 && literal.data[dot] == '.';
}

static bool is_literal(struct bytes literal)
{
    const bool is_future = literal.size > 0 && (literal.data[0] | 0x20) == 'v';
    return is_future ? is_future_address(literal) : is_ipv6(literal);
}

static bool is_port(struct bytes port)
{
    for (size_t i = 0; i < port.size; i++) {
        if (!is_digit(port.data[i])) {
            return false;
        }
    }
    return true;
}

/* What follows the host: nothing, or a colon and a port. */
static bool is_end(struct bytes rest)
{
    return rest.size == 0 || (rest.data[0] == ':' && is_port(bytes_from(rest, 1)));
}

bool authority_is_valid(struct bytes authority)
{
    if (authority.size > 0 && authority.data[0] == '[') {
        const size_t end = bytes_find(authority, ']');
        return end < authority.size &&
               is_literal(bytes_from(bytes_first(authority, end), 1)) &&
               is_end(bytes_from(authority, end + 1));
    }
    const size_t colon = bytes_find(authority, ':');
    return is_name(bytes_first(authority, colon)) && is_end(bytes_from(authority, colon));
}
