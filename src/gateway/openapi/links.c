/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/openapi/links.h"

#include "gateway/openapi/member.h"

static const struct link {
    const char *from; /* operationId */
    const char *name;
    const char *to;      /* operationId */
    const char *model;   /* where the model's name is */
    const char *version; /* where its version is; NULL: not needed */
} links[] = {
    {"infer", "tensors", "v2_model_version", "$response.body#/model/name",
     "$response.body#/model/version"},
    {"infer", "readiness", "v2_model_ready_version", "$response.body#/model/name",
     "$response.body#/model/version"},
    {"v2_model", "readiness", "v2_model_ready", "$response.body#/name", NULL},
    {"v2_infer", "tensors", "v2_model_version", "$response.body#/model_name",
     "$response.body#/model_version"},
};

enum { LINK_COUNT = sizeof(links) / sizeof(links[0]) };

static void put_link(const struct link *link, struct json_writer *json)
{
    member_begin_object(json, link->name);
    member_put_text(json, "operationId", link->to);
    member_begin_object(json, "parameters");
    member_put_text(json, "model", link->model);
    if (link->version != NULL) {
        member_put_text(json, "version", link->version);
    }
    json_end_object(json);
    json_end_object(json);
}

static bool is_from(const struct link *link, const struct operation *operation)
{
    return strcmp(link->from, operation->id) == 0;
}

void links_put(const struct operation *operation, struct json_writer *json)
{
    bool is_open = false;
    for (size_t i = 0; i < LINK_COUNT; i++) {
        if (!is_from(&links[i], operation)) {
            continue;
        }
        if (!is_open) {
            member_begin_object(json, "links");
            is_open = true;
        }
        put_link(&links[i], json);
    }
    if (is_open) {
        json_end_object(json);
    }
}
