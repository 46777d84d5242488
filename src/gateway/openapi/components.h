/* SPDX-License-Identifier: Apache-2.0 */
/* The member `components`: what operations refer to. Pure. */
#pragma once

#include "gateway/openapi/openapi.h"

void components_put(const struct openapi *openapi, struct json_writer *json);
