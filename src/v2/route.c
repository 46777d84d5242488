/* SPDX-License-Identifier: Apache-2.0 */
#include "v2/route.h"

#include "base/limits.h"
#include "codec/url.h"

const struct v2_form v2_forms[] = {
    {"", false, V2_SERVER},
    {"/", false, V2_SERVER},
    {"/health/live", false, V2_LIVE},
    {"/health/ready", false, V2_READY},
    {"", true, V2_MODEL},
    {"/ready", true, V2_MODEL_READY},
    {"/infer", true, V2_INFER},
};

const size_t v2_form_count = sizeof(v2_forms) / sizeof(v2_forms[0]);

enum http_method v2_operation_method(enum v2_operation operation)
{
    return operation == V2_INFER ? HTTP_POST : HTTP_GET;
}

/* A path taken apart, still percent-encoded. */
struct parts {
    bool has_model;
    struct bytes model;
    struct bytes version;
    struct bytes tail;
};

bool v2_path_is_ours(struct bytes path)
{
    return bytes_equal(path, BYTES("/v2")) || bytes_starts_with(path, BYTES("/v2/"));
}

/* The segment that follows prefix; empty and *rest as it was where the prefix is not there.
 */
static struct bytes take_segment(struct bytes *rest, struct bytes prefix)
{
    if (!bytes_starts_with(*rest, prefix)) {
        return BYTES_NONE;
    }
    const struct bytes behind = bytes_from(*rest, prefix.size);
    const struct bytes segment = bytes_first(behind, bytes_find(behind, '/'));
    if (segment.size > 0) {
        *rest = bytes_from(behind, segment.size);
    }
    return segment;
}

static struct parts take_apart(struct bytes path)
{
    struct parts parts = {.tail = bytes_from(path, sizeof("/v2") - 1)};
    parts.model = take_segment(&parts.tail, BYTES("/models/"));
    parts.has_model = parts.model.size > 0;
    if (parts.has_model) {
        parts.version = take_segment(&parts.tail, BYTES("/versions/"));
    }
    return parts;
}

static enum galen_status find_operation(struct bytes path, struct parts *out_parts,
                                        enum v2_operation *out_operation)
{
    if (!v2_path_is_ours(path)) {
        return GALEN_NOT_FOUND;
    }
    *out_parts = take_apart(path);
    for (size_t i = 0; i < v2_form_count; i++) {
        if (v2_forms[i].has_model == out_parts->has_model &&
            bytes_equal_string(out_parts->tail, v2_forms[i].tail)) {
            *out_operation = v2_forms[i].operation;
            return GALEN_OK;
        }
    }
    return GALEN_NOT_FOUND;
}

static enum galen_status decode_name(struct bytes text, struct arena *arena,
                                     const char **out_name)
{
    struct bytes name;
    TRY(url_decode(text, arena, &name));
    if (name.size > LIMIT_MODEL_NAME_SIZE_BYTES_MAX || !bytes_are_utf8(name, NULL)) {
        return GALEN_NOT_FOUND;
    }
    *out_name = (const char *)name.data;
    return GALEN_OK;
}

enum galen_status v2_route_parse(enum http_method method, struct bytes path,
                                 struct arena *arena, struct v2_route *out_route,
                                 struct error *out_error)
{
    struct parts parts;
    struct v2_route route;
    enum galen_status status = find_operation(path, &parts, &route.operation);
    if (status != GALEN_OK) {
        return error_set(out_error, status, "there is no such path");
    }
    if (method != v2_operation_method(route.operation)) {
        return error_set(out_error, GALEN_WRONG_METHOD, "Method Not Allowed");
    }
    status = decode_name(parts.model, arena, &route.model);
    if (status == GALEN_OK) {
        status = decode_name(parts.version, arena, &route.version);
    }
    if (status != GALEN_OK) {
        return error_set(out_error, status, "the path names no model");
    }
    *out_route = route;
    return GALEN_OK;
}

struct bytes v2_route_allow(struct bytes path)
{
    struct parts parts;
    enum v2_operation operation;
    const bool found = find_operation(path, &parts, &operation) == GALEN_OK;
    return bytes_from_string(
        http_method_name(found ? v2_operation_method(operation) : HTTP_GET));
}
