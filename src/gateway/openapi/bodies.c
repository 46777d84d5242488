/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/openapi/bodies.h"

#include <stdio.h>

#include "gateway/openapi/examples.h"
#include "gateway/openapi/member.h"
#include "gateway/openapi/models.h"

enum { DESCRIPTION_SIZE = 128 };

static void put_form(struct json_writer *json)
{
    member_begin_object(json, "multipart/form-data");
    member_put_reference(json, "schema", "schemas", "InferForm");
    json_end_object(json);
}

static void put_bytes(const char *media_type, const char *schema, struct json_writer *json)
{
    member_begin_object(json, media_type);
    member_put_reference(json, "schema", "schemas", schema);
    json_end_object(json);
}

/* Whether an earlier model, or an earlier place in this one's list, has it. */
static bool was_put(const struct openapi *openapi, size_t model_index, size_t type_index)
{
    const struct repository *repository = openapi->repository;
    const char *wanted =
        model_contract(&repository->models[model_index])->media_types[type_index];
    for (size_t i = 0; i <= model_index; i++) {
        const struct contract *contract = model_contract(&repository->models[i]);
        const size_t count = contract == NULL   ? 0
                             : i == model_index ? type_index
                                                : contract->media_type_count;
        for (size_t k = 0; k < count; k++) {
            if (strcmp(contract->media_types[k], wanted) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool has_an_entry_of_its_own(const char *media_type)
{
    return strcmp(media_type, "application/json") == 0 ||
           strcmp(media_type, "application/octet-stream") == 0 ||
           strcmp(media_type, "multipart/form-data") == 0;
}

/* The media types that models list: bodies that are the input itself. */
static void put_inputs(const struct openapi *openapi, struct json_writer *json)
{
    for (size_t i = 0; i < openapi->repository->model_count; i++) {
        const struct contract *contract = model_contract(&openapi->repository->models[i]);
        const size_t count = contract == NULL ? 0 : contract->media_type_count;
        for (size_t k = 0; k < count; k++) {
            const char *type = contract->media_types[k];
            if (!has_an_entry_of_its_own(type) && !was_put(openapi, i, k)) {
                put_bytes(type, contract_takes_text(contract) ? "TextInput" : "Bytes",
                          json);
            }
        }
    }
}

static void put_json_body(const struct operation *operation, struct json_writer *json)
{
    json_begin_object(json);
    member_put_bool(json, "required", !operation->body_is_optional);
    member_begin_object(json, "content");
    put_bytes("application/json", operation->body_schema, json);
    json_end_object(json);
    json_end_object(json);
}

static void put_tensor_body(const struct openapi *openapi, enum operation_body body,
                            struct json_writer *json)
{
    char description[DESCRIPTION_SIZE];
    const bool is_infer = body == OPERATION_INFER_BODY;
    (void)snprintf(description, sizeof(description),
                   "At most %zu bytes; of JSON without tensors, less.",
                   openapi->body_size_bytes_max);
    json_begin_object(json);
    member_put_text(json, "description", description);
    member_put_bool(json, "required", true);
    member_begin_object(json, "content");
    member_begin_object(json, "application/json");
    member_put_reference(json, "schema", "schemas",
                         is_infer ? "InferRequest" : "V2InferRequest");
    examples_put_requests(openapi, body, json);
    json_end_object(json);
    if (is_infer) {
        put_inputs(openapi, json);
        put_form(json);
    }
    put_bytes("application/octet-stream", is_infer ? "Bytes" : "V2Bytes", json);
    json_end_object(json);
    json_end_object(json);
}

void bodies_put(const struct openapi *openapi, const struct operation *operation,
                struct json_writer *json)
{
    if (operation->body == OPERATION_JSON_BODY) {
        put_json_body(operation, json);
    } else {
        put_tensor_body(openapi, operation->body, json);
    }
}
