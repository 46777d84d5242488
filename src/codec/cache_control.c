/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/cache_control.h"

struct lifetime {
    bool is_told;
    uint64_t seconds;
};

static void tell(struct lifetime *lifetime, uint64_t seconds)
{
    if (!lifetime->is_told || seconds < lifetime->seconds) {
        *lifetime = (struct lifetime){true, seconds};
    }
}

/* Where the next comma outside quotes stands; the size where there is none. */
static size_t directive_size(struct bytes text)
{
    bool is_quoted = false;
    size_t i = 0;
    while (i < text.size && (is_quoted || text.data[i] != ',')) {
        is_quoted ^= text.data[i] == '"';
        i += is_quoted && text.data[i] == '\\' ? 2 : 1;
    }
    return i < text.size ? i : text.size;
}

static bool are_digits(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return text.size > 0;
}

static struct bytes without_leading_zeros(struct bytes digits)
{
    while (digits.size > 1 && digits.data[0] == '0') {
        digits = bytes_from(digits, 1);
    }
    return digits;
}

/* delta-seconds, RFC 9111 section 1.2.2: too many are as many as can be. */
static bool read_seconds(struct bytes text, uint64_t *out_seconds)
{
    if (!are_digits(text)) {
        return false;
    }
    if (!bytes_parse_u64(without_leading_zeros(text), CACHE_LIFETIME_S_MAX, out_seconds)) {
        *out_seconds = CACHE_LIFETIME_S_MAX;
    }
    return true;
}

/* As a token or as a quoted string; without both quotes it is neither, and no number. */
static struct bytes unquote(struct bytes value)
{
    const bool is_quoted =
        value.size >= 2 && value.data[0] == '"' && value.data[value.size - 1] == '"';
    return is_quoted ? bytes_of(value.data + 1, value.size - 2) : value;
}

static void read_directive(struct bytes directive, struct lifetime *lifetime)
{
    struct bytes name;
    uint64_t seconds = 0;
    const struct bytes value = bytes_split(bytes_trim(directive), '=', &name);
    if (bytes_equal_ignoring_case(name, BYTES("no-store")) ||
        bytes_equal_ignoring_case(name, BYTES("no-cache"))) {
        tell(lifetime, 0);
    } else if (bytes_equal_ignoring_case(name, BYTES("max-age"))) {
        const bool is_read = read_seconds(unquote(value), &seconds);
        tell(lifetime, is_read ? seconds : 0);
    }
}

static void read_header(struct bytes value, struct lifetime *lifetime)
{
    while (value.size > 0) {
        const struct bytes directive = bytes_first(value, directive_size(value));
        read_directive(directive, lifetime);
        value = bytes_from(value, directive.size + 1);
    }
}

bool cache_control_lifetime(const struct http_header *headers, size_t count,
                            uint64_t *out_lifetime_s)
{
    struct lifetime lifetime = {false, 0};
    struct bytes text;
    uint64_t age_s = 0;
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal_ignoring_case(headers[i].name, BYTES("Cache-Control"))) {
            read_header(headers[i].value, &lifetime);
        }
    }
    if (!http_header_get(headers, count, "Age", &text) || !read_seconds(text, &age_s)) {
        age_s = 0;
    }
    if (lifetime.is_told) {
        *out_lifetime_s = lifetime.seconds > age_s ? lifetime.seconds - age_s : 0;
    }
    return lifetime.is_told;
}
