/* SPDX-License-Identifier: Apache-2.0 */
/* What a failed request is told: a problem document (RFC 9457), or on /v2 the protocol's
 * own error object. Names, offsets and pointers; never a word of the payload. */
#pragma once

#include "gateway/request.h"

/* Completes request->reply: with the headers that every reply carries; where the request
 * failed, it is made anew from request->status and request->error. */
void respond_render(struct request *request);

/* The document itself, for refusals without a request; id may be "". */
void respond_problem(int http_status, enum galen_status status, const struct error *error,
                     const char *request_id, struct writer *out);
