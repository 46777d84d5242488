/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/openapi/schemas.h"

#include "base/limits.h"
#include "gateway/asset.h"
#include "gateway/domain.h"
#include "gateway/openapi/member.h"
#include "gateway/openapi/models.h"
#include "gateway/openapi/refusals.h"
#include "gateway/warnings.h"

static void begin_enum(const char *name, const char *description, struct json_writer *json)
{
    member_begin_object(json, name);
    member_put_text(json, "type", "string");
    member_put_text(json, "description", description);
    member_begin_array(json, "enum");
}

static void end_enum(struct json_writer *json)
{
    json_end_array(json);
    json_end_object(json);
}

static void put_warning_codes(struct json_writer *json)
{
    static const char *const codes[] = {
#define WARNING(code, message) #code,
#include "gateway/warnings.def"
    };
    begin_enum("WarningCode", "What an answer may warn of: a closed list.", json);
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        json_put_cstring(json, codes[i]);
    }
    end_enum(json);
}

static void put_datatypes(struct json_writer *json)
{
    static const char *const names[] = {
#define GALEN_DATATYPE(name, size, kind) #name,
#include "galen/datatype.def"
    };
    begin_enum("Datatype", "Of a tensor's elements.", json);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        json_put_cstring(json, names[i]);
    }
    end_enum(json);
}

static void put_tasks(struct json_writer *json)
{
    begin_enum("Task", "What a model does.", json);
    for (size_t i = 0; i < domain_count; i++) {
        json_put_cstring(json, contract_task_name(domains[i]->task));
    }
    end_enum(json);
}

static void put_purposes(struct json_writer *json)
{
    static const char *const codes[] = {
#define PURPOSE(code) #code,
#include "gateway/purposes.def"
    };
    begin_enum("Purpose", "What a request is for: a code of HL7's PurposeOfUse.", json);
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        json_put_cstring(json, codes[i]);
    }
    end_enum(json);
}

static void put_file_names(const struct openapi *openapi, struct json_writer *json)
{
    begin_enum("FileName", "The files of the pages.", json);
    for (size_t i = 0; i < asset_count; i++) {
        const struct bytes path = bytes_from_string(assets[i].path);
        if (bytes_starts_with(path, BYTES("/web/")) &&
            (openapi->is_demo || !assets[i].is_for_demo)) {
            json_put_cstring(json, assets[i].path + sizeof("/web/") - 1);
        }
    }
    end_enum(json);
}

/* Text of one code point at least and a limit of bytes at most, of which each code point is
 * one or more. */
static void put_limited_text(const char *name, const char *description, uint64_t size_max,
                             struct json_writer *json)
{
    member_begin_object(json, name);
    member_put_text(json, "type", "string");
    member_put_text(json, "description", description);
    member_put_u64(json, "minLength", 1);
    member_put_u64(json, "maxLength", size_max);
    json_end_object(json);
}

static void put_subject(struct json_writer *json)
{
    member_begin_object(json, "Subject");
    member_put_text(json, "type", "string");
    member_put_text(json, "description", "About whom a request is: a key of the patient.");
    member_put_text(json, "pattern", "^[^\\u0000-\\u001f\\u007f]+$");
    member_put_u64(json, "maxLength", LIMIT_SUBJECT_CODE_POINT_COUNT_MAX);
    json_end_object(json);
}

/* JSON that is longer is refused, whatever the limit of a body. */
static void put_text_input(const struct openapi *openapi, struct json_writer *json)
{
    const size_t size_max =
        openapi->body_size_bytes_max < LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX
            ? openapi->body_size_bytes_max
            : LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX;
    put_limited_text("TextInput",
                     "A text with a word in it, or a `data:` URI (RFC 2397) of one.",
                     size_max, json);
}

static void put_version_name(struct json_writer *json)
{
    put_limited_text("VersionName", "A version's number, or a tag.",
                     LIMIT_MODEL_NAME_SIZE_BYTES_MAX, json);
}

static void put_tensor_name(struct json_writer *json)
{
    put_limited_text("TensorName", "The name that the network gives it.",
                     LIMIT_TENSOR_NAME_SIZE_BYTES_MAX, json);
}

static bool begins(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Of messages that are always the same: those that one listener has. */
static bool is_of_clients(const char *name)
{
    return !begins(name, "Admin");
}

static bool is_of_admin(const char *name)
{
    return (begins(name, "Admin") && !begins(name, "AdminV2")) || begins(name, "Problem") ||
           begins(name, "FieldError") || begins(name, "OpenApi");
}

static bool is_of_admin_v2(const char *name)
{
    return begins(name, "V2") || begins(name, "AdminV2") || begins(name, "JsonSize");
}

static void put_fixed(bool (*is_meant)(const char *name), struct json_writer *json)
{
    for (size_t i = 0; i < fixed_schema_count; i++) {
        if (is_meant(fixed_schemas[i].name)) {
            member_put_raw(json, fixed_schemas[i].name, fixed_schemas[i].json);
        }
    }
}

static void put_for_clients(const struct openapi *openapi, struct json_writer *json)
{
    put_warning_codes(json);
    put_datatypes(json);
    put_tasks(json);
    put_file_names(openapi, json);
    put_version_name(json);
    put_tensor_name(json);
    put_purposes(json);
    put_subject(json);
    put_text_input(openapi, json);
    put_fixed(is_of_clients, json);
    refusals_put_schemas(openapi, json);
    models_put_schemas(openapi, json);
}

static void put_for_admin(const struct openapi *openapi, struct json_writer *json)
{
    put_limited_text("ModelName", "A model of the repository.",
                     LIMIT_MODEL_NAME_SIZE_BYTES_MAX, json);
    put_fixed(is_of_admin, json);
    if (openapi_speaks_v2(openapi)) {
        put_datatypes(json);
        put_version_name(json);
        put_tensor_name(json);
        put_fixed(is_of_admin_v2, json);
    }
    refusals_put_schemas(openapi, json);
}

void schemas_put(const struct openapi *openapi, struct json_writer *json)
{
    member_begin_object(json, "schemas");
    if (openapi->admin == NULL) {
        put_for_clients(openapi, json);
    } else {
        put_for_admin(openapi, json);
    }
    json_end_object(json);
}
