/* SPDX-License-Identifier: Apache-2.0 */
/* The document at /openapi.json, made once and shared by all loops. Immutable. */
#pragma once

#include "base/blob.h"
#include "gateway/openapi/openapi.h"

struct openapi_document {
    struct blob *body;
    char etag[40]; /* quoted */
};

/* GALEN_NO_MEMORY; GALEN_TOO_LARGE: the contracts have more to say than one document may;
 * GALEN_INVALID: they hold what is no UTF-8. */
MUST_USE enum galen_status openapi_document_make(const struct openapi *openapi,
                                                 struct openapi_document *out_document);
void openapi_document_deinit(
    struct openapi_document *document); /* a zeroed one is allowed */
