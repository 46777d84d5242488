/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/jwks_keeper.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "manual_mailbox.h"
#include "net/http_server.h"
#include "raw_client.h"
#include "service/auth/jwks_flight.h"

enum { BODY_SIZE = 512, WAITER_COUNT = 4, PATH_SIZE = 128, FLOOD_COUNT = 1000 };

/* What the issuer answers by path; the keys are a text like "a,b". */
struct page {
    const char *path;
    int status;
    char body[BODY_SIZE];
};

enum { OPENID, OAUTH, JWKS, PAGE_COUNT };

struct fixture {
    struct loop *loop;
    struct http_server *server;
    struct page pages[PAGE_COUNT];
    struct http_header header; /* asked for until the fixture is closed */
    size_t header_count;
    size_t asked[PAGE_COUNT];
    bool holds_answers;
    struct http_exchange *held;
    size_t held_page;

    struct jwks_keeper_options options;
    struct http_client_options client;
    char issuer[PATH_SIZE];
    char url[PATH_SIZE];
    struct jwks_keeper *keeper;
    char keys[BODY_SIZE];
    size_t published_count;
    size_t dropped_count;

    struct manual_mailbox mailbox;
    struct jwks_waiter waiters[WAITER_COUNT];
    size_t told_count;
    bool closed;
    struct task closed_task;
};

static struct fixture fixture;

#define AWAIT(condition) AWAIT_ON(fixture.loop, condition)

/* The issuer */

static void answer(struct http_exchange *exchange, size_t index)
{
    const struct page *page = &fixture.pages[index];
    struct http_response response = {.status = page->status,
                                     .headers = &fixture.header,
                                     .header_count = fixture.header_count,
                                     .part_count = 1};
    struct blob *body = blob_create(strlen(page->body), 0);
    memcpy(blob_data(body), page->body, strlen(page->body));
    response.parts[0] =
        (struct http_part){bytes_of(blob_data(body), blob_size(body)), body};
    http_exchange_respond(exchange, &response);
}

static void on_headers(void *context, struct http_exchange *exchange)
{
    const struct bytes path = http_exchange_head(exchange)->path;
    (void)context;
    for (size_t i = 0; i < PAGE_COUNT; i++) {
        if (bytes_equal_string(path, fixture.pages[i].path)) {
            fixture.asked[i]++;
            fixture.held_page = i;
        }
    }
    if (fixture.holds_answers) {
        assert_null(fixture.held);
        fixture.held = http_exchange_ref(exchange);
    } else {
        answer(exchange, fixture.held_page);
    }
}

static void let_go(void)
{
    fixture.holds_answers = false;
    answer(fixture.held, fixture.held_page);
    http_exchange_unref(take(&fixture.held));
}

static void on_body(void *context, struct http_exchange *exchange)
{
    (void)context, (void)exchange;
}

static void on_refuse(void *context, int status, struct bytes path,
                      const struct error *error, struct http_response *out_response)
{
    (void)context, (void)status, (void)path, (void)error, (void)out_response;
}

static const struct http_handler handler = {
    .headers = on_headers, .body = on_body, .refuse = on_refuse};

static const struct http_server_options server_options = {
    .address = "127.0.0.1",
    .connection_count_max = 100,
    .header_timeout_ms = 20000,
    .body_timeout_ms = 20000,
    .idle_timeout_ms = 20000,
    .write_timeout_ms = 20000,
};

/* Whose keys they are */

static enum galen_status publish(void *owner, struct bytes document, size_t *out_key_count,
                                 struct error *out_error)
{
    assert_ptr_equal(owner, &fixture);
    if (bytes_find(document, '!') < document.size) {
        return error_set(out_error, GALEN_INVALID, "it has a '!'");
    }
    (void)snprintf(fixture.keys, sizeof(fixture.keys), "%.*s", BYTES_PRINT(document));
    *out_key_count = document.size / 2 + 1;
    fixture.published_count++;
    return GALEN_OK;
}

static bool holds(void *owner, struct bytes kid)
{
    (void)owner;
    return memmem(fixture.keys, strlen(fixture.keys), kid.data, kid.size) != NULL;
}

