/* SPDX-License-Identifier: Apache-2.0 */
/* The paths of the v2 protocol (inference_rest.md; Triton's regular expressions). Pure. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "net/http.h"

enum v2_operation {
    V2_SERVER,      /* GET /v2 and /v2/ */
    V2_LIVE,        /* GET /v2/health/live */
    V2_READY,       /* GET /v2/health/ready */
    V2_MODEL,       /* GET /v2/models/M[/versions/V] */
    V2_MODEL_READY, /* GET /v2/models/M[/versions/V]/ready */
    V2_INFER,       /* POST /v2/models/M[/versions/V]/infer */
};

#define V2_INFER_ID "v2_infer" /* what V2_INFER is called in documents and records */

struct v2_route {
    enum v2_operation operation;
    const char *model;   /* decoded, in the arena; "" where the path has none */
    const char *version; /* "" where the path has none */
};

/* The forms that paths have, for what describes them. */
struct v2_form {
    const char *tail; /* of the path, behind the model and version where it has one */
    bool has_model;   /* /models/M or /models/M/versions/V stands before the tail */
    enum v2_operation operation;
};

extern const struct v2_form v2_forms[];
extern const size_t v2_form_count;

enum http_method v2_operation_method(enum v2_operation operation);

/* Whether the path is the protocol's at all: "/v2" or below. */
bool v2_path_is_ours(struct bytes path);

/* GALEN_NOT_FOUND: no such path; GALEN_WRONG_METHOD; GALEN_INVALID: bad percent-encoding;
 * GALEN_NO_MEMORY. */
MUST_USE enum galen_status v2_route_parse(enum http_method method, struct bytes path,
                                          struct arena *arena, struct v2_route *out_route,
                                          struct error *out_error);

/* For Allow, where the method was wrong: "GET" or "POST". */
struct bytes v2_route_allow(struct bytes path);
