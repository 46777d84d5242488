/* SPDX-License-Identifier: Apache-2.0 */
/* What /openapi.json tells of the v2 protocol's operations. */
#pragma once

#include "gateway/operation.h"
#include "v2/route.h"

/* Those that the gateway answers; it refuses the rest. */
#define V2_TOLD_COUNT (V2_CONFIG + 1u)

extern const struct operation v2_operations[V2_TOLD_COUNT]; /* by enum v2_operation */
