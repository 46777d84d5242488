/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/data_uri.h"

#include "codec/base64.h"
#include "codec/url.h"

static bool take_scheme(struct bytes *text)
{
    const struct bytes scheme = BYTES("data:");
    if (!bytes_equal_ignoring_case(bytes_first(*text, scheme.size), scheme)) {
        return false;
    }
    *text = bytes_from(*text, scheme.size);
    return true;
}

/* Takes ";base64" off the end. */
static bool take_base64(struct bytes *head)
{
    const struct bytes mark = BYTES(";base64");
    if (head->size < mark.size ||
        !bytes_equal_ignoring_case(bytes_from(*head, head->size - mark.size), mark)) {
        return false;
    }
    *head = bytes_first(*head, head->size - mark.size);
    return true;
}

static bool read_type(struct bytes head, struct media_type *out_type)
{
    static const struct bytes otherwise = BYTES_INIT("text/plain;charset=US-ASCII");
    if (head.size == 0) {
        return media_type_parse(otherwise, out_type) == GALEN_OK;
    }
    if (head.data[0] != ';') {
        return media_type_parse(head, out_type) == GALEN_OK;
    }
    struct media_type type = {BYTES("text"), BYTES("plain"), bytes_from(head, 1)};
    if (!media_type_parameters_are_valid(type)) {
        return false;
    }
    *out_type = type;
    return true;
}

static bool has_blank(struct bytes text)
{
    return bytes_find(text, ' ') < text.size || bytes_find(text, '\t') < text.size;
}

bool data_uri_split(struct bytes text, struct data_uri *out_uri)
{
    struct bytes head;
    struct data_uri uri;
    if (!take_scheme(&text)) {
        return false;
    }
    uri.data = bytes_split(text, ',', &head);
    if (head.size == text.size || has_blank(head)) {
        return false;
    }
    uri.is_base64 = take_base64(&head);
    if (!read_type(head, &uri.type)) {
        return false;
    }
    *out_uri = uri;
    return true;
}

/* RFC 3986: what a path or query may hold as it is. '#' would begin a fragment. */
static bool may_stand(uint8_t byte)
{
    const uint8_t lower = byte | 0x20;
    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') ||
           (byte != '\0' && strchr("-._~!$&'()*+,;=:@/?", byte) != NULL);
}

static enum galen_status decode_percent(struct bytes text, struct arena *arena,
                                        struct bytes *out_bytes, struct error *out_error)
{
    uint8_t *decoded = arena_alloc(arena, text.size + 1);
    size_t size = 0;
    if (decoded == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "no memory for a data: URI");
    }
    for (size_t i = 0; i < text.size; i++) {
        const bool is_escape = text.data[i] == '%';
        const int byte = is_escape ? url_escaped_byte(text, i) : text.data[i];
        if (byte < 0 || (!is_escape && !may_stand(text.data[i]))) {
            return error_set(out_error, GALEN_INVALID,
                             "byte offset %zu: has to be percent-encoded in a data: URI",
                             i);
        }
        decoded[size++] = (uint8_t)byte;
        i += is_escape ? 2 : 0;
    }
    *out_bytes = bytes_of(decoded, size);
    return GALEN_OK;
}

enum galen_status data_uri_decode(const struct data_uri *uri, struct arena *arena,
                                  struct bytes *out_bytes, struct error *out_error)
{
    struct bytes text = uri->data;
    const bool is_plain = uri->is_base64 && bytes_find(text, '%') == text.size;
    if (!is_plain) {
        TRY(decode_percent(text, arena, &text, out_error));
    }
    if (uri->is_base64) {
        return base64_decode(text, arena, out_bytes, out_error);
    }
    *out_bytes = text;
    return GALEN_OK;
}