static void drop(void *owner)
{
    (void)owner;
    fixture.keys[0] = '\0';
    fixture.dropped_count++;
}

static const struct jwks_owner_ops ops = {publish, holds, drop};

/* The fixture */

static void on_closed(struct task *task)
{
    (void)task;
    fixture.closed = true;
}

static void set_page(size_t index, const char *path, int status, const char *body)
{
    fixture.pages[index] = (struct page){.path = path, .status = status};
    (void)snprintf(fixture.pages[index].body, BODY_SIZE, "%s", body);
}

static void set_documents(void)
{
    char document[BODY_SIZE];
    const unsigned port = http_server_port(fixture.server);
    (void)snprintf(fixture.issuer, PATH_SIZE, "http://127.0.0.1:%u/a", port);
    (void)snprintf(fixture.url, PATH_SIZE, "http://127.0.0.1:%u/jwks", port);
    (void)snprintf(document, sizeof(document), "{\"issuer\":\"%s\",\"jwks_uri\":\"%s\"}",
                   fixture.issuer, fixture.url);
    set_page(OPENID, "/a/.well-known/openid-configuration", 200, document);
    set_page(OAUTH, "/.well-known/oauth-authorization-server/a", 404, document);
    set_page(JWKS, "/jwks", 200, "a,b");
}

static int open_all(void **state)
{
    (void)state;
    fixture = (struct fixture){.closed_task.run = on_closed};
    EXPECT_OK(loop_create(&fixture.loop));
    EXPECT_OK(
        http_server_open(fixture.loop, &server_options, &handler, &fixture.server, NULL));
    manual_mailbox_init(&fixture.mailbox);
    set_documents();
    fixture.client = (struct http_client_options){
        .connection_count_max = 1,
        .waiting_count_max = 1,
        .connect_timeout_ms = 20000,
        .idle_timeout_ms = 20000,
    };
    fixture.options = jwks_keeper_defaults();
    fixture.options.loop = fixture.loop;
    fixture.options.client = &fixture.client;
    fixture.options.ops = &ops;
    fixture.options.owner = &fixture;
    fixture.options.timeout_ms = 20000;
    return 0;
}

static void close_keeper(void)
{
    jwks_keeper_close(take(&fixture.keeper), &fixture.closed_task);
    AWAIT(fixture.closed);
    fixture.closed = false;
}

static int close_all(void **state)
{
    (void)state;
    if (fixture.keeper != NULL) {
        close_keeper();
    }
    (void)manual_mailbox_run(&fixture.mailbox);
    manual_mailbox_deinit(&fixture.mailbox);
    http_exchange_unref(fixture.held);
    http_server_close(fixture.server, &fixture.closed_task);
    AWAIT(fixture.closed);
    loop_destroy(fixture.loop);
    return 0;
}

static void create(void)
{
    EXPECT_OK(jwks_keeper_create(&fixture.options, &fixture.keeper, NULL));
}

static void create_from_url(void)
{
    fixture.options.source.url = fixture.url;
    create();
}

static void create_from_issuer(void)
{
    fixture.options.source.issuer = fixture.issuer;
    create();
}

/* The least that jwks_refresh allows: what is due is due at once. */
static void be_quick(void)
{
    fixture.options.refresh.interval_ns = 1;
    fixture.options.refresh.backoff_ns_max = 1;
    fixture.options.refresh.lifetime_ns_min = 1;
}

static struct jwks_counts counts(void)
{
    struct jwks_counts result;
    jwks_keeper_count(fixture.keeper, &result);
    return result;
}

static uint64_t flight_count(void)
{
    const struct jwks_counts now = counts();
    uint64_t count = 0;
    for (size_t i = 0; i < JWKS_RESULT_COUNT; i++) {
        count += now.flights[i];
    }
    return count;
}

static void expect_one_flight(enum jwks_result result)
{
    AWAIT(flight_count() > 0);
    assert_int_equal(counts().flights[result], 1);
    assert_int_equal(flight_count(), 1);
}

