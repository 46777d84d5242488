/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/web_url.h"

#include "base/limits.h"

enum { PORT_HTTP = 80, PORT_HTTPS = 443, PORT_MAX = 65535, OCTET_MAX = 255 };

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(uint8_t byte)
{
    return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

static bool is_name_character(uint8_t byte)
{
    return is_letter(byte) || is_digit(byte) || byte == '-' || byte == '.' || byte == '_';
}

static bool is_address_character(uint8_t byte)
{
    return is_digit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f') ||
           byte == ':' || byte == '.';
}

static bool are_all(struct bytes text, bool (*is)(uint8_t byte))
{
    for (size_t i = 0; i < text.size; i++) {
        if (!is(text.data[i])) {
            return false;
        }
    }
    return text.size > 0;
}

/* A target may hold it, and a request line (RFC 3986 section 3.3 and 3.4). */
static bool is_target_character(uint8_t byte)
{
    return is_letter(byte) || is_digit(byte) ||
           (byte != '\0' && strchr("-._~!$&'()*+,;=:@%/?", byte) != NULL);
}

static bool take_scheme(struct bytes *text, bool *out_is_https)
{
    const struct bytes http = BYTES("http://");
    const struct bytes https = BYTES("https://");
    *out_is_https = bytes_equal_ignoring_case(bytes_first(*text, https.size), https);
    if (!*out_is_https && !bytes_equal_ignoring_case(bytes_first(*text, http.size), http)) {
        return false;
    }
    *text = bytes_from(*text, *out_is_https ? https.size : http.size);
    return true;
}

static bool take_host(struct bytes *authority, struct bytes *out_host)
{
    const bool is_bracketed = authority->size > 0 && authority->data[0] == '[';
    const size_t size = bytes_find(*authority, is_bracketed ? ']' : ':');
    if (is_bracketed && size == authority->size) {
        return false;
    }
    *out_host = is_bracketed ? bytes_from(bytes_first(*authority, size), 1)
                             : bytes_first(*authority, size);
    *authority = bytes_from(*authority, is_bracketed ? size + 1 : size);
    return are_all(*out_host, is_bracketed ? is_address_character : is_name_character);
}

static bool read_port(struct bytes text, bool is_https, uint16_t *out_port)
{
    uint64_t port = is_https ? PORT_HTTPS : PORT_HTTP;
    if (text.size > 0 &&
        (text.data[0] != ':' || !bytes_parse_u64(bytes_from(text, 1), PORT_MAX, &port) ||
         port == 0)) {
        return false;
    }
    *out_port = (uint16_t)port;
    return true;
}

static size_t authority_size(struct bytes text)
{
    size_t size = 0;
    while (size < text.size && text.data[size] != '/' && text.data[size] != '?') {
        size++;
    }
    return size;
}

enum galen_status web_url_parse(struct bytes text, struct web_url *out_url,
                                struct error *out_error)
{
    struct web_url url;
    if (text.size > LIMIT_URL_SIZE_BYTES_MAX) {
        return error_set(out_error, GALEN_INVALID, "it is longer than %d bytes",
                         LIMIT_URL_SIZE_BYTES_MAX);
    }
    if (!take_scheme(&text, &url.is_https)) {
        return error_set(out_error, GALEN_INVALID,
                         "it does not begin with https:// or http://");
    }
    struct bytes authority = bytes_first(text, authority_size(text));
    const struct bytes target = bytes_from(text, authority.size);
    if (!take_host(&authority, &url.host)) {
        return error_set(out_error, GALEN_INVALID, "it has no host that can be read");
    }
    if (!read_port(authority, url.is_https, &url.port)) {
        return error_set(out_error, GALEN_INVALID, "its port is none from 1 to %d",
                         PORT_MAX);
    }
    if (target.size > 0 && !are_all(target, is_target_character)) {
        return error_set(out_error, GALEN_INVALID,
                         "its path or query has a character that has to be escaped");
    }
    url.path = bytes_first(target, bytes_find(target, '?'));
    url.query = bytes_from(target, url.path.size);
    *out_url = url;
    return GALEN_OK;
}

static bool is_loopback_v4(struct bytes host)
{
    uint64_t octets[4] = {0};
    for (size_t i = 0; i < 4; i++) {
        struct bytes octet;
        const bool has_more = bytes_find(host, '.') < host.size;
        host = bytes_split(host, '.', &octet);
        if (has_more != (i < 3) || !bytes_parse_u64(octet, OCTET_MAX, &octets[i])) {
            return false;
        }
    }
    return octets[0] == 127;
}

bool web_url_is_loopback(const struct web_url *url)
{
    return bytes_equal_ignoring_case(url->host, BYTES("localhost")) ||
           bytes_equal_string(url->host, "::1") || is_loopback_v4(url->host);
}

bool web_url_is_safe(const struct web_url *url)
{
    return url->is_https || web_url_is_loopback(url);
}
