/* SPDX-License-Identifier: Apache-2.0 */
/* A session of ours and a bare peer with certificates of every kind. Only for the tests of
 * the session. */
#pragma once

#include "tls_pair.h"

static const char *const http1[] = {"http/1.1", NULL};

struct fixture {
    struct certificate authority;
    struct certificate stranger; /* an authority that nobody here trusts */
    struct certificate server;
    struct certificate client;
    struct tls_context_options options;
    struct tls_context *context;
    struct tls_session *session;
    enum tls_result result; /* of the handshake */
    struct bare_peer peer;
    size_t step_size; /* bytes that travel at once; 0: all */
    uint8_t output[TLS_PAIR_OUTPUT_SIZE];
    char text[TLS_PAIR_OUTPUT_SIZE];
};

static struct fixture fixture;

static inline int make_certificates(void **state)
{
    (void)state;
    certificate_make(&fixture.authority, &(struct certificate_options){.names = NULL});
    certificate_make(&fixture.stranger, &(struct certificate_options){.names = NULL});
    certificate_make(&fixture.server,
                     &(struct certificate_options){.issuer = &fixture.authority,
                                                   .common_name = "common.example-",
                                                   .names = "DNS:server.example,"
                                                            "DNS:*.wild.example,"
                                                            "IP:127.0.0.1"});
    certificate_make(&fixture.client,
                     &(struct certificate_options){.issuer = &fixture.authority,
                                                   .names = "DNS:Ward-7.example,"
                                                            "URI:spiffe://clinic/ward-7,"
                                                            "email:ward@example"});
    return 0;
}

static inline int free_certificates(void **state)
{
    (void)state;
    certificate_deinit(&fixture.authority);
    certificate_deinit(&fixture.stranger);
    certificate_deinit(&fixture.server);
    certificate_deinit(&fixture.client);
    return 0;
}

static inline int begin(void **state)
{
    (void)state;
    fixture.context = NULL;
    fixture.session = NULL;
    fixture.step_size = 0;
    fixture.options = (struct tls_context_options){
        .is_server = true,
        .certificate = pem_of("server.pem", fixture.server.pem),
        .key = pem_of("server.key", fixture.server.key_pem),
        .protocols = http1,
    };
    bare_peer_open(&fixture.peer, false);
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    bare_peer_close(&fixture.peer);
    tls_session_destroy(fixture.session);
    tls_context_unref(fixture.context);
    return 0;
}

/* Our side is to be a client that looks for this name. */
static inline void be_client(void)
{
    bare_peer_close(&fixture.peer);
    bare_peer_open(&fixture.peer, true);
    fixture.options = (struct tls_context_options){
        .authorities = pem_of("ca.pem", fixture.authority.pem), .protocols = http1};
}

static inline void open_session(const char *name)
{
    struct error error;
    if (fixture.context == NULL) {
        EXPECT_OK(tls_context_create(&fixture.options, &fixture.context, &error));
    }
    EXPECT_OK(tls_session_create(fixture.context, name, &fixture.session));
    fixture.result = TLS_MORE;
}

static inline void carry_output(void)
{
    bare_peer_put(&fixture.peer, tls_session_output(fixture.session));
    tls_session_lend_output(fixture.session, fixture.output, sizeof(fixture.output));
}

static inline void step_session(struct bytes input)
{
    tls_session_lend_output(fixture.session, fixture.output, sizeof(fixture.output));
    tls_session_lend_input(fixture.session, input);
    if (fixture.result == TLS_MORE) {
        fixture.result = tls_session_handshake(fixture.session);
    }
    carry_output();
}

/* Until both stand still. */
static inline void shake_hands(void)
{
    static uint8_t bytes[TLS_PAIR_OUTPUT_SIZE];
    size_t rounds_without = 0;
    while (rounds_without < 3) {
        bare_peer_step(&fixture.peer);
        const size_t size = fixture.step_size == 0 ? sizeof(bytes) : fixture.step_size;
        struct bytes input = BYTES_NONE;
        if (fixture.result == TLS_MORE) {
            input = bare_peer_take(&fixture.peer, bytes, size);
        }
        step_session(input);
        rounds_without = input.size > 0 ? 0 : rounds_without + 1;
    }
    bare_peer_step(&fixture.peer);
}

static inline void meet(const char *name)
{
    open_session(name);
    bare_peer_begin(&fixture.peer);
    shake_hands();
}

static inline const char *failure(void)
{
    static struct error error;
    tls_session_explain(fixture.session, &error);
    return error.text;
}

static inline void expect_agreement(void)
{
    if (fixture.result != TLS_DONE) {
        assert_string_equal(failure(), "");
    }
    assert_int_equal(fixture.result, TLS_DONE);
    assert_true(fixture.peer.is_done);
}

static inline void expect_failure(const char *why)
{
    assert_int_equal(fixture.result, TLS_FAILED);
    assert_string_equal(failure(), why);
    assert_int_equal(tls_session_handshake(fixture.session), TLS_FAILED);
    size_t size;
    uint8_t byte;
    assert_int_equal(tls_session_read(fixture.session, &byte, 1, &size), TLS_FAILED);
    assert_int_equal(tls_session_write(fixture.session, BYTES("x")), TLS_FAILED);
}

/* The peer has been told in an alert. */
static inline void expect_alert(int alert)
{
    char text[16];
    (void)bare_peer_read(&fixture.peer, text, sizeof(text));
    assert_int_equal(ERR_GET_REASON(fixture.peer.failure), SSL_AD_REASON_OFFSET + alert);
}

static inline void peer_says(const char *text)
{
    static uint8_t bytes[TLS_PAIR_OUTPUT_SIZE];
    assert_int_equal(SSL_write(fixture.peer.openssl, text, (int)strlen(text)),
                     (int)strlen(text));
    tls_session_lend_input(fixture.session,
                           bare_peer_take(&fixture.peer, bytes, sizeof(bytes)));
}

static inline void expect_to_read(const char *text)
{
    uint8_t place[256];
    size_t size;
    assert_int_equal(tls_session_read(fixture.session, place, sizeof(place), &size),
                     TLS_DONE);
    assert_true(bytes_equal_string(bytes_of(place, size), text));
    assert_int_equal(tls_session_read(fixture.session, place, sizeof(place), &size),
                     TLS_MORE);
}

static inline void expect_talk(void)
{
    peer_says("question");
    expect_to_read("question");
    carry_output();
    assert_int_equal(tls_session_write(fixture.session, BYTES("answer")), TLS_DONE);
    carry_output();
    (void)bare_peer_read(&fixture.peer, fixture.text, sizeof(fixture.text));
    assert_string_equal(fixture.text, "answer");
}

static inline void demand_certificates(enum tls_demand demand, const char *allowed_names)
{
    fixture.options.demand = demand;
    fixture.options.authorities = pem_of("ca.pem", fixture.authority.pem);
    fixture.options.allowed_names = allowed_names;
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)