static void on_told(struct jwks_waiter *waiter)
{
    (void)waiter;
    fixture.told_count++;
}

static bool want(size_t index, const char *kid)
{
    struct jwks_waiter *waiter = &fixture.waiters[index];
    *waiter = (struct jwks_waiter){
        .mailbox = &fixture.mailbox.base, .kid = bytes_from_string(kid), .told = on_told};
    return jwks_keeper_want(fixture.keeper, waiter, clock_monotonic_ns());
}

static bool told(size_t count)
{
    (void)manual_mailbox_run(&fixture.mailbox);
    return fixture.told_count == count;
}

/* Where keys come from */

static void keys_come_from_a_url(void **state)
{
    (void)state;
    create_from_url();
    AWAIT(fixture.published_count == 1);
    assert_string_equal(fixture.keys, "a,b");
    assert_int_equal(fixture.asked[OPENID], 0);
    const struct jwks_counts now = counts();
    assert_int_equal(now.flights[JWKS_RESULT_FETCHED], 1);
    assert_int_equal(now.key_count, 2);
    assert_true(now.has_keys);
}

static void keys_come_by_discovery(void **state)
{
    (void)state;
    create_from_issuer();
    AWAIT(fixture.published_count == 1);
    assert_string_equal(fixture.keys, "a,b");
    assert_int_equal(fixture.asked[OPENID], 1);
    assert_int_equal(fixture.asked[OAUTH], 0);
}

static void where_there_is_no_openid_oauth_says_it(void **state)
{
    (void)state;
    fixture.pages[OPENID].status = 404;
    fixture.pages[OAUTH].status = 200;
    create_from_issuer();
    AWAIT(fixture.published_count == 1);
    assert_int_equal(fixture.asked[OPENID], 1);
    assert_int_equal(fixture.asked[OAUTH], 1);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void a_file_is_read_and_again_when_asked(void **state)
{
    char path[] = "/tmp/jwks_keeper_test.XXXXXX";
    const int file = mkstemp(path);
    (void)state;
    (void)close(file);
    be_quick();
    write_file(path, "a");
    fixture.options.source.file = path;
    create();
    AWAIT(fixture.published_count == 1);
    assert_string_equal(fixture.keys, "a");
    write_file(path, "a,b");
    jwks_keeper_hurry(fixture.keeper);
    AWAIT(fixture.published_count == 2);
    assert_string_equal(fixture.keys, "a,b");
    (void)unlink(path);
}

static void a_file_that_is_not_there_has_no_keys(void **state)
{
    (void)state;
    fixture.options.source.file = "/nowhere/jwks.json";
    create();
    expect_one_flight(JWKS_RESULT_UNREACHABLE);
    assert_false(counts().has_keys);
}

/* What is no answer */

static void a_redirect_is_not_followed(void **state)
{
    (void)state;
    fixture.pages[OPENID].status = 302;
    fixture.header =
        (struct http_header){BYTES("Location"), bytes_from_string(fixture.url)};
    fixture.header_count = 1;
    create_from_issuer();
    expect_one_flight(JWKS_RESULT_REFUSED);
    assert_int_equal(fixture.asked[JWKS], 0);
}

static void another_issuers_document_is_unusable(void **state)
{
    (void)state;
    fixture.pages[OPENID].body[strlen("{\"issuer\":\"http://127.0.0.")] = '2';
    create_from_issuer();
    expect_one_flight(JWKS_RESULT_UNUSABLE);
    assert_int_equal(fixture.asked[JWKS], 0);
}

static void a_document_that_the_owner_refuses_is_unusable(void **state)
{
    (void)state;
    set_page(JWKS, "/jwks", 200, "!");
    create_from_url();
    expect_one_flight(JWKS_RESULT_UNUSABLE);
    assert_false(counts().has_keys);
}

static void an_issuer_that_is_not_there_is_unreachable(void **state)
{
    (void)state;
    uint16_t port;
    (void)close(raw_listen(&port));
    (void)snprintf(fixture.url, PATH_SIZE, "http://127.0.0.1:%u/jwks", (unsigned)port);
    create_from_url();
    expect_one_flight(JWKS_RESULT_UNREACHABLE);
}

static void an_issuer_that_does_not_answer_is_unreachable(void **state)
{
    (void)state;
    fixture.holds_answers = true;
    fixture.options.timeout_ms = 1;
    create_from_url();
    expect_one_flight(JWKS_RESULT_UNREACHABLE);
}

static void an_answer_that_is_too_large_is_unusable(void **state)
{
    struct raw_client peer;
    uint16_t port;
    char head[BODY_SIZE];
    const int listener = raw_listen(&port);
    (void)state;
    (void)snprintf(fixture.url, PATH_SIZE, "http://127.0.0.1:%u/jwks", (unsigned)port);
    (void)snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n",
                   LIMIT_KEY_SET_SIZE_BYTES_MAX + 1);
    create_from_url();
    raw_accept(&peer, fixture.loop, listener);
    raw_send(&peer, head);
    expect_one_flight(JWKS_RESULT_UNUSABLE);
    raw_close(&peer);
    (void)close(listener);
}

