/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/openapi/models.h"

#include <stdio.h>

#include "gateway/domain.h"
#include "gateway/infer_model.h"
#include "gateway/openapi/member.h"
#include "gateway/openapi/vector_schema.h"

enum { NUMBER_SIZE = 24 };

const struct contract *model_contract(const struct repository_model *model)
{
    const struct repository_version *version = repository_resolve(model, BYTES_NONE);
    return version == NULL || !version->usable ? NULL : version->contract;
}

bool model_is_default(const struct openapi *openapi, const struct repository_model *model,
                      const char *media_type)
{
    const struct repository *repository = openapi->repository;
    const char *routed = infer_model_routed(openapi->routes, media_type);
    if (routed != NULL) {
        return strcmp(routed, model->name) == 0;
    }
    for (size_t i = 0; i < repository->model_count; i++) {
        const struct repository_model *other = &repository->models[i];
        const struct repository_version *version = repository_resolve(other, BYTES_NONE);
        if (other != model && version != NULL && version->contract != NULL &&
            infer_model_takes(version->contract, media_type)) {
            return false;
        }
    }
    return true;
}

/* Which models a list is of. */
static bool has_any_contract(const struct contract *contract)
{
    return contract != NULL;
}

static bool answers_tensors(const struct contract *contract)
{
    const struct domain *domain = contract == NULL ? NULL : domain_for(contract->task);
    return domain != NULL && !domain->needs_text;
}

/* The member `enum`. */
static void put_names(const struct openapi *openapi,
                      bool (*is_meant)(const struct contract *contract),
                      struct json_writer *json)
{
    const struct repository *repository = openapi->repository;
    member_begin_array(json, "enum");
    for (size_t i = 0; i < repository->model_count; i++) {
        const struct repository_model *model = &repository->models[i];
        if (is_meant == NULL || is_meant(model_contract(model))) {
            json_put_cstring(json, model->name);
        }
    }
    json_end_array(json);
}

static void put_name_schema(const struct openapi *openapi, struct json_writer *json)
{
    member_begin_object(json, "ModelName");
    member_put_text(json, "type", "string");
    member_put_text(json, "description", "A model of this repository.");
    put_names(openapi, NULL, json);
    json_end_object(json);
}

static void put_media_types(const struct contract *contract, struct json_writer *json)
{
    for (size_t i = 0; i < contract->media_type_count; i++) {
        json_put_cstring(json, contract->media_types[i]);
    }
}

static bool is_of_bytes(const struct contract *contract)
{
    return contract->feature_count == 0 && !contract_takes_text(contract);
}

static void put_input(const struct repository_model *model, const struct contract *contract,
                      struct json_writer *json)
{
    json_put_name(json, "input");
    if (contract->feature_count > 0) {
        reference_put(json, "schemas", "Vector.", model->name);
    } else {
        reference_put(json, "schemas", is_of_bytes(contract) ? "BytesInput" : "TextInput",
                      "");
    }
}

static void put_version_number(uint64_t number, struct json_writer *json)
{
    char text[NUMBER_SIZE];
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    json_put_cstring(json, text);
}

static void put_kept_versions(const struct repository_model *model,
                              struct json_writer *json)
{
    for (size_t i = 0; i < model->version_count; i++) {
        if (repository_is_kept(model, model->versions[i]->number)) {
            json_put_cstring(json, model->versions[i]->number_text);
        }
    }
}

/* One that points at a version; a tag that is broken is nobody's to use. */
static bool is_of_use(const struct repository_tag *tag)
{
    return tag->name[0] != '\0' && tag->version != 0;
}

/* The member `version`: numbers and tags. */
static void put_version_choice(const struct repository_model *model,
                               struct json_writer *json)
{
    member_begin_object(json, "version");
    member_put_text(json, "type", "string");
    member_put_text(json, "description", "A version's number, or a tag.");
    member_begin_array(json, "enum");
    put_kept_versions(model, json);
    for (size_t i = 0; i < model->tag_count; i++) {
        if (is_of_use(&model->tags[i])) {
            json_put_cstring(json, model->tags[i].name);
        }
    }
    json_end_array(json);
    json_end_object(json);
}

/* What requests to /infer may say beside their input: each has its schema. */
static void put_circumstances(struct json_writer *json)
{
    member_put_reference(json, "subject", "schemas", "Subject");
    member_put_reference(json, "purpose", "schemas", "Purpose");
    member_put_reference(json, "options", "schemas", "InferOptions");
}

static void put_request_properties(const struct repository_model *model,
                                   const struct contract *contract,
                                   struct json_writer *json)
{
    member_begin_object(json, "properties");
    put_input(model, contract, json);
    member_begin_object(json, "content_type");
    member_put_text(json, "type", "string");
    member_put_text(json, "description", "What the input is.");
    member_begin_array(json, "enum");
    put_media_types(contract, json);
    json_end_array(json);
    json_end_object(json);
    member_begin_object(json, "model");
    member_put_text(json, "type", "string");
    member_put_text(json, "const", model->name);
    json_end_object(json);
    put_version_choice(model, json);
    put_circumstances(json);
    json_end_object(json);
}

/* What a member `input` is taken for where nothing is said of it. */
static const char *media_type_unsaid(const struct contract *contract)
{
    return contract->feature_count > 0 ? "application/json" : "text/plain";
}

