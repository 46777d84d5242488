/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/openapi/examples.h"

#include "crypto/sha256.h"
#include "gateway/openapi/member.h"
#include "gateway/openapi/models.h"

static const char sentence[] = "Denies chest pain. Takes metformin 500 mg twice daily.";

/* -- samples -----------------------------------------------------------------------------
 */

static bool names_network(const struct sample *sample,
                          const struct repository_version *version)
{
    char hex[SHA256_HEX_SIZE];
    sha256_to_hex(version->model_sha256, hex);
    return memmem(sample->answer.data, sample->answer.size, hex, sizeof(hex)) != NULL;
}

/* Whether the sample's answer is the one that its model gives here. */
static bool is_of(const struct sample *sample, const struct repository_model *model)
{
    const struct repository_version *version = repository_resolve(model, BYTES_NONE);
    return model_contract(model) != NULL && names_network(sample, version);
}

static bool has_sample(const struct repository_model *model)
{
    for (size_t i = 0; i < sample_count; i++) {
        if (is_of(&samples[i], model)) {
            return true;
        }
    }
    return false;
}

static bool is_told(const struct openapi *openapi, const struct sample *sample)
{
    for (size_t i = 0; i < openapi->repository->model_count; i++) {
        if (is_of(sample, &openapi->repository->models[i])) {
            return true;
        }
    }
    return false;
}

static void put_value(const char *name, struct bytes value, struct json_writer *json)
{
    member_begin_object(json, name);
    member_put_raw(json, "value", value);
    json_end_object(json);
}

/* -- what is made of a contract ----------------------------------------------------------
 */

static double middle_of(const struct contract_feature *feature)
{
    const bool has_min = feature->min > -1e30;
    const bool has_max = feature->max < 1e30;
    if (has_min && has_max) {
        return feature->min + (feature->max - feature->min) / 2;
    }
    return has_min ? feature->min : has_max ? feature->max : 0;
}

static void put_features(const struct contract *contract, struct json_writer *json)
{
    json_begin_object(json);
    for (size_t i = 0; i < contract->feature_count; i++) {
        json_put_name(json, contract->features[i].name);
        json_put_f64(json, middle_of(&contract->features[i]));
    }
    json_end_object(json);
}

static void put_made_request(const struct repository_model *model,
                             const struct contract *contract, struct json_writer *json)
{
    member_begin_object(json, model->name);
    member_begin_object(json, "value");
    member_put_text(json, "model", model->name);
    json_put_name(json, "input");
    if (contract->feature_count > 0) {
        put_features(contract, json);
    } else {
        json_put_cstring(json, sentence);
    }
    json_end_object(json);
    json_end_object(json);
}

/* Of bytes that nobody here can make, such as an image, there is no example. */
static bool can_be_made(const struct contract *contract)
{
    return contract->feature_count > 0 || contract_takes_text(contract);
}

static void put_infer_requests(const struct openapi *openapi, struct json_writer *json)
{
    for (size_t i = 0; i < sample_count; i++) {
        if (is_told(openapi, &samples[i])) {
            put_value(samples[i].name, samples[i].request, json);
        }
    }
    for (size_t i = 0; i < openapi->repository->model_count; i++) {
        const struct repository_model *model = &openapi->repository->models[i];
        const struct contract *contract = model_contract(model);
        if (contract != NULL && can_be_made(contract) && !has_sample(model)) {
            put_made_request(model, contract, json);
        }
    }
}

static void put_tensor(const struct contract *contract, struct json_writer *json)
{
    json_begin_object(json);
    member_put_text(json, "name", contract->input.tensor);
    member_put_text(json, "datatype", galen_datatype_name(contract->input.datatype));
    member_begin_array(json, "shape");
    json_put_u64(json, 1);
    json_put_u64(json, contract->feature_count);
    json_end_array(json);
    member_begin_array(json, "data");
    for (size_t i = 0; i < contract->feature_count; i++) {
        json_put_f64(json, middle_of(&contract->features[i]));
    }
    json_end_array(json);
    json_end_object(json);
}

static void put_v2_requests(const struct openapi *openapi, struct json_writer *json)
{
    for (size_t i = 0; i < openapi->repository->model_count; i++) {
        const struct repository_model *model = &openapi->repository->models[i];
        const struct contract *contract = model_contract(model);
        if (contract == NULL || contract->feature_count == 0) {
            continue;
        }
        member_begin_object(json, model->name);
        member_begin_object(json, "value");
        member_begin_array(json, "inputs");
        put_tensor(contract, json);
        json_end_array(json);
        json_end_object(json);
        json_end_object(json);
    }
}

/* -- members -----------------------------------------------------------------------------
 */

void examples_put_requests(const struct openapi *openapi, enum operation_body body,
                           struct json_writer *json)
{
    member_begin_object(json, "examples");
    if (body == OPERATION_INFER_BODY) {
        put_infer_requests(openapi, json);
    } else {
        put_v2_requests(openapi, json);
    }
    json_end_object(json);
}

void examples_put_answers(const struct openapi *openapi, struct json_writer *json)
{
    member_begin_object(json, "examples");
    for (size_t i = 0; i < sample_count; i++) {
        if (is_told(openapi, &samples[i])) {
            put_value(samples[i].name, samples[i].answer, json);
        }
    }
    json_end_object(json);
}

void examples_put_names(const struct openapi *openapi, struct json_writer *json)
{
    member_begin_object(json, "examples");
    for (size_t i = 0; i < openapi->repository->model_count; i++) {
        const char *name = openapi->repository->models[i].name;
        member_begin_object(json, name);
        member_put_text(json, "value", name);
        json_end_object(json);
    }
    json_end_object(json);
}

void examples_put_versions(const struct openapi *openapi, struct json_writer *json)
{
    member_begin_object(json, "examples");
    for (size_t i = 0; i < openapi->repository->model_count; i++) {
        const struct repository_model *model = &openapi->repository->models[i];
        const struct repository_version *version = repository_resolve(model, BYTES_NONE);
        if (version != NULL) {
            member_begin_object(json, model->name);
            member_put_text(json, "value", version->number_text);
            json_end_object(json);
        }
    }
    json_end_object(json);
}
