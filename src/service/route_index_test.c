/* SPDX-License-Identifier: Apache-2.0 */
#include "service/route_index.h"

#include <stdio.h>

#include "expect.h"
#include "random.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct route_index routes_by_key;

static struct settings_demands rules_of(const char *model, const char *type_text)
{
    struct media_type type;
    if (type_text == NULL) {
        return route_index_demands(&routes_by_key, bytes_from_string(model), NULL);
    }
    EXPECT_OK(media_type_parse(bytes_from_string(type_text), &type));
    return route_index_demands(&routes_by_key, bytes_from_string(model), &type);
}

static void naming_a_model_is_no_way_around_its_policy(void **state)
{
    (void)state;
    static const struct settings_route rows[] = {
        {.content = "text/plain", .model = "other", .policy = "b"},
        {.content = "text/plain", .model = "m", .requires_subject = true},
        {.content = "text/*", .model = "m", .policy = "a", .requires_purpose = true},
        {.content = "image/*", .model = "m", .policy = "b"},
    };
    route_index_init(&routes_by_key, rows, COUNT(rows));
    assert_string_equal(rules_of("m", "text/plain").policy, "");
    assert_true(rules_of("m", "text/plain").requires_subject);
    assert_false(rules_of("m", "text/plain").requires_purpose);
    assert_string_equal(rules_of("m", "text/html").policy, "a");
    assert_string_equal(rules_of("m", "image/png").policy, "b");
    assert_false(rules_of("m", "image/png").requires_subject);
    assert_string_equal(rules_of("other", "text/plain").policy, "b");
    assert_string_equal(rules_of("nobody", "text/plain").policy, "");

    const struct settings_demands of_tensors = rules_of("m", NULL);
    const struct settings_demands of_strangers = rules_of("m", "application/json");
    assert_string_equal(of_tensors.policy, "a");
    assert_true(of_tensors.requires_subject && of_tensors.requires_purpose);
    assert_string_equal(of_strangers.policy, "a");
    assert_true(of_strangers.requires_subject && of_strangers.requires_purpose);
}

static void first_row_that_matches_counts(void **state)
{
    (void)state;
    static const struct settings_route rows[] = {
        {.content = "text/Plain", .model = "a"}, {.content = "text/*", .model = "b"},
        {.content = "text/html", .model = "c"},  {.content = "text/plain", .model = "b"},
        {.content = "text/plain", .model = "c"},
    };
    const struct media_type plain = {BYTES("TEXT"), BYTES("plain"), BYTES_NONE};
    const struct media_type html = {BYTES("text"), BYTES("html"), BYTES_NONE};
    const struct media_type image = {BYTES("image"), BYTES("png"), BYTES_NONE};
    route_index_init(&routes_by_key, rows, COUNT(rows));

    assert_ptr_equal(route_index_find(&routes_by_key, plain), &rows[0]);
    assert_ptr_equal(route_index_find(&routes_by_key, html), &rows[1]);
    assert_null(route_index_find(&routes_by_key, image));
    assert_ptr_equal(route_index_find_of(&routes_by_key, BYTES("b"), &plain), &rows[1]);
    assert_ptr_equal(route_index_find_of(&routes_by_key, BYTES("c"), &plain), &rows[4]);
    assert_ptr_equal(route_index_find_of(&routes_by_key, BYTES("c"), NULL), &rows[2]);
    assert_null(route_index_find_of(&routes_by_key, BYTES("a"), &html));
    assert_null(route_index_find_of(&routes_by_key, BYTES("B"), &html));
    assert_null(route_index_find_of(&routes_by_key, BYTES_NONE, &plain));
}

static void without_rows_nothing_is_found(void **state)
{
    (void)state;
    const struct media_type plain = {BYTES("text"), BYTES("plain"), BYTES_NONE};
    route_index_init(&routes_by_key, NULL, 0);

    assert_null(route_index_find(&routes_by_key, plain));
    assert_null(route_index_find_of(&routes_by_key, BYTES("m"), NULL));
    assert_string_equal(route_index_demands(&routes_by_key, BYTES("m"), NULL).policy, "");
}

/* What a search of the list finds. */
static const struct settings_route *search(const struct settings_route *rows, size_t count,
                                           const char *model, struct media_type type)
{
    for (size_t i = 0; i < count; i++) {
        if ((model == NULL || strcmp(rows[i].model, model) == 0) &&
            media_type_is(type, rows[i].content)) {
            return &rows[i];
        }
    }
    return NULL;
}

static void as_many_rows_as_may_be_are_found_as_by_a_search(void **state)
{
    (void)state;
    static struct settings_route rows[LIMIT_ROUTE_COUNT_MAX];
    struct random random = {1};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const unsigned type = (unsigned)random_below(&random, 20);
        const unsigned subtype = (unsigned)random_below(&random, 60);
        const unsigned model = (unsigned)random_below(&random, 40);
        if (random_one_in(&random, 100)) {
            (void)snprintf(rows[i].content, sizeof(rows[i].content), "t%u/*", type);
        } else {
            (void)snprintf(rows[i].content, sizeof(rows[i].content), "t%u/s%u", type,
                           subtype);
        }
        (void)snprintf(rows[i].model, sizeof(rows[i].model), "m%u", model);
    }
    route_index_init(&routes_by_key, rows, COUNT(rows));
    for (unsigned i = 0; i < 20 * 60 * 40; i++) {
        char type_text[16];
        char subtype_text[16];
        char model[16];
        (void)snprintf(type_text, sizeof(type_text), "t%u", i % 20);
        (void)snprintf(subtype_text, sizeof(subtype_text), "s%u", i / 20 % 60);
        (void)snprintf(model, sizeof(model), "m%u", i / (20 * 60));
        const struct media_type type = {bytes_from_string(type_text),
                                        bytes_from_string(subtype_text), BYTES_NONE};
        assert_ptr_equal(route_index_find(&routes_by_key, type),
                         search(rows, COUNT(rows), NULL, type));
        assert_ptr_equal(
            route_index_find_of(&routes_by_key, bytes_from_string(model), &type),
            search(rows, COUNT(rows), model, type));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_row_that_matches_counts),
        cmocka_unit_test(naming_a_model_is_no_way_around_its_policy),
        cmocka_unit_test(without_rows_nothing_is_found),
        cmocka_unit_test(as_many_rows_as_may_be_are_found_as_by_a_search),
    };
    return cmocka_run_group_tests_name("route_index", tests, NULL, NULL);
}
