/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/v2_management.h"

#include "codec/v2_impl.h"

/* Hands each member of an object to visit. */
static enum galen_status
each_member(const struct json *object,
            enum galen_status (*visit)(const struct json_cursor *at, void *context,
                                       struct error *out_error),
            void *context, struct error *out_error)
{
    struct json_cursor at = json_walk(object);
    while (json_next(&at)) {
        TRY(visit(&at, context, out_error));
    }
    return GALEN_OK;
}

/* Names that are not ours are a client's and do not go into errors. */
static enum galen_status refuse_member(const struct json_cursor *at, const char *what,
                                       struct error *out_error)
{
    return error_set(out_error, GALEN_INVALID, "%s %zu is not one that is taken here", what,
                     at->index);
}

/* NULL: the body is empty. */
static enum galen_status object_of(struct bytes body, struct arena *arena,
                                   const struct json **out_root, struct error *out_error)
{
    *out_root = NULL;
    if (body.size == 0) {
        return GALEN_OK;
    }
    TRY(json_parse(body, arena, out_root, out_error));
    return json_type(*out_root) == JSON_OBJECT
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID, "the body is not a JSON object");
}

static enum galen_status take_flag(const struct json_cursor *at, const char *name,
                                   bool *out_flag, struct error *out_error)
{
    if (json_type(at->value) != JSON_BOOL) {
        const enum galen_status status = error_set(
            out_error, GALEN_INVALID, "Unable to parse '%s': it is no boolean", name);
        error_prefix_name(out_error, bytes_from_string(name));
        return status;
    }
    *out_flag = json_bool(at->value);
    return GALEN_OK;
}

/* -- index -------------------------------------------------------------------------------
 */

static enum galen_status take_index_member(const struct json_cursor *at, void *context,
                                           struct error *out_error)
{
    return bytes_equal_string(at->name, "ready")
               ? take_flag(at, "ready", context, out_error)
               : refuse_member(at, "member", out_error);
}

enum galen_status v2_index_request_decode(struct bytes body, struct arena *arena,
                                          bool *out_ready_only, struct error *out_error)
{
    const struct json *root;
    bool ready_only = false;
    TRY(object_of(body, arena, &root, out_error));
    if (root != NULL) {
        TRY(each_member(root, take_index_member, &ready_only, out_error));
    }
    *out_ready_only = ready_only;
    return GALEN_OK;
}

/* -- load, unload ------------------------------------------------------------------------
 */

static enum galen_status find_parameters(const struct json_cursor *at, void *context,
                                         struct error *out_error)
{
    const struct json **parameters = context;
    if (!bytes_equal_string(at->name, "parameters")) {
        return refuse_member(at, "member", out_error);
    }
    if (json_type(at->value) != JSON_OBJECT) {
        const enum galen_status status =
            error_set(out_error, GALEN_INVALID, "parameters are an object");
        error_prefix_name(out_error, BYTES("parameters"));
        return status;
    }
    *parameters = at->value;
    return GALEN_OK;
}

static enum galen_status
parameters_decode(struct bytes body, struct arena *arena,
                  enum galen_status (*visit)(const struct json_cursor *at, void *context,
                                             struct error *out_error),
                  void *context, struct error *out_error)
{
    const struct json *root;
    const struct json *parameters = NULL;
    TRY(object_of(body, arena, &root, out_error));
    if (root != NULL) {
        TRY(each_member(root, find_parameters, &parameters, out_error));
    }
    if (parameters == NULL) {
        return GALEN_OK;
    }
    const enum galen_status status = each_member(parameters, visit, context, out_error);
    if (status != GALEN_OK) {
        error_prefix_name(out_error, BYTES("parameters"));
    }
    return status;
}

static enum galen_status check_config(struct bytes config, struct error *out_error)
{
    struct arena arena;
    const struct json *root = NULL;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    enum galen_status status = json_parse(config, &arena, &root, out_error);
    if (status == GALEN_OK && json_type(root) != JSON_OBJECT) {
        status = error_set(out_error, GALEN_INVALID, "it is not a JSON object");
    }
    arena_deinit(&arena);
    return status;
}

static enum galen_status take_config(const struct json_cursor *at, struct bytes *out_config,
                                     struct error *out_error)
{
    const bool is_text = json_type(at->value) == JSON_STRING;
    const enum galen_status status =
        is_text ? check_config(json_string(at->value), out_error)
                : error_set(out_error, GALEN_INVALID, "it is not JSON in a string");
    if (status != GALEN_OK) {
        error_prefix_name(out_error, BYTES("config"));
        return status;
    }
    *out_config = json_string(at->value);
    return GALEN_OK;
}

static enum galen_status take_load_parameter(const struct json_cursor *at, void *context,
                                             struct error *out_error)
{
    if (bytes_equal_string(at->name, "config")) {
        return take_config(at, context, out_error);
    }
    if (bytes_starts_with(at->name, BYTES("file:"))) {
        return error_set(out_error, GALEN_FORBIDDEN,
                         "a load with files of its own is switched off: what runs is what "
                         "the repository has");
    }
    return refuse_member(at, "parameter", out_error);
}

enum galen_status v2_load_request_decode(struct bytes body, struct arena *arena,
                                         struct bytes *out_config, struct error *out_error)
{
    struct bytes config = BYTES_NONE;
    TRY(parameters_decode(body, arena, take_load_parameter, &config, out_error));
    *out_config = config;
    return GALEN_OK;
}

static enum galen_status take_unload_parameter(const struct json_cursor *at, void *context,
                                               struct error *out_error)
{
    return bytes_equal_string(at->name, "unload_dependents")
               ? take_flag(at, "unload_dependents", context, out_error)
               : refuse_member(at, "parameter", out_error);
}

enum galen_status v2_unload_request_decode(struct bytes body, struct arena *arena,
                                           struct error *out_error)
{
    bool unload_dependents;
    return parameters_decode(body, arena, take_unload_parameter, &unload_dependents,
                             out_error);
}
