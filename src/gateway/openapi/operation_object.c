/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/openapi/operation_object.h"

#include <stdio.h>

#include "gateway/openapi/bodies.h"
#include "gateway/openapi/examples.h"
#include "gateway/openapi/links.h"
#include "gateway/openapi/member.h"

enum { ID_SIZE = 64, NAME_SIZE = 16, TEXT_SIZE_BYTES_MAX = 4096 };

static void put_id(const struct operation_place *place, struct json_writer *json)
{
    char id[ID_SIZE];
    (void)snprintf(id, sizeof(id), "%s%s", place->operation->id,
                   place->has_version   ? "_version"
                   : place->is_narrower ? "_model"
                                        : "");
    member_put_text(json, "operationId", id);
}

static void put_parameters(const struct openapi *openapi,
                           const struct operation_place *place, struct json_writer *json)
{
    const enum operation_body body = place->operation->body;
    const bool takes_tensors = body == OPERATION_INFER_BODY || body == OPERATION_V2_BODY;
    const bool is_for_clients = openapi->admin == NULL;
    const struct {
        bool is_there;
        const char *name;
    } parameters[] = {
        {place->has_model, "Model"},
        {place->has_version, "Version"},
        {place->has_file, "File"},
        {body == OPERATION_INFER_BODY, "ModelQuery"},
        {body == OPERATION_INFER_BODY, "VersionQuery"},
        {takes_tensors, "JsonSize"},
        {takes_tensors && is_for_clients, "Subject"},
        {takes_tensors && is_for_clients, "Purpose"},
        {place->operation->has_tag, "IfNoneMatch"},
        {is_for_clients, "RequestId"},
    };
    member_begin_array(json, "parameters");
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
        if (parameters[i].is_there) {
            reference_put(json, "parameters", parameters[i].name, "");
        }
    }
    json_end_array(json);
}

static void put_schema(const struct operation *operation, struct json_writer *json)
{
    if (operation->schema != NULL) {
        member_put_reference(json, "schema", "schemas", operation->schema);
    } else {
        member_begin_object(json, "schema");
        member_put_text(json, "type", "string");
        json_end_object(json);
    }
}

static void put_answer_examples(const struct openapi *openapi,
                                const struct operation *operation, struct json_writer *json)
{
    if (operation->body == OPERATION_INFER_BODY) {
        examples_put_answers(openapi, json);
    } else if (operation->example != NULL) {
        member_begin_object(json, "examples");
        member_begin_object(json, "always");
        member_put_raw(json, "value", bytes_from_string(operation->example));
        json_end_object(json);
        json_end_object(json);
    }
}

static void put_binary_answer(struct json_writer *json)
{
    member_begin_object(json, "application/octet-stream");
    member_begin_object(json, "schema");
    member_put_text(json, "type", "string");
    member_put_text(json, "format", "binary");
    member_put_text(json, "description",
                    "JSON of Inference-Header-Content-Length bytes, then the tensors that "
                    "were asked for as raw bytes.");
    json_end_object(json);
    json_end_object(json);
}

static void put_text_answer(struct json_writer *json)
{
    member_begin_object(json, "text/plain");
    member_begin_object(json, "schema");
    member_put_text(json, "type", "string");
    member_put_text(json, "description",
                    "For people: to who asks with `Accept: text/plain`.");
    json_end_object(json);
    json_end_object(json);
}

/* A file's media type is its own. */
static void put_file_content(struct json_writer *json)
{
    static const char *const types[] = {"text/css", "text/javascript"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        member_begin_object(json, types[i]);
        member_begin_object(json, "schema");
        member_put_text(json, "type", "string");
        json_end_object(json);
        json_end_object(json);
    }
}

