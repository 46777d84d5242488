/* SPDX-License-Identifier: Apache-2.0 */
/* What the models of the repository take and say, as schemas and as a list. Pure. */
#pragma once

#include "gateway/openapi/openapi.h"

/* The contract that answers where no version is named; NULL: /infer cannot use the model.
 */
const struct contract *model_contract(const struct repository_model *model);

/* Whether requests with this media type reach the model without naming it. NULL: tensors.
 */
bool model_is_default(const struct openapi *openapi, const struct repository_model *model,
                      const char *media_type);

/* Schemas: names, one request for each model, and one for tensors. */
void models_put_schemas(const struct openapi *openapi, struct json_writer *json);

/* The member `x-galen-models`, for pages that are made of what is there. */
void models_put_list(const struct openapi *openapi, struct json_writer *json);
