/* SPDX-License-Identifier: Apache-2.0 */
/* Which model answers. */
#include "gateway/infer_model.h"

#include <stdio.h>

#include "expect.h"

static const char *const json_types[] = {"application/json"};
static const char *const text_types[] = {"text/plain", "text/markdown"};
static const struct contract vector = {
    .task = TASK_TABULAR_CLASSIFICATION, .media_types = json_types, .media_type_count = 1};
static const struct contract text = {
    .task = TASK_TOKEN_CLASSIFICATION, .media_types = text_types, .media_type_count = 2};
static struct repository_version vector_1 = {
    .number = 1, .number_text = "1", .contract = &vector, .usable = true};
static struct repository_version text_numbers[] = {
    {.number = 1, .number_text = "1", .contract = &vector, .usable = true},
    {.number = 2, .number_text = "2", .contract = &text, .usable = true},
    {.number = 3, .number_text = "3", .usable = true}};
static struct repository_version broken_1 = {.number = 1,
                                             .number_text = "1",
                                             .contract = &text,
                                             .usable = false,
                                             .why_not = {"hash differs", ""}};
static struct repository_version *const vector_versions[] = {&vector_1};
static struct repository_version *const text_versions[] = {
    &text_numbers[0], &text_numbers[1], &text_numbers[2]};
static struct repository_version *const broken_versions[] = {&broken_1};
static const struct repository_tag current_1[] = {{"current", 1, 0}};
static const struct repository_tag current_2[] = {{"current", 2, 0}};

/* By name, ascending: the first two are what most tests have. */
#define MODEL(title, list, count, tag, chosen)                                        \
    {                                                                                 \
        .name = (title), .versions = (list), .version_count = (count), .tags = (tag), \
        .tag_count = 1, .choice = (chosen), .usable = true                            \
    }
static const struct repository_model models[] = {
    MODEL("breast", vector_versions, 1, current_1, &vector_1),
    MODEL("ner", text_versions, 3, current_2, &text_numbers[1]),
    MODEL("ward", text_versions, 3, current_2, &text_numbers[1]),
};
static const struct repository_model broken[] = {
    MODEL("breast", vector_versions, 1, current_1, &vector_1),
    {.name = "ner",
     .versions = broken_versions,
     .version_count = 1,
     .tags = current_1,
     .tag_count = 1,
     .choice = &broken_1,
     .why_not = {"hash differs", ""}},
};
static struct repository two_kinds = {.models = models, .model_count = 2};
static struct repository two_of_text = {.models = models, .model_count = 3};
static struct repository only_vectors = {.models = models, .model_count = 1};
static struct repository with_a_broken_one = {.models = broken, .model_count = 2};

static struct gateway gateway = {.engines = {{.name = "default"}}, .engine_count = 1};

static const struct {
    const char *what;
    struct repository *repository;
    const char *model;
    const char *version;
    const char *media_type;
    enum galen_status status;
    const char *found; /* "ner/2", or what the error says */
} cases[] = {
    {"text reaches the only text model", &two_kinds, NULL, "", "text/plain", GALEN_OK,
     "ner/2"},
    {"a vector reaches the only one for vectors", &two_kinds, NULL, "", "application/json",
     GALEN_OK, "breast/1"},
    {"the second type of a model counts", &two_kinds, NULL, "", "text/markdown", GALEN_OK,
     "ner/2"},
    {"what none takes is told what they take", &two_kinds, NULL, "", "image/png",
     GALEN_UNSUPPORTED_TYPE, "application/json, text/plain, text/markdown"},
    {"text without a text model", &only_vectors, NULL, "", "text/plain",
     GALEN_UNSUPPORTED_TYPE, "take: application/json"},
    {"of two that take it one has to be named", &two_of_text, NULL, "", "text/plain",
     GALEN_UNPROCESSABLE, "name a \"model\""},
    {"of two one is named", &two_of_text, "ward", "", "text/plain", GALEN_OK, "ward/2"},
    {"a named model that does not take it says what it takes", &two_of_text, "ner", "",
     "application/json", GALEN_UNSUPPORTED_TYPE,
     "'ner' does not take this media type, but text/plain, text/markdown"},
    {"the named version's contract counts", &two_kinds, "ner", "1", "application/json",
     GALEN_OK, "ner/1"},
    {"tensors of the only model", &only_vectors, NULL, "", NULL, GALEN_OK, "breast/1"},
    {"tensors of two models", &two_kinds, NULL, "", NULL, GALEN_UNPROCESSABLE, "name a"},
    {"one that is broken is not passed over", &with_a_broken_one, NULL, "", "text/plain",
     GALEN_UNAVAILABLE, "hash differs"},
    {"a model that is not there", &two_kinds, "nope", "", "text/plain", GALEN_NOT_FOUND,
     "no such model"},
    {"a tag that is not there", &two_kinds, "ner", "canary", "text/plain", GALEN_NOT_FOUND,
     "no such version"},
    {"a version without a contract", &two_kinds, "ner", "3", "text/plain",
     GALEN_NO_CONTRACT, "use /v2"},
};

static void route_chooses_where_no_model_is_named(void **state)
{
    (void)state;
    static const struct settings_route routes[] = {
        {.content = "text/markdown", .model = "breast"},
        {.content = "text/*", .model = "ward"}};
    static struct rules rules = {.routes = routes, .route_count = 2};
    struct view view = {.repository = &two_of_text, .rules = &rules};
    struct request request = {.gateway = &gateway, .view = &view};
    struct infer_body body = {.input.media_type = "text/plain", .version = ""};

    route_index_init(&rules.index, routes, 2);
    EXPECT_OK(infer_model_find(&request, &body));
    assert_string_equal(request.model->name, "ward");

    body.model = "ner";
    EXPECT_OK(infer_model_find(&request, &body));
    assert_string_equal(request.model->name, "ner");

    body.model = NULL;
    body.input.media_type = "application/json"; /* for which there is no route */
    EXPECT_OK(infer_model_find(&request, &body));
    assert_string_equal(request.model->name, "breast");

    body.input.media_type = "text/markdown";
    EXPECT_STATUS(GALEN_UNSUPPORTED_TYPE, infer_model_find(&request, &body));
    assert_non_null(strstr(request.error.text, "'breast' does not take"));
}

static void the_model_is_found_or_the_refusal_says_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rules rules = {.route_count = 0};
        struct view view = {.repository = cases[i].repository, .rules = &rules};
        const struct infer_body body = {.input.media_type = cases[i].media_type,
                                        .model = cases[i].model,
                                        .version = cases[i].version};
        struct request request = {.gateway = &gateway, .view = &view};
        char found[64] = "";
        print_message("%s\n", cases[i].what);

        assert_int_equal(infer_model_find(&request, &body), cases[i].status);

        if (cases[i].status == GALEN_OK) {
            (void)snprintf(found, sizeof(found), "%s/%d", request.model->name,
                           (int)request.version->number);
            assert_string_equal(found, cases[i].found);
        } else {
            assert_non_null(strstr(request.error.text, cases[i].found));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(route_chooses_where_no_model_is_named),
        cmocka_unit_test(the_model_is_found_or_the_refusal_says_why),
    };
    return cmocka_run_group_tests_name("infer_model", tests, NULL, NULL);
}
