/* SPDX-License-Identifier: Apache-2.0 */
/* The member `components/parameters`. Pure. */
#pragma once

#include "gateway/openapi/openapi.h"

void parameters_put(const struct openapi *openapi, struct json_writer *json);