static void https_is_not_asked_in_clear(void **state)
{
    (void)state;
    fixture.options.source.url = "https://127.0.0.1:1/jwks";
    create();
    expect_one_flight(JWKS_RESULT_UNUSABLE);
}

/* Which has no TLS here: it is told by being asked at all. */
static void https_is_asked_with_the_secure_clients_options(void **state)
{
    char url[PATH_SIZE];
    (void)state;
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/jwks",
                   (unsigned)http_server_port(fixture.server));
    fixture.options.source.url = url;
    fixture.options.client = NULL;
    fixture.options.secure_client = &fixture.client;
    create();
    AWAIT(fixture.published_count == 1);
}

static void http_is_not_asked_with_them(void **state)
{
    (void)state;
    fixture.options.client = NULL;
    fixture.options.secure_client = &fixture.client;
    create_from_url();
    expect_one_flight(JWKS_RESULT_UNUSABLE);
}

static void a_source_that_is_not_safe_is_refused(void **state)
{
    struct error error = {"", ""};
    (void)state;
    fixture.options.source.url = "http://idp.example/jwks";
    EXPECT_STATUS(GALEN_INVALID,
                  jwks_keeper_create(&fixture.options, &fixture.keeper, &error));
    assert_non_null(strstr(error.text, "neither https"));
    fixture.options.source = (struct jwks_source){.issuer = "http://idp.example"};
    EXPECT_STATUS(GALEN_INVALID,
                  jwks_keeper_create(&fixture.options, &fixture.keeper, &error));
}

/* As time goes on */

static void keys_are_fetched_again_as_often_as_the_issuer_says(void **state)
{
    (void)state;
    be_quick();
    fixture.header = (struct http_header){BYTES("Cache-Control"), BYTES("max-age=0")};
    fixture.header_count = 1;
    create_from_url();
    AWAIT(fixture.published_count == 3);
}

static void without_a_word_of_the_issuers_keys_are_kept(void **state)
{
    (void)state;
    be_quick();
    create_from_url();
    AWAIT(fixture.published_count == 1);
    for (size_t i = 0; i < 10; i++) {
        loop_poll(fixture.loop);
    }
    assert_int_equal(fixture.published_count, 1);
}

static void keys_that_are_too_old_are_dropped(void **state)
{
    (void)state;
    be_quick();
    fixture.options.refresh.lifetime_ns_default = 1;
    fixture.options.refresh.lifetime_ns_max = 1;
    fixture.options.refresh.age_ns_max = 50 * NS_PER_MS;
    create_from_url();
    AWAIT(fixture.published_count >= 1);
    fixture.pages[JWKS].status = 503;
    AWAIT(fixture.dropped_count == 1);
    assert_string_equal(fixture.keys, "");
    assert_false(counts().has_keys);
    fixture.pages[JWKS].status = 200;
    AWAIT(counts().has_keys);
    assert_string_equal(fixture.keys, "a,b");
}

