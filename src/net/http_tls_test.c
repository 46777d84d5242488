/* SPDX-License-Identifier: Apache-2.0 */
/* Server and client with certificates of their own: who gets through, what both say of the
 * other, and what is done about those who do not even come that far. */
#include "expect.h"

#include <sys/resource.h>

#include "base/limits.h"
#include "http_client_fixture.h"
#include "net/tls_source.h"
#include "tls_pair.h"

struct tls_fixture {
    struct certificate authority;
    struct certificate stranger;
    struct certificate server;
    struct certificate client;
    struct certificate other; /* a client by the stranger's word */
    struct tls_source source; /* the server's */
    struct tls_source trust;  /* the client's */
    struct tls_context_options server_options;
    struct tls_context_options client_options;
    struct http_server_options http;
    struct error refusal;
    size_t refusal_count;
};

static struct tls_fixture tls;

static int make_certificates(void **state)
{
    (void)state;
    certificate_make(&tls.authority, &(struct certificate_options){.names = NULL});
    certificate_make(&tls.stranger, &(struct certificate_options){.names = NULL});
    certificate_make(&tls.server, &(struct certificate_options){.issuer = &tls.authority,
                                                                .names = "IP:127.0.0.1"});
    certificate_make(&tls.client,
                     &(struct certificate_options){.issuer = &tls.authority,
                                                   .names = "URI:spiffe://clinic/ward-7"});
    certificate_make(&tls.other, &(struct certificate_options){.issuer = &tls.stranger});
    return 0;
}

static int free_certificates(void **state)
{
    (void)state;
    certificate_deinit(&tls.authority);
    certificate_deinit(&tls.stranger);
    certificate_deinit(&tls.server);
    certificate_deinit(&tls.client);
    certificate_deinit(&tls.other);
    return 0;
}

static struct tls_context *context_of(const struct tls_context_options *options)
{
    struct tls_context *context = NULL;
    struct error error;
    EXPECT_OK(tls_context_create(options, &context, &error));
    return context;
}

/* Within the server's call: nothing is to be done here but to take note. */
static void on_refused(void *context, const struct error *why)
{
    assert_ptr_equal(context, &tls);
    tls.refusal = *why;
    tls.refusal_count++;
}

/* Without a certificate of the client's own until a test gives it one. */
static int begin(void **state)
{
    (void)open_all(state);
    http_server_close(fixture.server, &fixture.server_closed);
    AWAIT(fixture.closed_count == 1);
    fixture.closed_count = 0;
    fixture.server = NULL;
    tls.refusal_count = 0;
    tls.server_options = (struct tls_context_options){
        .is_server = true,
        .certificate = pem_of("server.pem", tls.server.pem),
        .key = pem_of("server.key", tls.server.key_pem),
        .authorities = pem_of("ca.pem", tls.authority.pem),
    };
    tls.client_options =
        (struct tls_context_options){.authorities = pem_of("ca.pem", tls.authority.pem)};
    tls.http = server_options;
    tls.http.tls = (struct http_server_tls){.source = &tls.source,
                                            .handshake_timeout_ms = 20000,
                                            .context = &tls,
                                            .refused = on_refused};
    tls_source_init(&tls.source, NULL);
    tls_source_init(&tls.trust, NULL);
    return 0;
}

static int end(void **state)
{
    (void)close_all(state);
    tls_source_deinit(&tls.source);
    tls_source_deinit(&tls.trust);
    return 0;
}

static void show_client(void)
{
    tls.client_options.certificate = pem_of("client.pem", tls.client.pem);
    tls.client_options.key = pem_of("client.key", tls.client.key_pem);
}

static void open_secure_server(void)
{
    tls_source_swap(&tls.source, context_of(&tls.server_options));
    EXPECT_OK(http_server_open(fixture.loop, &tls.http, &handler, &fixture.server, NULL));
}

static void open_secure_client(const char *host)
{
    struct http_client_options options = patient_to(http_server_port(fixture.server));
    tls_source_swap(&tls.trust, context_of(&tls.client_options));
    options.host = host;
    options.tls.source = &tls.trust;
    EXPECT_OK(http_client_create(fixture.loop, &options, &fixture.client));
}

static void open_secure_both(void)
{
    open_secure_server();
    open_secure_client("127.0.0.1");
}

