/* SPDX-License-Identifier: Apache-2.0 */
#include "v2/route.h"

#include "base/limits.h"
#include "codec/url.h"

#define MODEL "/v2/models/" V2_FORM_MODEL
#define VERSION MODEL "/versions/" V2_FORM_VERSION
#define STORED_MODEL "/models/" V2_FORM_MODEL
#define SHARED_MEMORY(kind)                                                     \
    {HTTP_GET, "/v2/" kind "/status", V2_SHARED_MEMORY},                        \
        {HTTP_GET, "/v2/" kind "/region/{region}/status", V2_SHARED_MEMORY},    \
        {HTTP_POST, "/v2/" kind "/unregister", V2_SHARED_MEMORY},               \
        {HTTP_POST, "/v2/" kind "/region/{region}/register", V2_SHARED_MEMORY}, \
    {                                                                           \
        HTTP_POST, "/v2/" kind "/region/{region}/unregister", V2_SHARED_MEMORY  \
    }

const struct v2_form v2_forms[] = {
    {HTTP_GET, "/v2", V2_SERVER},
    {HTTP_GET, "/v2/", V2_SERVER},
    {HTTP_GET, "/v2/health/live", V2_LIVE},
    {HTTP_GET, "/v2/health/ready", V2_READY},
    {HTTP_GET, "/v2/models/stats", V2_STATISTICS}, /* before the model of that name */
    {HTTP_GET, MODEL, V2_MODEL},
    {HTTP_GET, VERSION, V2_MODEL},
    {HTTP_GET, MODEL "/ready", V2_MODEL_READY},
    {HTTP_GET, VERSION "/ready", V2_MODEL_READY},
    {HTTP_POST, MODEL "/infer", V2_INFER},
    {HTTP_POST, VERSION "/infer", V2_INFER},
    {HTTP_GET, MODEL "/stats", V2_MODEL_STATISTICS},
    {HTTP_GET, VERSION "/stats", V2_MODEL_STATISTICS},
    {HTTP_GET, MODEL "/config", V2_CONFIG},
    {HTTP_GET, VERSION "/config", V2_CONFIG},
    {HTTP_POST, "/v2/repository/index", V2_INDEX},
    {HTTP_POST, "/v2/repository" STORED_MODEL "/load", V2_LOAD},
    {HTTP_POST, "/v2/repository" STORED_MODEL "/unload", V2_UNLOAD},
    {HTTP_GET, "/v2/logging", V2_LOGGING},
    {HTTP_POST, "/v2/logging", V2_LOGGING_UPDATE},
    {HTTP_GET, "/v2/trace/setting", V2_TRACE},
    {HTTP_POST, "/v2/trace/setting", V2_TRACE_UPDATE},
    {HTTP_GET, MODEL "/trace/setting", V2_TRACE},
    {HTTP_POST, MODEL "/trace/setting", V2_TRACE_UPDATE},
    {HTTP_POST, MODEL "/generate", V2_GENERATE},
    {HTTP_POST, VERSION "/generate", V2_GENERATE},
    {HTTP_POST, MODEL "/generate_stream", V2_GENERATE},
    {HTTP_POST, VERSION "/generate_stream", V2_GENERATE},
    {HTTP_POST, "/v2/repository/{repository}/index", V2_NAMED_REPOSITORY},
    {HTTP_POST, "/v2/repository/{repository}" STORED_MODEL "/load", V2_NAMED_REPOSITORY},
    {HTTP_POST, "/v2/repository/{repository}" STORED_MODEL "/unload", V2_NAMED_REPOSITORY},
    SHARED_MEMORY("systemsharedmemory"),
    SHARED_MEMORY("cudasharedmemory"),
};

const size_t v2_form_count = sizeof(v2_forms) / sizeof(v2_forms[0]);

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
