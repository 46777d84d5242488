/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON Schema that a route has for bodies of POST /infer. Pure. */
#pragma once

#include "gateway/request.h"

/* Whether a JSON body meets the schema of its route: the first that its input's media type
 * matches, of those with the model that answers, or where it has none, of all. A body that
 * is no JSON, tensors, and a route without a schema are not checked. GALEN_UNPROCESSABLE:
 * it does not, or to find out costs too much: request->schema_errors has all that is wrong,
 * request->error the first of it; GALEN_NO_MEMORY. */
MUST_USE enum galen_status infer_schema_check(struct request *request);
