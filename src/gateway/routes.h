/* SPDX-License-Identifier: Apache-2.0 */
/* Which endpoint a path belongs to. Pure. To add one: write its file, then its line in
 * routes.c. */
#pragma once

#include "gateway/phases.h"

extern const struct endpoint infer_endpoint;
extern const struct endpoint v2_endpoint;
extern const struct endpoint live_endpoint;
extern const struct endpoint ready_endpoint;

/* GALEN_NOT_FOUND: no such path; GALEN_WRONG_METHOD. With GALEN_WRONG_METHOD the endpoint
 * is set too, so that the failure has its shape. */
MUST_USE enum galen_status route_find(enum http_method method, struct bytes path,
                                      const struct endpoint **out_endpoint,
                                      struct error *out_error);

/* For Allow. */
struct bytes route_allow(struct bytes path);