static void put_content(const struct openapi *openapi, const struct operation *operation,
                        struct json_writer *json)
{
    member_begin_object(json, "content");
    if (operation->answer_type == NULL) {
        put_file_content(json);
    } else {
        member_begin_object(json, operation->answer_type);
        put_schema(operation, json);
        put_answer_examples(openapi, operation, json);
        json_end_object(json);
    }
    if (operation->body == OPERATION_V2_BODY) {
        put_binary_answer(json);
    }
    if (operation->has_text) {
        put_text_answer(json);
    }
    json_end_object(json);
}

static void put_header(bool is_there, const char *name, struct json_writer *json)
{
    if (is_there) {
        member_put_reference(json, name, "headers", name);
    }
}

static void put_headers(const struct openapi *openapi, const struct operation *operation,
                        struct json_writer *json)
{
    member_begin_object(json, "headers");
    put_header(openapi->admin == NULL, "X-Request-Id", json);
    put_header(operation->is_of_model, "Galen-Model", json);
    put_header(openapi->is_demo, "Galen-Mode", json);
    put_header(operation->has_tag, "ETag", json);
    put_header(operation->has_tag, "Cache-Control", json);
    put_header(operation->body == OPERATION_V2_BODY, "Inference-Header-Content-Length",
               json);
    json_end_object(json);
}

static void put_success(const struct openapi *openapi, const struct operation *operation,
                        struct json_writer *json)
{
    member_begin_object(json, "200");
    member_put_text(json, "description", operation->answer);
    put_headers(openapi, operation, json);
    if (operation->answer_type == NULL || operation->answer_type[0] != '\0') {
        put_content(openapi, operation, json);
    }
    links_put(operation, json);
    json_end_object(json);
}

static void put_responses(const struct openapi *openapi, const struct operation *operation,
                          struct json_writer *json)
{
    char name[NAME_SIZE];
    member_begin_object(json, "responses");
    put_success(openapi, operation, json);
    if (operation->has_tag) {
        member_put_reference(json, "304", "responses", "NotModified");
    }
    for (int status = 400; status < 600; status++) {
        if (operation_refuses(operation, status)) {
            (void)snprintf(name, sizeof(name), "%d", status);
            json_put_name(json, name);
            reference_put(json, "responses", operation->speaks_v2 ? "V2Refusal" : "Refusal",
                          name);
        }
    }
    json_end_object(json);
}

/* OpenAPI 3.1 has scopes of OAuth 2 only in a scheme that names its token URL, which is the
 * issuer's to tell: the description says them. */
static void put_security(const struct openapi *openapi, const struct operation *operation,
                         struct json_writer *json)
{
    if (openapi->has_issuer && operation->scope != NULL) {
        member_begin_array(json, "security");
        json_begin_object(json);
        member_begin_array(json, "token");
        json_end_array(json);
        json_end_object(json);
        json_end_array(json);
    }
}

static void put_description(const struct openapi *openapi,
                            const struct operation *operation, struct json_writer *json)
{
    struct writer text;
    writer_init(&text, TEXT_SIZE_BYTES_MAX);
    writer_put_string(&text, operation->description);
    if (openapi->has_issuer && operation->scope != NULL) {
        writer_put_string(&text, " Needs the scope ");
        writer_put_string(&text, operation->scope);
        writer_put_string(&text, ".");
    }
    json_put_name(json, "description");
    json_put_string(json, writer_bytes(&text));
    writer_deinit(&text);
}

void operation_object_put(const struct openapi *openapi,
                          const struct operation_place *place, struct json_writer *json)
{
    const struct operation *operation = place->operation;
    json_begin_object(json);
    put_id(place, json);
    member_begin_array(json, "tags");
    json_put_cstring(json, operation->tag);
    json_end_array(json);
    member_put_text(json, "summary", operation->summary);
    put_description(openapi, operation, json);
    put_security(openapi, operation, json);
    put_parameters(openapi, place, json);
    if (operation->body != OPERATION_NO_BODY) {
        json_put_name(json, "requestBody");
        bodies_put(openapi, operation, json);
    }
    put_responses(openapi, operation, json);
    json_end_object(json);
}
