/* SPDX-License-Identifier: Apache-2.0 */
#include "v2/access.h"

#include "base/limits.h"
#include "expect.h"

enum { ARENA_SIZE = 1 << 20 };

static const struct bytes read_scope[] = {BYTES_INIT("models:read")};
static const struct bytes admin_scope[] = {BYTES_INIT("models:admin")};
static const struct bytes tensor_scope[] = {BYTES_INIT("infer:tensor:ecg")};
static const struct bytes any_tensor_scope[] = {BYTES_INIT("infer:tensor:*")};
static const struct bytes other_scopes[] = {
    BYTES_INIT("infer:ecg"),      BYTES_INIT("infer:tensor:ec"), BYTES_INIT("infer:*x"),
    BYTES_INIT("models:promote"), BYTES_INIT("audit:read"),      BYTES_INIT("breakglass"),
    BYTES_INIT("models"),         BYTES_INIT("models:readx"),    BYTES_INIT("*")};

static struct arena arena;
static struct bytes lacking;

static int begin(void **state)
{
    (void)state;
    arena_init(&arena, ARENA_SIZE);
    lacking = BYTES_NONE;
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static enum galen_status ask(enum v2_operation operation, const char *model,
                             const struct bytes *scopes, size_t scope_count)
{
    const struct v2_route route = {.operation = operation, .model = model, .version = ""};
    const struct principal principal = {
        .kind = PRINCIPAL_TOKEN, .scopes = scopes, .scope_count = scope_count};
    lacking = BYTES_NONE;
    return v2_access_check(&route, &principal, &arena, &lacking);
}

/* Only these scopes are enough. */
static void expect_needs(enum v2_operation operation, bool reads, bool administers,
                         bool infers, const char *told)
{
    assert_false(v2_access_is_open(operation));
    assert_int_equal(reads, ask(operation, "ecg", read_scope, 1) == GALEN_OK);
    assert_int_equal(administers, ask(operation, "ecg", admin_scope, 1) == GALEN_OK);
    assert_int_equal(infers, ask(operation, "ecg", tensor_scope, 1) == GALEN_OK);
    assert_int_equal(infers, ask(operation, "ecg", any_tensor_scope, 1) == GALEN_OK);
    for (size_t i = 0; i < sizeof(other_scopes) / sizeof(other_scopes[0]); i++) {
        EXPECT_STATUS(GALEN_FORBIDDEN, ask(operation, "ecg", &other_scopes[i], 1));
    }
    EXPECT_STATUS(GALEN_FORBIDDEN, ask(operation, "ecg", NULL, 0));
    assert_true(bytes_equal_string(lacking, told));
    assert_non_null(strstr(v2_access_scope(operation), infers ? "infer:tensor:" : told));
    assert_int_equal(reads, strstr(v2_access_scope(operation), "models:read") != NULL);
    assert_int_equal(administers,
                     strstr(v2_access_scope(operation), "models:admin") != NULL);
}

static void what_tells_needs_reading_or_administration(void **state)
{
    static const enum v2_operation rows[] = {
        V2_SERVER,     V2_MODEL,  V2_MODEL_READY, V2_MODEL_STATISTICS,
        V2_STATISTICS, V2_CONFIG, V2_INDEX,       V2_LOGGING,
        V2_TRACE};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_needs(rows[i], true, true, false, "models:read");
    }
}

static void what_changes_something_needs_administration(void **state)
{
    static const enum v2_operation rows[] = {V2_LOAD, V2_UNLOAD, V2_LOGGING_UPDATE,
                                             V2_TRACE_UPDATE};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_needs(rows[i], false, true, false, "models:admin");
    }
}

static void a_run_needs_its_models_scope(void **state)
{
    (void)state;
    expect_needs(V2_INFER, false, false, true, "infer:tensor:ecg");
}

static void health_is_open_and_nothing_else_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < v2_form_count; i++) {
        const enum v2_operation operation = v2_forms[i].operation;
        assert_int_equal(v2_access_is_open(operation),
                         operation == V2_LIVE || operation == V2_READY);
    }
    EXPECT_OK(ask(V2_LIVE, "", NULL, 0));
}

static void what_the_table_forgets_needs_administration(void **state)
{
    (void)state;
    expect_needs(V2_GENERATE, false, true, false, "models:admin");
}

static void who_is_anonymous_may_manage(void **state)
{
    const struct principal anonymous = {.kind = PRINCIPAL_ANONYMOUS};
    (void)state;
    for (size_t i = 0; i < v2_form_count; i++) {
        const struct v2_route route = {
            .operation = v2_forms[i].operation, .model = "ecg", .version = ""};
        EXPECT_OK(v2_access_check(&route, &anonymous, &arena, &lacking));
    }
}

static void a_name_that_is_none_is_not_told(void **state)
{
    char longest[LIMIT_MODEL_NAME_SIZE_BYTES_MAX + 1] = {0};
    (void)state;
    EXPECT_STATUS(GALEN_FORBIDDEN, ask(V2_INFER, "John \"Smith\"\r\nX: y", NULL, 0));
    assert_true(bytes_equal_string(lacking, "infer:tensor:*"));
    memset(longest, ' ', sizeof(longest) - 1);
    EXPECT_STATUS(GALEN_FORBIDDEN, ask(V2_INFER, longest, NULL, 0));
    assert_true(bytes_equal_string(lacking, "infer:tensor:*"));
    EXPECT_OK(ask(V2_INFER, longest, any_tensor_scope, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_tells_needs_reading_or_administration, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_changes_something_needs_administration, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_run_needs_its_models_scope, begin, end),
        cmocka_unit_test_setup_teardown(health_is_open_and_nothing_else_is, begin, end),
        cmocka_unit_test_setup_teardown(what_the_table_forgets_needs_administration, begin,
                                        end),
        cmocka_unit_test_setup_teardown(who_is_anonymous_may_manage, begin, end),
        cmocka_unit_test_setup_teardown(a_name_that_is_none_is_not_told, begin, end),
    };
    return cmocka_run_group_tests_name("v2_access", tests, NULL, NULL);
}
