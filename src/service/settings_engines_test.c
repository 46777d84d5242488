/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings_engines.h"

#include <stdio.h>

#include "base/engine_name.h"
#include "settings_rig.h"

static void expect_refusal(const char *text, const char *why)
{
    (void)set_up(NULL);
    EXPECT_STATUS(GALEN_INVALID, read_text(text));
    if (strncmp(error.text, why, strlen(why)) != 0) {
        assert_string_equal(error.text, why);
    }
}

static void sets_have_names_beside_the_default(void **state)
{
    (void)state;
    EXPECT_OK(read_text("engines:\n"
                        "  green: 'http://g1:8012,https://g2'\n"
                        "  default: local\n"
                        "  gpu_2: {url: http://gpu:1}\n"));
    assert_true(settings.engine.is_local);
    assert_int_equal(settings.engine_set_count, 2);
    assert_int_equal(settings_engine_find(&settings, "green")->count, 2);
    assert_string_equal(settings_engine_find(&settings, "gpu_2")->peers[0].host, "gpu");
    assert_ptr_equal(settings_engine_find(&settings, "default"), &settings.engine);
    assert_null(settings_engine_find(&settings, "blue"));
}

static enum galen_status set(const char *key, const char *urls)
{
    return settings_set(&settings, bytes_from_string(key), bytes_from_string(urls), &error);
}

static void a_set_can_be_said_by_its_key_over_the_file(void **state)
{
    (void)state;
    EXPECT_OK(read_text("engines: {default: http://a, green: http://b}"));
    EXPECT_OK(set("engines.green", "http://c,http://d"));
    EXPECT_OK(set("engines.gpu", "https://e"));
    assert_int_equal(settings.engine_set_count, 2);
    assert_string_equal(settings_engine_find(&settings, "green")->peers[1].host, "d");
    assert_string_equal(settings_engine_find(&settings, "gpu")->peers[0].host, "e");
    assert_string_equal(settings.engine.peers[0].host, "a");
    EXPECT_OK(set("engines.default", "local"));
    assert_true(settings.engine.is_local);
}

static void what_is_wrong_with_a_key_leaves_the_sets_as_they_are(void **state)
{
    (void)state;
    EXPECT_STATUS(GALEN_INVALID, set("engines.green", "local"));
    assert_non_null(strstr(error.text, "engines.green: is not a URL such as"));
    EXPECT_STATUS(GALEN_INVALID, set("engines.g.1", "http://a"));
    assert_non_null(strstr(error.text, "engines.g.1: a name has letters"));
    EXPECT_STATUS(GALEN_INVALID, set("engines.", "http://a"));
    EXPECT_STATUS(GALEN_INVALID, set("engines", "http://a"));
    assert_int_equal(settings.engine_set_count, 0);
    for (int i = 0; i < LIMIT_ENGINE_SET_COUNT_MAX - 1; i++) {
        char key[64];
        (void)snprintf(key, sizeof(key), "engines.e%d", i);
        EXPECT_OK(set(key, "http://a"));
    }
    EXPECT_STATUS(GALEN_INVALID, set("engines.more", "http://a"));
    assert_non_null(strstr(error.text, "engines.more: there are more than"));
    EXPECT_OK(set("engines.e0", "http://b"));
}

static void what_is_wrong_is_told_by_its_place(void **state)
{
    (void)state;
    expect_refusal("engines: {green: local}",
                   "galen.yaml:1:18: engines.green: is not a URL such as");
    expect_refusal("engines: {default: {url: local}}",
                   "galen.yaml:1:26: engines.default.url: is not a URL such as");
    expect_refusal("engines: {green: {url: http://a, arms: b}}",
                   "galen.yaml:1:18: engines.green: needs url, and nothing else");
    expect_refusal("engines: {green: {}}", "galen.yaml:1:18: engines.green: needs url");
    expect_refusal("engines: {g.1: http://a}",
                   "galen.yaml:1:11: engines['g.1']: a name has letters");
    expect_refusal("engines: [http://a]",
                   "galen.yaml:1:10: engines: is not a mapping of names to URLs");
    expect_refusal("engines: {}", "galen.yaml:1:10: engines: is empty");
    expect_refusal("engines: {green: [http://a]}", "galen.yaml:1:18: engines.green: ");
}

