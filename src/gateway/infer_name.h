/* SPDX-License-Identifier: Apache-2.0 */
/* The names that a request to POST /infer may give, in its body or its query. Pure. */
#pragma once

#include "gateway/request.h"

/* What the body (said; NULL: nothing) and the query give under that name, in the arena;
 * *out_text NULL: neither does. GALEN_UNPROCESSABLE: they differ, or it is no name;
 * GALEN_INVALID: the query is malformed; GALEN_NO_MEMORY. */
MUST_USE enum galen_status infer_name_read(struct request *request, const char *name,
                                           const struct bytes *said, const char **out_text);
