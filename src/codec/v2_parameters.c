/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/number.h"
#include "codec/v2_impl.h"

enum kind {
    COUNT,       /* a number, not negative */
    FLAG,        /* true or false */
    UNSUPPORTED, /* would change the result: refused unless it says "as without it" */
};

static const struct row {
    const char *name;
    uint32_t places;
    enum kind kind;
    size_t offset;  /* of the value in struct v2_parameters */
    size_t present; /* of the flag that says there is one; 0: nobody asks */
} rows[] = {
    {"binary_data_size", V2_OF_TENSOR, COUNT,
     offsetof(struct v2_parameters, binary_data_size),
     offsetof(struct v2_parameters, has_binary_data_size)},
    {"binary_data", V2_OF_OUTPUT, FLAG, offsetof(struct v2_parameters, binary_data),
     offsetof(struct v2_parameters, has_binary_data)},
    {"binary_data_output", V2_OF_MESSAGE, FLAG,
     offsetof(struct v2_parameters, binary_data_output), 0},
    {"timeout", V2_OF_MESSAGE, COUNT, offsetof(struct v2_parameters, timeout), 0},
    {"priority", V2_OF_MESSAGE, COUNT, offsetof(struct v2_parameters, priority), 0},
    {"sequence_id", V2_OF_MESSAGE, UNSUPPORTED, 0, 0},
    {"sequence_start", V2_OF_MESSAGE, UNSUPPORTED, 0, 0},
    {"sequence_end", V2_OF_MESSAGE, UNSUPPORTED, 0, 0},
    {"classification", V2_OF_OUTPUT, COUNT, offsetof(struct v2_parameters, classification),
     0},
    {"shared_memory_region", V2_OF_TENSOR | V2_OF_OUTPUT, UNSUPPORTED, 0, 0},
};

static bool is_default(const struct json *value)
{
    switch (json_type(value)) {
    case JSON_BOOL:
        return !json_bool(value);
    case JSON_STRING:
        return json_string(value).size == 0;
    case JSON_NUMBER:
        return bytes_equal_string(json_number(value), "0");
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return false;
}

static bool read_count(const struct json *value, void *out)
{
    return json_type(value) == JSON_NUMBER &&
           number_read_u64(json_number(value), UINT64_MAX, out) == GALEN_OK;
}

static bool read_flag(const struct json *value, bool *out)
{
    if (json_type(value) != JSON_BOOL) {
        return false;
    }
    *out = json_bool(value);
    return true;
}

static enum galen_status understand(const struct row *row, const struct json *value,
                                    struct v2_parameters *parameters,
                                    struct error *out_error)
{
    uint8_t *place = (uint8_t *)parameters + row->offset;
    if (row->kind == UNSUPPORTED) {
        return is_default(value) ? GALEN_OK
                                 : error_set(out_error, GALEN_NOT_IMPLEMENTED,
                                             "parameter '%s' is not supported", row->name);
    }
    if (row->kind == COUNT ? !read_count(value, place) : !read_flag(value, (bool *)place)) {
        return error_set(out_error, GALEN_INVALID, "parameter '%s' is not %s", row->name,
                         row->kind == COUNT ? "an unsigned integer" : "a boolean");
    }
    if (row->present != 0) {
        *((bool *)parameters + row->present) = true;
    }
    return GALEN_OK;
}

static const struct row *row_find(struct bytes name, enum v2_place place)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if ((rows[i].places & place) != 0 && bytes_equal_string(name, rows[i].name)) {
            return &rows[i];
        }
    }
    return NULL;
}

/* Names that we do not know are a client's and do not go into errors. */
static enum galen_status decode_one(const struct json_cursor *at, enum v2_place place,
                                    struct v2_parameters *parameters,
                                    struct error *out_error)
{
    const enum json_type type = json_type(at->value);
    if (type != JSON_STRING && type != JSON_NUMBER && type != JSON_BOOL) {
        return error_set(out_error, GALEN_INVALID,
                         "parameter %zu is neither a string nor a number nor a boolean",
                         at->index);
    }
    if (bytes_starts_with(at->name, BYTES("triton_"))) {
        return error_set(out_error, GALEN_INVALID,
                         "parameter %zu: names that begin with 'triton_' are reserved",
                         at->index);
    }
    const struct row *row = row_find(at->name, place);
    if (row == NULL) {
        return GALEN_OK;
    }
    const enum galen_status status = understand(row, at->value, parameters, out_error);
    if (status != GALEN_OK) {
        error_prefix_name(out_error, bytes_from_string(row->name));
    }
    return status;
}

enum galen_status v2_parameters_decode(const struct json *object, enum v2_place place,
                                       struct v2_parameters *out_parameters,
                                       struct error *out_error)
{
    struct v2_parameters parameters = {0};
    const struct json *member;
    TRY(v2_member(object, "parameters", JSON_OBJECT, &member, out_error));
    if (member != NULL) {
        struct json_cursor at = json_walk(member);
        while (json_next(&at)) {
            const enum galen_status status = decode_one(&at, place, &parameters, out_error);
            if (status != GALEN_OK) {
                error_prefix_name(out_error, BYTES("parameters"));
                return status;
            }
        }
    }
    *out_parameters = parameters;
    return GALEN_OK;
}
