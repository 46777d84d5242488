/* SPDX-License-Identifier: Apache-2.0 */
/* Models managed over a real socket, with an owner behind it that does nothing. */
#include "manage/front.h"

#include <stdio.h>

#include "base/clock.h"
#include "crypto/hmac.h"
#include "expect.h"
#include "gate_rig.h"
#include "raw_client.h"
#include "service/audit/fake.h"

enum { REQUEST_SIZE = 4096 };

#define TYPE "Content-Type: application/json\r\n"

static struct {
    struct loop *loop;
    struct audit_fake audit;
    struct audit_lane lane;
    struct hmac *hmac;
    struct gate_rig gate;
    struct manage_front *front;
    struct http_server *server;
    struct raw_client client;
    struct task closed_task;
    bool closed;

    /* the owner's */
    struct manage_call *call; /* that waits; NULL: none */
    size_t submit_count;
    enum galen_status submit_status;
} rig;

static enum galen_status submit(void *context, struct manage_call *call,
                                struct error *out_error)
{
    (void)context;
    rig.submit_count++;
    if (rig.submit_status != GALEN_OK) {
        return error_set(out_error, rig.submit_status, "another release is under way");
    }
    rig.call = call;
    return GALEN_OK;
}

static void on_closed(struct task *task)
{
    (void)task;
    rig.closed = true;
}

static void open_server(void)
{
    const struct http_server_options options = {
        .address = "127.0.0.1",
        .connection_count_max = 8,
        .header_timeout_ms = 5000,
        .body_timeout_ms = 5000,
        .idle_timeout_ms = 5000,
        .write_timeout_ms = 5000,
    };
    const struct manage_front_options front_options = {
        .loop = rig.loop, .submit = submit, .audit = &rig.lane, .gate = &rig.gate.gate};
    EXPECT_OK(manage_front_create(&front_options, &rig.front));
    const struct http_handler handler = manage_front_handler(rig.front);
    EXPECT_OK(http_server_open(rig.loop, &options, &handler, &rig.server, NULL));
    raw_connect(&rig.client, rig.loop, http_server_port(rig.server));
}

static int begin(void **state)
{
    const uint8_t key[HMAC_KEY_SIZE] = {0};
    (void)state;
    memset(&rig, 0, sizeof(rig));
    rig.closed_task.run = on_closed;
    EXPECT_OK(loop_create(&rig.loop));
    EXPECT_OK(hmac_create(key, &rig.hmac));
    audit_fake_init(&rig.audit);
    audit_lane_init(&rig.lane, &rig.audit.base, rig.hmac, loop_mailbox(rig.loop));
    gate_rig_init(&rig.gate, true);
    rig.gate.gate.mailbox = loop_mailbox(rig.loop);
    open_server();
    return 0;
}

static int end(void **state)
{
    (void)state;
    raw_close(&rig.client);
    http_server_close(rig.server, &rig.closed_task);
    AWAIT_ON(rig.loop, rig.closed);
    rig.closed = false;
    manage_front_finish(rig.front, &rig.closed_task);
    AWAIT_ON(rig.loop, rig.closed);
    manage_front_destroy(rig.front);
    gate_rig_deinit(&rig.gate);
    hmac_destroy(rig.hmac);
    loop_destroy(rig.loop);
    return 0;
}

/* On a connection of its own: a refusal may have ended the one before. headers end lines.
 */
static void ask(const char *scope, const char *line, const char *headers, const char *body)
{
    char text[REQUEST_SIZE];
    const char *bearer = scope == NULL ? "" : gate_rig_bearer(&rig.gate, scope, "");
    raw_close(&rig.client);
    raw_connect(&rig.client, rig.loop, http_server_port(rig.server));
    rig.client.size = 0;
    rig.client.answer[0] = '\0';
    (void)snprintf(text, sizeof(text),
                   "%s HTTP/1.1\r\nHost: h\r\n%s%s%s%sContent-Length: %zu\r\n\r\n%s", line,
                   scope == NULL ? "" : "Authorization: ", bearer,
                   scope == NULL ? "" : "\r\n", headers, strlen(body), body);
    raw_send(&rig.client, text);
}

static void expect_answer(int status, const char *text)
{
    char line[32];
    (void)snprintf(line, sizeof(line), "HTTP/1.1 %d ", status);
    if (!raw_await(&rig.client, text)) {
        fail_msg("%s", rig.client.answer);
    }
    assert_memory_equal(line, rig.client.answer, strlen(line));
}

