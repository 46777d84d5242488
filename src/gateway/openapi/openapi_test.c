/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/openapi/openapi.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/json.h"
#include "document_rig.h"
#include "gateway/openapi/examples.h"
#include "gateway/routes.h"
#include "gateway/v2_operations.h"

static const struct contract_unit units[] = {{"um", 0.5}};
static const struct contract_feature features[] = {
    {.name = "size", .unit = "mm", .units = units, .unit_count = 1, .min = 0, .max = 8},
    {.name = "age", .unit = "1", .min = -INFINITY, .max = INFINITY},
    {.name = "mass",
     .unit = "1",
     .min = 1,
     .max = 3,
     .missing = MISSING_REPLACE,
     .missing_value = 2},
};
static const char *const vector_types[] = {"application/json"};
static const char *const text_types[] = {"text/plain"};
static const char *const labels[] = {"yes", "no"};
static const struct contract vector = {
    .task = TASK_TABULAR_CLASSIFICATION,
    .title = "Sizes",
    .media_types = vector_types,
    .media_type_count = 1,
    .input = {"x", GALEN_FP32},
    .features = features,
    .feature_count = 3,
    .labels = labels,
    .label_count = 2,
};
static const struct contract text = {
    .task = TASK_TOKEN_CLASSIFICATION,
    .title = "Words",
    .media_types = text_types,
    .media_type_count = 1,
    .labels = labels,
    .label_count = 2,
};
static struct repository_version vector_7 = {
    .number = 7, .number_text = "7", .contract = &vector, .usable = true};
static struct repository_version *const vectors[] = {&vector_7};
static struct repository_version text_1 = {
    .number = 1, .number_text = "1", .contract = &text, .usable = true};
static struct repository_version *const texts[] = {&text_1};
static struct repository_version bare_1 = {.number = 1, .number_text = "1", .usable = true};
static struct repository_version *const bare[] = {&bare_1};
static const struct repository_model models[] = {
    {.name = "bare",
     .versions = bare,
     .version_count = 1,
     .choice = &bare_1,
     .usable = true},
    {.name = "ner",
     .versions = texts,
     .version_count = 1,
     .choice = &text_1,
     .usable = true},
    {.name = "ner-2",
     .versions = texts,
     .version_count = 1,
     .choice = &text_1,
     .usable = true},
    {.name = "size",
     .versions = vectors,
     .version_count = 1,
     .choice = &vector_7,
     .usable = true},
};
static const struct repository repository = {.models = models, .model_count = 4};

static void describe(struct rig *rig, const struct openapi *openapi)
{
    writer_deinit(&rig->text);
    writer_init(&rig->text, 1 << 24);
    openapi_write(openapi, &rig->text);
    EXPECT_OK(rig->text.status);
    EXPECT_OK(json_parse(writer_bytes(&rig->text), &rig->arena, &rig->document, NULL));
}

static const struct openapi standard = {.repository = &repository,
                                        .body_size_bytes_max = 1000};

static int set_up(void **state)
{
    static struct rig rig;
    rig_open(&rig);
    describe(&rig, &standard);
    *state = &rig;
    return 0;
}

/* Each status that it can answer, and no other refusal. */
static void expect_statuses(const struct rig *rig, const char *path, const char *method,
                            const struct operation *operation)
{
    char status[16];
    assert_non_null(AT(rig, "paths", path, method, "responses", "200"));
    for (int number = 400; number < 600; number++) {
        (void)snprintf(status, sizeof(status), "%d", number);
        assert_int_equal(AT(rig, "paths", path, method, "responses", status) != NULL,
                         operation_refuses(operation, number));
    }
}

static void every_route_is_there_with_each_status(void **state)
{
    struct rig *rig = *state;
    for (size_t i = 0; i < route_count; i++) {
        char path[64];
        const bool is_folder = routes[i].path.data[routes[i].path.size - 1] == '/';
        (void)snprintf(path, sizeof(path), "%.*s%s", BYTES_PRINT(routes[i].path),
                       is_folder ? "{file}" : "");
        if (!routes[i].operation.is_for_demo) {
            expect_statuses(rig, path, routes[i].method == HTTP_POST ? "post" : "get",
                            &routes[i].operation);
        }
    }
}

