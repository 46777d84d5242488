/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/openapi/openapi.h"

#include "gateway/openapi/components.h"
#include "gateway/openapi/member.h"
#include "gateway/openapi/models.h"
#include "gateway/openapi/paths.h"

#define OF_REFUSALS                                                           \
    "What is wrong with a request is told by its place, never with what was " \
    "sent: a problem document (RFC 9457), or on `/v2` the protocol's own error."

struct face {
    const char *title;
    const char *summary;
    const char *description;
};

static const struct face for_clients = {
    "galen", "Clinical models, asked over HTTP.",
    "`POST /infer` takes a note, an image or a vector and answers in the words "
    "of the domain. `/v2` takes tensors (Open Inference Protocol).\n\n" OF_REFUSALS};

static const struct face for_admin = {
    "galen: administration", "Clinical models, managed over HTTP.",
    "`/galen/models` says which version of a model serves, and changes it. Where "
    "an engine runs in the process, `/v2` manages that (Open Inference Protocol, "
    "with Triton's extensions).\n\n" OF_REFUSALS};

static void put_info(const struct openapi *openapi, struct json_writer *json)
{
    const struct face *face = openapi->admin == NULL ? &for_clients : &for_admin;
    member_begin_object(json, "info");
    member_put_text(json, "title", face->title);
    member_put_text(json, "version", GALEN_VERSION);
    member_put_text(json, "summary", face->summary);
    member_put_text(json, "description", face->description);
    member_begin_object(json, "license");
    member_put_text(json, "name", "Apache-2.0");
    member_put_text(json, "identifier", "Apache-2.0");
    json_end_object(json);
    json_end_object(json);
}

enum listener { OF_CLIENTS = 1, OF_ADMIN = 2, OF_ADMIN_WITH_V2 = 4 };

static enum listener listener_of(const struct openapi *openapi)
{
    if (openapi->admin == NULL) {
        return OF_CLIENTS;
    }
    return openapi_speaks_v2(openapi) ? OF_ADMIN_WITH_V2 : OF_ADMIN;
}

static void put_tags(const struct openapi *openapi, struct json_writer *json)
{
    static const struct {
        const char *name;
        const char *description;
        unsigned listeners;
    } tags[] = {
        {"infer", "Domain answers", OF_CLIENTS},
        {"models", "Which version of a model serves", OF_ADMIN | OF_ADMIN_WITH_V2},
        {"v2", "Tensors: the Open Inference Protocol", OF_CLIENTS | OF_ADMIN_WITH_V2},
        {"health", "Probes", OF_CLIENTS},
        {"documentation", "This document and its pages",
         OF_CLIENTS | OF_ADMIN | OF_ADMIN_WITH_V2},
    };
    member_begin_array(json, "tags");
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if ((tags[i].listeners & listener_of(openapi)) != 0) {
            json_begin_object(json);
            member_put_text(json, "name", tags[i].name);
            member_put_text(json, "description", tags[i].description);
            json_end_object(json);
        }
    }
    json_end_array(json);
}

static void put_servers(struct json_writer *json)
{
    member_begin_array(json, "servers");
    json_begin_object(json);
    member_put_text(json, "url", "/");
    json_end_object(json);
    json_end_array(json);
}

/* What a request may be refused for before anything is made of it. */
static bool is_of_requests(const char *effect)
{
    return effect[0] == '4' && strchr(effect, ':') != NULL;
}

struct limit_row {
    const char *name;
    uint64_t value;
    const char *effect;
};

/* The limit of a body is a setting too, which counts. */
static void put_limit(const struct openapi *openapi, const struct limit_row *limit,
                      struct json_writer *json)
{
    const bool is_of_body = strcmp(limit->name, "BODY_SIZE_BYTES_MAX") == 0;
    if (is_of_requests(limit->effect)) {
        json_begin_object(json);
        member_put_text(json, "name", limit->name);
        member_put_u64(json, "value",
                       is_of_body ? openapi->body_size_bytes_max : limit->value);
        member_put_text(json, "effect", limit->effect);
        json_end_object(json);
    }
}

static void put_limits(const struct openapi *openapi, struct json_writer *json)
{
    static const struct limit_row limits[] = {
#define LIMIT(name, value, effect) {#name, value, effect},
#include "base/limits.def"
    };
    member_begin_array(json, "x-galen-limits");
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        put_limit(openapi, &limits[i], json);
    }
    json_end_array(json);
}

bool openapi_speaks_v2(const struct openapi *openapi)
{
    bool speaks = openapi->admin == NULL;
    for (size_t i = 0; !speaks && i < openapi->admin->count; i++) {
        speaks = openapi->admin->items[i].operation->speaks_v2;
    }
    return speaks;
}

void openapi_write(const struct openapi *openapi, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    member_put_text(&json, "openapi", "3.1.0");
    member_put_text(&json, "jsonSchemaDialect",
                    "https://json-schema.org/draft/2020-12/schema");
    put_info(openapi, &json);
    put_servers(&json);
    put_tags(openapi, &json);
    paths_put(openapi, &json);
    components_put(openapi, &json);
    if (openapi->admin == NULL) {
        models_put_list(openapi, &json);
    }
    put_limits(openapi, &json);
    json_end_object(&json);
}