static void await_call(void)
{
    AWAIT_ON(rig.loop, rig.call != NULL);
}

static void finish_call(enum galen_status status, const char *text)
{
    struct manage_call *call = rig.call;
    rig.call = NULL;
    call->status = status;
    if (status == GALEN_OK) {
        writer_put_string(&call->text, text);
    } else {
        error_write(&call->error, "%s", text);
    }
    call->done(call);
}

static void expect_recorded(const char *text)
{
    AWAIT_ON(rig.loop, rig.audit.count > 0);
    if (strstr(rig.audit.text, text) == NULL) {
        fail_msg("%s", rig.audit.text);
    }
}

static void a_change_comes_to_the_owner_with_who_asks(void **state)
{
    (void)state;
    ask("models:promote", "POST /galen/models/ecg/canary", TYPE,
        "{\"version\":3,\"percent\":5,\"reason\":\"r\"}");
    await_call();
    assert_int_equal(MANAGE_CANARY, rig.call->operation);
    assert_string_equal("ecg", rig.call->model);
    assert_int_equal(3, rig.call->order.version);
    assert_int_equal(500, rig.call->order.share);
    assert_string_equal("r", rig.call->order.reason);
    assert_true(bytes_equal_string(rig.call->principal->subject, "alice"));
    assert_non_null(rig.call->token_hmac);
    assert_false(rig.call->wants_text);
    finish_call(GALEN_OK, "{\"release\":9}\n");
    expect_answer(200, "{\"release\":9}\n");
    assert_int_equal(0, rig.audit.count);
}

static void who_wants_a_text_gets_one(void **state)
{
    (void)state;
    ask("models:read", "GET /galen/models", "Accept: text/plain\r\n", "");
    await_call();
    assert_true(rig.call->wants_text);
    assert_string_equal("", rig.call->model);
    finish_call(GALEN_OK, "MODEL\n");
    expect_answer(200, "MODEL\n");
    assert_non_null(strstr(rig.client.answer, "Content-Type: text/plain; charset=utf-8"));
}

static void what_the_listener_answers_is_told_without_a_token_and_as_json(void **state)
{
    (void)state;
    ask(NULL, "GET /openapi.json", "Accept: text/plain\r\n", "");
    await_call();
    assert_int_equal(MANAGE_DOCUMENT, rig.call->operation);
    assert_null(rig.call->principal);
    assert_false(rig.call->wants_text);
    finish_call(GALEN_OK, "{\"openapi\":1}");
    expect_answer(200, "{\"openapi\":1}");
}

static void a_release_that_is_not_made_is_a_problem(void **state)
{
    (void)state;
    ask("models:promote", "POST /galen/models/ecg/promote", TYPE, "{\"version\":9}");
    await_call();
    rig.call->is_recorded = true;
    finish_call(GALEN_CONFLICT, "there is no version 9");
    expect_answer(409, "{\"type\":\"/problems/conflict\",");
    expect_answer(409, "\"detail\":\"there is no version 9\"");
    assert_int_equal(0, rig.audit.count);
}

static void what_the_owner_does_not_take_leaves_a_record(void **state)
{
    (void)state;
    rig.submit_status = GALEN_CONFLICT;
    ask("models:promote", "POST /galen/models/ecg/promote", TYPE, "{}");
    expect_answer(409, "another release is under way");
    expect_recorded(
        "{\"event\":\"model.promote\",\"actor\":{\"client_id\":\"ward\",\"sub\":"
        "\"alice\",\"issuer\":\"https://i.example\",\"token_hmac\":\"");
    expect_recorded("\"outcome\":\"refused\",\"reason\":\"conflict\"");
}

static void without_a_token_nobody_comes_in(void **state)
{
    (void)state;
    ask(NULL, "POST /galen/models/ecg/disable", TYPE, "{}");
    expect_answer(401, "{\"type\":\"/problems/unauthenticated\"");
    assert_non_null(
        strstr(rig.client.answer, "WWW-Authenticate: Bearer realm=\"galen\"\r\n"));
    expect_recorded("\"event\":\"authn\"");
    expect_recorded("\"reason\":\"no-token\",\"route\":\"models_disable\"");
    assert_int_equal(0, rig.submit_count);
}

