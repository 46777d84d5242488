/* SPDX-License-Identifier: Apache-2.0 */
#include "v2/route.h"

#include "base/limits.h"
#include "codec/url.h"

const struct v2_form v2_forms[] = {
#define V2_FORM(method, path, operation) {HTTP_##method, path, V2_##operation},
#include "v2/route.def"
};

const size_t v2_form_count = sizeof(v2_forms) / sizeof(v2_forms[0]);

const char *v2_operation_id(enum v2_operation operation)
{
    static const char *const ids[V2_OPERATION_COUNT] = {
        [V2_SERVER] = "v2_server",
        [V2_LIVE] = "v2_live",
        [V2_READY] = "v2_ready",
        [V2_MODEL] = "v2_model",
        [V2_MODEL_READY] = "v2_model_ready",
        [V2_INFER] = V2_INFER_ID,
        [V2_MODEL_STATISTICS] = "v2_model_statistics",
        [V2_STATISTICS] = "v2_statistics",
        [V2_CONFIG] = "v2_config",
        [V2_INDEX] = "v2_index",
        [V2_LOAD] = "v2_load",
        [V2_UNLOAD] = "v2_unload",
        [V2_LOGGING] = "v2_logging",
        [V2_LOGGING_UPDATE] = "v2_logging",
        [V2_TRACE] = "v2_trace",
        [V2_TRACE_UPDATE] = "v2_trace",
        [V2_GENERATE] = "v2_generate",
        [V2_NAMED_REPOSITORY] = "v2_named_repository",
        [V2_SHARED_MEMORY] = "v2_shared_memory",
    };
    return ids[operation];
}

bool v2_operation_manages(enum v2_operation operation)
{
    return operation >= V2_INDEX && operation <= V2_TRACE_UPDATE;
}

const char *v2_operation_lack(enum v2_operation operation)
{
    static const char *const lacks[V2_OPERATION_COUNT] = {
        [V2_GENERATE] =
            "the generate extension is not supported: ask for tensors with infer",
        [V2_NAMED_REPOSITORY] =
            "named repositories are not supported: there is one, without a name",
        [V2_SHARED_MEMORY] = "shared memory is not supported: send tensors in the body",
    };
    return lacks[operation];
}

/* What stands for the names in a path, still percent-encoded. */
struct parts {
    struct bytes model;
    struct bytes version;
};

bool v2_path_is_ours(struct bytes path)
{
    return bytes_equal(path, BYTES("/v2")) || bytes_starts_with(path, BYTES("/v2/"));
}

static bool segment_matches(struct bytes pattern, struct bytes segment, struct parts *parts)
{
    if (!bytes_starts_with(pattern, BYTES("{"))) {
        return bytes_equal(pattern, segment);
    }
    if (bytes_equal_string(pattern, V2_FORM_MODEL)) {
        parts->model = segment;
    } else if (bytes_equal_string(pattern, V2_FORM_VERSION)) {
        parts->version = segment;
    }
    return segment.size > 0;
}

/* Both begin with '/', and so do their rests. */
static bool form_matches(const struct v2_form *form, struct bytes path,
                         struct parts *out_parts)
{
    struct bytes pattern = bytes_from_string(form->path);
    struct bytes left = path;
    *out_parts = (struct parts){BYTES_NONE, BYTES_NONE};
    while (pattern.size > 0 && left.size > 0) {
        const struct bytes behind = bytes_from(pattern, 1);
        const struct bytes left_behind = bytes_from(left, 1);
        const size_t size = bytes_find(behind, '/');
        const size_t left_size = bytes_find(left_behind, '/');
        if (!segment_matches(bytes_first(behind, size), bytes_first(left_behind, left_size),
                             out_parts)) {
            return false;
        }
        pattern = bytes_from(behind, size);
        left = bytes_from(left_behind, left_size);
    }
    return pattern.size == 0 && left.size == 0;
}

/* GALEN_WRONG_METHOD: the path is there for others. */
static enum galen_status find_operation(enum http_method method, struct bytes path,
                                        struct parts *out_parts,
                                        enum v2_operation *out_operation)
{
    enum galen_status status = GALEN_NOT_FOUND;
    for (size_t i = 0; v2_path_is_ours(path) && i < v2_form_count; i++) {
        if (!form_matches(&v2_forms[i], path, out_parts)) {
            continue;
        }
        if (v2_forms[i].method == method) {
            *out_operation = v2_forms[i].operation;
            return GALEN_OK;
        }
        status = GALEN_WRONG_METHOD;
    }
    return status;
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
    enum galen_status status = find_operation(method, path, &parts, &route.operation);
    if (status != GALEN_OK) {
        return error_set(out_error, status, "%s",
                         status == GALEN_WRONG_METHOD ? "Method Not Allowed"
                                                      : "there is no such path");
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
    bool takes[] = {[HTTP_GET] = false, [HTTP_POST] = false};
    for (size_t i = 0; v2_path_is_ours(path) && i < v2_form_count; i++) {
        if (form_matches(&v2_forms[i], path, &parts)) {
            takes[v2_forms[i].method] = true;
        }
    }
    if (takes[HTTP_GET] && takes[HTTP_POST]) {
        return BYTES("GET, POST");
    }
    return takes[HTTP_POST] ? BYTES("POST") : BYTES("GET");
}
