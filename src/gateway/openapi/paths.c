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

void paths_put(const struct openapi *openapi, struct json_writer *json)
{
    member_begin_object(json, "paths");
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
    json_end_object(json);
}