static void each_lacks_the_scope_that_it_has_not(void **state)
{
    (void)state;
    ask("models:read models:admin", "POST /galen/models/ecg/disable", TYPE, "{}");
    expect_answer(403, "error=\"insufficient_scope\", scope=\"models:promote\"");
    expect_recorded("\"event\":\"authz\"");
    ask("models:promote", "GET /galen/models/ecg/history", "", "");
    expect_answer(403, "error=\"insufficient_scope\", scope=\"models:read\"");
    assert_int_equal(0, rig.submit_count);
    assert_int_equal(2, tally_read(&rig.gate.gate.counts.refused[REFUSAL_SCOPE]));
}

static void a_wrong_body_says_where_and_leaves_a_record(void **state)
{
    (void)state;
    ask("models:promote", "POST /galen/models/ecg/promote", TYPE, "{\"percent\":5}");
    expect_answer(400, "\"errors\":[{\"pointer\":\"/percent\",");
    expect_recorded("{\"event\":\"model.promote\",\"actor\":{\"client_id\":\"ward\"");
    expect_recorded("\"outcome\":\"refused\",\"reason\":\"malformed\"}");
    assert_int_equal(0, rig.submit_count);
}

/* What a page of a browser may send to another origin unasked. */
static void a_change_that_is_not_said_to_be_json_is_refused(void **state)
{
    static const char *const headers[] = {
        "", "Content-Type: text/plain\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: multipart/form-data; boundary=x\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        ask("models:promote", "POST /galen/models/ecg/disable", headers[i], "");
        expect_answer(415, "application/json");
    }
    assert_int_equal(0, rig.submit_count);
    ask("models:promote", "POST /galen/models/ecg/disable",
        "Content-Type: application/json; charset=utf-8\r\n", "");
    await_call();
    finish_call(GALEN_OK, "{}");
    expect_answer(200, "{}");
}

static void what_is_not_there_needs_no_token_to_be_told_so(void **state)
{
    (void)state;
    ask(NULL, "GET /galen/nope", "", "");
    expect_answer(404, "{\"type\":\"/problems/not-found\"");
    ask(NULL, "PUT /galen/models/ecg/promote", "", "");
    expect_answer(405, "Allow: POST\r\n");
    assert_int_equal(0, rig.audit.count);
}

static void without_its_record_a_refusal_is_unavailable(void **state)
{
    (void)state;
    rig.audit.status = GALEN_AUDIT_UNAVAILABLE;
    ask("models:read", "POST /galen/models/ecg/promote", TYPE, "{}");
    expect_answer(503, "/problems/audit-unavailable");
}

static void who_leaves_does_not_stop_a_release(void **state)
{
    (void)state;
    ask("models:promote", "POST /galen/models/ecg/promote", TYPE, "{}");
    await_call();
    raw_reset(&rig.client);
    AWAIT_ON(rig.loop, http_server_connection_count(rig.server) == 0);
    assert_non_null(rig.call);
    finish_call(GALEN_OK, "{}");
}

static void who_leaves_before_newer_keys_are_there_asks_for_nothing(void **state)
{
    (void)state;
    gate_rig_know(&rig.gate, false);
    ask("models:promote", "POST /galen/models/ecg/promote", TYPE, "{}");
    AWAIT_ON(rig.loop, rig.gate.waiter != NULL);
    raw_reset(&rig.client);
    AWAIT_ON(rig.loop, http_server_connection_count(rig.server) == 0);
    gate_rig_know(&rig.gate, true);
    gate_rig_tell(&rig.gate);
    assert_int_equal(0, rig.submit_count);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_change_comes_to_the_owner_with_who_asks),
        TEST(who_wants_a_text_gets_one),
        TEST(what_the_listener_answers_is_told_without_a_token_and_as_json),
        TEST(a_release_that_is_not_made_is_a_problem),
        TEST(what_the_owner_does_not_take_leaves_a_record),
        TEST(without_a_token_nobody_comes_in),
        TEST(each_lacks_the_scope_that_it_has_not),
        TEST(a_wrong_body_says_where_and_leaves_a_record),
        TEST(a_change_that_is_not_said_to_be_json_is_refused),
        TEST(what_is_not_there_needs_no_token_to_be_told_so),
        TEST(without_its_record_a_refusal_is_unavailable),
        TEST(who_leaves_does_not_stop_a_release),
        TEST(who_leaves_before_newer_keys_are_there_asks_for_nothing),
    };
    return cmocka_run_group_tests_name("manage front", tests, NULL, NULL);
}