static void put_request_schema(const struct openapi *openapi,
                               const struct repository_model *model,
                               const struct contract *contract, struct json_writer *json)
{
    name_put_joined(json, "Request.", model->name);
    json_begin_object(json);
    member_put_text(json, "description", contract->title);
    member_put_text(json, "type", "object");
    put_request_properties(model, contract, json);
    member_begin_array(json, "required");
    json_put_cstring(json, "input");
    if (is_of_bytes(contract)) {
        json_put_cstring(json, "content_type");
    }
    if (is_of_bytes(contract) ||
        !model_is_default(openapi, model, media_type_unsaid(contract))) {
        json_put_cstring(json, "model");
    }
    json_end_array(json);
    member_put_bool(json, "additionalProperties", false);
    json_end_object(json);
}

/* A v2 request that also says for which model: its members are those of V2InferRequest. */
static void put_tensor_properties(const struct openapi *openapi, struct json_writer *json)
{
    static const struct {
        const char *name;
        const char *schema;
    } members[] = {
        {"inputs", "V2Inputs"},         {"outputs", "V2Outputs"},   {"id", "V2Id"},
        {"parameters", "V2Parameters"}, {"version", "VersionName"},
    };
    member_begin_object(json, "properties");
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        member_put_reference(json, members[i].name, "schemas", members[i].schema);
    }
    member_begin_object(json, "model");
    member_put_text(json, "type", "string");
    put_names(openapi, answers_tensors, json);
    json_end_object(json);
    put_circumstances(json);
    json_end_object(json);
}

static void put_tensor_schema(const struct openapi *openapi, struct json_writer *json)
{
    member_begin_object(json, "TensorRequest");
    member_put_text(json, "description", "One row of normalised tensors.");
    member_put_text(json, "type", "object");
    put_tensor_properties(openapi, json);
    member_begin_array(json, "required");
    json_put_cstring(json, "inputs");
    if (openapi->repository->model_count > 1) {
        json_put_cstring(json, "model");
    }
    json_end_array(json);
    member_put_bool(json, "additionalProperties", false);
    json_end_object(json);
}

static size_t count_models(const struct openapi *openapi,
                           bool (*is_meant)(const struct contract *contract))
{
    size_t count = 0;
    for (size_t i = 0; i < openapi->repository->model_count; i++) {
        count += is_meant(model_contract(&openapi->repository->models[i]));
    }
    return count;
}

/* Where there is no contract, /infer takes nothing. */
static void put_request_choice(const struct openapi *openapi, struct json_writer *json)
{
    const struct repository *repository = openapi->repository;
    member_begin_object(json, "InferRequest");
    member_put_text(json, "description", "What /infer takes as JSON, by model.");
    if (count_models(openapi, has_any_contract) == 0) {
        member_begin_object(json, "not");
        json_end_object(json);
        json_end_object(json);
        return;
    }
    member_begin_array(json, "anyOf");
    for (size_t i = 0; i < repository->model_count; i++) {
        if (model_contract(&repository->models[i]) != NULL) {
            reference_put(json, "schemas", "Request.", repository->models[i].name);
        }
    }
    if (count_models(openapi, answers_tensors) > 0) {
        reference_put(json, "schemas", "TensorRequest", "");
    }
    json_end_array(json);
    json_end_object(json);
}

void models_put_schemas(const struct openapi *openapi, struct json_writer *json)
{
    const struct repository *repository = openapi->repository;
    put_name_schema(openapi, json);
    put_request_choice(openapi, json);
    if (count_models(openapi, answers_tensors) > 0) {
        put_tensor_schema(openapi, json);
    }
    for (size_t i = 0; i < repository->model_count; i++) {
        const struct repository_model *model = &repository->models[i];
        const struct contract *contract = model_contract(model);
        if (contract != NULL) {
            put_request_schema(openapi, model, contract, json);
        }
        if (contract != NULL && contract->feature_count > 0) {
            vector_schema_put(model->name, contract, json);
        }
    }
}

static void put_versions(const struct repository_model *model, struct json_writer *json)
{
    member_begin_array(json, "versions");
    put_kept_versions(model, json);
    json_end_array(json);
    member_begin_object(json, "tags");
    for (size_t i = 0; i < model->tag_count; i++) {
        if (is_of_use(&model->tags[i])) {
            json_put_name(json, model->tags[i].name);
            put_version_number(model->tags[i].version, json);
        }
    }
    json_end_object(json);
}

static void put_contract(const struct repository_model *model,
                         const struct contract *contract, struct json_writer *json)
{
    member_put_text(json, "title", contract->title);
    member_put_text(json, "task", contract_task_name(contract->task));
    member_begin_array(json, "media_types");
    put_media_types(contract, json);
    json_end_array(json);
    member_begin_array(json, "labels");
    for (size_t i = 0; i < contract->label_count; i++) {
        json_put_cstring(json, contract->labels[i]);
    }
    json_end_array(json);
    member_put_bool(json, "demonstration", contract->demonstration);
    if (contract->feature_count > 0) {
        json_put_name(json, "vector");
        reference_put(json, "schemas", "Vector.", model->name);
    }
}

void models_put_list(const struct openapi *openapi, struct json_writer *json)
{
    const struct repository *repository = openapi->repository;
    member_begin_array(json, "x-galen-models");
    for (size_t i = 0; i < repository->model_count; i++) {
        const struct repository_model *model = &repository->models[i];
        const struct contract *contract = model_contract(model);
        json_begin_object(json);
        member_put_text(json, "name", model->name);
        put_versions(model, json);
        if (contract != NULL) {
            put_contract(model, contract, json);
        }
        json_end_object(json);
    }
    json_end_array(json);
}
