/* SPDX-License-Identifier: Apache-2.0 */
/* Each status that a request may be refused with, in both shapes, with the problem types
 * that it may be of. Pure. */
#pragma once

#include "gateway/openapi/openapi.h"

/* "Problem404", "V2Error404" and so on, of components/schemas. */
void refusals_put_schemas(const struct openapi *openapi, struct json_writer *json);

/* The member `components/responses`. */
void refusals_put(const struct openapi *openapi, struct json_writer *json);
