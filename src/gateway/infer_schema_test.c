/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/infer_schema.h"

#include "base/limits.h"
#include "expect.h"

/* Three routes of which the second has a schema. */
struct rig {
    struct request request;
    struct view view;
    struct rules rules;
    struct repository_model model;
};

static const struct settings_route routes[] = {
    {.content = "text/plain", .model = "a"},
    {.content = "text/*", .model = "b"},
    {.content = "text/*", .model = "c"},
};

static int set_up(void **state)
{
    static struct rig rig;
    const struct schema_source source = {
        "x.json", BYTES("{\"properties\":{\"input\":{\"maxLength\":3},\"model\":false}}")};
    rig = (struct rig){.rules = {.routes = routes, .route_count = 3}};
    route_index_init(&rig.rules.index, routes, 3);
    EXPECT_OK(schema_compile(&source, 1, NULL, &rig.rules.schemas[1], NULL));
    rig.view.rules = &rig.rules;
    rig.request.view = &rig.view;
    rig.model.name = "b";
    rig.request.model = &rig.model;
    arena_init(&rig.request.arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    schema_unref(rig->rules.schemas[1]);
    arena_deinit(&rig->request.arena);
    return 0;
}

static enum galen_status check(struct rig *rig, const char *media_type, const char *body)
{
    rig->request.input.media_type = media_type;
    EXPECT_OK(json_parse(bytes_from_string(body), &rig->request.arena,
                         &rig->request.document, NULL));
    return infer_schema_check(&rig->request);
}

static void schema_of_the_route_that_matches_counts(void **state)
{
    struct rig *rig = *state;
    EXPECT_STATUS(GALEN_UNPROCESSABLE, check(rig, "text/markdown", "{\"input\":\"abcd\"}"));
    EXPECT_OK(check(rig, "text/markdown", "{\"input\":\"abc\"}"));
    EXPECT_OK(check(rig, "image/png", "{\"input\":\"abcd\"}"));
}

static void route_of_the_model_counts_before_others(void **state)
{
    struct rig *rig = *state;
    rig->model.name = "c";
    EXPECT_OK(check(rig, "text/markdown", "{\"input\":\"abcd\"}"));
    rig->model.name = "a";
    EXPECT_OK(check(rig, "text/plain", "{\"input\":\"abcd\"}"));
}

static void model_without_a_route_leads_around_no_schema(void **state)
{
    struct rig *rig = *state;
    rig->model.name = "d";
    EXPECT_STATUS(GALEN_UNPROCESSABLE, check(rig, "text/markdown", "{\"input\":\"abcd\"}"));
    EXPECT_OK(check(rig, "text/plain", "{\"input\":\"abcd\"}"));
}

static void all_errors_are_kept_and_the_first_is_the_detail(void **state)
{
    struct rig *rig = *state;
    EXPECT_STATUS(GALEN_UNPROCESSABLE,
                  check(rig, "text/markdown", "{\"input\":\"abcd\",\"model\":\"x\"}"));
    assert_int_equal(rig->request.schema_errors.count, 2);
    assert_string_equal(rig->request.error.text, "has more than 3 characters");
    assert_string_equal(rig->request.error.pointer, "/input");
}

static void without_a_document_nothing_is_checked(void **state)
{
    struct rig *rig = *state;
    rig->request.input.media_type = "text/markdown";
    rig->request.document = NULL;
    EXPECT_OK(infer_schema_check(&rig->request));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(schema_of_the_route_that_matches_counts),
        TEST(route_of_the_model_counts_before_others),
        TEST(model_without_a_route_leads_around_no_schema),
        TEST(all_errors_are_kept_and_the_first_is_the_detail),
        TEST(without_a_document_nothing_is_checked),
    };
    return cmocka_run_group_tests_name("infer_schema", tests, NULL, NULL);
}
