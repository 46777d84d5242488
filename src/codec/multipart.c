/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/multipart.h"

#include "codec/parameters.h"

enum { BOUNDARY_SIZE_MAX = 70, DELIMITER_SIZE_MAX = BOUNDARY_SIZE_MAX + 4 };

struct scan {
    struct bytes body;
    size_t at;
    uint8_t delimiter[DELIMITER_SIZE_MAX]; /* CRLF, two hyphens, the boundary */
    size_t delimiter_size;
    struct error *error;
};

static enum galen_status malformed(const struct scan *scan, const char *why)
{
    return error_set(scan->error, GALEN_INVALID, "byte offset %zu: %s", scan->at, why);
}

static struct bytes rest(const struct scan *scan)
{
    return bytes_from(scan->body, scan->at);
}

static bool skip(struct scan *scan, struct bytes text)
{
    const bool found = bytes_starts_with(rest(scan), text);
    scan->at += found ? text.size : 0;
    return found;
}

/* Boundaries: RFC 2046 section 5.1.1. */

static bool is_boundary_character(uint8_t byte)
{
    const uint8_t lower = byte | 0x20;
    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') ||
           (byte != '\0' && strchr("'()+_,-./:=? ", byte) != NULL);
}

static bool is_boundary(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!is_boundary_character(text.data[i])) {
            return false;
        }
    }
    return text.size > 0 && text.size <= BOUNDARY_SIZE_MAX &&
           text.data[text.size - 1] != ' ';
}

static enum galen_status scan_begin(struct scan *scan, struct media_type type)
{
    struct bytes boundary;
    if (!media_type_parameter(type, "boundary", &boundary) || !is_boundary(boundary)) {
        return error_set(scan->error, GALEN_INVALID, "the media type names no boundary");
    }
    memcpy(scan->delimiter, "\r\n--", 4);
    memcpy(scan->delimiter + 4, boundary.data, boundary.size);
    scan->delimiter_size = 4 + boundary.size;
    return skip(scan, bytes_of(scan->delimiter + 2, scan->delimiter_size - 2))
               ? GALEN_OK
               : malformed(scan, "does not begin with the boundary");
}

/* A part's headers. */

struct headers {
    size_t left_size; /* that they may still have */
    bool has_disposition;
    struct multipart_part *part;
};

static bool is_line_character(uint8_t byte)
{
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
}

static enum galen_status take_line(struct scan *scan, struct headers *headers,
                                   struct bytes *out_line)
{
    const struct bytes window = bytes_first(rest(scan), headers->left_size);
    size_t size = 0;
    while (size < window.size && is_line_character(window.data[size])) {
        size++;
    }
    if (size + 2 > headers->left_size) {
        return error_set(scan->error, GALEN_TOO_LARGE,
                         "a part of the form has more than %d bytes of headers",
                         (int)LIMIT_MULTIPART_HEADER_SIZE_BYTES_MAX);
    }
    *out_line = bytes_first(window, size);
    scan->at += size;
    headers->left_size -= size + 2;
    return skip(scan, BYTES("\r\n")) ? GALEN_OK
                                     : malformed(scan, "a header line does not end here");
}

static enum galen_status read_disposition(const struct scan *scan, struct headers *headers,
                                          struct bytes value)
{
    struct bytes type;
    struct parameter parameter;
    bool has_name = false;
    struct bytes left = bytes_split(value, ';', &type);
    if (headers->has_disposition ||
        !bytes_equal_ignoring_case(bytes_trim(type), BYTES("form-data"))) {
        return malformed(scan, "the Content-Disposition before this is no form-data");
    }
    while (left.size > 0) {
        const bool taken = parameters_take(&left, &parameter);
        const bool is_name =
            taken && bytes_equal_ignoring_case(parameter.name, BYTES("name"));
        if (!taken || (is_name && has_name)) {
            return malformed(scan, "the Content-Disposition before this is malformed");
        }
        if (is_name) {
            headers->part->name = parameters_plain_value(parameter.value);
            has_name = true;
        }
    }
    headers->has_disposition = true;
    return has_name ? GALEN_OK : malformed(scan, "the part before this has no name");
}

