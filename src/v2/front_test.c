/* SPDX-License-Identifier: Apache-2.0 */
/* What is beside runs, asked for over a real socket of a front with fakes behind it. Runs
 * themselves are remote_test's. */
#include "front_rig.h"

enum { POLL_COUNT = 100 };

static const struct v2_index_entry entries[] = {{"m", "1", V2_STATE_READY, ""}};
static const struct v2_statistics statistics[] = {{.name = "m", .version = "1"}};

static void expect_asked(enum infer_management_operation operation, const char *name,
                         const char *version)
{
    assert_int_equal(operation, fixture.management.operation);
    assert_string_equal(name, fixture.management.model);
    assert_string_equal(version, fixture.management.version);
}

static void the_index_is_answered_where_models_are_managed(void **state)
{
    (void)state;
    fixture.management.index = entries;
    fixture.management.index_count = 1;
    expect("POST", "/v2/repository/index", "", 200,
           "[{\"name\":\"m\",\"version\":\"1\",\"state\":\"READY\"}]");
    assert_false(fixture.management.ready_only);
    expect("POST", "/v2/repository/index", "{\"ready\":true}", 200, "READY");
    assert_true(fixture.management.ready_only);
    assert_int_equal(0, fixture.audit.count);
}

static void a_model_is_loaded_with_a_configuration_and_unloaded(void **state)
{
    (void)state;
    expect("POST", "/v2/repository/models/a%20m/load",
           "{\"parameters\":{\"config\":\"{\\\"x\\\":1}\"}}", 200, "Content-Length: 0\r\n");
    expect_asked(MANAGE_LOAD, "a m", "");
    assert_string_equal("{\"x\":1}", fixture.management.config);
    expect("POST", "/v2/repository/models/m/unload",
           "{\"parameters\":{\"unload_dependents\":true}}", 200, "Content-Length: 0\r\n");
    expect_asked(MANAGE_UNLOAD, "m", "");
}

static void a_load_that_fails_says_why(void **state)
{
    (void)state;
    fixture.management.status = GALEN_INVALID;
    fixture.management.why = "load failed for model 'm'";
    expect("POST", "/v2/repository/models/m/load", "", 400,
           "{\"error\":\"load failed for model 'm'\",\"code\":\"malformed\"}");
}

static void what_a_load_may_not_bring_is_never_asked_for(void **state)
{
    (void)state;
    expect("POST", "/v2/repository/models/m/load",
           "{\"parameters\":{\"file:1/model.onnx\":\"AAAA\"}}", 403, "switched off");
    expect("POST", "/v2/repository/models/m/load", "{", 400, "byte offset");
    assert_int_equal(0, fixture.management.submit_count);
}

static void statistics_and_configuration_are_answered_everywhere(void **state)
{
    (void)state;
    fixture.management.statistics = statistics;
    fixture.management.statistics_count = 1;
    fixture.management.config_json = BYTES("{\"name\":\"m\"}");
    expect("GET", "/v2/models/stats", "", 200, "{\"model_stats\":[{\"name\":\"m\"");
    expect_asked(MANAGE_STATISTICS, "", "");
    expect("GET", "/v2/models/m/versions/1/stats", "", 200, "\"memory_usage\":[]}]}");
    expect_asked(MANAGE_STATISTICS, "m", "1");
    expect("GET", "/v2/models/m/versions/current/config", "", 200, "{\"name\":\"m\"}");
    expect_asked(MANAGE_CONFIG, "m", "current");
    fixture.management.status = GALEN_NOT_FOUND;
    fixture.management.why = "there is none";
    expect("GET", "/v2/models/x/stats", "", 404, "{\"error\":\"there is none\"");
}

