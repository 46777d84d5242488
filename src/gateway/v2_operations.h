/* SPDX-License-Identifier: Apache-2.0 */
/* What /openapi.json tells of the v2 protocol's operations. */
#pragma once

#include "gateway/operation.h"
#include "v2/route.h"

#define V2_OPERATION_COUNT (V2_INFER + 1u)

extern const struct operation v2_operations[V2_OPERATION_COUNT]; /* by enum v2_operation */
