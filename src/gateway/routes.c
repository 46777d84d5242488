/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/routes.h"

#include "base/invariant.h"
#include "gateway/v2_operations.h"

#define HTML "text/html"
#define JSON "application/json"

const struct route routes[] = {
    {BYTES_INIT("/infer"),
     HTTP_POST,
     &infer_endpoint,
     {.id = "infer",
      .tag = "infer",
      .summary = "Ask a model about a text, an image or a vector",
      .description = "The input is text, a vector of features by name, the bytes of a "
                     "file, or tensors "
                     "that are normalised already. The model is the one that is named, in "
                     "the body or in "
                     "the query, or else the only one that takes this media type.",
      .answer = "What the model says, in the words of its task.",
      .answer_type = JSON,
      .schema = "Answer",
      .body = OPERATION_INFER_BODY,
      .is_of_model = true,
      .scope = "`infer:` and the model's name, or what its route says; for tensors "
               "`infer:tensor:` and its name too",
      .refusals = OPERATION_UPSTREAM_REFUSALS | OPERATION_ACCESS_REFUSALS |
                  OPERATION_REFUSAL(INVALID) | OPERATION_REFUSAL(NOT_FOUND) |
                  OPERATION_REFUSAL(NO_CONTRACT) | OPERATION_REFUSAL(TOO_LARGE) |
                  OPERATION_REFUSAL(UNSUPPORTED_TYPE) | OPERATION_REFUSAL(UNPROCESSABLE) |
                  OPERATION_REFUSAL(RATE_LIMITED) | OPERATION_REFUSAL(NOT_IMPLEMENTED) |
                  OPERATION_REFUSAL(AUDIT_UNAVAILABLE)}},
    {BYTES_INIT("/healthz"),
     HTTP_GET,
     &live_endpoint,
     {.id = "live",
      .tag = "health",
      .summary = "Whether the process answers",
      .description = "For a liveness probe: it asks nobody else.",
      .answer = "It does.",
      .answer_type = JSON,
      .schema = "Live",
      .example = "{\"live\":true}"}},
    {BYTES_INIT("/readyz"),
     HTTP_GET,
     &ready_endpoint,
     {.id = "ready",
      .tag = "health",
      .summary = "Whether every promised model can be used",
      .description =
          "For a readiness probe: it asks preprocess and engine, and says no while "
          "the process drains or no audit record can be made durable.",
      .answer = "They can.",
      .answer_type = JSON,
      .schema = "Ready",
      .example = "{\"ready\":true}",
      .refusals = OPERATION_UPSTREAM_REFUSALS | OPERATION_REFUSAL(AUDIT_UNAVAILABLE)}},
    {BYTES_INIT("/openapi.json"),
     HTTP_GET,
     &openapi_endpoint,
     {.id = "openapi",
      .tag = "documentation",
      .summary = "This document",
      .description =
          "OpenAPI 3.1, made from the tables and models that this process runs on.",
      .answer = "The document.",
      .answer_type = JSON,
      .schema = "OpenApi",
      .has_tag = true}},
    {BYTES_INIT("/docs"),
     HTTP_GET,
     &page_endpoint,
     {.id = "docs",
      .tag = "documentation",
      .summary = "The page to read this document in, and to try it",
      .description = "It asks nobody but this server.",
      .answer = "The page.",
      .answer_type = HTML,
      .has_tag = true}},
    {BYTES_INIT("/console"),
     HTTP_GET,
     &page_endpoint,
     {.id = "console",
      .tag = "documentation",
      .summary = "The page to try the models in",
      .description = "It is there in demo mode only.",
      .answer = "The page.",
      .answer_type = HTML,
      .has_tag = true,
      .is_for_demo = true,
      .refusals = OPERATION_REFUSAL(NOT_FOUND)}},
    {BYTES_INIT("/web/"),
     HTTP_GET,
     &page_endpoint,
     {.id = "web_file",
      .tag = "documentation",
      .summary = "A file that the pages are made of",
      .description = "Script or style.",
      .answer = "The file.",
      .has_tag = true,
      .refusals = OPERATION_REFUSAL(NOT_FOUND)}},
};

const size_t route_count = sizeof(routes) / sizeof(routes[0]);

_Static_assert(1 + sizeof(routes) / sizeof(routes[0]) + V2_TOLD_COUNT <=
                   COUNTED_ROUTE_COUNT_MAX,
               "each has its number");

static bool is_folder(struct bytes path)
{
    return path.data[path.size - 1] == '/';
}

/* NULL: none. */
static const struct route *find(struct bytes path)
{
    for (size_t i = 0; i < route_count; i++) {
        const struct bytes own = routes[i].path;
        if (is_folder(own) ? bytes_starts_with(path, own) : bytes_equal(path, own)) {
            return &routes[i];
        }
    }
    return NULL;
}

enum galen_status route_find(enum http_method method, struct bytes path,
                             const struct endpoint **out_endpoint, struct error *out_error)
{
    const struct route *route = find(path);
    if (v2_path_is_ours(path)) {
        *out_endpoint = &v2_endpoint; /* which knows its own paths and methods */
        return GALEN_OK;
    }
    if (route == NULL) {
        return error_set(out_error, GALEN_NOT_FOUND, "there is no such path");
    }
    *out_endpoint = route->endpoint;
    return method == route->method
               ? GALEN_OK
               : error_set(out_error, GALEN_WRONG_METHOD, "this path takes %s",
                           http_method_name(route->method));
}

struct bytes route_allow(struct bytes path)
{
    const struct route *route = find(path);
    return route == NULL ? v2_route_allow(path)
                         : bytes_from_string(http_method_name(route->method));
}

size_t route_number(struct bytes path)
{
    const struct route *route = find(path);
    return route == NULL ? ROUTE_NUMBER_NONE : 1 + (size_t)(route - routes);
}

size_t route_number_of_v2(enum v2_operation operation)
{
    return operation < V2_TOLD_COUNT ? 1 + route_count + operation : ROUTE_NUMBER_NONE;
}

size_t route_number_count(void)
{
    return 1 + route_count + V2_TOLD_COUNT;
}

const char *route_id(size_t number)
{
    INVARIANT(number < route_number_count());
    if (number == ROUTE_NUMBER_NONE) {
        return "none";
    }
    return number <= route_count ? routes[number - 1].operation.id
                                 : v2_operations[number - 1 - route_count].id;
}

static const char *form_of_v2(size_t operation)
{
    for (size_t i = 0; i < v2_form_count; i++) {
        if (v2_forms[i].operation == operation) {
            return v2_forms[i].path;
        }
    }
    return NULL;
}

const char *route_form(size_t number)
{
    if (number == ROUTE_NUMBER_NONE) {
        return NULL;
    }
    return number <= route_count ? (const char *)routes[number - 1].path.data
                                 : form_of_v2(number - 1 - route_count);
}
