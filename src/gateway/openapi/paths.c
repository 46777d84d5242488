/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/openapi/paths.h"

#include <stdio.h>

#include "gateway/openapi/member.h"
#include "gateway/openapi/operation_object.h"
#include "gateway/routes.h"
#include "gateway/v2_operations.h"

enum { PATH_SIZE = 128 };

static void put_item(const struct openapi *openapi, const struct operation_place *place,
                     enum http_method method, struct json_writer *json)
{
    member_begin_object(json, place->path);
    json_put_name(json, method == HTTP_POST ? "post" : "get");
    operation_object_put(openapi, place, json);
    json_end_object(json);
}

static void put_route(const struct openapi *openapi, const struct route *route,
                      struct json_writer *json)
{
    char path[PATH_SIZE];
    const bool is_folder = route->path.data[route->path.size - 1] == '/';
    (void)snprintf(path, sizeof(path), "%.*s%s", BYTES_PRINT(route->path),
                   is_folder ? "{file}" : "");
    const struct operation_place place = {
        .operation = &route->operation, .path = path, .has_file = is_folder};
    put_item(openapi, &place, route->method, json);
}

static bool has_name(const char *path, const char *name)
{
    return memmem(path, strlen(path), name, strlen(name)) != NULL;
}

static void put_form(const struct openapi *openapi, const struct v2_form *form,
                     struct json_writer *json)
{
    const struct operation_place place = {.operation = &v2_operations[form->operation],
                                          .path = form->path,
                                          .has_model = has_name(form->path, V2_FORM_MODEL),
                                          .has_version =
                                              has_name(form->path, V2_FORM_VERSION)};
    put_item(openapi, &place, form->method, json);
}

/* "/v2/" is "/v2" once more, and its description says so. */
static bool is_another_spelling(const struct v2_form *form)
{
    return strcmp(form->path, "/v2/") == 0;
}

/* Whether the operation is another path's too, which names no model: then this one's id
 * says that it does. */
static bool is_of_all_too(const struct openapi_paths *paths,
                          const struct operation *operation)
{
    for (size_t i = 0; i < paths->count; i++) {
        if (paths->items[i].operation == operation &&
            !has_name(paths->items[i].path, V2_FORM_MODEL)) {
            return true;
        }
    }
    return false;
}

static void put_method(const struct openapi *openapi, const struct openapi_path *path,
                       struct json_writer *json)
{
    const bool has_model = has_name(path->path, V2_FORM_MODEL);
    const struct operation_place place = {
        .operation = path->operation,
        .path = path->path,
        .has_model = has_model,
        .has_version = has_name(path->path, V2_FORM_VERSION),
        .is_narrower = has_model && is_of_all_too(openapi->admin, path->operation)};
    json_put_name(json, path->method == HTTP_POST ? "post" : "get");
    operation_object_put(openapi, &place, json);
}

static bool was_put(const struct openapi_paths *paths, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(paths->items[i].path, paths->items[index].path) == 0) {
            return true;
        }
    }
    return false;
}

/* A path has all its methods in one place. */
static void put_given(const struct openapi *openapi, struct json_writer *json)
{
    const struct openapi_paths *paths = openapi->admin;
    for (size_t i = 0; i < paths->count; i++) {
        if (was_put(paths, i)) {
            continue;
        }
        member_begin_object(json, paths->items[i].path);
        for (size_t k = i; k < paths->count; k++) {
            if (strcmp(paths->items[k].path, paths->items[i].path) == 0) {
                put_method(openapi, &paths->items[k], json);
            }
        }
        json_end_object(json);
    }
}

static void put_own(const struct openapi *openapi, struct json_writer *json)
{
    for (size_t i = 0; i < route_count; i++) {
        if (!routes[i].operation.is_for_demo || openapi->is_demo) {
            put_route(openapi, &routes[i], json);
        }
    }
    for (size_t i = 0; i < v2_form_count; i++) {
        if (v2_forms[i].operation < V2_TOLD_COUNT && !is_another_spelling(&v2_forms[i])) {
            put_form(openapi, &v2_forms[i], json);
        }
    }
}

void paths_put(const struct openapi *openapi, struct json_writer *json)
{
    member_begin_object(json, "paths");
    if (openapi->admin == NULL) {
        put_own(openapi, json);
    } else {
        put_given(openapi, json);
    }
    json_end_object(json);
}