static void expect_failed_call(enum galen_status status, const char *why)
{
    const struct http_call *call = start(0, "/echo", "hello");
    AWAIT(fixture.done_count == 1);
    EXPECT_STATUS(status, call->status);
    if (strstr(call->error.text, why) == NULL) {
        assert_string_equal(call->error.text, why);
    }
    assert_non_null(strstr(call->error.text, ":")); /* and who that was */
}

static void expect_refusal(const char *why)
{
    AWAIT(tls.refusal_count == 1);
    assert_string_equal(tls.refusal.text, why);
    AWAIT(server_connections() == 0);
}

/* Who gets through */

static void handler_sees_who_asks(void **state)
{
    (void)state;
    tls.server_options.demand = TLS_DEMAND_REQUIRE;
    show_client();
    open_secure_both();
    const struct http_call *call = start(0, "/later", "hello");
    AWAIT(fixture.waiting_count == 1);

    const struct tls_peer *peer = http_exchange_peer(fixture.waiting[0]);

    assert_true(peer->has_certificate);
    assert_int_equal(peer->name_count, 1);
    assert_true(bytes_equal_string(peer->names[0].text, "spiffe://clinic/ward-7"));
    assert_string_equal(peer->protocol, "TLSv1.3");
    answer(fixture.waiting[0]);
    AWAIT(fixture.done_count == 1);
    expect_body(call, "hello");
    assert_int_equal(tls.refusal_count, 0);
}

static void plaintext_has_no_peer(void **state)
{
    (void)state;
    EXPECT_OK(
        http_server_open(fixture.loop, &server_options, &handler, &fixture.server, NULL));
    open_client_to_server();
    (void)start(0, "/later", "hello");
    AWAIT(fixture.waiting_count == 1);
    assert_null(http_exchange_peer(fixture.waiting[0]));
}

static void empty_source_is_plaintext(void **state)
{
    (void)state;
    EXPECT_OK(http_server_open(fixture.loop, &tls.http, &handler, &fixture.server, NULL));
    open_client_to_server();
    const struct http_call *call = start(0, "/echo", "hello");
    AWAIT(fixture.done_count == 1);
    expect_body(call, "hello");
}

static void renewed_certificate_is_for_new_connections(void **state)
{
    (void)state;
    open_secure_both();
    (void)start(0, "/later", "old");
    AWAIT(fixture.waiting_count == 1);

    struct certificate renewed;
    certificate_make(&renewed, &(struct certificate_options){.issuer = &tls.stranger,
                                                             .names = "IP:127.0.0.1"});
    tls.server_options.certificate = pem_of("renewed.pem", renewed.pem);
    tls.server_options.key = pem_of("renewed.key", renewed.key_pem);
    tls_source_swap(&tls.source, context_of(&tls.server_options));
    certificate_deinit(&renewed);
    const struct http_call *refused = start(1, "/echo", "new");
    AWAIT(fixture.done_count == 1);
    answer(fixture.waiting[0]);
    AWAIT(fixture.done_count == 2);
    const struct http_call *kept = start(2, "/echo", "on the old connection");
    AWAIT(fixture.done_count == 3);

    EXPECT_STATUS(GALEN_UNAVAILABLE, refused->status);
    expect_body(&fixture.calls[0], "old");
    expect_body(kept, "on the old connection");
}

/* Who does not */

static void server_of_another_authority_is_not_asked(void **state)
{
    (void)state;
    tls.client_options.authorities = pem_of("ca.pem", tls.stranger.pem);
    open_secure_both();
    expect_failed_call(GALEN_UNAVAILABLE, "certificate verify failed: unable to get local "
                                          "issuer certificate");
    expect_refusal("tlsv1 alert unknown ca");
}

static void server_with_another_name_is_not_asked(void **state)
{
    (void)state;
    open_secure_server();
    open_secure_client("localhost");
    expect_failed_call(GALEN_UNAVAILABLE, "certificate verify failed: hostname mismatch");
}

static void client_without_a_certificate_hears_why(void **state)
{
    (void)state;
    tls.server_options.demand = TLS_DEMAND_REQUIRE;
    open_secure_both();
    expect_failed_call(GALEN_UNAVAILABLE, "tlsv13 alert certificate required");
    expect_refusal("peer did not return a certificate");
}

static void client_of_another_authority_hears_why(void **state)
{
    (void)state;
    tls.server_options.demand = TLS_DEMAND_REQUIRE;
    tls.client_options.certificate = pem_of("client.pem", tls.other.pem);
    tls.client_options.key = pem_of("client.key", tls.other.key_pem);
    open_secure_both();
    expect_failed_call(GALEN_UNAVAILABLE, "tlsv1 alert unknown ca");
    expect_refusal("certificate verify failed: unable to get local issuer certificate");
}

