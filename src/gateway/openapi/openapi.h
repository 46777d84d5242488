/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document at /openapi.json (OpenAPI 3.1): every route with its operation, every status
 * and problem type, the limits, and what the models of this repository take and say. It is
 * made from the tables that the gateway runs on, so that it cannot say anything else.
 *
 * Pure: the same description gives the same bytes.
 */
#pragma once

#include "codec/json_writer.h"
#include "model/repository.h"
#include "service/route_index.h"

struct openapi {
    const struct repository *repository;
    const struct route_index *routes; /* NULL: there are none */
    size_t body_size_bytes_max;
    bool is_demo;
    bool has_issuer; /* callers bring tokens */
};

/* The writer's failure is the caller's to look at. */
void openapi_write(const struct openapi *openapi, struct writer *out);