static void old_keys_count_on_while_the_issuer_fails(void **state)
{
    (void)state;
    be_quick();
    create_from_url();
    AWAIT(fixture.published_count == 1);
    set_page(JWKS, "/jwks", 200, "!");
    jwks_keeper_hurry(fixture.keeper);
    AWAIT(counts().flights[JWKS_RESULT_UNUSABLE] > 1);
    assert_string_equal(fixture.keys, "a,b");
    assert_true(counts().has_keys);
}

/* Wishes */

static void a_rotated_key_is_fetched_when_it_is_wanted(void **state)
{
    (void)state;
    be_quick();
    create_from_url();
    AWAIT(fixture.published_count == 1);
    set_page(JWKS, "/jwks", 200, "b,c");
    assert_true(want(0, "c"));
    AWAIT(told(1));
    assert_int_equal(fixture.waiters[0].outcome, JWKS_LOOK_AGAIN);
    assert_string_equal(fixture.keys, "b,c");
}

static void wishes_share_a_flight(void **state)
{
    (void)state;
    fixture.holds_answers = true;
    create_from_url();
    AWAIT(fixture.held != NULL);
    assert_true(want(0, "a"));
    assert_true(want(1, "b"));
    loop_poll(fixture.loop);
    let_go();
    AWAIT(told(2));
    assert_int_equal(fixture.waiters[0].outcome, JWKS_LOOK_AGAIN);
    assert_int_equal(fixture.waiters[1].outcome, JWKS_LOOK_AGAIN);
    assert_int_equal(fixture.asked[JWKS], 1);
}

static void a_late_wish_in_vain_is_refused_within_the_interval(void **state)
{
    (void)state;
    fixture.holds_answers = true;
    create_from_url();
    AWAIT(fixture.held != NULL);
    assert_true(want(0, "c"));
    loop_poll(fixture.loop);
    let_go();
    AWAIT(told(1));
    assert_int_equal(fixture.waiters[0].outcome, JWKS_REFUSED);
    assert_int_equal(counts().refused, 1);
}

static void a_late_wish_in_vain_makes_another_flight_after_the_interval(void **state)
{
    (void)state;
    be_quick();
    fixture.holds_answers = true;
    create_from_url();
    AWAIT(fixture.held != NULL);
    assert_true(want(0, "c"));
    loop_poll(fixture.loop);
    let_go();
    AWAIT(told(1));
    assert_int_equal(fixture.waiters[0].outcome, JWKS_LOOK_AGAIN);
    assert_int_equal(fixture.asked[JWKS], 2);
}

static void a_flood_is_refused_at_once_and_spares_the_issuer(void **state)
{
    (void)state;
    create_from_url();
    AWAIT(fixture.published_count == 1);
    for (size_t i = 0; i < FLOOD_COUNT; i++) {
        assert_false(want(0, "x"));
    }
    loop_poll(fixture.loop);
    assert_int_equal(counts().refused, FLOOD_COUNT);
    assert_int_equal(fixture.asked[JWKS], 1);
    assert_int_equal(fixture.told_count, 0);
}

static void a_flight_that_fails_is_told(void **state)
{
    (void)state;
    fixture.holds_answers = true;
    create_from_url();
    AWAIT(fixture.held != NULL);
    assert_true(want(0, "a"));
    loop_poll(fixture.loop);
    fixture.pages[JWKS].status = 500;
    let_go();
    AWAIT(told(1));
    assert_int_equal(fixture.waiters[0].outcome, JWKS_FAILED);
}

static void closing_tells_who_waits(void **state)
{
    (void)state;
    fixture.holds_answers = true;
    create_from_issuer();
    AWAIT(fixture.held != NULL);
    assert_true(want(0, "a"));
    loop_poll(fixture.loop);
    close_keeper();
    assert_true(told(1));
    assert_int_equal(fixture.waiters[0].outcome, JWKS_CLOSED);
    assert_int_equal(fixture.published_count, 0);
}

static void *want_from_elsewhere(void *context)
{
    (void)context;
    for (size_t i = 0; i < WAITER_COUNT; i++) {
        if (!want(i, "c")) {
            abort();
        }
    }
    return NULL;
}

