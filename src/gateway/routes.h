/* SPDX-License-Identifier: Apache-2.0 */
/* Which endpoint a path belongs to, and what is told of it. Pure. To add one: write its
 * file, then its row in routes.c. */
#pragma once

#include "gateway/operation.h"
#include "gateway/phases.h"
#include "v2/route.h"

extern const struct endpoint infer_endpoint;
extern const struct endpoint v2_endpoint;
extern const struct endpoint live_endpoint;
extern const struct endpoint ready_endpoint;
extern const struct endpoint openapi_endpoint;
extern const struct endpoint page_endpoint;

struct route {
    struct bytes path; /* one that ends in '/' stands for all files in it */
    enum http_method method;
    const struct endpoint *endpoint;
    struct operation operation;
};

/* All but those of v2, which has its own (v2/route.h, v2_operations.h). */
extern const struct route routes[];
extern const size_t route_count;

/* GALEN_NOT_FOUND: no such path; GALEN_WRONG_METHOD. With GALEN_WRONG_METHOD the endpoint
 * is set too, so that the failure has its shape. */
MUST_USE enum galen_status route_find(enum http_method method, struct bytes path,
                                      const struct endpoint **out_endpoint,
                                      struct error *out_error);

/* For Allow. */
struct bytes route_allow(struct bytes path);

/* Operations by number, for what is counted of each. */
#define ROUTE_NUMBER_NONE 0u
size_t route_number(struct bytes path); /* of routes */
size_t route_number_of_v2(enum v2_operation operation);
size_t route_number_count(void);
const char *route_id(size_t number);   /* "infer"; "none" */
const char *route_form(size_t number); /* "/v2/models/{model}/infer"; NULL: none */
