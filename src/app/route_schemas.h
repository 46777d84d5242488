/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON Schemas of the configuration's routes, read and compiled when the program
 * starts.
 *
 * A schema may refer to the other `*.json` files of its folder, by name or by $id. Links
 * are followed: a mounted ConfigMap consists of them. Blocks on the disk.
 */
#pragma once

#include "codec/schema.h"
#include "service/settings.h"

struct route_schemas {
    struct schema *schemas[LIMIT_ROUTE_COUNT_MAX]; /* one a route; NULL: it has none */
};

/* Caller's storage. GALEN_NOT_FOUND, GALEN_INVALID, GALEN_TOO_LARGE, GALEN_NO_MEMORY: the
 * error names the route, the file and the place in the schema; nothing is held then. */
MUST_USE enum galen_status route_schemas_load(struct route_schemas *schemas,
                                              const struct settings *settings,
                                              struct error *out_error);

/* A zeroed one is allowed. */
void route_schemas_unload(struct route_schemas *schemas);
