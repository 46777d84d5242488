/* SPDX-License-Identifier: Apache-2.0 */
/* A vector of features as a schema: names, units, ranges and what may be missing. Pure. */
#pragma once

#include "codec/json_writer.h"
#include "model/contract.h"

/* The member "Vector.NAME". */
void vector_schema_put(const char *model_name, const struct contract *contract,
                       struct json_writer *json);
