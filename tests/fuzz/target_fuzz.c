/* SPDX-License-Identifier: Apache-2.0 */
/* A request's target: percent-encoding, query and the protocol's paths. What decodes
 * encodes to something that decodes to the same; what is a route names a model that can be
 * told. */
#include "base/limits.h"
#include "codec/url.h"
#include "v2/route.h"

#include "fuzz.h"

enum { SIZE_BYTES_MAX = 1 << 26 };

static void text_survives_encoding(struct bytes text, struct arena *arena)
{
    struct bytes decoded = BYTES_NONE;
    struct bytes again = BYTES_NONE;
    struct writer encoded;
    if (url_decode(text, arena, &decoded) != GALEN_OK) {
        INVARIANT(decoded.data == NULL);
        return;
    }
    INVARIANT(decoded.size <= text.size && decoded.data[decoded.size] == '\0');
    INVARIANT(bytes_find(decoded, '\0') == decoded.size);
    writer_init(&encoded, SIZE_BYTES_MAX);
    url_encode(decoded, &encoded);
    INVARIANT(url_decode(writer_bytes(&encoded), arena, &again) == GALEN_OK);
    INVARIANT(bytes_equal(again, decoded));
    writer_deinit(&encoded);
}

static void parameter_is_part_of_the_query(struct bytes query, struct arena *arena)
{
    struct bytes value = BYTES_NONE;
    if (url_query_get(query, "model", arena, &value) == GALEN_OK) {
        INVARIANT(value.size <= query.size);
        INVARIANT(bytes_find(value, '\0') == value.size);
    }
}

static bool is_told(const char *name)
{
    const struct bytes text = bytes_from_string(name);
    return text.size <= LIMIT_MODEL_NAME_SIZE_BYTES_MAX && bytes_are_utf8(text, NULL);
}

static size_t count_bytes(struct bytes text, uint8_t byte)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        count += text.data[i] == byte;
    }
    return count;
}

/* Some form has this operation for this method, and as many segments. */
static void expect_form(enum http_method method, struct bytes path,
                        enum v2_operation operation)
{
    const struct bytes name = bytes_from_string(http_method_name(method));
    const struct bytes allow = v2_route_allow(path);
    INVARIANT(bytes_starts_with(allow, name) ||
              bytes_equal(bytes_from(allow, allow.size - name.size), name));
    for (size_t i = 0; i < v2_form_count; i++) {
        if (v2_forms[i].operation == operation && v2_forms[i].method == method &&
            count_bytes(bytes_from_string(v2_forms[i].path), '/') ==
                count_bytes(path, '/')) {
            return;
        }
    }
    INVARIANT(false);
}

static void route_is_one_or_refused(struct bytes path, struct arena *arena)
{
    static const enum http_method methods[] = {HTTP_GET, HTTP_POST};
    size_t route_count = 0;
    for (size_t i = 0; i < 2; i++) {
        struct v2_route route = {V2_SERVER, NULL, NULL};
        if (v2_route_parse(methods[i], path, arena, &route, NULL) != GALEN_OK) {
            INVARIANT(route.model == NULL);
            continue;
        }
        route_count++;
        INVARIANT(v2_path_is_ours(path));
        expect_form(methods[i], path, route.operation);
        INVARIANT(is_told(route.model) && is_told(route.version));
    }
    INVARIANT(route_count != 1 || v2_route_allow(path).size < strlen("GET, POST"));
    INVARIANT(route_count != 2 || bytes_equal(v2_route_allow(path), BYTES("GET, POST")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct bytes path;
    const struct bytes query = bytes_split(bytes_of(data, size), '?', &path);
    arena_init(&arena, SIZE_BYTES_MAX);
    text_survives_encoding(path, &arena);
    parameter_is_part_of_the_query(query, &arena);
    route_is_one_or_refused(path, &arena);
    arena_deinit(&arena);
    return 0;
}