static void server_that_speaks_no_tls_is_not_asked(void **state)
{
    (void)state;
    EXPECT_OK(
        http_server_open(fixture.loop, &server_options, &handler, &fixture.server, NULL));
    open_secure_client("127.0.0.1");
    expect_failed_call(GALEN_UNAVAILABLE, "wrong version number");
}

static void
server_that_does_not_shake_hands_takes_no_longer_than_connecting_may(void **state)
{
    (void)state;
    struct http_client_options options = patient_to(fixture.listener_port);
    tls_source_swap(&tls.trust, context_of(&tls.client_options));
    options.tls.source = &tls.trust;
    options.connect_timeout_ms = 30;
    EXPECT_OK(http_client_create(fixture.loop, &options, &fixture.client));
    open_secure_server(); /* so that there is one to close */
    expect_failed_call(GALEN_UNAVAILABLE, "the TLS handshake took too long");
}

static void call_is_cancelled_amid_the_handshake(void **state)
{
    (void)state;
    struct http_client_options options = patient_to(fixture.listener_port);
    tls_source_swap(&tls.trust, context_of(&tls.client_options));
    options.tls.source = &tls.trust;
    EXPECT_OK(http_client_create(fixture.loop, &options, &fixture.client));
    open_secure_server();
    struct http_call *call = start(0, "/echo", "x");
    raw_accept(&fixture.peer, fixture.loop, fixture.listener);
    assert_true(raw_await(&fixture.peer, "\x16\x03\x01")); /* a ClientHello */

    cancel(call);
    AWAIT(fixture.done_count == 1);

    EXPECT_STATUS(GALEN_CANCELLED, call->status);
}

/* Those who do not even come that far */

