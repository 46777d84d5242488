/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "codec/v2_management.h"
#include "expect.h"

static struct arena arena;
static struct error error;
static struct v2_log_settings settings;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    settings = (struct v2_log_settings){.info = true, .warning = true, .error = true};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static void expect_settings(const char *json)
{
    struct writer out;
    writer_init(&out, 4096);
    v2_log_settings_encode(&settings, &out);
    EXPECT_OK(out.status);
    assert_true(bytes_equal_string(writer_bytes(&out), json));
    writer_deinit(&out);
}

static enum galen_status update(const char *json)
{
    error_clear(&error);
    return v2_log_settings_update(bytes_from_string(json), &arena, &settings, &error);
}

static void log_settings_are_written_in_tritons_order(void **state)
{
    (void)state;
    expect_settings("{\"log_file\":\"\",\"log_info\":true,\"log_warning\":true,"
                    "\"log_error\":true,\"log_verbose_level\":0,\"log_format\":"
                    "\"ISO8601\"}");
}

static void only_the_settings_that_are_named_change(void **state)
{
    (void)state;
    EXPECT_OK(update("{\"log_verbose_level\":1}"));
    assert_true(settings.verbose && settings.info);
    EXPECT_OK(update("{\"log_verbose_level\":0,\"log_info\":false}"));
    assert_true(!settings.verbose && !settings.info && settings.warning);
    EXPECT_OK(
        update("{\"log_warning\":false,\"log_file\":\"\",\"log_format\":\"ISO8601\"}"));
    assert_true(!settings.warning && settings.error);
    EXPECT_OK(update("{}"));
    assert_true(!settings.warning && settings.error);
}

static void log_settings_that_cannot_be_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *name;
    } rows[] = {
        {"{\"log_error\":false}", "'log_error'"},
        {"{\"log_warning\":false}", "'log_warning'"},
        {"{\"log_info\":false,\"log_verbose_level\":1}", "'log_info'"},
        {"{\"log_info\":0}", "'log_info'"},
        {"{\"log_verbose_level\":2}", "'log_verbose_level'"},
        {"{\"log_verbose_level\":\"1\"}", "'log_verbose_level'"},
        {"{\"log_file\":\"/var/log/x\"}", "'log_file'"},
        {"{\"log_format\":\"default\"}", "'log_format'"},
        {"{\"log_verbose_level\":1,\"log_color\":true}", "setting 1"},
        {"[]", "object"},
        {"", "byte offset"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        EXPECT_STATUS(GALEN_INVALID, update(rows[i].json));
        if (strstr(error.text, rows[i].name) == NULL) {
            fail_msg("%s: %s", rows[i].json, error.text);
        }
        assert_true(settings.info && settings.warning && settings.error);
        assert_false(settings.verbose);
    }
}

static enum galen_status check_trace(const char *json)
{
    error_clear(&error);
    return v2_trace_settings_check(bytes_from_string(json), &arena, &error);
}

static void what_trace_says_of_itself_it_takes(void **state)
{
    (void)state;
    struct writer out;
    writer_init(&out, 4096);
    v2_trace_settings_encode(&out);
    EXPECT_OK(out.status);
    assert_true(bytes_equal_string(
        writer_bytes(&out),
        "{\"trace_level\":[\"OFF\"],\"trace_rate\":\"1000\",\"trace_count\":\"-1\","
        "\"log_frequency\":\"0\",\"trace_file\":\"\",\"trace_mode\":\"triton\"}"));
    EXPECT_OK(v2_trace_settings_check(writer_bytes(&out), &arena, &error));
    writer_deinit(&out);
}

static void trace_stays_off(void **state)
{
    (void)state;
    EXPECT_OK(check_trace("{}"));
    EXPECT_OK(
        check_trace("{\"trace_level\":null,\"trace_rate\":1000,\"trace_file\":null}"));
    EXPECT_STATUS(GALEN_NOT_IMPLEMENTED, check_trace("{\"trace_level\":[\"TIMESTAMPS\"]}"));
    assert_string_equal("/trace_level", error.pointer);
    EXPECT_STATUS(GALEN_NOT_IMPLEMENTED, check_trace("{\"trace_level\":\"TENSORS\"}"));
    EXPECT_STATUS(GALEN_INVALID, check_trace("{\"trace_rate\":\"1\"}"));
    assert_non_null(strstr(error.text, "'trace_rate'"));
    EXPECT_STATUS(GALEN_INVALID, check_trace("{\"trace_colour\":\"1\"}"));
    EXPECT_STATUS(GALEN_INVALID, check_trace("[]"));
}

int main(void)
{
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(log_settings_are_written_in_tritons_order),
        WITH_FIXTURE(only_the_settings_that_are_named_change),
        WITH_FIXTURE(log_settings_that_cannot_be_are_refused_by_name),
        WITH_FIXTURE(what_trace_says_of_itself_it_takes),
        WITH_FIXTURE(trace_stays_off),
    };
    return cmocka_run_group_tests_name("v2_settings", tests, NULL, NULL);
}