static enum galen_status read_type(const struct scan *scan, struct multipart_part *part,
                                   struct bytes value)
{
    if (part->has_type || media_type_parse(value, &part->type) != GALEN_OK) {
        return malformed(scan, "the Content-Type before this is no media type");
    }
    if (media_type_is(part->type, "multipart/*")) {
        return malformed(scan, "a part may not have parts of its own");
    }
    part->has_type = true;
    return GALEN_OK;
}

static bool is_identity(struct bytes encoding)
{
    return bytes_equal_ignoring_case(encoding, BYTES("7bit")) ||
           bytes_equal_ignoring_case(encoding, BYTES("8bit")) ||
           bytes_equal_ignoring_case(encoding, BYTES("binary"));
}

static enum galen_status read_header(const struct scan *scan, struct headers *headers,
                                     struct bytes line)
{
    struct bytes name;
    const struct bytes value = bytes_trim(bytes_split(line, ':', &name));
    if (name.size == 0 || name.size == line.size ||
        parameters_token_size(name) != name.size) {
        return malformed(scan, "the line before this is no header");
    }
    if (bytes_equal_ignoring_case(name, BYTES("Content-Disposition"))) {
        return read_disposition(scan, headers, value);
    }
    if (bytes_equal_ignoring_case(name, BYTES("Content-Type"))) {
        return read_type(scan, headers->part, value);
    }
    if (bytes_equal_ignoring_case(name, BYTES("Content-Transfer-Encoding")) &&
        !is_identity(value)) {
        return malformed(scan, "the transfer encoding before this is not taken");
    }
    return GALEN_OK;
}

static enum galen_status read_headers(struct scan *scan, struct multipart_part *part)
{
    struct headers headers = {.left_size = LIMIT_MULTIPART_HEADER_SIZE_BYTES_MAX,
                              .part = part};
    for (;;) {
        struct bytes line;
        TRY(take_line(scan, &headers, &line));
        if (line.size == 0) {
            return headers.has_disposition
                       ? GALEN_OK
                       : malformed(scan, "the part before this has no Content-Disposition");
        }
        TRY(read_header(scan, &headers, line));
    }
}

/* Parts. */

static enum galen_status read_content(struct scan *scan, struct bytes *out_content)
{
    const struct bytes left = rest(scan);
    const uint8_t *end = left.size == 0 ? NULL
                                        : memmem(left.data, left.size, scan->delimiter,
                                                 scan->delimiter_size);
    if (end == NULL) {
        scan->at = scan->body.size;
        return malformed(scan, "a part does not end");
    }
    *out_content = bytes_first(left, (size_t)(end - left.data));
    scan->at += out_content->size + scan->delimiter_size;
    return GALEN_OK;
}

static enum galen_status read_part(struct scan *scan, struct multipart *form)
{
    if (form->count == LIMIT_MULTIPART_PART_COUNT_MAX) {
        return error_set(scan->error, GALEN_TOO_LARGE, "a form of more than %d parts",
                         (int)LIMIT_MULTIPART_PART_COUNT_MAX);
    }
    struct multipart_part *part = &form->parts[form->count];
    *part = (struct multipart_part){.has_type = false};
    TRY(read_headers(scan, part));
    TRY(read_content(scan, &part->content));
    form->count++;
    return GALEN_OK;
}

enum galen_status multipart_parse(struct bytes body, struct media_type type,
                                  struct multipart *out_form, struct error *out_error)
{
    struct scan scan = {.body = body, .error = out_error};
    out_form->count = 0;
    TRY(scan_begin(&scan, type));
    while (!skip(&scan, BYTES("--"))) {
        if (!skip(&scan, BYTES("\r\n"))) {
            return malformed(&scan, "a boundary does not end its line");
        }
        TRY(read_part(&scan, out_form));
    }
    (void)skip(&scan, BYTES("\r\n"));
    return scan.at == body.size ? GALEN_OK
                                : malformed(&scan, "more follows the last boundary");
}
