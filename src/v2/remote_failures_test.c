/* SPDX-License-Identifier: Apache-2.0 */
/* What a call is told of why it failed, by a peer that says what no server of ours would.
 */
#include "v2/remote.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "expect.h"
#include "raw_client.h"

static const float numbers[] = {1.5F, 2.5F};
static const struct galen_tensor inputs[] = {
    {"x", GALEN_FP32, 2, {1, 2}, numbers, sizeof(numbers)}};
static const char *const outputs[] = {"y"};

struct fixture {
    struct loop *loop;
    int listener;
    uint16_t port;
    struct raw_client peer;
    struct infer_service *remote;
    struct infer_call call;
    struct arena arena;
    size_t done_count;
    struct task closed;
    bool is_closed;
};

static struct fixture fixture;

#define AWAIT(condition) AWAIT_ON(fixture.loop, condition)

static void on_closed(struct task *task)
{
    (void)task;
    fixture.is_closed = true;
}

static void on_done(struct infer_call *call)
{
    (void)call;
    fixture.done_count++;
}

static int set_up(void **state)
{
    struct http_client *client = NULL;
    (void)state;
    fixture = (struct fixture){.closed = {.run = on_closed}, .peer = {.descriptor = -1}};
    EXPECT_OK(loop_create(&fixture.loop));
    fixture.listener = raw_listen(&fixture.port);
    const struct http_client_options options = {
        .host = "a.name.of.tls", /* never looked up */
        .address = "127.0.0.1",
        .port = fixture.port,
        .connection_count_max = 1,
        .connect_timeout_ms = 20000,
        .idle_timeout_ms = 20000,
        .response_size_bytes_max = 4096,
    };
    EXPECT_OK(http_client_create(fixture.loop, &options, &client));
    EXPECT_OK(remote_create(client, &fixture.closed, &fixture.remote));
    arena_init(&fixture.arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    raw_close(&fixture.peer);
    infer_call_clear(&fixture.call);
    infer_service_close(fixture.remote);
    AWAIT(fixture.is_closed);
    arena_deinit(&fixture.arena);
    if (fixture.listener >= 0) {
        (void)close(fixture.listener);
    }
    loop_destroy(fixture.loop);
    return 0;
}

static void submit(uint64_t wait_ns)
{
    fixture.call = (struct infer_call){
        .operation = INFER_RUN,
        .request = {.model = "m",
                    .version = "1",
                    .id = "asked",
                    .deadline_ns = clock_monotonic_ns() + wait_ns,
                    .inputs = inputs,
                    .input_count = 1,
                    .outputs = outputs,
                    .output_count = 1},
        .arena = &fixture.arena,
        .mailbox = loop_mailbox(fixture.loop),
        .done = on_done,
    };
    infer_submit(fixture.remote, &fixture.call);
}

static void expect(enum galen_status status, enum infer_failure failure)
{
    AWAIT(fixture.done_count == 1);
    EXPECT_STATUS(status, fixture.call.status);
    assert_int_equal(failure, fixture.call.route.failure);
}

/* One answer with these headers and that body. */
static void answer(const char *head, const char *body)
{
    char text[1024];
    const int size =
        snprintf(text, sizeof(text), "HTTP/1.1 %sContent-Length: %zu\r\n\r\n%s", head,
                 strlen(body), body);
    submit(20 * NS_PER_S);
    raw_accept(&fixture.peer, fixture.loop, fixture.listener);
    assert_true(raw_await(&fixture.peer, "Host: a.name.of.tls:"));
    raw_send_bytes(&fixture.peer, bytes_of(text, (size_t)size));
}

static void who_does_not_listen_is_unreached_and_named_by_its_address(void **state)
{
    (void)state;
    (void)close(fixture.listener);
    fixture.listener = -1;
    submit(20 * NS_PER_S);
    expect(GALEN_UNAVAILABLE, INFER_UNREACHED);
    assert_non_null(strstr(fixture.call.error.text, "127.0.0.1:"));
}

static void who_hangs_up_breaks(void **state)
{
    (void)state;
    submit(20 * NS_PER_S);
    raw_accept(&fixture.peer, fixture.loop, fixture.listener);
    assert_true(raw_await(&fixture.peer, "Host: "));
    raw_close(&fixture.peer);
    expect(GALEN_BAD_UPSTREAM, INFER_BROKEN);
}

static void who_says_nothing_is_late(void **state)
{
    (void)state;
    submit(20 * NS_PER_MS);
    expect(GALEN_TIMEOUT, INFER_LATE);
}

static void refusal_says_when_to_come_again(void **state)
{
    (void)state;
    answer("503 No\r\nRetry-After: 7\r\n", "{\"error\":\"full\"}");
    expect(GALEN_BUSY, INFER_REFUSED);
    assert_int_equal(fixture.call.route.retry_after_s, 7);
}

static void refusal_that_says_a_date_says_nothing(void **state)
{
    (void)state;
    answer("500 No\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", "");
    expect(GALEN_INTERNAL, INFER_REFUSED);
    assert_int_equal(fixture.call.route.retry_after_s, 0);
}

#define RESPONSE(id, name)                                                         \
    "{\"id\":\"" id "\",\"model_name\":\"m\",\"model_version\":\"1\",\"outputs\":" \
    "[{\"name\":\"" name "\",\"datatype\":\"FP32\",\"shape\":[1],\"data\":[1]}]}"

static void right_answer_has_no_failure(void **state)
{
    (void)state;
    answer("200 OK\r\n", RESPONSE("asked", "y"));
    expect(GALEN_OK, INFER_NO_FAILURE);
}

static void what_is_no_answer_is_unusable(void **state)
{
    (void)state;
    answer("200 OK\r\n", "<html>");
    expect(GALEN_BAD_UPSTREAM, INFER_UNUSABLE);
}

static void answer_to_another_request_is_unusable(void **state)
{
    (void)state;
    answer("200 OK\r\n", RESPONSE("other", "y"));
    expect(GALEN_BAD_UPSTREAM, INFER_UNUSABLE);
    assert_non_null(strstr(fixture.call.error.text, "one to another request"));
}

static void answer_without_what_was_asked_for_is_unusable(void **state)
{
    (void)state;
    answer("200 OK\r\n", RESPONSE("asked", "z"));
    expect(GALEN_BAD_UPSTREAM, INFER_UNUSABLE);
    assert_non_null(strstr(fixture.call.error.text, "0 of 1 outputs"));
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        FRESH(who_does_not_listen_is_unreached_and_named_by_its_address),
        FRESH(who_hangs_up_breaks),
        FRESH(who_says_nothing_is_late),
        FRESH(refusal_says_when_to_come_again),
        FRESH(refusal_that_says_a_date_says_nothing),
        FRESH(right_answer_has_no_failure),
        FRESH(what_is_no_answer_is_unusable),
        FRESH(answer_to_another_request_is_unusable),
        FRESH(answer_without_what_was_asked_for_is_unusable),
    };
    return cmocka_run_group_tests_name("remote failures", tests, NULL, NULL);
}