static void every_form_of_v2_that_is_answered_is_there_with_each_status(void **state)
{
    struct rig *rig = *state;
    for (size_t i = 0; i < v2_form_count; i++) {
        const struct v2_form *form = &v2_forms[i];
        if (form->operation < V2_TOLD_COUNT && strcmp(form->path, "/v2/") != 0) {
            expect_statuses(rig, form->path, form->method == HTTP_POST ? "post" : "get",
                            &v2_operations[form->operation]);
        }
    }
}

static void every_operation_has_an_answer_to_describe(void **state)
{
    (void)state;
    for (size_t i = 0; i < V2_TOLD_COUNT; i++) {
        assert_string_equal(v2_operations[i].id, v2_operation_id((enum v2_operation)i));
        assert_non_null(v2_operations[i].schema);
    }
}

/* Whether the kind is one of those that the schema allows. */
static bool allows(const struct rig *rig, const char *schema, const char *member,
                   const char *kind)
{
    struct json_cursor parts = json_walk(AT(rig, "components", "schemas", schema, "allOf"));
    assert_true(json_next(&parts)); /* what every status has */
    assert_true(json_next(&parts));
    struct json_cursor kinds = json_walk(
        json_member(json_member(json_member(parts.value, "properties"), member), "enum"));
    while (json_next(&kinds)) {
        if (bytes_equal_string(json_string(kinds.value), kind)) {
            return true;
        }
    }
    return false;
}

static void a_status_tells_its_problem_types(void **state)
{
    struct rig *rig = *state;
    assert_true(allows(rig, "Problem503", "type", "/problems/busy"));
    assert_true(allows(rig, "Problem503", "type", "/problems/no-memory"));
    assert_false(allows(rig, "Problem503", "type", "/problems/timeout"));
    assert_true(allows(rig, "Problem431", "type", "/problems/malformed"));
    assert_true(allows(rig, "V2Error404", "code", "not-found"));
    assert_non_null(AT(rig, "components", "responses", "V2Refusal405", "headers", "Allow"));
    assert_non_null(
        AT(rig, "components", "responses", "Refusal503", "headers", "Retry-After"));
}

static double number(const struct json *object, const char *name)
{
    const struct json *member = json_member(object, name);
    assert_non_null(member);
    return strtod((const char *)json_number(member).data, NULL);
}

static void a_feature_has_its_range_in_each_unit(void **state)
{
    struct rig *rig = *state;
    static const char *const names[] = {"mm", "um"};
    static const double maxima[] = {8, 16};
    struct json_cursor choices = json_walk(
        AT(rig, "components", "schemas", "Vector.size", "properties", "size", "anyOf"));
    assert_true(json_next(&choices));
    assert_true(number(choices.value, "maximum") == 8);
    for (size_t i = 0; i < 2; i++) {
        assert_true(json_next(&choices));
        const struct json *properties = json_member(choices.value, "properties");
        const struct json *unit = json_member(json_member(properties, "unit"), "const");
        assert_true(bytes_equal_string(json_string(unit), names[i]));
        assert_true(number(json_member(properties, "value"), "maximum") == maxima[i]);
    }
    assert_false(json_next(&choices));
}

static void a_feature_without_a_range_has_that_of_its_datatype(void **state)
{
    struct rig *rig = *state;
    const struct json *age =
        AT(rig, "components", "schemas", "Vector.size", "properties", "age");
    assert_true(number(age, "maximum") == FLT_MAX);
    assert_true(number(age, "minimum") == -FLT_MAX);
}

static void only_what_may_not_be_missing_is_required(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(
        json_count(AT(rig, "components", "schemas", "Vector.size", "required")), 2);
}

