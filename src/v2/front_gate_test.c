/* SPDX-License-Identifier: Apache-2.0 */
/* Who manages models is asked who they are, over a real socket. */
#include "front_rig.h"
#include "gate_rig.h"

static struct gate_rig gate;

static int begin(void **state, bool has_issuer)
{
    (void)set_up(state);
    gate_rig_init(&gate, has_issuer);
    gate.gate.mailbox = loop_mailbox(fixture.loop);
    fixture.gate = &gate.gate;
    open_front(&fixture.management.base, true);
    return 0;
}

static int begin_guarded(void **state)
{
    return begin(state, true);
}

static int begin_unguarded(void **state)
{
    return begin(state, false);
}

static int end(void **state)
{
    (void)tear_down(state);
    gate_rig_deinit(&gate);
    return 0;
}

/* On a connection of its own: a refusal may have ended the one before. */
static void expect_of(const char *authorization, const char *method, const char *path,
                      int status, const char *text)
{
    raw_close(&fixture.client);
    raw_connect(&fixture.client, fixture.loop, http_server_port(fixture.server));
    fixture.authorization = authorization;
    expect(method, path, "", status, text);
}

static void expect_recorded(const char *text)
{
    AWAIT_ON(fixture.loop, fixture.audit.count > 0);
    if (strstr(fixture.audit.text, text) == NULL) {
        fail_msg("%s", fixture.audit.text);
    }
}

static void without_a_token_nothing_is_managed(void **state)
{
    (void)state;
    expect_of(NULL, "POST", "/v2/repository/models/m/load", 401,
              "{\"error\":\"no token came with the request\"");
    assert_non_null(
        strstr(fixture.client.answer, "WWW-Authenticate: Bearer realm=\"galen\"\r\n"));
    assert_int_equal(0, fixture.management.submit_count);
    expect_recorded(
        "{\"event\":\"authn\",\"actor\":{\"client_id\":\"unidentified\"},"
        "\"outcome\":\"refused\",\"reason\":\"no-token\",\"route\":\"v2_load\"");
}

static void a_token_without_the_scope_is_told_what_is_lacking(void **state)
{
    (void)state;
    expect_of(gate_rig_bearer(&gate, "models:read", ""), "POST",
              "/v2/repository/models/m/unload", 403,
              "WWW-Authenticate: Bearer realm=\"galen\", error=\"insufficient_scope\", "
              "scope=\"models:admin\"\r\n");
    assert_int_equal(0, fixture.management.submit_count);
    expect_recorded("{\"event\":\"authz\",\"actor\":{\"client_id\":\"ward\",\"sub\":"
                    "\"alice\",\"issuer\":\"https://i.example\",\"token_hmac\":\"");
    expect_recorded("\"reason\":\"scope\",\"route\":\"v2_unload\"");
    assert_int_equal(1, tally_read(&gate.gate.counts.refused[REFUSAL_SCOPE]));
}

static void who_may_manages_and_is_named_in_the_record(void **state)
{
    (void)state;
    expect_of(gate_rig_bearer(&gate, "models:admin", ""), "POST",
              "/v2/repository/models/m/load", 200, "Content-Length: 0\r\n");
    assert_int_equal(1, fixture.management.submit_count);
    expect_recorded("{\"event\":\"model.load\",\"actor\":{\"client_id\":\"ward\",\"sub\":"
                    "\"alice\"");
}

static void reading_is_not_recorded_but_its_refusal_is(void **state)
{
    (void)state;
    expect_of(gate_rig_bearer(&gate, "models:read", ""), "GET", "/v2/logging", 200,
              "log_info");
    assert_int_equal(0, fixture.audit.count);
    expect_of(gate_rig_bearer(&gate, "infer:tensor:m", ""), "GET", "/v2/logging", 403,
              "scope=\"models:read\"");
    expect_recorded("\"route\":\"v2_logging\"");
}

