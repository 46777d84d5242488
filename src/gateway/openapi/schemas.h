/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The member `components/schemas`. Messages whose form is always the same are written in
 * schemas.json; what stands in a table is made of the table here; what models take, in
 * models.c. Pure.
 */
#pragma once

#include "gateway/openapi/openapi.h"

struct fixed_schema {
    const char *name;
    struct bytes json;
};

extern const struct fixed_schema fixed_schemas[]; /* of schemas.json */
extern const size_t fixed_schema_count;

void schemas_put(const struct openapi *openapi, struct json_writer *json);