static size_t required_count(const struct rig *rig, const char *schema)
{
    return json_count(AT(rig, "components", "schemas", schema, "required"));
}

static void a_model_is_named_where_several_take_its_type(void **state)
{
    struct rig *rig = *state;
    static const struct settings_route routed[] = {{.content = "text/*", .model = "ner"}};
    static struct route_index index;
    route_index_init(&index, routed, 1);
    assert_int_equal(required_count(rig, "Request.size"), 1);
    assert_int_equal(required_count(rig, "Request.ner"), 2);
    describe(rig, &(struct openapi){.repository = &repository, .routes = &index});
    assert_int_equal(required_count(rig, "Request.ner"), 1);
    assert_int_equal(required_count(rig, "Request.ner-2"), 2);
}

static void a_model_without_a_contract_is_for_v2_only(void **state)
{
    struct rig *rig = *state;
    assert_null(AT(rig, "components", "schemas", "Request.bare"));
    assert_int_equal(json_count(AT(rig, "components", "schemas", "ModelName", "enum")), 4);
}

static void a_repository_without_a_contract_is_described(void **state)
{
    struct rig *rig = *state;
    const struct repository only_bare = {.models = models, .model_count = 1};
    describe(rig, &(struct openapi){.repository = &only_bare});
    assert_non_null(AT(rig, "components", "schemas", "InferRequest", "not"));
}

static void a_sample_is_told_only_of_its_own_network(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(json_count(AT(rig, "paths", "/infer", "post", "responses", "200",
                                   "content", "application/json", "examples")),
                     0);
    const struct json *made = AT(rig, "paths", "/infer", "post", "requestBody", "content",
                                 "application/json", "examples", "size", "value", "input");
    assert_true(number(made, "size") == 4);
    assert_true(sample_count > 0);
}

static void a_limit_is_the_one_that_is_set(void **state)
{
    struct rig *rig = *state;
    struct json_cursor limits = json_walk(AT(rig, "x-galen-limits"));
    size_t found = 0;
    while (json_next(&limits)) {
        const struct bytes name = json_string(json_member(limits.value, "name"));
        if (bytes_equal_string(name, "BODY_SIZE_BYTES_MAX")) {
            assert_true(number(limits.value, "value") == 1000);
            found++;
        }
    }
    assert_int_equal(found, 1);
}

static void the_console_is_there_in_demo_mode_only(void **state)
{
    struct rig *rig = *state;
    assert_null(AT(rig, "paths", "/console"));
    describe(rig, &(struct openapi){.repository = &repository, .is_demo = true});
    assert_non_null(AT(rig, "paths", "/console"));
    assert_non_null(
        AT(rig, "paths", "/infer", "post", "responses", "200", "headers", "Galen-Mode"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_DOCUMENT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        WITH_DOCUMENT(every_route_is_there_with_each_status),
        WITH_DOCUMENT(every_form_of_v2_that_is_answered_is_there_with_each_status),
        WITH_DOCUMENT(every_operation_has_an_answer_to_describe),
        WITH_DOCUMENT(a_status_tells_its_problem_types),
        WITH_DOCUMENT(a_feature_has_its_range_in_each_unit),
        WITH_DOCUMENT(a_feature_without_a_range_has_that_of_its_datatype),
        WITH_DOCUMENT(only_what_may_not_be_missing_is_required),
        WITH_DOCUMENT(a_model_is_named_where_several_take_its_type),
        WITH_DOCUMENT(a_model_without_a_contract_is_for_v2_only),
        WITH_DOCUMENT(a_repository_without_a_contract_is_described),
        WITH_DOCUMENT(a_sample_is_told_only_of_its_own_network),
        WITH_DOCUMENT(a_limit_is_the_one_that_is_set),
        WITH_DOCUMENT(the_console_is_there_in_demo_mode_only),
    };
    return cmocka_run_group_tests_name("openapi", tests, NULL, NULL);
}
