/* SPDX-License-Identifier: Apache-2.0 */
/* The spans that a request leaves (docs/tracing.md), and what services on other hosts are
 * told of its trace. Pure but for the request's clock. */
#pragma once

#include "gateway/request.h"

/* Once it is known what the request asks for. */
void request_trace_begin(struct request *request);

/* For the call of that phase. NULL: there is nothing to tell. Lives as long as the request.
 */
const struct infer_trace *request_trace_for(struct request *request,
                                            enum gateway_phase phase);

/* The request is over. */
void request_trace_end(const struct request *request, int http_status, uint64_t ended_ns);
