/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent: a request body, by media type. Pure. */
#pragma once

#include "gateway/openapi/openapi.h"
#include "gateway/operation.h"

/* A request body object. */
void bodies_put(const struct openapi *openapi, enum operation_body body,
                struct json_writer *json);
