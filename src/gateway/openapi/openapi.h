/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document at /openapi.json (OpenAPI 3.1): every route with its operation, every status
 * and problem type, the limits, and what the models of this repository take and say. It is
 * made from the tables that the gateway runs on, so that it cannot say anything else.
 *
 * The admin listener has a document of its own, of the paths that it is given: it says
 * nothing of models, which come and go while it stays.
 *
 * Pure: the same description gives the same bytes.
 */
#pragma once

#include "codec/json_writer.h"
#include "gateway/operation.h"
#include "model/repository.h"
#include "service/route_index.h"

/* What one method of one path does; both outlive the writing. */
struct openapi_path {
    enum http_method method;
    const char *path; /* with {model} and {version} */
    const struct operation *operation;
};

struct openapi_paths {
    const struct openapi_path *items; /* in their order; no path with one method twice */
    size_t count;
};

struct openapi {
    const struct openapi_paths *admin; /* those of the admin listener; NULL: the clients' */
    const struct repository *repository; /* with admin an empty one */
    const struct route_index *routes;    /* NULL: there are none */
    size_t body_size_bytes_max;
    bool is_demo;
    bool has_issuer; /* callers bring tokens */
};

/* Whether /v2 is among the paths. */
bool openapi_speaks_v2(const struct openapi *openapi);

/* The writer's failure is the caller's to look at. */
void openapi_write(const struct openapi *openapi, struct writer *out);
