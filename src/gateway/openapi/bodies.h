/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent: a request body, by media type. Pure. */
#pragma once

#include "gateway/openapi/openapi.h"
#include "gateway/operation.h"

/* A request body object, of an operation that has one. */
void bodies_put(const struct openapi *openapi, const struct operation *operation,
                struct json_writer *json);
