/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/openapi/parameters.h"

#include "gateway/openapi/examples.h"
#include "gateway/openapi/member.h"

static const struct parameter {
    const char *key;
    const char *name;
    const char *in;
    const char *description;
    const char *schema;
} parameters[] = {
    {"Model", "model", "path", "The model.", "ModelName"},
    {"Version", "version", "path", "A version's number, or a tag: `current`.",
     "VersionName"},
    {"File", "file", "path", "The file's name.", "FileName"},
    {"ModelQuery", "model", "query",
     "The model, where the body does not name it. Both say the same, or it is 422.",
     "ModelName"},
    {"VersionQuery", "version", "query",
     "A version's number, or a tag; without it, `current`. As `model`.", "VersionName"},
    {"JsonSize", "Inference-Header-Content-Length", "header",
     "Bytes of JSON at the start of a body with raw tensors behind it "
     "(`application/octet-stream`).",
     "JsonSize"},
    {"Subject", "Galen-Subject", "header",
     "About whom: the patient's key. It is not kept, forwarded or repeated; records have "
     "its pseudonym. All that name one name the same, or it is 422.",
     "Subject"},
    {"Purpose", "Galen-Purpose", "header", "What for. As `Galen-Subject`.", "Purpose"},
    {"IfNoneMatch", "If-None-Match", "header", "The ETag of what the client has.", "Text"},
    {"RequestId", "X-Request-Id", "header",
     "An id for this request: up to 64 letters, digits, `.`, `_`, `-`. Anything else is "
     "not "
     "taken, and the answer has an id of the server's.",
     "Text"},
};

static void put_parameter(const struct openapi *openapi, const struct parameter *parameter,
                          struct json_writer *json)
{
    member_begin_object(json, parameter->key);
    member_put_text(json, "name", parameter->name);
    member_put_text(json, "in", parameter->in);
    member_put_text(json, "description", parameter->description);
    member_put_bool(json, "required", strcmp(parameter->in, "path") == 0);
    member_put_reference(json, "schema", "schemas", parameter->schema);
    if (strcmp(parameter->key, "Model") == 0) {
        examples_put_names(openapi, json);
    } else if (strcmp(parameter->key, "Version") == 0) {
        examples_put_versions(openapi, json);
    }
    json_end_object(json);
}

/* The admin listener has models to be named, and tensors where an engine is. */
static bool is_used(const struct openapi *openapi, const struct parameter *parameter)
{
    const bool is_model = strcmp(parameter->key, "Model") == 0;
    const bool is_of_v2 =
        strcmp(parameter->key, "Version") == 0 || strcmp(parameter->key, "JsonSize") == 0;
    return openapi->admin == NULL || is_model || (is_of_v2 && openapi_speaks_v2(openapi));
}

void parameters_put(const struct openapi *openapi, struct json_writer *json)
{
    member_begin_object(json, "parameters");
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
        if (is_used(openapi, &parameters[i])) {
            put_parameter(openapi, &parameters[i], json);
        }
    }
    json_end_object(json);
}
