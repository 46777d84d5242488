/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/routes.h"

#include "expect.h"

static enum galen_status find(enum http_method method, const char *path,
                              const struct endpoint **out_endpoint)
{
    return route_find(method, bytes_from_string(path), out_endpoint, NULL);
}

static void every_path_has_its_endpoint(void **state)
{
    (void)state;
    static const struct {
        enum http_method method;
        const char *path;
        const struct endpoint *endpoint;
    } cases[] = {
        {HTTP_POST, "/infer", &infer_endpoint},
        {HTTP_GET, "/healthz", &live_endpoint},
        {HTTP_GET, "/readyz", &ready_endpoint},
        {HTTP_GET, "/openapi.json", &openapi_endpoint},
        {HTTP_GET, "/docs", &page_endpoint},
        {HTTP_GET, "/console", &page_endpoint},
        {HTTP_GET, "/web/anything", &page_endpoint}, /* which knows its own files */
        {HTTP_GET, "/v2", &v2_endpoint},
        {HTTP_POST, "/v2/models/m/infer", &v2_endpoint},
        {HTTP_DELETE, "/v2/anything",
         &v2_endpoint}, /* refused by the endpoint, in its shape */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct endpoint *endpoint = NULL;
        EXPECT_OK(find(cases[i].method, cases[i].path, &endpoint));
        assert_ptr_equal(endpoint, cases[i].endpoint);
    }
}

static void paths_are_exact(void **state)
{
    (void)state;
    static const char *const paths[] = {"/",        "/infer/", "/INFER", "/infer/x",
                                        "/v2x",     "*",       "",       "/%69nfer",
                                        "/readyz/", "//infer", "/docs/", "/web"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const struct endpoint *endpoint = NULL;
        EXPECT_STATUS(GALEN_NOT_FOUND, find(HTTP_POST, paths[i], &endpoint));
    }
}

static void wrong_method_is_told_what_would_be_right(void **state)
{
    (void)state;
    const struct endpoint *endpoint = NULL;
    EXPECT_STATUS(GALEN_WRONG_METHOD, find(HTTP_GET, "/infer", &endpoint));
    assert_ptr_equal(endpoint, &infer_endpoint);
    assert_true(bytes_equal_string(route_allow(BYTES("/infer")), "POST"));
    assert_true(bytes_equal_string(route_allow(BYTES("/readyz")), "GET"));
    EXPECT_STATUS(GALEN_WRONG_METHOD, find(HTTP_HEAD, "/healthz", &endpoint));
}

static void
an_operation_refuses_what_its_kinds_mean_and_what_any_message_may_be(void **state)
{
    (void)state;
    const struct operation operation = {.refusals = OPERATION_REFUSAL(NO_CONTRACT)};
    assert_true(operation_refuses(&operation, 409));
    assert_true(operation_refuses(&operation, 431));
    assert_false(operation_refuses(&operation, 422));
    assert_true(operation_status_means(503, GALEN_BUSY));
    assert_true(operation_status_means(408, GALEN_INVALID));
    assert_false(operation_status_means(404, GALEN_INVALID));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_has_its_endpoint),
        cmocka_unit_test(paths_are_exact),
        cmocka_unit_test(
            an_operation_refuses_what_its_kinds_mean_and_what_any_message_may_be),
        cmocka_unit_test(wrong_method_is_told_what_would_be_right),
    };
    return cmocka_run_group_tests_name("routes", tests, NULL, NULL);
}
