/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings_routes.h"

#include <stdio.h>

#include "service/route_index.h"
#include "settings_rig.h"

static const char *model_for(const char *type_text)
{
    struct media_type type;
    EXPECT_OK(media_type_parse(bytes_from_string(type_text), &type));
    static struct route_index found_by;
    route_index_init(&found_by, settings.routes, settings.route_count);
    const struct settings_route *route = route_index_find(&found_by, type);
    return route == NULL ? "none" : route->model;
}

static void first_route_that_matches_counts(void **state)
{
    (void)state;
    EXPECT_OK(read_text("threads: 2\n"
                        "routes:\n"
                        "  - {match: {content: text/markdown}, model: papers}\n"
                        "  - {match: {content: text/*}, model: notes}\n"
                        "  - {match: {content: text/html}, model: never}\n"
                        "repository: here\n"));
    assert_int_equal(settings.route_count, 3);
    assert_int_equal(settings.threads, 2);
    assert_string_equal(settings.repository, "here");
    assert_string_equal(model_for("Text/Markdown"), "papers");
    assert_string_equal(model_for("text/plain"), "notes");
    assert_string_equal(model_for("text/html"), "notes");
    assert_string_equal(model_for("image/png"), "none");
}

static void schema_is_relative_to_the_folder_of_the_file(void **state)
{
    (void)state;
    static const char text[] =
        "routes:\n"
        "  - {match: {content: a/b}, model: m, schema: s/a.json, assert_formats: true}\n"
        "  - {match: {content: a/c}, model: m, schema: /s/a.json}\n"
        "  - {match: {content: a/d}, model: m}\n";
    EXPECT_OK(settings_read(&settings, bytes_from_string(text), "etc/galen.yaml", &error));
    assert_string_equal(settings.routes[0].schema, "etc/s/a.json");
    assert_true(settings.routes[0].asserts_formats);
    assert_string_equal(settings.routes[1].schema, "/s/a.json");
    assert_false(settings.routes[1].asserts_formats);
    assert_string_equal(settings.routes[2].schema, "");
    EXPECT_OK(read_text(text));
    assert_string_equal(settings.routes[0].schema, "s/a.json");
}

static void schema_is_shown_with_its_route(void **state)
{
    (void)state;
    struct writer out;
    EXPECT_OK(read_text("routes:\n"
                        "  - {match: {content: a/b}, model: m, schema: s.json, "
                        "assert_formats: true}\n"
                        "  - {match: {content: a/*}, model: n}\n"));
    writer_init(&out, 4096);
    settings_routes_write(&settings, &out);
    assert_true(bytes_equal_string(writer_bytes(&out),
                                   "routes[0]: {match: {content: a/b}, model: m, schema: "
                                   "s.json, assert_formats: true}\n"
                                   "routes[1]: {match: {content: a/*}, model: n}\n"));
    writer_deinit(&out);
}

static void path_of_a_schema_is_bounded(void **state)
{
    (void)state;
    static char text[SETTINGS_TEXT_SIZE + 64];
    (void)snprintf(text, sizeof(text),
                   "routes: [{match: {content: a/b}, model: m, schema: %0*d.x}]",
                   (int)SETTINGS_TEXT_SIZE - 8, 0);
    EXPECT_STATUS(GALEN_INVALID, settings_read(&settings, bytes_from_string(text),
                                               "folder/g.yaml", &error));
    assert_non_null(strstr(error.text, "routes[0].schema: is longer than 1023 bytes"));
}

static void limits_are_read_and_what_is_absent_is_left_to_all(void **state)
{
    (void)state;
    EXPECT_OK(
        read_text("routes:\n"
                  "  - match: {content: text/*}\n"
                  "    model: notes\n"
                  "    limits: {requests_per_s: 0.5, burst: 7, concurrency: 3, "
                  "class: batch}\n"
                  "  - {match: {content: a/b}, model: m, limits: {concurrency: 1}}\n"
                  "  - {match: {content: a/c}, model: m, limits: {requests_per_s: 0}}\n"
                  "  - {match: {content: a/d}, model: m}\n"));
    const struct settings_route *routes = settings.routes;
    assert_true(routes[0].limits.has_rate);
    assert_true(routes[0].limits.requests_per_s == 0.5);
    assert_int_equal(routes[0].limits.burst, 7);
    assert_int_equal(routes[0].limits.concurrency, 3);
    assert_int_equal(routes[0].limits.class, SETTINGS_CLASS_BATCH);
    assert_false(routes[1].limits.has_rate);
    assert_int_equal(routes[1].limits.concurrency, 1);
    assert_int_equal(routes[1].limits.class, SETTINGS_CLASS_CLINIC);
    assert_true(routes[2].limits.has_rate);
    assert_false(routes[3].limits.has_rate);
    assert_int_equal(routes[3].limits.class, SETTINGS_CLASS_CLINIC);
}

