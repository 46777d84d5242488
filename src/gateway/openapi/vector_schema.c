/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/openapi/vector_schema.h"

#include <float.h>

#include "gateway/openapi/member.h"

/* What a value may be, in a unit of which `factor` makes the feature's own. The tensor has
 * its range too. */
static void put_range(const struct contract *contract,
                      const struct contract_feature *feature, double factor,
                      struct json_writer *json)
{
    const double limit = contract->input.datatype == GALEN_FP64 ? DBL_MAX : FLT_MAX;
    const double min = feature->min > -limit ? feature->min : -limit;
    const double max = feature->max < limit ? feature->max : limit;
    member_put_text(json, "type", "number");
    json_put_name(json, "minimum");
    json_put_f64(json, min == -DBL_MAX ? min : min / factor);
    json_put_name(json, "maximum");
    json_put_f64(json, max == DBL_MAX ? max : max / factor);
}

/* {"value": 1.2, "unit": "um"} */
static void put_quantity(const struct contract *contract,
                         const struct contract_feature *feature,
                         const struct contract_unit *unit, struct json_writer *json)
{
    json_begin_object(json);
    member_put_text(json, "type", "object");
    member_begin_object(json, "properties");
    member_begin_object(json, "value");
    put_range(contract, feature, unit->factor, json);
    json_end_object(json);
    member_begin_object(json, "unit");
    member_put_text(json, "type", "string");
    member_put_text(json, "const", unit->name);
    json_end_object(json);
    json_end_object(json);
    member_begin_array(json, "required");
    json_put_cstring(json, "value");
    json_put_cstring(json, "unit");
    json_end_array(json);
    member_put_bool(json, "additionalProperties", false);
    json_end_object(json);
}

static void put_choice(const struct contract *contract,
                       const struct contract_feature *feature, struct json_writer *json)
{
    const struct contract_unit own = {feature->unit, 1};
    member_begin_array(json, "anyOf");
    json_begin_object(json);
    put_range(contract, feature, 1, json);
    json_end_object(json);
    put_quantity(contract, feature, &own, json);
    for (size_t i = 0; i < feature->unit_count; i++) {
        put_quantity(contract, feature, &feature->units[i], json);
    }
    if (feature->missing == MISSING_REPLACE) {
        json_begin_object(json);
        member_put_text(json, "type", "null");
        json_end_object(json);
    }
    json_end_array(json);
}

/* A number without a unit that may not be missing is a number and no more. */
static void put_feature(const struct contract *contract,
                        const struct contract_feature *feature, struct json_writer *json)
{
    member_begin_object(json, feature->name);
    member_put_text(json, "x-unit", feature->unit);
    if (strcmp(feature->unit, "1") == 0 && feature->unit_count == 0 &&
        feature->missing == MISSING_REFUSE) {
        put_range(contract, feature, 1, json);
    } else {
        put_choice(contract, feature, json);
    }
    json_end_object(json);
}

void vector_schema_put(const char *model_name, const struct contract *contract,
                       struct json_writer *json)
{
    name_put_joined(json, "Vector.", model_name);
    json_begin_object(json);
    member_put_text(json, "type", "object");
    member_begin_object(json, "properties");
    for (size_t i = 0; i < contract->feature_count; i++) {
        put_feature(contract, &contract->features[i], json);
    }
    json_end_object(json);
    member_begin_array(json, "required");
    for (size_t i = 0; i < contract->feature_count; i++) {
        if (contract->features[i].missing == MISSING_REFUSE) {
            json_put_cstring(json, contract->features[i].name);
        }
    }
    json_end_array(json);
    member_put_bool(json, "additionalProperties", false);
    json_end_object(json);
}
