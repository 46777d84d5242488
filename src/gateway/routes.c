/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/routes.h"

static const struct {
    struct bytes path;
    enum http_method method;
    struct bytes allow;
    const struct endpoint *endpoint;
} routes[] = {
    {BYTES_INIT("/infer"), HTTP_POST, BYTES_INIT("POST"), &infer_endpoint},
    {BYTES_INIT("/healthz"), HTTP_GET, BYTES_INIT("GET"), &live_endpoint},
    {BYTES_INIT("/readyz"), HTTP_GET, BYTES_INIT("GET"), &ready_endpoint},
};

enum { ROUTE_COUNT = sizeof(routes) / sizeof(routes[0]) };

static size_t find_index(struct bytes path)
{
    size_t index = 0;
    while (index < ROUTE_COUNT && !bytes_equal(path, routes[index].path)) {
        index++;
    }
    return index;
}

enum galen_status route_find(enum http_method method, struct bytes path,
                             const struct endpoint **out_endpoint, struct error *out_error)
{
    const size_t index = find_index(path);
    if (v2_path_is_ours(path)) {
        *out_endpoint = &v2_endpoint; /* which knows its own paths and methods */
        return GALEN_OK;
    }
    if (index == ROUTE_COUNT) {
        return error_set(out_error, GALEN_NOT_FOUND, "there is no such path");
    }
    *out_endpoint = routes[index].endpoint;
    return method == routes[index].method
               ? GALEN_OK
               : error_set(out_error, GALEN_WRONG_METHOD, "this path takes %.*s",
                           BYTES_PRINT(routes[index].allow));
}

struct bytes route_allow(struct bytes path)
{
    const size_t index = find_index(path);
    return index < ROUTE_COUNT ? routes[index].allow : v2_route_allow(path);
}