static void limits_are_shown_with_their_route(void **state)
{
    (void)state;
    struct writer out;
    EXPECT_OK(
        read_text("routes:\n"
                  "  - {match: {content: a/b}, model: m, limits: {requests_per_s: 0.5, "
                  "burst: 7, class: batch}}\n"
                  "  - {match: {content: a/c}, model: m, limits: {concurrency: 3}}\n"
                  "  - {match: {content: a/d}, model: m, limits: {class: clinic}}\n"));
    writer_init(&out, 4096);
    settings_routes_write(&settings, &out);
    assert_true(bytes_equal_string(
        writer_bytes(&out),
        "routes[0]: {match: {content: a/b}, model: m, limits: {requests_per_s: 0.5, "
        "burst: 7, concurrency: 0, class: batch}}\n"
        "routes[1]: {match: {content: a/c}, model: m, limits: {concurrency: 3, class: "
        "clinic}}\n"
        "routes[2]: {match: {content: a/d}, model: m}\n"));
    writer_deinit(&out);
}

static void without_a_list_there_is_no_route(void **state)
{
    (void)state;
    EXPECT_OK(read_text("threads: 1"));
    assert_string_equal(model_for("text/plain"), "none");
}

static void what_is_wrong_is_told_by_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *why;
    } cases[] = {
        {"routes: x", "galen.yaml:1:9: routes: is not a list"},
        {"routes: ~", "galen.yaml:1:9: routes: is not a list"},
        {"routes: {a: 1}", "galen.yaml:1:9: routes: is not a list"},
        {"routes:\n  - x", "galen.yaml:2:5: routes[0]: needs a mapping"},
        {"routes:\n  - {model: m}", "galen.yaml:2:5: routes[0]"},
        {"routes:\n  - {match: {content: a/b}}", "galen.yaml:2:5: routes[0]"},
        {"routes:\n  - {match: {content: a/b}, model: m, sope: x}",
         "galen.yaml:2:39: routes[0].sope: unknown key"},
        {"routes:\n  - {match: {type: a/b}, model: m}",
         "galen.yaml:2:14: routes[0].match.type: "},
        {"routes:\n  - {match: {content: text}, model: m}",
         "galen.yaml:2:23: routes[0].match.content: is not a media type or type/*"},
        {"routes:\n  - {match: {content: \"*/*\"}, model: m}",
         "galen.yaml:2:23: routes[0].match.content: is not a media type"},
        {"routes:\n  - {match: {content: text/p*}, model: m}",
         "galen.yaml:2:23: routes[0].match.content: is not a media type"},
        {"routes:\n  - {match: {content: text/plain;a=b}, model: m}",
         "galen.yaml:2:23: routes[0].match.content: is not a media type"},
        {"routes:\n  - {match: {content: a/b}, model: m, limits: {requests_per_s: 0.0001}}",
         "galen.yaml:2:64: routes[0].limits.requests_per_s: is neither 0 nor from 0.001"},
        {"routes:\n  - {match: {content: a/b}, model: m, limits: {requests_per_s: -1}}",
         "galen.yaml:2:64: routes[0].limits.requests_per_s: "},
        {"routes:\n  - {match: {content: a/b}, model: m, limits: {burst: 3}}",
         "galen.yaml:2:55: routes[0].limits.burst: needs requests_per_s"},
        {"routes:\n  - {match: {content: a/b}, model: m, limits: {class: night}}",
         "galen.yaml:2:55: routes[0].limits.class: "},
        {"listen: {routes: []}", "galen.yaml:1:18: listen.routes: this setting is no list"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        EXPECT_STATUS(GALEN_INVALID, read_text(cases[i].text));
        if (strncmp(error.text, cases[i].why, strlen(cases[i].why)) != 0) {
            assert_string_equal(error.text, cases[i].why);
        }
    }
}

static void list_is_bounded(void **state)
{
    (void)state;
    static char text[65536];
    size_t size = (size_t)snprintf(text, sizeof(text), "routes:\n");
    for (size_t i = 0; i <= LIMIT_ROUTE_COUNT_MAX; i++) {
        size += (size_t)snprintf(text + size, sizeof(text) - size,
                                 "- {match: {content: a/b}, model: m}\n");
    }
    EXPECT_STATUS(GALEN_INVALID, read_text(text));
    assert_non_null(strstr(error.text, "has more than 1024 routes"));
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(first_route_that_matches_counts),
        TEST(schema_is_relative_to_the_folder_of_the_file),
        TEST(schema_is_shown_with_its_route),
        TEST(path_of_a_schema_is_bounded),
        TEST(limits_are_read_and_what_is_absent_is_left_to_all),
        TEST(limits_are_shown_with_their_route),
        TEST(without_a_list_there_is_no_route),
        TEST(what_is_wrong_is_told_by_its_place),
        TEST(list_is_bounded),
    };
    return cmocka_run_group_tests_name("settings_routes", tests, NULL, NULL);
}
