/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document at /openapi.json of the admin listener: each path that it answers, with its
 * operation, as gateway/openapi writes them. It is made of the tables by which manage and
 * v2 know their paths and scopes.
 *
 * Pure. Allocation: the writer's.
 */
#pragma once

#include "base/writer.h"
#include "gateway/operation.h"
#include "manage/operation.h"
#include "v2/route.h"

struct admin_document {
    bool has_engine; /* in this process: then there is /v2 */
    bool has_issuer; /* callers bring tokens */
    size_t body_size_bytes_max;
};

/* What an operation does: with all that can be said of it here. */
struct operation admin_operation_of_manage(enum manage_operation operation);

/* Up to V2_TRACE_UPDATE: nobody has the others. */
struct operation admin_operation_of_v2(enum v2_operation operation);

/* The writer's failure is the caller's to look at. */
void admin_document_write(const struct admin_document *document, struct writer *out);