static void elsewhere_nothing_is_managed(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *path;
    } rows[] = {
        {"POST", "/v2/repository/index"},
        {"POST", "/v2/repository/models/m/load"},
        {"POST", "/v2/repository/models/m/unload"},
        {"GET", "/v2/logging"},
        {"POST", "/v2/logging"},
        {"GET", "/v2/trace/setting"},
        {"POST", "/v2/models/m/trace/setting"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        raw_close(&fixture.client);
        raw_connect(&fixture.client, fixture.loop, http_server_port(fixture.server));
        expect(rows[i].method, rows[i].path, "", 403, "only on the admin listener");
    }
    assert_int_equal(0, fixture.management.submit_count);
    assert_int_equal(LOG_INFO, log_get_level());
}

static void without_anybody_to_ask_there_are_no_statistics(void **state)
{
    (void)state;
    expect("GET", "/v2/models/stats", "", 501, "told by the engine");
    expect("GET", "/v2/models/m/config", "", 501, "told by the engine");
}

static void what_nobody_has_is_501_and_says_why(void **state)
{
    (void)state;
    expect("POST", "/v2/models/m/generate", "", 501, "generate extension");
    expect("POST", "/v2/repository/r/index", "", 501, "named repositories");
    expect("GET", "/v2/cudasharedmemory/status", "", 501, "shared memory");
}

static void another_method_is_405_and_the_right_ones_are_named(void **state)
{
    (void)state;
    expect("GET", "/v2/repository/index", "", 405, "Allow: POST\r\n");
    expect("DELETE", "/v2/logging", "", 405, "Allow: GET, POST\r\n");
}

static void the_log_is_made_quieter_and_louder(void **state)
{
    (void)state;
    expect("GET", "/v2/logging", "", 200, "\"log_info\":true,\"log_warning\":true");
    expect("POST", "/v2/logging", "{\"log_info\":false}", 200,
           "\"log_info\":false,\"log_warning\":true,\"log_error\":true,"
           "\"log_verbose_level\":0");
    assert_int_equal(LOG_WARN, log_get_level());
    expect("POST", "/v2/logging", "{\"log_warning\":false}", 200, "\"log_warning\":false");
    assert_int_equal(LOG_ERROR, log_get_level());
    expect("POST", "/v2/logging",
           "{\"log_verbose_level\":1,\"log_info\":true,\"log_warning\":true}", 200,
           "\"log_verbose_level\":1");
    assert_int_equal(LOG_DEBUG, log_get_level());
    expect("POST", "/v2/logging", "{\"log_error\":false}", 400, "'log_error'");
    assert_int_equal(LOG_DEBUG, log_get_level());
}

static void nothing_is_traced(void **state)
{
    (void)state;
    expect("GET", "/v2/trace/setting", "", 200, "{\"trace_level\":[\"OFF\"]");
    expect("POST", "/v2/models/m/trace/setting", "{\"trace_level\":[\"OFF\"]}", 200,
           "{\"trace_level\":[\"OFF\"]");
    expect("POST", "/v2/trace/setting", "{\"trace_level\":[\"TIMESTAMPS\"]}", 501,
           "trace extension is not supported");
}

static void a_change_is_answered_when_its_record_is_made(void **state)
{
    (void)state;
    fixture.audit.holds = true;
    send_request("POST", "/v2/repository/models/m/load", "");
    AWAIT_ON(fixture.loop, fixture.audit.held != NULL);
    for (size_t i = 0; i < POLL_COUNT; i++) {
        raw_receive(&fixture.client);
    }
    assert_int_equal(0, fixture.client.size);
    assert_non_null(strstr(fixture.audit.text, "{\"event\":\"model.load\""));
    assert_non_null(strstr(fixture.audit.text, "\"outcome\":\"ok\",\"route\":\"v2_load\","
                                               "\"model\":{\"name\":\"m\"}"));
    audit_fake_finish(&fixture.audit);
    expect_answer(200, "Content-Length: 0\r\n");
}

static void a_change_without_a_record_is_told_so(void **state)
{
    (void)state;
    fixture.audit.status = GALEN_AUDIT_UNAVAILABLE;
    expect("POST", "/v2/logging", "{\"log_info\":false}", 503, "audit-unavailable");
}

