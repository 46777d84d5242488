/* SPDX-License-Identifier: Apache-2.0 */
/* What a body of POST /infer says: which form it has, which model it names. Pure. */
#pragma once

#include "gateway/phases.h"

struct infer_body {
    bool is_tensors;          /* a v2 body: normalised already */
    const struct json *input; /* the member `input`; NULL with tensors */
    const char *model;        /* NULL: not named */
    const char *version;      /* "" : not named */
};

/* Reads media type, query and body. GALEN_UNSUPPORTED_TYPE, GALEN_INVALID (not JSON),
 * GALEN_UNPROCESSABLE (JSON that /infer does not take), GALEN_NO_MEMORY. */
MUST_USE enum galen_status infer_body_read(struct request *request,
                                           struct infer_body *out_body);