static void sets_are_bounded(void **state)
{
    (void)state;
    char text[1024] = "engines:\n";
    for (size_t i = 0; i < LIMIT_ENGINE_SET_COUNT_MAX - 1; i++) {
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
                       "  e%zu: http://a:%zu\n", i, i + 1);
    }
    EXPECT_OK(read_text(text));
    (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "  more: http://b\n");
    EXPECT_STATUS(GALEN_INVALID, read_text(text));
    assert_non_null(strstr(error.text, "engines.more: there are more than 8 sets"));
}

static void names_are_short_and_plain(void **state)
{
    (void)state;
    assert_true(engine_name_is_valid("a234567890123456789012345678901-"));
    assert_false(engine_name_is_valid("a234567890123456789012345678901-x"));
    assert_false(engine_name_is_valid(""));
    assert_false(engine_name_is_valid("a b"));
    assert_false(engine_name_is_valid("a/b"));
}

static void route_names_one_that_is_there(void **state)
{
    (void)state;
    EXPECT_OK(read_text("routes:\n"
                        "  - {match: {content: a/b}, model: m, engine: green}\n"
                        "  - {match: {content: a/c}, model: m, engine: green}\n"
                        "  - {match: {content: a/d}, model: n, engine: default}\n"
                        "engines: {green: http://g}\n"));
    assert_string_equal(settings.routes[0].engine, "green");
    assert_string_equal(settings.routes[2].engine, "");
    expect_refusal("engines: {green: http://g}\n"
                   "routes: [{match: {content: a/b}, model: m, engine: gren}]\n",
                   "galen.yaml:2:52: routes[0].engine: there are no such engines");
}

static void routes_of_one_model_agree_on_where_it_runs(void **state)
{
    (void)state;
    expect_refusal("engines: {green: http://g}\n"
                   "routes:\n"
                   "  - {match: {content: a/b}, model: m, engine: green}\n"
                   "  - {match: {content: a/c}, model: m}\n",
                   "galen.yaml:4:5: routes[1]: another route of 'm' says otherwise");
}

static void sets_stay_as_they_were_at_the_start(void **state)
{
    (void)state;
    static struct settings after;
    EXPECT_OK(read_text("engines: {green: http://g}"));
    settings_init(&after);
    EXPECT_OK(
        settings_read(&after, BYTES("engines: {green: 'http://g,http://h'}"), "x", &error));
    EXPECT_STATUS(GALEN_INVALID, settings_check_live(&settings, &after, &error));
    assert_string_equal(error.text,
                        "engines: cannot change while the program runs: start it anew");
    EXPECT_OK(settings_check_live(&settings, &settings, &error));
}

static void sets_and_routes_are_shown(void **state)
{
    (void)state;
    struct writer out;
    EXPECT_OK(read_text("engines: {green: 'http://g:1,http://h:2'}\n"
                        "routes: [{match: {content: a/b}, model: m, engine: green}]\n"));
    writer_init(&out, 1 << 20);
    settings_write(&settings, &out);
    writer_put(&out, bytes_of("", 1));
    const char *text = (const char *)writer_bytes(&out).data;
    assert_non_null(strstr(text, "\nengines.green: http://g:1,http://h:2\n"));
    assert_non_null(strstr(text, "{content: a/b}, model: m, engine: green}\n"));
    writer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(sets_have_names_beside_the_default, set_up),
        cmocka_unit_test_setup(a_set_can_be_said_by_its_key_over_the_file, set_up),
        cmocka_unit_test_setup(what_is_wrong_with_a_key_leaves_the_sets_as_they_are,
                               set_up),
        cmocka_unit_test_setup(what_is_wrong_is_told_by_its_place, set_up),
        cmocka_unit_test_setup(sets_are_bounded, set_up),
        cmocka_unit_test_setup(names_are_short_and_plain, set_up),
        cmocka_unit_test_setup(route_names_one_that_is_there, set_up),
        cmocka_unit_test_setup(routes_of_one_model_agree_on_where_it_runs, set_up),
        cmocka_unit_test_setup(sets_stay_as_they_were_at_the_start, set_up),
        cmocka_unit_test_setup(sets_and_routes_are_shown, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