static void a_wish_on_its_way_is_told_of_the_close(void **state)
{
    pthread_t thread;
    (void)state;
    be_quick();
    create_from_url();
    AWAIT(fixture.published_count == 1);
    assert_int_equal(pthread_create(&thread, NULL, want_from_elsewhere, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    close_keeper();
    assert_true(told(WAITER_COUNT));
    for (size_t i = 0; i < WAITER_COUNT; i++) {
        assert_int_equal(fixture.waiters[i].outcome, JWKS_CLOSED);
    }
    assert_int_equal(fixture.asked[JWKS], 1);
}

static void on_arrived(struct jwks_flight *flight)
{
    (void)flight;
}

static void a_flight_that_is_cancelled_asks_no_more(void **state)
{
    struct jwks_flight flight;
    (void)state;
    fixture.pages[OPENID].status = 404;
    fixture.options.source.issuer = fixture.issuer;
    EXPECT_OK(jwks_flight_init(&flight, &fixture.options, on_arrived, NULL));
    jwks_flight_discover(&flight);
    AWAIT(flight.get.http == NULL); /* the answer has come, and is not looked at yet */
    assert_true(jwks_flight_is_under_way(&flight));
    jwks_flight_cancel(&flight);
    AWAIT(!jwks_flight_is_under_way(&flight));
    assert_int_equal(fixture.asked[OPENID], 1);
    assert_int_equal(fixture.asked[OAUTH], 0);
    jwks_flight_deinit(&flight);
}

static void any_thread_may_wish(void **state)
{
    pthread_t thread;
    (void)state;
    be_quick();
    create_from_url();
    AWAIT(fixture.published_count == 1);
    set_page(JWKS, "/jwks", 200, "c");
    assert_int_equal(pthread_create(&thread, NULL, want_from_elsewhere, NULL), 0);
    AWAIT(told(WAITER_COUNT));
    assert_int_equal(pthread_join(thread, NULL), 0);
    for (size_t i = 0; i < WAITER_COUNT; i++) {
        assert_int_equal(fixture.waiters[i].outcome, JWKS_LOOK_AGAIN);
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keys_come_from_a_url),
        TEST(keys_come_by_discovery),
        TEST(where_there_is_no_openid_oauth_says_it),
        TEST(a_file_is_read_and_again_when_asked),
        TEST(a_file_that_is_not_there_has_no_keys),
        TEST(a_redirect_is_not_followed),
        TEST(another_issuers_document_is_unusable),
        TEST(a_document_that_the_owner_refuses_is_unusable),
        TEST(an_issuer_that_is_not_there_is_unreachable),
        TEST(an_issuer_that_does_not_answer_is_unreachable),
        TEST(an_answer_that_is_too_large_is_unusable),
        TEST(https_is_not_asked_in_clear),
        TEST(https_is_asked_with_the_secure_clients_options),
        TEST(http_is_not_asked_with_them),
        TEST(a_source_that_is_not_safe_is_refused),
        TEST(keys_are_fetched_again_as_often_as_the_issuer_says),
        TEST(without_a_word_of_the_issuers_keys_are_kept),
        TEST(keys_that_are_too_old_are_dropped),
        TEST(old_keys_count_on_while_the_issuer_fails),
        TEST(a_rotated_key_is_fetched_when_it_is_wanted),
        TEST(wishes_share_a_flight),
        TEST(a_late_wish_in_vain_is_refused_within_the_interval),
        TEST(a_late_wish_in_vain_makes_another_flight_after_the_interval),
        TEST(a_flood_is_refused_at_once_and_spares_the_issuer),
        TEST(a_flight_that_fails_is_told),
        TEST(closing_tells_who_waits),
        TEST(a_wish_on_its_way_is_told_of_the_close),
        TEST(a_flight_that_is_cancelled_asks_no_more),
        TEST(any_thread_may_wish),
    };
    return cmocka_run_group_tests_name("jwks_keeper", tests, NULL, NULL);
}
