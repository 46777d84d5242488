/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/text/part.h"

#include "base/limits.h"

enum galen_status part_type(const struct json *part, const char *what,
                            struct bytes *out_type, struct error *out_error)
{
    const struct json *type =
        json_type(part) == JSON_OBJECT ? json_member(part, "type") : NULL;
    if (type == NULL || json_type(type) != JSON_STRING) {
        return error_set(out_error, GALEN_INVALID, "%s has no type", what);
    }
    *out_type = json_string(type);
    return GALEN_OK;
}

enum galen_status part_refuse(const char *what, struct bytes type, struct error *out_error)
{
    return error_set(out_error, GALEN_NOT_IMPLEMENTED, "%s '%.*s' is not supported", what,
                     BYTES_PRINT(bytes_first(type, 64)));
}

static bool is_null(const struct json *value)
{
    return value == NULL || json_type(value) == JSON_NULL;
}

enum galen_status part_list(const struct json *section, const char *what,
                            const char *members, struct part_list *out_list,
                            struct error *out_error)
{
    struct bytes type;
    *out_list = (struct part_list){.single = NULL};
    if (is_null(section)) {
        return GALEN_OK;
    }
    TRY(part_type(section, what, &type, out_error));
    if (!bytes_equal_string(type, "Sequence")) {
        out_list->single = section;
        return GALEN_OK;
    }
    const struct json *parts = json_member(section, members);
    if (parts == NULL || json_type(parts) != JSON_ARRAY) {
        return error_set(out_error, GALEN_INVALID, "%s is a Sequence without %s", what,
                         members);
    }
    out_list->at = json_walk(parts);
    out_list->is_sequence = true;
    return GALEN_OK;
}

bool part_next(struct part_list *list, const struct json **out_part)
{
    if (list->is_sequence) {
        const bool has_one = json_next(&list->at);
        *out_part = list->at.value;
        return has_one;
    }
    *out_part = list->single;
    list->single = NULL;
    return *out_part != NULL;
}

static enum galen_status refuse_member(const char *name, const char *why,
                                       struct error *out_error)
{
    return error_set(out_error, GALEN_INVALID, "%s %s", name, why);
}

enum galen_status part_bool(const struct json *part, const char *name, bool otherwise,
                            bool *out_value, struct error *out_error)
{
    const struct json *value = json_member(part, name);
    if (is_null(value)) {
        *out_value = otherwise;
        return GALEN_OK;
    }
    if (json_type(value) != JSON_BOOL) {
        return refuse_member(name, "is no boolean", out_error);
    }
    *out_value = json_bool(value);
    return GALEN_OK;
}

enum galen_status part_count(const struct json *part, const char *name, uint32_t otherwise,
                             uint32_t *out_value, struct error *out_error)
{
    const struct json *value = json_member(part, name);
    uint64_t count = otherwise;
    if (!is_null(value) && (json_type(value) != JSON_NUMBER ||
                            !bytes_parse_u64(json_number(value), UINT32_MAX, &count))) {
        return refuse_member(name, "is no count", out_error);
    }
    *out_value = (uint32_t)count;
    return GALEN_OK;
}

enum galen_status part_string(const struct json *part, const char *name,
                              struct bytes otherwise, struct bytes *out_value,
                              struct error *out_error)
{
    const struct json *value = json_member(part, name);
    if (is_null(value)) {
        *out_value = otherwise;
        return GALEN_OK;
    }
    if (json_type(value) != JSON_STRING) {
        return refuse_member(name, "is no string", out_error);
    }
    *out_value = json_string(value);
    return GALEN_OK;
}

enum galen_status part_id(const struct json *value, uint32_t *out_id,
                          struct error *out_error)
{
    uint64_t id;
    if (value == NULL || json_type(value) != JSON_NUMBER ||
        !bytes_parse_u64(json_number(value), LIMIT_VOCABULARY_COUNT_MAX - 1, &id)) {
        return error_set(out_error, GALEN_INVALID, "an id is no number below %d",
                         LIMIT_VOCABULARY_COUNT_MAX);
    }
    *out_id = (uint32_t)id;
    return GALEN_OK;
}
