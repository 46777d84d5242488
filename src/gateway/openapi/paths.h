/* SPDX-License-Identifier: Apache-2.0 */
/* The member `paths`: one operation for each route. Pure. */
#pragma once

#include "gateway/openapi/openapi.h"

void paths_put(const struct openapi *openapi, struct json_writer *json);
