/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/vector.h"

#include <math.h>

#include "codec/json.h"
#include "codec/number.h"

static enum galen_status refuse(struct error *out_error,
                                const struct contract_feature *feature, const char *why)
{
    return error_set(out_error, GALEN_UNPROCESSABLE, "%s: %s", feature->name, why);
}

/* The feature of that name, looked for from a guess on: clients mostly keep the order. */
static size_t find_feature(const struct contract *contract, struct bytes name, size_t guess)
{
    const size_t count = contract->feature_count;
    for (size_t i = 0; i < count; i++) {
        const size_t index = (guess + i) % count;
        if (bytes_equal_string(name, contract->features[index].name)) {
            return index;
        }
    }
    return count;
}

/* One value for each feature, NULL where it is absent. A name that the contract lacks is
 * the client's own word, so the error tells its place. */
static enum galen_status sort_values(const struct contract *contract,
                                     const struct json *object, const struct json **values,
                                     struct error *out_error)
{
    size_t index = contract->feature_count - 1;
    struct json_cursor at = json_walk(object);
    while (json_next(&at)) {
        index = find_feature(contract, at.name, (index + 1) % contract->feature_count);
        if (index == contract->feature_count) {
            return error_set(out_error, GALEN_UNPROCESSABLE,
                             "member %zu is no feature of this model", at.index);
        }
        values[index] = at.value;
    }
    return GALEN_OK;
}

static enum galen_status read_number(const struct contract_feature *feature,
                                     const struct json *value, double *out_number,
                                     struct error *out_error)
{
    if (json_type(value) != JSON_NUMBER) {
        return refuse(out_error, feature, "is not a number");
    }
    if (number_read_f64(json_number(value), out_number) != GALEN_OK) {
        return refuse(out_error, feature, "does not fit into FP64");
    }
    return GALEN_OK;
}

static enum galen_status unit_factor(const struct contract_feature *feature,
                                     struct bytes unit, double *out_factor,
                                     struct error *out_error)
{
    if (bytes_equal_string(unit, feature->unit)) {
        *out_factor = 1;
        return GALEN_OK;
    }
    for (size_t i = 0; i < feature->unit_count; i++) {
        if (bytes_equal_string(unit, feature->units[i].name)) {
            *out_factor = feature->units[i].factor;
            return GALEN_OK;
        }
    }
    return refuse(out_error, feature, "the unit is not one that the model takes");
}

/* {"value": 1.2, "unit": "um"} */
static enum galen_status read_quantity(const struct contract_feature *feature,
                                       const struct json *object, double *out_number,
                                       struct error *out_error)
{
    const struct json *value = json_member(object, "value");
    const struct json *unit = json_member(object, "unit");
    double number = 0;
    double factor = 1;
    if (value == NULL || unit == NULL || json_count(object) != 2 ||
        json_type(unit) != JSON_STRING) {
        return refuse(out_error, feature,
                      "a quantity has a number \"value\" and a text \"unit\"");
    }
    TRY(read_number(feature, value, &number, out_error));
    TRY(unit_factor(feature, json_string(unit), &factor, out_error));
    *out_number = number * factor;
    return GALEN_OK;
}

static enum galen_status check_range(const struct contract_feature *feature, double number,
                                     struct error *out_error)
{
    if (number >= feature->min && number <= feature->max) {
        return GALEN_OK;
    }
    const bool is_plain = strcmp(feature->unit, "1") == 0;
    return error_set(out_error, GALEN_UNPROCESSABLE, "%s: is outside [%g, %g]%s%s",
                     feature->name, feature->min, feature->max, is_plain ? "" : " ",
                     is_plain ? "" : feature->unit);
}

static enum galen_status read_feature(const struct contract_feature *feature,
                                      const struct json *value, struct vector *vector,
                                      double *out_number, struct error *out_error)
{
    if (value != NULL && json_type(value) != JSON_NULL) {
        TRY(json_type(value) == JSON_OBJECT
                ? read_quantity(feature, value, out_number, out_error)
                : read_number(feature, value, out_number, out_error));
        return check_range(feature, *out_number, out_error);
    }
    if (feature->missing == MISSING_REFUSE) {
        return refuse(out_error, feature, "is missing");
    }
    *out_number = feature->missing_value;
    vector->replaced_count++;
    return GALEN_OK;
}

/* One rounding from FP64. */
static enum galen_status store(enum galen_datatype datatype,
                               const struct contract_feature *feature, double number,
                               void *at, struct error *out_error)
{
    const float narrow = (float)number;
    if (!isfinite(number) || (datatype == GALEN_FP32 && !isfinite(narrow))) {
        return refuse(out_error, feature, "does not fit into the tensor's datatype");
    }
    if (datatype == GALEN_FP64) {
        memcpy(at, &number, sizeof(number));
    } else {
        memcpy(at, &narrow, sizeof(narrow));
    }
    return GALEN_OK;
}

static enum galen_status read_features(const struct contract *contract,
                                       const struct json *const *values, uint8_t *at,
                                       struct vector *vector, struct error *out_error)
{
    const enum galen_datatype datatype = contract->input.datatype;
    for (size_t i = 0; i < contract->feature_count; i++) {
        const struct contract_feature *feature = &contract->features[i];
        double number = 0;
        enum galen_status status =
            read_feature(feature, values[i], vector, &number, out_error);
        if (status == GALEN_OK) {
            status = store(datatype, feature, number, at, out_error);
        }
        if (status != GALEN_OK) {
            error_prefix_name(out_error, bytes_from_string(feature->name));
            return status;
        }
        at += galen_datatype_size(datatype);
    }
    return GALEN_OK;
}

enum galen_status vector_from_json(const struct contract *contract, struct phi text,
                                   struct arena *arena, struct vector *out_vector,
                                   struct error *out_error)
{
    const size_t count = contract->feature_count;
    const size_t size = count * galen_datatype_size(contract->input.datatype);
    const struct json **values = arena_alloc_array(arena, count, sizeof(*values));
    uint8_t *numbers = arena_alloc(arena, size);
    struct vector vector = {.replaced_count = 0};
    const struct json *object;
    if (values == NULL || numbers == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "out of memory");
    }
    TRY(json_parse(phi_reveal(text), arena, &object, out_error));
    if (json_type(object) != JSON_OBJECT) {
        return error_set(out_error, GALEN_UNPROCESSABLE, "is not an object of features");
    }
    TRY(sort_values(contract, object, values, out_error));
    TRY(read_features(contract, values, numbers, &vector, out_error));
    vector.tensor = (struct galen_tensor){
        .name = contract->input.tensor,
        .datatype = contract->input.datatype,
        .rank = 2,
        .shape = {1, (int64_t)count},
        .bytes = numbers,
        .size_bytes = size,
    };
    *out_vector = vector;
    return GALEN_OK;
}