static void what_there_is_not_needs_no_token_to_be_told_so(void **state)
{
    (void)state;
    expect_of(NULL, "GET", "/v2/nope", 404, "no such path");
    expect_of(NULL, "GET", "/v2/repository/index", 405, "Allow: POST");
    expect_of(NULL, "GET", "/v2/cudasharedmemory/status", 501, "shared memory");
    expect_of(NULL, "GET", "/v2/health/live", 200, "{\"live\":true}");
}

static void it_is_not_ready_without_the_issuers_keys(void **state)
{
    (void)state;
    expect_of(NULL, "GET", "/v2/health/ready", 200, "\"ready\":true");
    gate_rig_know(&gate, false);
    expect_of(NULL, "GET", "/v2/health/ready", 503, "the keys of auth.issuer");
}

static void begin_waiting(const char *scope)
{
    raw_close(&fixture.client);
    raw_connect(&fixture.client, fixture.loop, http_server_port(fixture.server));
    gate_rig_know(&gate, false);
    fixture.authorization = gate_rig_bearer(&gate, scope, "");
    send_request("POST", "/v2/repository/models/m/load", "");
    AWAIT_ON(fixture.loop, gate.waiter != NULL);
}

static void a_token_of_a_new_key_waits_for_the_keys(void **state)
{
    (void)state;
    begin_waiting("models:admin");
    gate_rig_know(&gate, true);
    gate_rig_tell(&gate);
    expect_answer(200, "Content-Length: 0\r\n");
    assert_int_equal(1, fixture.management.submit_count);
}

static void a_token_of_a_new_key_is_refused_where_none_came(void **state)
{
    (void)state;
    begin_waiting("models:admin");
    gate_rig_tell(&gate);
    expect_answer(503, "keys are not known now");
    assert_null(strstr(fixture.client.answer, "WWW-Authenticate"));
    assert_int_equal(0, fixture.management.submit_count);
}

static void leave(void)
{
    raw_reset(&fixture.client);
    AWAIT_ON(fixture.loop, http_server_connection_count(fixture.server) == 0);
    gate_rig_know(&gate, true);
    gate_rig_tell(&gate);
}

static void who_leaves_meanwhile_has_nothing_changed(void **state)
{
    (void)state;
    begin_waiting("models:admin");
    leave();
    assert_int_equal(0, fixture.management.submit_count);
    assert_int_equal(0, fixture.audit.count);
    v2_front_finish(fixture.front, &fixture.closed_task);
    AWAIT_ON(fixture.loop, fixture.closed);
    fixture.closed = false;
}

static void who_leaves_meanwhile_and_might_not_leaves_a_record(void **state)
{
    (void)state;
    begin_waiting("models:read");
    leave();
    expect_recorded("\"event\":\"authz\"");
    assert_int_equal(0, fixture.management.submit_count);
}

static void without_an_issuer_everybody_manages(void **state)
{
    (void)state;
    expect_of(NULL, "POST", "/v2/repository/models/m/load", 200, "Content-Length: 0\r\n");
    expect_recorded("\"event\":\"model.load\",\"actor\":{\"client_id\":\"unidentified\"}");
}

int main(void)
{
#define GUARDED(test) cmocka_unit_test_setup_teardown(test, begin_guarded, end)
    const struct CMUnitTest tests[] = {
        GUARDED(without_a_token_nothing_is_managed),
        GUARDED(a_token_without_the_scope_is_told_what_is_lacking),
        GUARDED(who_may_manages_and_is_named_in_the_record),
        GUARDED(reading_is_not_recorded_but_its_refusal_is),
        GUARDED(what_there_is_not_needs_no_token_to_be_told_so),
        GUARDED(it_is_not_ready_without_the_issuers_keys),
        GUARDED(a_token_of_a_new_key_waits_for_the_keys),
        GUARDED(a_token_of_a_new_key_is_refused_where_none_came),
        GUARDED(who_leaves_meanwhile_has_nothing_changed),
        GUARDED(who_leaves_meanwhile_and_might_not_leaves_a_record),
        cmocka_unit_test_setup_teardown(without_an_issuer_everybody_manages,
                                        begin_unguarded, end),
    };
    return cmocka_run_group_tests_name("v2 front gate", tests, NULL, NULL);
}
