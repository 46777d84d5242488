/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/schema_uri.h"

/* Each part with what sets it off: "http:", "//host", "/path", "?query". */
struct uri_parts {
    struct bytes scheme;
    struct bytes authority;
    struct bytes path;
    struct bytes query;
};

static bool is_scheme_character(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '+' || byte == '-' || byte == '.';
}

static size_t scheme_size(struct bytes uri)
{
    size_t size = 0;
    while (size < uri.size && is_scheme_character(uri.data[size])) {
        size++;
    }
    return size > 0 && size < uri.size && uri.data[size] == ':' ? size + 1 : 0;
}

static size_t authority_size(struct bytes rest)
{
    size_t size = 0;
    if (bytes_starts_with(rest, BYTES("//"))) {
        for (size = 2; size < rest.size; size++) {
            if (rest.data[size] == '/' || rest.data[size] == '?') {
                break;
            }
        }
    }
    return size;
}

/* Of a URI without a fragment. */
static struct uri_parts split(struct bytes uri)
{
    struct uri_parts parts;
    parts.scheme = bytes_first(uri, scheme_size(uri));
    uri = bytes_from(uri, parts.scheme.size);
    parts.authority = bytes_first(uri, authority_size(uri));
    uri = bytes_from(uri, parts.authority.size);
    parts.path = bytes_first(uri, bytes_find(uri, '?'));
    parts.query = bytes_from(uri, parts.path.size);
    return parts;
}

static void append(uint8_t *text, size_t *size, struct bytes part)
{
    if (part.size > 0) {
        memcpy(text + *size, part.data, part.size);
        *size += part.size;
    }
}

/* The base's path up to its last slash, and the reference's behind it (section 5.2.3). */
static enum galen_status merge(const struct uri_parts *base, struct bytes path,
                               struct arena *arena, struct bytes *out_path)
{
    struct bytes folder = base->path;
    while (folder.size > 0 && folder.data[folder.size - 1] != '/') {
        folder.size--;
    }
    if (base->path.size == 0 && base->authority.size > 0) {
        folder = BYTES("/");
    }
    uint8_t *text = arena_alloc(arena, folder.size + path.size + 1);
    size_t size = 0;
    if (text == NULL) {
        return GALEN_NO_MEMORY;
    }
    append(text, &size, folder);
    append(text, &size, path);
    *out_path = bytes_of(text, size);
    return GALEN_OK;
}

static void remove_last_segment(const uint8_t *text, size_t *size)
{
    while (*size > 0 && text[--*size] != '/') {
    }
}

/* Section 5.2.4, of a path that is not empty. */
static enum galen_status remove_dots(struct bytes path, struct arena *arena,
                                     struct bytes *out_path)
{
    const bool is_relative = path.data[0] != '/';
    uint8_t *text = arena_alloc(arena, path.size + 1);
    size_t size = 0;
    if (text == NULL) {
        return GALEN_NO_MEMORY;
    }
    while (path.size > 0) {
        const size_t slash = path.data[0] == '/';
        const size_t segment_size = bytes_find(bytes_from(path, slash), '/');
        const struct bytes segment = bytes_first(bytes_from(path, slash), segment_size);
        const bool is_last = slash + segment_size == path.size;
        const bool is_up = bytes_equal(segment, BYTES(".."));
        if (is_up) {
            remove_last_segment(text, &size);
        }
        if (is_up || bytes_equal(segment, BYTES("."))) {
            append(text, &size, is_last && slash == 1 ? BYTES("/") : BYTES_NONE);
        } else {
            append(text, &size, bytes_first(path, slash + segment_size));
        }
        path = bytes_from(path, slash + segment_size);
    }
    const size_t skipped = is_relative && size > 0 && text[0] == '/'; /* "a/../b" is "b" */
    *out_path = bytes_of(text + skipped, size - skipped);
    return GALEN_OK;
}

static enum galen_status join(const struct uri_parts *parts, struct arena *arena,
                              struct bytes *out_uri)
{
    uint8_t *text = arena_alloc(arena, parts->scheme.size + parts->authority.size +
                                           parts->path.size + parts->query.size + 1);
    size_t size = 0;
    if (text == NULL) {
        return GALEN_NO_MEMORY;
    }
    append(text, &size, parts->scheme);
    append(text, &size, parts->authority);
    append(text, &size, parts->path);
    append(text, &size, parts->query);
    *out_uri = bytes_of(text, size);
    return GALEN_OK;
}

static enum galen_status resolve_path(const struct uri_parts *base,
                                      struct uri_parts *target, struct arena *arena)
{
    if (target->path.size == 0) {
        target->path = base->path;
        target->query = target->query.size > 0 ? target->query : base->query;
        return GALEN_OK;
    }
    if (target->path.data[0] != '/') {
        TRY(merge(base, target->path, arena, &target->path));
    }
    return remove_dots(target->path, arena, &target->path);
}

enum galen_status schema_uri_resolve(struct bytes base, struct bytes reference,
                                     struct arena *arena, struct bytes *out_uri,
                                     struct bytes *out_fragment)
{
    struct bytes uri;
    const struct bytes fragment = bytes_split(reference, '#', &uri);
    const struct uri_parts from = split(bytes_first(base, bytes_find(base, '#')));
    struct uri_parts target = split(uri);
    if (target.scheme.size == 0) {
        target.scheme = from.scheme;
        if (target.authority.size == 0) {
            target.authority = from.authority;
            TRY(resolve_path(&from, &target, arena));
        }
    }
    TRY(join(&target, arena, out_uri));
    *out_fragment = fragment;
    return GALEN_OK;
}

static int hex_value(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    const uint8_t lower = byte | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

enum galen_status schema_uri_decode(struct bytes text, struct arena *arena,
                                    struct bytes *out_text)
{
    uint8_t *decoded = arena_alloc(arena, text.size + 1);
    size_t size = 0;
    if (decoded == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != '%') {
            decoded[size++] = text.data[i];
            continue;
        }
        const int high = i + 2 < text.size ? hex_value(text.data[i + 1]) : -1;
        const int low = i + 2 < text.size ? hex_value(text.data[i + 2]) : -1;
        if (high < 0 || low < 0) {
            return GALEN_INVALID;
        }
        decoded[size++] = (uint8_t)(16 * high + low);
        i += 2;
    }
    *out_text = bytes_of(decoded, size);
    return bytes_are_utf8(*out_text, NULL) ? GALEN_OK : GALEN_INVALID;
}
