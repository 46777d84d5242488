/* SPDX-License-Identifier: Apache-2.0 */
/* A problem document (RFC 9457): what a refused request is told. Names, offsets and
 * pointers; never a word of the payload. Pure. */
#pragma once

#include "base/error.h"
#include "base/writer.h"
#include "codec/schema.h"

#define PROBLEM_MEDIA_TYPE "application/problem+json"

/* All borrowed. */
struct problem {
    int http_status;
    enum galen_status status; /* its slug is the type's last segment */
    const struct error *error;
    const struct schema_errors *of_schema; /* NULL: none */
    const char *request_id;                /* "": none */
};

/* One JSON object. `errors` are those of the schema, else the error's own pointer. */
void problem_write(const struct problem *problem, struct writer *out);
