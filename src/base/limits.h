/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of limits.def as constants: LIMIT_JSON_DEPTH_MAX and so on. */
#pragma once

#include <stdint.h>

enum limit {
#define LIMIT(name, value, why) LIMIT_##name = (value),
#include "base/limits.def"
};