static void nothing_is_changed_while_no_record_can_be_made(void **state)
{
    (void)state;
    atomic_store(&fixture.audit.base.is_available, false);
    expect("POST", "/v2/repository/models/m/load", "", 503, "audit-unavailable");
    expect("POST", "/v2/logging", "{\"log_info\":false}", 503, "audit-unavailable");
    assert_int_equal(0, fixture.management.submit_count);
    assert_int_equal(LOG_INFO, log_get_level());
}

static void a_load_that_nobody_waits_for_goes_on(void **state)
{
    (void)state;
    fixture.management.holds = true;
    send_request("POST", "/v2/repository/models/m/load", "");
    AWAIT_ON(fixture.loop, fixture.management.pending != NULL);
    raw_reset(&fixture.client);
    AWAIT_ON(fixture.loop, http_server_connection_count(fixture.server) == 0);
    infer_fake_management_answer(&fixture.management);
    AWAIT_ON(fixture.loop, fixture.audit.count == 1);
    assert_non_null(strstr(fixture.audit.text, "\"outcome\":\"ok\""));
    for (size_t i = 0; i < POLL_COUNT; i++) {
        loop_poll(fixture.loop);
    }
}

static void a_compressed_answer_is_one_too(void **state)
{
    (void)state;
    static struct v2_index_entry many[64];
    for (size_t i = 0; i < 64; i++) {
        many[i] = entries[0];
    }
    fixture.management.index = many;
    fixture.management.index_count = 64;
    raw_send(&fixture.client, "POST /v2/repository/index HTTP/1.1\r\nHost: h\r\n"
                              "Accept-Encoding: gzip\r\nContent-Length: 0\r\n\r\n");
    expect_answer(200, "Content-Encoding: gzip\r\n");
}

static void the_server_lists_what_works_where_it_is_asked(void **state)
{
    (void)state;
    static const char of_all[] =
        "\"extensions\":[\"classification\",\"model_repository\","
        "\"model_repository(unload_dependents)\",\"schedule_policy\","
        "\"model_configuration\",\"binary_tensor_data\",\"parameters\",\"statistics\","
        "\"logging\"]}";
    expect("GET", "/v2", "", 200, of_all);
}

static void the_server_lists_no_management_elsewhere(void **state)
{
    (void)state;
    expect(
        "GET", "/v2", "", 200,
        "\"extensions\":[\"classification\",\"schedule_policy\","
        "\"model_configuration\",\"binary_tensor_data\",\"parameters\",\"statistics\"]}");
}

int main(void)
{
#define ADMIN(test) cmocka_unit_test_setup_teardown(test, set_up_admin, tear_down)
#define PUBLIC(test) cmocka_unit_test_setup_teardown(test, set_up_public, tear_down)
#define ALONE(test) cmocka_unit_test_setup_teardown(test, set_up_alone, tear_down)
    const struct CMUnitTest tests[] = {
        ADMIN(the_index_is_answered_where_models_are_managed),
        ADMIN(a_model_is_loaded_with_a_configuration_and_unloaded),
        ADMIN(a_load_that_fails_says_why),
        ADMIN(what_a_load_may_not_bring_is_never_asked_for),
        PUBLIC(statistics_and_configuration_are_answered_everywhere),
        PUBLIC(elsewhere_nothing_is_managed),
        ALONE(without_anybody_to_ask_there_are_no_statistics),
        ADMIN(what_nobody_has_is_501_and_says_why),
        ADMIN(another_method_is_405_and_the_right_ones_are_named),
        ADMIN(the_log_is_made_quieter_and_louder),
        ADMIN(nothing_is_traced),
        ADMIN(a_change_is_answered_when_its_record_is_made),
        ADMIN(a_change_without_a_record_is_told_so),
        ADMIN(nothing_is_changed_while_no_record_can_be_made),
        ADMIN(a_load_that_nobody_waits_for_goes_on),
        ADMIN(a_compressed_answer_is_one_too),
        ADMIN(the_server_lists_what_works_where_it_is_asked),
        PUBLIC(the_server_lists_no_management_elsewhere),
    };
    return cmocka_run_group_tests_name("v2 front", tests, NULL, NULL);
}
