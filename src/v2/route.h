/* SPDX-License-Identifier: Apache-2.0 */
/* The paths of the v2 protocol and of Triton's extensions to it (inference_rest.md, the
 * extension_*.md of triton-inference-server/server). Pure. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "net/http.h"

enum v2_operation {
    V2_SERVER,
    V2_LIVE,
    V2_READY,
    V2_MODEL,
    V2_MODEL_READY,
    V2_INFER,
    V2_MODEL_STATISTICS,
    V2_STATISTICS, /* of all models */
    V2_CONFIG,
    /* from here on only where models are managed */
    V2_INDEX,
    V2_LOAD,
    V2_UNLOAD,
    V2_LOGGING,
    V2_LOGGING_UPDATE,
    V2_TRACE,
    V2_TRACE_UPDATE,
    /* from here on nowhere: galen has none of these */
    V2_GENERATE,
    V2_NAMED_REPOSITORY,
    V2_SHARED_MEMORY,
    V2_OPERATION_COUNT,
};

#define V2_INFER_ID "v2_infer" /* v2_operation_id of V2_INFER */

struct v2_route {
    enum v2_operation operation;
    const char *model;   /* decoded, in the arena; "" where the path has none */
    const char *version; /* a number or a tag; "" where the path has none */
};

/* A path that there is, with {names} for what varies: one segment, not empty. */
struct v2_form {
    enum http_method method;
    const char *path;
    enum v2_operation operation;
};

/* In the order in which they are tried. */
extern const struct v2_form v2_forms[];
extern const size_t v2_form_count;

#define V2_FORM_MODEL "{model}"
#define V2_FORM_VERSION "{version}"

/* Whether the path is the protocol's at all: "/v2" or below. */
bool v2_path_is_ours(struct bytes path);

/* GALEN_NOT_FOUND: no such path; GALEN_WRONG_METHOD; GALEN_INVALID: bad percent-encoding;
 * GALEN_NO_MEMORY. */
MUST_USE enum galen_status v2_route_parse(enum http_method method, struct bytes path,
                                          struct arena *arena, struct v2_route *out_route,
                                          struct error *out_error);

/* For Allow, where the method was wrong: "GET", "POST" or "GET, POST". */
struct bytes v2_route_allow(struct bytes path);

/* What it is called in documents and records: "v2_load". Those that change a setting are
 * called as those that tell it. */
const char *v2_operation_id(enum v2_operation operation);

bool v2_operation_manages(enum v2_operation operation); /* only where models are managed */

/* Why nobody has the operation; NULL: somebody has. */
const char *v2_operation_lack(enum v2_operation operation);
