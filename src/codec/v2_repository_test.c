/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "codec/v2_management.h"
#include "expect.h"

static struct arena arena;
static struct error error;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static void an_index_may_be_asked_for_with_nothing(void **state)
{
    (void)state;
    bool ready_only = true;
    EXPECT_OK(v2_index_request_decode(BYTES_NONE, &arena, &ready_only, &error));
    assert_false(ready_only);
    EXPECT_OK(
        v2_index_request_decode(BYTES("{\"ready\":true}"), &arena, &ready_only, &error));
    assert_true(ready_only);
    EXPECT_OK(v2_index_request_decode(BYTES("{}"), &arena, &ready_only, &error));
    assert_false(ready_only);
}

static void a_load_may_bring_a_configuration(void **state)
{
    (void)state;
    struct bytes config = BYTES("before");
    EXPECT_OK(v2_load_request_decode(BYTES_NONE, &arena, &config, &error));
    assert_int_equal(0, config.size);
    EXPECT_OK(
        v2_load_request_decode(BYTES("{\"parameters\":{}}"), &arena, &config, &error));
    assert_int_equal(0, config.size);
    EXPECT_OK(v2_load_request_decode(
        BYTES("{\"parameters\":{\"config\":\"{\\\"max_batch_size\\\":4}\"}}"), &arena,
        &config, &error));
    assert_true(bytes_equal_string(config, "{\"max_batch_size\":4}"));
}

static void a_load_that_brings_files_is_forbidden(void **state)
{
    (void)state;
    struct bytes config = BYTES_NONE;
    EXPECT_STATUS(GALEN_FORBIDDEN,
                  v2_load_request_decode(BYTES("{\"parameters\":{\"config\":\"{}\","
                                               "\"file:../../etc/passwd\":\"AAAA\"}}"),
                                         &arena, &config, &error));
    assert_non_null(strstr(error.text, "switched off"));
    assert_null(strstr(error.text, "passwd"));
    assert_int_equal(0, config.size);
}

static void an_unload_may_want_dependents_gone_too(void **state)
{
    (void)state;
    EXPECT_OK(v2_unload_request_decode(BYTES_NONE, &arena, &error));
    EXPECT_OK(v2_unload_request_decode(
        BYTES("{\"parameters\":{\"unload_dependents\":true}}"), &arena, &error));
}

static void what_is_not_understood_is_refused_where_it_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *pointer; /* of an index request; NULL: not asked */
        const char *load_pointer;
    } rows[] = {
        {"[]", "", ""},
        {"{", "", ""},
        {"{\"ready\":1}", "/ready", ""},
        {"{\"other\":true}", "", ""},
        {"{\"parameters\":[]}", NULL, "/parameters"},
        {"{\"parameters\":{\"config\":{}}}", NULL, "/parameters/config"},
        {"{\"parameters\":{\"config\":\"{\"}}", NULL, "/parameters/config"},
        {"{\"parameters\":{\"config\":\"[]\"}}", NULL, "/parameters/config"},
        {"{\"parameters\":{\"confg\":\"{}\"}}", NULL, "/parameters"},
        {"{\"parameters\":{\"unload_dependents\":true}}", NULL, "/parameters"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct bytes body = bytes_from_string(rows[i].json);
        struct bytes config;
        bool ready_only;
        error_clear(&error);
        EXPECT_STATUS(GALEN_INVALID, v2_load_request_decode(body, &arena, &config, &error));
        assert_string_equal(rows[i].load_pointer, error.pointer);
        error_clear(&error);
        EXPECT_STATUS(GALEN_INVALID,
                      v2_index_request_decode(body, &arena, &ready_only, &error));
        assert_string_equal(rows[i].pointer == NULL ? "" : rows[i].pointer, error.pointer);
    }
    EXPECT_STATUS(GALEN_INVALID,
                  v2_unload_request_decode(
                      BYTES("{\"parameters\":{\"unload_dependents\":1}}"), &arena, &error));
}

int main(void)
{
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(an_index_may_be_asked_for_with_nothing),
        WITH_FIXTURE(a_load_may_bring_a_configuration),
        WITH_FIXTURE(a_load_that_brings_files_is_forbidden),
        WITH_FIXTURE(an_unload_may_want_dependents_gone_too),
        WITH_FIXTURE(what_is_not_understood_is_refused_where_it_is_wrong),
    };
    return cmocka_run_group_tests_name("v2_repository", tests, NULL, NULL);
}
