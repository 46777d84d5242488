/* SPDX-License-Identifier: Apache-2.0 */
#include "v2/route.h"

#include "expect.h"

static enum galen_status parse(enum http_method method, const char *path,
                               struct arena *arena, struct v2_route *out_route)
{
    return v2_route_parse(method, bytes_from_string(path), arena, out_route, NULL);
}

static void every_path_of_the_protocol_has_its_operation(void **state)
{
    (void)state;
    static const struct {
        enum http_method method;
        const char *path;
        enum v2_operation operation;
        const char *model;
        const char *version;
    } cases[] = {
        {HTTP_GET, "/v2", V2_SERVER, "", ""},
        {HTTP_GET, "/v2/", V2_SERVER, "", ""},
        {HTTP_GET, "/v2/health/live", V2_LIVE, "", ""},
        {HTTP_GET, "/v2/health/ready", V2_READY, "", ""},
        {HTTP_GET, "/v2/models/a%2Db", V2_MODEL, "a-b", ""},
        {HTTP_GET, "/v2/models/m/versions/3", V2_MODEL, "m", "3"},
        {HTTP_GET, "/v2/models/m/ready", V2_MODEL_READY, "m", ""},
        {HTTP_GET, "/v2/models/m/versions/current/ready", V2_MODEL_READY, "m", "current"},
        {HTTP_POST, "/v2/models/m/infer", V2_INFER, "m", ""},
        {HTTP_POST, "/v2/models/m/versions/12/infer", V2_INFER, "m", "12"},
        {HTTP_POST, "/v2/models/m/versions/current/infer", V2_INFER, "m", "current"},
        {HTTP_GET, "/v2/models/stats", V2_STATISTICS, "", ""},
        {HTTP_GET, "/v2/models/m/stats", V2_MODEL_STATISTICS, "m", ""},
        {HTTP_GET, "/v2/models/stats/stats", V2_MODEL_STATISTICS, "stats", ""},
        {HTTP_GET, "/v2/models/m/versions/1/stats", V2_MODEL_STATISTICS, "m", "1"},
        {HTTP_GET, "/v2/models/m/config", V2_CONFIG, "m", ""},
        {HTTP_GET, "/v2/models/m/versions/1/config", V2_CONFIG, "m", "1"},
        {HTTP_POST, "/v2/repository/index", V2_INDEX, "", ""},
        {HTTP_POST, "/v2/repository/models/a%20b/load", V2_LOAD, "a b", ""},
        {HTTP_POST, "/v2/repository/models/m/unload", V2_UNLOAD, "m", ""},
        {HTTP_GET, "/v2/logging", V2_LOGGING, "", ""},
        {HTTP_POST, "/v2/logging", V2_LOGGING_UPDATE, "", ""},
        {HTTP_GET, "/v2/trace/setting", V2_TRACE, "", ""},
        {HTTP_POST, "/v2/models/m/trace/setting", V2_TRACE_UPDATE, "m", ""},
        {HTTP_POST, "/v2/models/m/generate", V2_GENERATE, "m", ""},
        {HTTP_POST, "/v2/models/m/versions/1/generate_stream", V2_GENERATE, "m", "1"},
        {HTTP_POST, "/v2/repository/r/index", V2_NAMED_REPOSITORY, "", ""},
        {HTTP_POST, "/v2/repository/r/models/m/load", V2_NAMED_REPOSITORY, "m", ""},
        {HTTP_GET, "/v2/systemsharedmemory/status", V2_SHARED_MEMORY, "", ""},
        {HTTP_POST, "/v2/cudasharedmemory/region/r/register", V2_SHARED_MEMORY, "", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena arena;
        struct v2_route route = {0};
        arena_init(&arena, 65536);
        EXPECT_OK(parse(cases[i].method, cases[i].path, &arena, &route));
        assert_int_equal(route.operation, cases[i].operation);
        assert_string_equal(route.model, cases[i].model);
        assert_string_equal(route.version, cases[i].version);
        arena_deinit(&arena);
    }
}

static void other_paths_and_methods_are_refused(void **state)
{
    (void)state;
    static const struct {
        enum http_method method;
        const char *path;
        enum galen_status status;
    } cases[] = {
        {HTTP_GET, "/v3", GALEN_NOT_FOUND},
        {HTTP_GET, "/v2x", GALEN_NOT_FOUND},
        {HTTP_GET, "/v2/models", GALEN_NOT_FOUND},
        {HTTP_GET, "/v2/models/", GALEN_NOT_FOUND},
        {HTTP_GET, "/v2/models/m/", GALEN_NOT_FOUND},
        {HTTP_GET, "/v2/models/m/versions/", GALEN_NOT_FOUND},
        {HTTP_POST, "/v2/models/m/infer/", GALEN_NOT_FOUND},
        {HTTP_POST, "/v2/models/m/versions/1/x", GALEN_NOT_FOUND},
        {HTTP_POST, "/v2/repository/", GALEN_NOT_FOUND},
        {HTTP_POST, "/v2/repository//index", GALEN_NOT_FOUND},
        {HTTP_POST, "/v2/repository/models/m/reload", GALEN_NOT_FOUND},
        {HTTP_POST, "/v2/repository/models//load", GALEN_NOT_FOUND},
        {HTTP_GET, "/v2/models//ready", GALEN_NOT_FOUND},
        {HTTP_GET, "/v2//health/live", GALEN_NOT_FOUND},
        {HTTP_GET, "/v2/models/m/infer/x", GALEN_NOT_FOUND},
        {HTTP_GET, "/v2/models/m/trace", GALEN_NOT_FOUND},
        {HTTP_GET, "/v2/repository/index", GALEN_WRONG_METHOD},
        {HTTP_PUT, "/v2/logging", GALEN_WRONG_METHOD},
        {HTTP_GET, "/v2/health/live/", GALEN_NOT_FOUND},
        {HTTP_GET, "/v2/models/m/infer", GALEN_WRONG_METHOD},
        {HTTP_POST, "/v2/health/live", GALEN_WRONG_METHOD},
        {HTTP_HEAD, "/v2/health/live", GALEN_WRONG_METHOD},
        {HTTP_GET, "/v2/models/%zz", GALEN_INVALID},
        {HTTP_GET, "/v2/models/a%00b", GALEN_INVALID},
        {HTTP_GET, "/v2/models/%ff", GALEN_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena arena;
        struct v2_route route = {0};
        arena_init(&arena, 65536);
        EXPECT_STATUS(cases[i].status,
                      parse(cases[i].method, cases[i].path, &arena, &route));
        arena_deinit(&arena);
    }
}

static void allow_names_the_methods_that_would_be_right(void **state)
{
    (void)state;
    assert_true(bytes_equal_string(v2_route_allow(BYTES("/v2/models/m/infer")), "POST"));
    assert_true(bytes_equal_string(v2_route_allow(BYTES("/v2/health/ready")), "GET"));
    assert_true(bytes_equal_string(v2_route_allow(BYTES("/v2/logging")), "GET, POST"));
}

static void what_nobody_has_says_why(void **state)
{
    (void)state;
    assert_null(v2_operation_lack(V2_INFER));
    assert_null(v2_operation_lack(V2_TRACE_UPDATE));
    for (int operation = V2_GENERATE; operation < V2_OPERATION_COUNT; operation++) {
        assert_non_null(v2_operation_lack((enum v2_operation)operation));
    }
    assert_true(v2_operation_manages(V2_LOAD) && v2_operation_manages(V2_LOGGING));
    assert_false(v2_operation_manages(V2_CONFIG) || v2_operation_manages(V2_GENERATE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_of_the_protocol_has_its_operation),
        cmocka_unit_test(what_nobody_has_says_why),
        cmocka_unit_test(other_paths_and_methods_are_refused),
        cmocka_unit_test(allow_names_the_methods_that_would_be_right),
    };
    return cmocka_run_group_tests_name("v2 route", tests, NULL, NULL);
}
