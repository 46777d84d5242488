/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/openapi/components.h"

#include "gateway/openapi/member.h"
#include "gateway/openapi/parameters.h"
#include "gateway/openapi/refusals.h"
#include "gateway/openapi/schemas.h"

static const struct header {
    const char *name;
    const char *description;
    const char *type;
    enum { FOR_ALL, FOR_CLIENTS, FOR_TENSORS } use;
} headers[] = {
    {"X-Request-Id", "The request's own id where it is a plain token, else a new one.",
     "string", FOR_CLIENTS},
    {"Galen-Model", "The model and version that answered, as `name/version`.", "string",
     FOR_CLIENTS},
    {"Galen-Mode", "`demo`: the gateway knows no callers and quotes what it was sent.",
     "string", FOR_CLIENTS},
    {"ETag", "Changes when the content does.", "string", FOR_CLIENTS},
    {"Cache-Control", "`no-cache`: to be asked for again, with If-None-Match.", "string",
     FOR_CLIENTS},
    {"Allow", "The method that this path takes.", "string", FOR_ALL},
    {"WWW-Authenticate",
     "What is wrong with the token, or which scope it lacks (RFC 6750).", "string",
     FOR_ALL},
    {"Retry-After", "Seconds to wait before the next attempt.", "integer", FOR_ALL},
    {"Inference-Header-Content-Length",
     "Bytes of JSON before raw tensors; absent where there are none.", "integer",
     FOR_TENSORS},
};

static void put_header(const struct header *header, struct json_writer *json)
{
    member_begin_object(json, header->name);
    member_put_text(json, "description", header->description);
    member_begin_object(json, "schema");
    member_put_text(json, "type", header->type);
    json_end_object(json);
    json_end_object(json);
}

static bool is_used(const struct openapi *openapi, const struct header *header)
{
    return openapi->admin == NULL || header->use == FOR_ALL ||
           (header->use == FOR_TENSORS && openapi_speaks_v2(openapi));
}

static void put_security_schemes(struct json_writer *json)
{
    member_begin_object(json, "securitySchemes");
    member_begin_object(json, "token");
    member_put_text(json, "type", "http");
    member_put_text(json, "scheme", "bearer");
    member_put_text(json, "bearerFormat", "JWT");
    member_put_text(json, "description",
                    "An access token of the issuer (RFC 9068), with the scope that the "
                    "operation names.");
    json_end_object(json);
    json_end_object(json);
}

void components_put(const struct openapi *openapi, struct json_writer *json)
{
    member_begin_object(json, "components");
    schemas_put(openapi, json);
    parameters_put(openapi, json);
    refusals_put(openapi, json);
    if (openapi->has_issuer) {
        put_security_schemes(json);
    }
    member_begin_object(json, "headers");
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        if (is_used(openapi, &headers[i])) {
            put_header(&headers[i], json);
        }
    }
    json_end_object(json);
    json_end_object(json);
}