static void plaintext_to_a_tls_server_is_refused(void **state)
{
    (void)state;
    open_secure_server();
    raw_connect(&fixture.peer, fixture.loop, http_server_port(fixture.server));
    raw_send(&fixture.peer, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(raw_await_end(&fixture.peer));
    raw_close(&fixture.peer);
    expect_refusal("http request");
}

static void silent_client_is_dropped_in_time(void **state)
{
    (void)state;
    tls.http.tls.handshake_timeout_ms = 30;
    open_secure_server();
    raw_connect(&fixture.peer, fixture.loop, http_server_port(fixture.server));
    assert_true(raw_await_end(&fixture.peer));
    assert_int_equal(fixture.peer.size, 0);
    expect_refusal("connection timed out");
}

static void refused_client_that_stays_is_dropped_in_time(void **state)
{
    (void)state;
    tls.http.tls.handshake_timeout_ms = 50;
    open_secure_server();
    raw_connect(&fixture.peer, fixture.loop, http_server_port(fixture.server));
    raw_send(&fixture.peer, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    AWAIT(server_connections() == 1);
    AWAIT(server_connections() == 0);
    assert_int_equal(tls.refusal_count, 1);
}

static void refused_client_that_goes_on_talking_is_cut_off(void **state)
{
    (void)state;
    static const uint8_t flood[65536] = "GET / HTTP/1.1\r\n";
    open_secure_server();
    raw_connect(&fixture.peer, fixture.loop, http_server_port(fixture.server));
    size_t sent = 0;
    while (!fixture.peer.was_reset) {
        sent += raw_send_some(&fixture.peer, bytes_of(flood, sizeof(flood)));
        loop_poll(fixture.loop);
        assert_true(sent < (size_t)64 * LIMIT_TLS_DISCARD_SIZE_BYTES_MAX);
    }
    expect_refusal("http request");
}

/* The first record of a client that then goes away, cut after each of its bytes. */
static void handshake_may_break_off_anywhere(void **state)
{
    (void)state;
    static uint8_t hello[1024];
    struct bare_peer peer;
    open_secure_server();
    bare_peer_open(&peer, false);
    bare_peer_begin(&peer);
    bare_peer_step(&peer);
    const struct bytes record = bare_peer_take(&peer, hello, sizeof(hello));
    assert_true(record.size > 100);
    for (size_t size = 0; size <= record.size; size++) {
        raw_connect(&fixture.peer, fixture.loop, http_server_port(fixture.server));
        raw_send_bytes(&fixture.peer, bytes_first(record, size));
        AWAIT(server_connections() == 1);
        if (size % 2 == 0) {
            raw_close(&fixture.peer);
        } else {
            raw_reset(&fixture.peer);
        }
        AWAIT(server_connections() == 0);
    }
    assert_int_equal(tls.refusal_count, record.size + 1);
    bare_peer_close(&peer);
}

static void oldest_handshake_makes_room(void **state)
{
    (void)state;
    enum { COUNT = LIMIT_TLS_HANDSHAKE_COUNT_MAX };
    struct rlimit limit;
    static struct raw_client newest;
    static int others[COUNT - 1];
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < (rlim_t)3 * COUNT) {
        skip();
    }
    tls.http.connection_count_max = (size_t)2 * COUNT;
    open_secure_server();
    const uint16_t port = http_server_port(fixture.server);
    raw_connect(&fixture.peer, fixture.loop, port);
    AWAIT(server_connections() == 1);
    for (size_t i = 0; i < COUNT - 1; i++) {
        raw_connect(&newest, fixture.loop, port);
        others[i] = newest.descriptor;
        loop_poll(fixture.loop);
    }
    AWAIT(server_connections() == COUNT);

    raw_connect(&newest, fixture.loop, port);

    assert_true(raw_await_end(&fixture.peer));
    assert_int_equal(server_connections(), COUNT);
    raw_close(&newest);
    for (size_t i = 0; i < COUNT - 1; i++) {
        (void)close(others[i]);
    }
}

static void handshake_makes_room_where_connections_are_at_their_maximum(void **state)
{
    (void)state;
    tls.http.connection_count_max = 1;
    open_secure_server();
    raw_connect(&fixture.peer, fixture.loop, http_server_port(fixture.server));
    AWAIT(server_connections() == 1);
    open_secure_client("127.0.0.1");
    const struct http_call *call = start(0, "/echo", "hello");
    AWAIT(fixture.done_count == 1);
    expect_body(call, "hello");
    assert_true(raw_await_end(&fixture.peer));
}

/* More than one turn of the loop takes on. */
static void many_hands_are_shaken_at_once(void **state)
{
    (void)state;
    enum { COUNT = 5 * LIMIT_TLS_HANDSHAKE_STEPS_MAX };
    static struct raw_client clients[COUNT];
    static struct bare_peer peers[COUNT];
    static uint8_t records[65536];
    size_t done_count = 0;
    open_secure_server();
    for (size_t i = 0; i < COUNT; i++) {
        bare_peer_open(&peers[i], false);
        bare_peer_begin(&peers[i]);
        bare_peer_step(&peers[i]);
        raw_connect(&clients[i], fixture.loop, http_server_port(fixture.server));
        (void)raw_send_some(&clients[i],
                            bare_peer_take(&peers[i], records, sizeof(records)));
    }
    while (done_count < COUNT) {
        done_count = 0;
        for (size_t i = 0; i < COUNT; i++) {
            raw_receive(&clients[i]);
            bare_peer_put(&peers[i], bytes_of(clients[i].answer, clients[i].size));
            clients[i].size = 0;
            bare_peer_step(&peers[i]);
            done_count += peers[i].is_done;
            assert_false(clients[i].has_ended || clients[i].was_reset);
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        raw_close(&clients[i]);
        bare_peer_close(&peers[i]);
    }
}

#undef TEST
#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(handler_sees_who_asks),
        TEST(plaintext_has_no_peer),
        TEST(empty_source_is_plaintext),
        TEST(renewed_certificate_is_for_new_connections),
        TEST(server_of_another_authority_is_not_asked),
        TEST(server_with_another_name_is_not_asked),
        TEST(client_without_a_certificate_hears_why),
        TEST(client_of_another_authority_hears_why),
        TEST(server_that_speaks_no_tls_is_not_asked),
        TEST(server_that_does_not_shake_hands_takes_no_longer_than_connecting_may),
        TEST(call_is_cancelled_amid_the_handshake),
        TEST(plaintext_to_a_tls_server_is_refused),
        TEST(silent_client_is_dropped_in_time),
        TEST(refused_client_that_stays_is_dropped_in_time),
        TEST(refused_client_that_goes_on_talking_is_cut_off),
        TEST(handshake_may_break_off_anywhere),
        TEST(oldest_handshake_makes_room),
        TEST(handshake_makes_room_where_connections_are_at_their_maximum),
        TEST(many_hands_are_shaken_at_once),
    };
    return cmocka_run_group_tests_name("http_tls", tests, make_certificates,
                                       free_certificates);
}
