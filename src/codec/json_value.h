/* SPDX-License-Identifier: Apache-2.0 */
/* A parsed value written again, compact: numbers by their own text, so nothing is rounded.
 */
#pragma once

#include "codec/json.h"
#include "codec/json_writer.h"

void json_put_value(struct json_writer *json, const struct json *value);
