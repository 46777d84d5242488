/* SPDX-License-Identifier: Apache-2.0 */
#include "manage/operation.h"

#include <stdio.h>

#include "expect.h"

enum { ARENA_SIZE = 1 << 20 };

static struct arena arena;
static struct manage_route route;
static struct error error;

static int begin(void **state)
{
    (void)state;
    arena_init(&arena, ARENA_SIZE);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static enum galen_status parse(enum http_method method, const char *path)
{
    return manage_route_parse(method, bytes_from_string(path), &arena, &route, &error);
}

static void each_path_is_an_operation_of_one_method(void **state)
{
    static const struct {
        const char *path;
        enum http_method method;
        enum manage_operation operation;
        const char *model;
    } rows[] = {
        {"/galen/models", HTTP_GET, MANAGE_LIST, ""},
        {"/galen/models/ecg", HTTP_GET, MANAGE_LIST, "ecg"},
        {"/galen/models/e%63g/history", HTTP_GET, MANAGE_HISTORY, "ecg"},
        {"/galen/models/ecg/canary", HTTP_POST, MANAGE_CANARY, "ecg"},
        {"/galen/models/ecg/promote", HTTP_POST, MANAGE_PROMOTE, "ecg"},
        {"/galen/models/ecg/rollback", HTTP_POST, MANAGE_ROLLBACK, "ecg"},
        {"/galen/models/ecg/disable", HTTP_POST, MANAGE_DISABLE, "ecg"},
        {"/galen/models/ecg/enable", HTTP_POST, MANAGE_ENABLE, "ecg"},
        {"/openapi.json", HTTP_GET, MANAGE_DOCUMENT, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const bool changes = rows[i].method == HTTP_POST;
        EXPECT_OK(parse(rows[i].method, rows[i].path));
        assert_int_equal(rows[i].operation, route.operation);
        assert_string_equal(rows[i].model, route.model);
        assert_int_equal(changes, manage_operation_changes(route.operation));
        EXPECT_STATUS(GALEN_WRONG_METHOD,
                      parse(changes ? HTTP_GET : HTTP_POST, rows[i].path));
        assert_true(bytes_equal_string(manage_route_allow(bytes_from_string(rows[i].path)),
                                       http_method_name(rows[i].method)));
    }
}

static void each_form_is_of_its_operation(void **state)
{
    unsigned found = 0;
    (void)state;
    for (size_t i = 0; i < manage_form_count; i++) {
        char path[64];
        const struct manage_form *form = &manage_forms[i];
        const char *name = strstr(form->path, "{model}");
        const size_t size = name == NULL ? strlen(form->path) : (size_t)(name - form->path);
        (void)snprintf(path, sizeof(path), "%.*s%s%s", (int)size, form->path,
                       name == NULL ? "" : "ecg",
                       name == NULL ? "" : name + strlen("{model}"));
        EXPECT_OK(parse(manage_operation_method(form->operation), path));
        assert_int_equal(form->operation, route.operation);
        found |= 1u << form->operation;
    }
    assert_int_equal(found, (1u << MANAGE_OPERATION_COUNT) - 1);
}

static void other_paths_are_not_there(void **state)
{
    static const char *const paths[] = {
        "/galen",
        "/galen/model",
        "/galen/modelsx",
        "/galen/models/",
        "/galen/models/ecg/",
        "/galen/models//history",
        "/galen/models/ecg/nope",
        "/galen/models/ecg/history/x",
        "/galen/models/ecg/history/",
        "/openapi.json/",
        "/openapi",
        "/galen/models/..",
        "/galen/models/%2e%2e/history",
        "/galen/models/a%2Fb",
        "/galen/models/a%00b",
        "/galen/models/a%",
        "/galen/models/John%20Smith",
        "/v2",
        "",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        EXPECT_STATUS(GALEN_NOT_FOUND, parse(HTTP_GET, paths[i]));
        assert_null(strstr(error.text, "Smith"));
    }
}

static bool may(enum manage_operation operation, const char *scope)
{
    struct bytes lacking;
    const struct bytes scopes[] = {bytes_from_string(scope)};
    const struct principal principal = {
        .kind = PRINCIPAL_TOKEN, .scopes = scopes, .scope_count = scope[0] != '\0'};
    const bool allows = manage_may(operation, &principal, &lacking);
    assert_true(bytes_equal_string(
        lacking, manage_operation_changes(operation) ? "models:promote" : "models:read"));
    return allows;
}

static void each_operation_needs_its_scope(void **state)
{
    static const char *const others[] = {
        "",           "models",     "infer:ecg",  "models:readx", "*",
        "audit:read", "breakglass", "models:rea", "infer:*",      "models:promot"};
    (void)state;
    for (enum manage_operation i = MANAGE_LIST; i < MANAGE_OPERATION_COUNT; i++) {
        const bool changes = manage_operation_changes(i);
        if (manage_operation_scope(i) == NULL) {
            assert_int_equal(MANAGE_DOCUMENT, i);
            continue;
        }
        assert_int_equal(!changes, may(i, "models:read"));
        assert_int_equal(!changes, may(i, "models:admin"));
        assert_int_equal(changes, may(i, "models:promote"));
        assert_true(may(i, "models:*"));
        for (size_t j = 0; j < sizeof(others) / sizeof(others[0]); j++) {
            assert_false(may(i, others[j]));
        }
    }
}

static void what_the_listener_answers_is_told_to_everybody(void **state)
{
    (void)state;
    assert_true(may(MANAGE_DOCUMENT, ""));
}

static void who_is_anonymous_may_do_everything(void **state)
{
    const struct principal anonymous = {.kind = PRINCIPAL_ANONYMOUS};
    struct bytes lacking;
    (void)state;
    for (enum manage_operation i = MANAGE_LIST; i < MANAGE_OPERATION_COUNT; i++) {
        assert_true(manage_may(i, &anonymous, &lacking));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_path_is_an_operation_of_one_method, begin,
                                        end),
        cmocka_unit_test_setup_teardown(each_form_is_of_its_operation, begin, end),
        cmocka_unit_test_setup_teardown(other_paths_are_not_there, begin, end),
        cmocka_unit_test(each_operation_needs_its_scope),
        cmocka_unit_test(what_the_listener_answers_is_told_to_everybody),
        cmocka_unit_test(who_is_anonymous_may_do_everything),
    };
    return cmocka_run_group_tests_name("manage operation", tests, NULL, NULL);
}
