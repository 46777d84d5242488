/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/infer_model.h"

#include "codec/media_type.h"
#include "gateway/request_arm.h"

enum { TYPE_COUNT_TOLD = 8, TYPES_TEXT_SIZE = 256 };

/* Media types, each once, for a message. They come from contracts, not from clients. */
struct told {
    const char *types[TYPE_COUNT_TOLD];
    size_t count;
};

static void tell_type(struct told *told, const char *type)
{
    for (size_t i = 0; i < told->count; i++) {
        if (strcmp(told->types[i], type) == 0) {
            return;
        }
    }
    if (told->count < TYPE_COUNT_TOLD) {
        told->types[told->count++] = type;
    }
}

static void tell_types(struct told *told, const struct contract *contract)
{
    for (size_t i = 0; i < contract->media_type_count; i++) {
        tell_type(told, contract->media_types[i]);
    }
}

/* "text/plain, application/json": the last ones are left out where there is no room. */
static void told_text(const struct told *told, char out_text[TYPES_TEXT_SIZE])
{
    size_t size = 0;
    for (size_t i = 0; i < told->count; i++) {
        const struct bytes type = bytes_from_string(told->types[i]);
        if (size + type.size + sizeof(", ") > TYPES_TEXT_SIZE) {
            break;
        }
        if (i > 0) {
            memcpy(out_text + size, ", ", 2);
            size += 2;
        }
        memcpy(out_text + size, type.data, type.size);
        size += type.size;
    }
    out_text[size] = '\0';
}

bool infer_model_takes(const struct contract *contract, const char *media_type)
{
    return media_type == NULL ||
           contract_lists_type(contract, bytes_from_string(media_type));
}

static enum galen_status refuse_type(struct request *request, const struct told *told)
{
    char types[TYPES_TEXT_SIZE];
    told_text(told, types);
    const enum galen_status status =
        request->model != NULL
            ? error_set(&request->error, GALEN_UNSUPPORTED_TYPE,
                        "model '%s' does not take this media type, but %s",
                        request->model->name, types)
            : error_set(&request->error, GALEN_UNSUPPORTED_TYPE,
                        "no model here takes this media type; what they take: %s", types);
    error_prefix_name(&request->error, BYTES("input"));
    return status;
}

/* One that is broken counts, so that its requests are not another's answers. */
static enum galen_status find_only(struct request *request, const char *media_type)
{
    const struct repository *repository = request->view->repository;
    const struct repository_model *found = NULL;
    struct told told = {.count = 0};
    for (size_t i = 0; i < repository->model_count; i++) {
        const struct repository_model *model = &repository->models[i];
        const struct repository_version *version = repository_resolve(model, BYTES_NONE);
        if (version == NULL || version->contract == NULL) {
            continue;
        }
        tell_types(&told, version->contract);
        if (infer_model_takes(version->contract, media_type)) {
            if (found != NULL) {
                return error_set(&request->error, GALEN_UNPROCESSABLE,
                                 "name a \"model\": several take this");
            }
            found = model;
        }
    }
    if (found == NULL) {
        return refuse_type(request, &told);
    }
    request->model = found;
    return GALEN_OK;
}

const char *infer_model_routed(const struct route_index *routes, const char *media_type)
{
    struct media_type type;
    if (routes == NULL || media_type == NULL ||
        media_type_parse(bytes_from_string(media_type), &type) != GALEN_OK) {
        return NULL;
    }
    const struct settings_route *route = route_index_find(routes, type);
    return route == NULL ? NULL : route->model;
}

static enum galen_status find_model(struct request *request, const struct infer_body *body)
{
    const char *name =
        body->model != NULL
            ? body->model
            : infer_model_routed(&request->view->rules->index, body->input.media_type);
    if (name == NULL) {
        return find_only(request, body->input.media_type);
    }
    request->model = repository_find(request->view->repository, bytes_from_string(name));
    return request->model != NULL
               ? GALEN_OK
               : error_set(&request->error, GALEN_NOT_FOUND, "there is no such model");
}

/* The row that applies to what is asked of this model; NULL: none, as for tensors. */
static const struct settings_route *rule_of(const struct request *request,
                                            const char *media_type)
{
    struct media_type type;
    if (media_type == NULL ||
        media_type_parse(bytes_from_string(media_type), &type) != GALEN_OK) {
        return NULL;
    }
    return route_index_find_of(&request->view->rules->index,
                               bytes_from_string(request->model->name), &type);
}

static enum galen_status find_version(struct request *request,
                                      const struct infer_body *body)
{
    if (request->model->is_disabled) {
        return error_set(&request->error, GALEN_UNAVAILABLE, "model '%s' is %s",
                         request->model->name, request->model->why_not.text);
    }
    const struct repository_version *version =
        request_arm_version(request, request->model, bytes_from_string(body->version));
    if (version == NULL) {
        return error_set(&request->error, GALEN_NOT_FOUND,
                         "model '%s' has no such version or tag", request->model->name);
    }
    if (!version->usable) {
        return error_set(&request->error, GALEN_UNAVAILABLE, "%s", version->why_not.text);
    }
    if (version->contract == NULL) {
        return error_set(&request->error, GALEN_NO_CONTRACT,
                         "model '%s' version %llu has no model.yaml: use /v2",
                         request->model->name, (unsigned long long)version->number);
    }
    request->version = version;
    return GALEN_OK;
}

enum galen_status infer_model_find(struct request *request, const struct infer_body *body)
{
    struct told told = {.count = 0};
    TRY(find_model(request, body));
    request->rule = rule_of(request, body->input.media_type);
    TRY(find_version(request, body));
    if (infer_model_takes(request->version->contract, body->input.media_type)) {
        return GALEN_OK;
    }
    tell_types(&told, request->version->contract);
    return refuse_type(request, &told);
}
