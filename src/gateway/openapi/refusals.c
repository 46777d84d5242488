/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/openapi/refusals.h"

#include <stdio.h>

#include "gateway/openapi/member.h"
#include "gateway/routes.h"
#include "gateway/v2_operations.h"

enum { NUMBER_SIZE = 16 };

/* What is refused, and how it is told. */
static const struct shape {
    const char *prefix; /* of the component's name */
    const char *media_type;
    const char *schema;
    const char *member; /* that says which kind it is */
    const char *before; /* its value, before the slug */
} shapes[] = {
    {"Refusal", "application/problem+json", "Problem", "type", "/problems/"},
    {"V2Refusal", "application/json", "V2Error", "code", ""},
};

/* "the request is malformed", of the first kind that the status may be. */
static const char *text_of(int http_status)
{
    static const struct {
        int http_status;
        const char *text;
    } of_messages[] = {
        {408, "the request came too slowly"},
        {414, "the request target is too long"},
        {417, "the expectation is not one that is met here"},
        {431, "the head of the request is too large"},
        {505, "this version of HTTP is not spoken"},
    };
    for (size_t i = 0; i < sizeof(of_messages) / sizeof(of_messages[0]); i++) {
        if (of_messages[i].http_status == http_status) {
            return of_messages[i].text;
        }
    }
    enum galen_status status = GALEN_INVALID;
    while (!operation_status_means(http_status, status)) {
        status++;
    }
    return galen_status_text(status);
}

static void number_of(int http_status, char out_text[NUMBER_SIZE])
{
    (void)snprintf(out_text, NUMBER_SIZE, "%d", http_status);
}

/* "Problem404", before its value. */
static void put_name(const char *prefix, int http_status, struct json_writer *json)
{
    char number[NUMBER_SIZE];
    number_of(http_status, number);
    name_put_joined(json, prefix, number);
}

static void put_kinds(const struct shape *shape, int http_status, struct json_writer *json)
{
    member_begin_object(json, shape->member);
    member_begin_array(json, "enum");
    for (enum galen_status status = GALEN_INVALID; status <= GALEN_TIMEOUT; status++) {
        if (operation_status_means(http_status, status)) {
            char kind[64];
            (void)snprintf(kind, sizeof(kind), "%s%s", shape->before,
                           galen_status_slug(status));
            json_put_cstring(json, kind);
        }
    }
    json_end_array(json);
    json_end_object(json);
}

static void put_schema(const struct openapi *openapi, const struct shape *shape,
                       int http_status, struct json_writer *json)
{
    (void)openapi;
    put_name(shape->schema, http_status, json);
    json_begin_object(json);
    member_begin_array(json, "allOf");
    reference_put(json, "schemas", shape->schema, "");
    json_begin_object(json);
    member_put_text(json, "type", "object");
    member_begin_object(json, "properties");
    put_kinds(shape, http_status, json);
    json_end_object(json);
    json_end_object(json);
    json_end_array(json);
    json_end_object(json);
}

static void put_headers(const struct openapi *openapi, int http_status,
                        struct json_writer *json)
{
    member_begin_object(json, "headers");
    if (openapi->admin == NULL) {
        member_put_reference(json, "X-Request-Id", "headers", "X-Request-Id");
    }
    if (http_status == 405) {
        member_put_reference(json, "Allow", "headers", "Allow");
    }
    if (http_status == 401 || http_status == 403) {
        member_put_reference(json, "WWW-Authenticate", "headers", "WWW-Authenticate");
    }
    if (http_status == 429 || http_status == 503) {
        member_put_reference(json, "Retry-After", "headers", "Retry-After");
    }
    json_end_object(json);
}

static void put_refusal(const struct openapi *openapi, const struct shape *shape,
                        int http_status, struct json_writer *json)
{
    char number[NUMBER_SIZE];
    number_of(http_status, number);
    name_put_joined(json, shape->prefix, number);
    json_begin_object(json);
    member_put_text(json, "description", text_of(http_status));
    put_headers(openapi, http_status, json);
    member_begin_object(json, "content");
    member_begin_object(json, shape->media_type);
    json_put_name(json, "schema");
    reference_put(json, "schemas", shape->schema, number);
    json_end_object(json);
    json_end_object(json);
    json_end_object(json);
}

static bool some_route_refuses(int http_status)
{
    for (size_t i = 0; i < route_count; i++) {
        if (operation_refuses(&routes[i].operation, http_status)) {
            return true;
        }
    }
    return false;
}

static bool some_v2_refuses(int http_status)
{
    for (size_t i = 0; i < V2_TOLD_COUNT; i++) {
        if (operation_refuses(&v2_operations[i], http_status)) {
            return true;
        }
    }
    return false;
}

static bool some_given_refuses(const struct openapi_paths *paths, bool speaks_v2,
                               int http_status)
{
    for (size_t i = 0; i < paths->count; i++) {
        const struct operation *operation = paths->items[i].operation;
        if (operation->speaks_v2 == speaks_v2 &&
            operation_refuses(operation, http_status)) {
            return true;
        }
    }
    return false;
}

static bool is_refused(const struct openapi *openapi, bool speaks_v2, int http_status)
{
    if (openapi->admin != NULL) {
        return some_given_refuses(openapi->admin, speaks_v2, http_status);
    }
    return speaks_v2 ? some_v2_refuses(http_status) : some_route_refuses(http_status);
}

static void put_each(const struct openapi *openapi,
                     void (*put)(const struct openapi *openapi, const struct shape *shape,
                                 int http_status, struct json_writer *json),
                     struct json_writer *json)
{
    for (int status = 400; status < 600; status++) {
        for (size_t i = 0; i < 2; i++) {
            if (is_refused(openapi, i == 1, status)) {
                put(openapi, &shapes[i], status, json);
            }
        }
    }
}

void refusals_put_schemas(const struct openapi *openapi, struct json_writer *json)
{
    put_each(openapi, put_schema, json);
}

void refusals_put(const struct openapi *openapi, struct json_writer *json)
{
    member_begin_object(json, "responses");
    if (openapi->admin == NULL) {
        member_begin_object(json, "NotModified");
        member_put_text(json, "description", "The client has it already.");
        json_end_object(json);
    }
    put_each(openapi, put_refusal, json);
    json_end_object(json);
}
