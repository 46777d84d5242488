/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/media_type.h"

#include "codec/parameters.h"

enum { SNIFF_SIZE_BYTES_MAX = 512, DICOM_PREAMBLE_SIZE_BYTES = 128 };

bool media_type_parameters_are_valid(struct media_type type)
{
    struct parameter parameter;
    for (struct bytes left = type.parameters; left.size > 0;) {
        if (!parameters_take(&left, &parameter)) {
            return false;
        }
    }
    return true;
}

enum galen_status media_type_parse(struct bytes text, struct media_type *out_type)
{
    struct bytes name;
    struct media_type type;
    type.parameters = bytes_split(text, ';', &name);
    type.subtype = bytes_split(bytes_trim(name), '/', &type.type);

    if (type.type.size == 0 || parameters_token_size(type.type) != type.type.size ||
        type.subtype.size == 0 ||
        parameters_token_size(type.subtype) != type.subtype.size) {
        return GALEN_INVALID;
    }
    if (!media_type_parameters_are_valid(type)) {
        return GALEN_INVALID;
    }
    *out_type = type;
    return GALEN_OK;
}

bool media_type_is(struct media_type type, const char *pattern)
{
    struct bytes wanted;
    const struct bytes subtype = bytes_split(bytes_from_string(pattern), '/', &wanted);
    return bytes_equal_ignoring_case(type.type, wanted) &&
           (bytes_equal_string(subtype, "*") ||
            bytes_equal_ignoring_case(type.subtype, subtype));
}

bool media_type_is_same(struct media_type a, struct media_type b)
{
    return bytes_equal_ignoring_case(a.type, b.type) &&
           bytes_equal_ignoring_case(a.subtype, b.subtype);
}

bool media_type_parameter(struct media_type type, const char *name, struct bytes *out_value)
{
    struct parameter parameter;
    for (struct bytes left = type.parameters;
         left.size > 0 && parameters_take(&left, &parameter);) {
        if (parameter.name.size > 0 &&
            bytes_equal_ignoring_case(parameter.name, bytes_from_string(name))) {
            *out_value = parameters_plain_value(parameter.value);
            return true;
        }
    }
    return false;
}

/* What bytes look like. */

static bool is_dicom(struct bytes body)
{
    return bytes_starts_with(bytes_from(body, DICOM_PREAMBLE_SIZE_BYTES), BYTES("DICM"));
}

static bool is_only(struct bytes text, uint8_t byte)
{
    return text.size > 0 && text.data[0] == byte;
}

static struct bytes skip_json_space(struct bytes text)
{
    while (text.size > 0 && (text.data[0] == '\n' || text.data[0] == '\r' ||
                             text.data[0] == ' ' || text.data[0] == '\t')) {
        text = bytes_from(text, 1);
    }
    return text;
}

static bool may_begin_an_element(struct bytes text)
{
    return strchr("[]{\"-0123456789", text.data[0]) != NULL ||
           bytes_starts_with(text, BYTES("true")) ||
           bytes_starts_with(text, BYTES("false")) ||
           bytes_starts_with(text, BYTES("null"));
}

/* Notes begin with brackets too ("[**2150-01-01**] Seen in clinic"), so the next character
 * has to fit as well. */
static bool is_json(struct bytes body)
{
    const struct bytes text = skip_json_space(body);
    const struct bytes inside = skip_json_space(bytes_from(text, 1));
    if (is_only(text, '{')) {
        return inside.size == 0 || inside.data[0] == '"' || inside.data[0] == '}';
    }
    return is_only(text, '[') &&
           (inside.size == 0 || (inside.data[0] != '\0' && may_begin_an_element(inside)));
}

static bool is_text_control(uint8_t byte)
{
    return byte == '\t' || byte == '\n' || byte == '\r' || byte == '\f';
}

static bool is_start_of_character(struct bytes text)
{
    for (size_t i = 1; i < text.size; i++) {
        if ((text.data[i] & 0xC0) != 0x80) {
            return false;
        }
    }
    return text.size > 0 && text.size <= 3 && text.data[0] >= 0xC2 && text.data[0] <= 0xF4;
}

/* `cut`: the text goes on, perhaps in the middle of a character. */
static bool is_text(struct bytes body, bool cut)
{
    size_t text_size = body.size;
    if (!bytes_are_utf8(body, &text_size) &&
        !(cut && is_start_of_character(bytes_from(body, text_size)))) {
        return false;
    }
    for (size_t i = 0; i < text_size; i++) {
        const uint8_t byte = body.data[i];
        if ((byte < 0x20 && !is_text_control(byte)) || byte == 0x7F) {
            return false;
        }
    }
    return true;
}

static const struct {
    struct bytes prefix;
    const char *type;
} signatures[] = {
    {{(const uint8_t *)"\xFF\xD8\xFF", 3}, "image/jpeg"},
    {{(const uint8_t *)"\x89PNG\r\n\x1A\n", 8}, "image/png"},
    {{(const uint8_t *)"GIF87a", 6}, "image/gif"},
    {{(const uint8_t *)"GIF89a", 6}, "image/gif"},
    {{(const uint8_t *)"II*\0", 4}, "image/tiff"},
    {{(const uint8_t *)"MM\0*", 4}, "image/tiff"},
    {{(const uint8_t *)"%PDF-", 5}, "application/pdf"},
    {{(const uint8_t *)"PK\x03\x04", 4}, "application/zip"},
    {{(const uint8_t *)"PK\x05\x06", 4}, "application/zip"},
    {{(const uint8_t *)"\x1F\x8B", 2}, "application/gzip"},
    {{(const uint8_t *)"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8}, "application/x-ole-storage"},
    {{(const uint8_t *)"{\\rtf", 5}, "text/rtf"},
};

enum { SIGNATURE_COUNT = sizeof(signatures) / sizeof(signatures[0]) };

const char *media_type_sniff(struct bytes body)
{
    const struct bytes start = bytes_first(body, SNIFF_SIZE_BYTES_MAX);
    for (size_t i = 0; i < SIGNATURE_COUNT; i++) {
        if (bytes_starts_with(start, signatures[i].prefix)) {
            return signatures[i].type;
        }
    }
    if (is_text(start, body.size > start.size)) { /* in which "DICM" may stand, too */
        return is_json(start) ? "application/json" : "text/plain";
    }
    if (is_dicom(start)) {
        return "application/dicom";
    }
    return is_json(start) ? "application/json" : "application/octet-stream";
}

static bool has_signature(struct media_type type)
{
    bool found = media_type_is(type, "image/*") || media_type_is(type, "application/dicom");
    for (size_t i = 0; i < SIGNATURE_COUNT && !found; i++) {
        found = media_type_is(type, signatures[i].type);
    }
    return found;
}

bool media_type_agrees(struct media_type declared, const char *sniffed)
{
    struct media_type seen;
    if (media_type_is(declared, sniffed)) {
        return true;
    }
    return media_type_parse(bytes_from_string(sniffed), &seen) == GALEN_OK &&
           !has_signature(seen) && !has_signature(declared);
}
